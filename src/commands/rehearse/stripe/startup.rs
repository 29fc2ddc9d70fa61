//! Starts the fake Stripe of a rehearsal.

use fake_stripe::{ApiVersion, StripeApi, World};

use super::prices::add_prices;
use crate::{
    commands::rehearse::{
        fake_serving::{HandlerAddress, StartedFake, load_fixtures, serve},
        files::ConfigFiles,
        real_now,
    },
    config::Rehearsal,
    problem::{ErrorCode, Place, Problem, Warning},
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
    let version = event_version(settings)?;
    let mut world = World::new(real_now().0);
    load_fixtures(settings, files, warnings, |folder| world.load(folder))?;
    let events = add_prices(&mut world, prices, &version);
    let provider = serve::<StripeApi>(settings, handler, prices, world)?;
    Ok((Box::new(provider), events))
}

/// Returns the version of events, after validating all versions of the configuration.
fn event_version(settings: &Rehearsal) -> Result<ApiVersion, Problem> {
    let places = &settings.places;
    let place = places.api_version.as_ref();
    let version = parse_version(&settings.api_version, "api_version", place)?;
    for listed in &settings.api_versions {
        parse_version(listed, "api_versions", places.api_versions.as_ref())?;
    }
    Ok(version)
}

fn parse_version(text: &str, key: &str, place: Option<&Place>) -> Result<ApiVersion, Problem> {
    text.parse().map_err(|_unknown| {
        Problem::new(
            ErrorCode::InvalidValue,
            format!("`{text}` is not a version of Stripe's API"),
        )
        .hint(format!(
            "name one such as 2026-10-28.endive in `rehearsal.{key}`"
        ))
        .at(place.cloned())
    })
}
