//! Starts the fake Stripe of a rehearsal.

use std::net::SocketAddr;

use compact_str::CompactString;
use fake_stripe::{ApiVersion, FakeStripe, World, webhook::Endpoint};
use secrecy::SecretString;
use url::Url;

use super::{StripeProvider, prices::add_prices};
use crate::{
    commands::{
        failure::no_http_client,
        rehearse::{files::ConfigFiles, real_now},
    },
    config::Rehearsal,
    problem::{ErrorCode, Place, Problem, Warning},
    rehearsal::TestPrices,
};

/// The handler's URL, and the secret that its events are signed with.
pub(in crate::commands::rehearse) struct HandlerAddress {
    pub(in crate::commands::rehearse) url: Url,
    pub(in crate::commands::rehearse) secret: SecretString,
}

/// Returns the version of events, after validating all versions of the configuration.
pub(in crate::commands::rehearse) fn event_version(
    settings: &Rehearsal,
) -> Result<ApiVersion, Problem> {
    let places = &settings.places;
    let place = places.api_version.as_ref();
    let version = version(&settings.api_version, "api_version", place)?;
    for listed in &settings.api_versions {
        self::version(listed, "api_versions", places.api_versions.as_ref())?;
    }
    Ok(version)
}

fn version(text: &str, key: &str, place: Option<&Place>) -> Result<ApiVersion, Problem> {
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

/// Starts the fake Stripe with the user's own objects, if configured, and the prices of the rehearsal. Returns the ids
/// of the events about those prices too.
pub(in crate::commands::rehearse) fn start(
    settings: &Rehearsal,
    handler: HandlerAddress,
    (prices, version): (&TestPrices, &ApiVersion),
    files: &ConfigFiles,
    warnings: &mut Vec<Warning>,
) -> Result<(StripeProvider, Vec<CompactString>), Problem> {
    let endpoint = Endpoint::new(handler.url, handler.secret);
    let endpoint = endpoint.map_err(|error| no_http_client(&error))?;
    let mut world = World::new(real_now().0);
    if let Some(folder) = &settings.fake_stripe.fixtures {
        match files.left_out("fake_stripe.fixtures") {
            Some(left_out) => warnings.push(left_out),
            None => load(&mut world, folder, settings, files)?,
        }
    }
    let events = add_prices(&mut world, prices, version);
    let listen: SocketAddr = settings.fake_stripe.listen.parse().map_err(|_invalid| {
        Problem::new(
            ErrorCode::InvalidValue,
            format!(
                "`{}` is not an address and port",
                settings.fake_stripe.listen
            ),
        )
        .at(settings.places.section.clone())
    })?;
    let fake = FakeStripe::start(listen, world).map_err(|error| {
        Problem::new(
            ErrorCode::FakeProvider,
            format!("the fake provider cannot listen on {listen}: {error}"),
        )
        .hint(
            "another process uses the address: stop it, or choose another in \
             `rehearsal.fake_stripe.listen`",
        )
        .at(settings.places.section.clone())
    })?;
    let provider = StripeProvider {
        fake,
        endpoint,
        prices: prices.clone(),
    };
    Ok((provider, events))
}

/// Loads the user's own objects into the world.
fn load(
    world: &mut World,
    folder: &str,
    settings: &Rehearsal,
    files: &ConfigFiles,
) -> Result<(), Problem> {
    let cannot = |why: String| {
        Problem::new(
            ErrorCode::FakeProvider,
            format!("the folder `{folder}` of objects cannot be loaded: {why}"),
        )
        .hint(
            "`fake_stripe.fixtures` is relative to the configuration, and contains \
             objects as the API returns them",
        )
        .at(settings.places.section.clone())
    };
    files
        .list(folder)
        .map_err(|error| cannot(error.to_string()))?;
    let loaded = world.load(&files.path(folder));
    loaded.map(drop).map_err(|problems| {
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        cannot(problems.join("; "))
    })
}
