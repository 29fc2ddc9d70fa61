//! Starts a fake provider: its address, its endpoint, and the user's own objects.

use std::net::SocketAddr;

use compact_str::CompactString;
use fake_http::{Api, Fake, webhook::Endpoint};
use secrecy::SecretString;
use url::Url;

use super::{
    fake_provider::FakeProvider, files::ConfigFiles, scenario_world::ScenarioWorld,
    served_fake::ServedFake,
};
use crate::{
    commands::failure::no_http_client,
    config::Rehearsal,
    problem::{ErrorCode, Problem, Warning},
    rehearsal::TestPrices,
};

/// The handler's URL, and the secret that its events are signed with.
pub(super) struct HandlerAddress {
    pub(super) url: Url,
    pub(super) secret: SecretString,
}

/// A started fake, with the ids of the events about the prices of the rehearsal.
pub(super) type StartedFake = (Box<dyn FakeProvider>, Vec<CompactString>);

/// Starts the fake on the configured address, with the handler as its endpoint.
pub(super) fn serve<A: Api<World: ScenarioWorld>>(
    settings: &Rehearsal,
    handler: HandlerAddress,
    prices: &TestPrices,
    world: A::World,
) -> Result<ServedFake<A>, Problem> {
    let endpoint = Endpoint::new(A::World::SCHEME, handler.url, handler.secret);
    let endpoint = endpoint
        .map_err(|error| no_http_client(&error))?
        .with_source_ip(settings.source_ip);
    let listen: SocketAddr = settings.fake.listen.parse().map_err(|_invalid| {
        Problem::new(
            ErrorCode::InvalidValue,
            format!("`{}` is not an address and port", settings.fake.listen),
        )
        .at(settings.places.section.clone())
    })?;
    let fake = Fake::start(listen, world).map_err(|error| {
        Problem::new(
            ErrorCode::FakeProvider,
            format!("the fake provider cannot listen on {listen}: {error}"),
        )
        .hint(
            "another process uses the address: stop it, or choose another in \
             `rehearsal.fake.listen`",
        )
        .at(settings.places.section.clone())
    })?;
    Ok(ServedFake {
        fake,
        endpoint,
        prices: prices.clone(),
        source: settings.source,
    })
}

/// Loads the user's own objects, if configured. `load` returns the problems of a folder.
pub(super) fn load_fixtures(
    settings: &Rehearsal,
    files: &ConfigFiles,
    warnings: &mut Vec<Warning>,
    load: impl FnOnce(&std::path::Path) -> Result<usize, Vec<fake_http::LoadProblem>>,
) -> Result<(), Problem> {
    let Some(folder) = &settings.fake.fixtures else {
        return Ok(());
    };
    if let Some(left_out) = files.left_out("fake.fixtures") {
        warnings.push(left_out);
        return Ok(());
    }
    let cannot = |why: String| {
        Problem::new(
            ErrorCode::FakeProvider,
            format!("the folder `{folder}` of objects cannot be loaded: {why}"),
        )
        .hint("`fake.fixtures` is relative to the configuration, and contains objects as the API returns them")
        .at(settings.places.section.clone())
    };
    // Refuses a folder with links to files outside it, which the fake does not check.
    files
        .list(folder)
        .map_err(|error| cannot(error.to_string()))?;
    let loaded = load(&files.path(folder));
    loaded.map(drop).map_err(|problems| {
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        cannot(problems.join("; "))
    })
}
