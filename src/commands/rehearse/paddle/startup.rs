//! Starts the fake Paddle of a rehearsal.

use fake_paddle::{PaddleApi, World};

use super::prices::add_prices;
use crate::{
    commands::rehearse::{
        fake_serving::{HandlerAddress, StartedFake, load_fixtures, serve},
        files::ConfigFiles,
        real_now,
    },
    config::Rehearsal,
    problem::{Problem, Warning},
    rehearsal::TestPrices,
};

/// Starts it with the user's own objects, if configured, and the prices of the rehearsal.
pub(in crate::commands::rehearse) fn start(
    settings: &Rehearsal,
    handler: HandlerAddress,
    prices: &TestPrices,
    files: &ConfigFiles,
    warnings: &mut Vec<Warning>,
) -> Result<StartedFake, Problem> {
    let mut world = World::new(real_now().0);
    load_fixtures(settings, files, warnings, |folder| world.load(folder))?;
    let events = add_prices(&mut world, prices);
    let provider = serve::<PaddleApi>(settings, handler, prices, world)?;
    Ok((Box::new(provider), events))
}
