//! Starts the fake provider of a rehearsal.

use super::{
    fake_serving::{HandlerAddress, StartedFake},
    files::ConfigFiles,
    paddle, stripe,
};
use crate::{
    config::Rehearsal,
    problem::{Problem, Warning},
    rehearsal::{Provider, TestPrices},
};

/// Starts the fake of the contract's provider with the user's own objects, if configured, and the prices of the rehearsal.
pub(super) fn start(
    settings: &Rehearsal,
    handler: HandlerAddress,
    prices: &TestPrices,
    files: &ConfigFiles,
    warnings: &mut Vec<Warning>,
) -> Result<StartedFake, Problem> {
    match Provider::for_source(settings.source) {
        Provider::Stripe | Provider::Entitlements => {
            stripe::start(settings, handler, prices, files, warnings)
        }
        Provider::Paddle => paddle::start(settings, handler, prices, files, warnings),
    }
}
