//! Validates a rehearsal, starts the fake provider, and waits for the handler.

use std::{
    collections::BTreeSet,
    fs,
    net::{Ipv4Addr, SocketAddr},
    sync::OnceLock,
};

use compact_str::CompactString;
use fake_stripe::{ApiVersion, FakeStripe, World, webhook::Endpoint};
use secrecy::SecretString;
use tokio::sync::Mutex;
use url::Url;

use super::{
    RehearsalOptions, Rehearsing, address,
    address_file::AddressFile,
    app_setup::Setup,
    awaiting::awaited,
    files::ConfigFiles,
    patience::HandlerPatience,
    provider::furnish,
    real_now,
    selection::{chosen, scenarios},
    silence::Silence,
    visiting,
};
use crate::{
    cli::Environment,
    commands::{
        failure::{Failure, no_http_client},
        output::Output,
    },
    config::{AccessContract, Config, Rehearsal},
    contract::{AccountId, Field},
    database::{AccountsReader, Chosen, ReadRequest},
    http,
    problem::{Place, Problem},
    rehearsal::{Scenario, TestPrices},
    scratch::{Scratch, ScratchOptions},
};

/// Default number of plays in parallel.
const JOBS: usize = 4;

const DAY: i64 = 86_400;

/// Opens everything that plays need.
pub(crate) async fn ready<'r>(
    config: &'r Config,
    files: &ConfigFiles,
    setup: &Setup,
    wanted: &RehearsalOptions,
    output: &Output,
) -> Result<(Rehearsing<'r>, Vec<Scenario>), Failure> {
    let environment = &setup.environment;
    let settings = config.rehearsal.as_ref().ok_or_else(not_configured)?;
    let contract = config
        .contracts
        .get(settings.contract_index)
        .ok_or_else(not_configured)?;
    let scenarios = chosen(scenarios(settings, files)?, settings, wanted, files)?;
    let prices =
        TestPrices::from_contract(&contract.contract).ok_or_else(|| nothing_paid(settings))?;
    let places = &settings.places;
    let version = version(
        &settings.api_version,
        "api_version",
        places.api_version.as_ref(),
    )?;
    for listed in &settings.api_versions {
        self::version(listed, "api_versions", places.api_versions.as_ref())?;
    }
    let mut warnings = config.warnings.clone();
    if settings.scenarios_dir.is_some() {
        warnings.extend(files.left_out("scenarios_dir"));
    }
    let secret = environment.secret(&settings.secret_env);
    let secret = secret.ok_or_else(|| not_set(&missing_for(settings, environment)))?;
    // An application that we start runs in the same place.
    let in_container_action = environment.in_container_action() && !setup.starts_application();
    let url = environment.secret(&settings.url_env);
    let scratch = Scratch::open(ScratchOptions {
        url: url.as_ref(),
        rehearsal: settings,
        contract,
        contract_url: environment.secret(&contract.database.url_env).as_ref(),
        in_container_action,
    })
    .await?;
    let mapped = mapped(contract, url.as_ref(), in_container_action).await?;
    let gateway = if in_container_action {
        gateway(&fs::read_to_string("/proc/net/route").unwrap_or_default())
    } else {
        None
    };
    let handler = handler_url(settings, (in_container_action, gateway), output)?;
    let endpoint =
        Endpoint::new(handler.clone(), secret).map_err(|error| no_http_client(&error))?;
    let (fake, catalog) = start(settings, &prices, &version, files, &mut warnings)?;
    let application = setup
        .start(config, (settings, contract), &handler, &fake)
        .await?;
    let address = AddressFile::from_settings(settings, &fake, files);
    let address = awaited(settings, &handler, address).await?;
    let rehearsing = Rehearsing {
        settings,
        contract,
        mapped,
        prices,
        fake,
        catalog,
        scratch,
        endpoint,
        url: url.unwrap_or_else(|| String::new().into()),
        readers: Mutex::default(),
        client: http::client().map_err(|error| no_http_client(&error))?,
        visitor: visiting::visitor().map_err(|error| no_http_client(&error))?,
        in_container_action,
        gateway,
        begins: begins(wanted),
        version,
        jobs: wanted.jobs.unwrap_or(JOBS),
        patience: HandlerPatience::new(settings.settle),
        first_sale: OnceLock::new(),
        silence: Silence::default(),
        fail_fast: wanted.fail_fast,
        fail_on: wanted.fail_on.for_contract(contract),
        warnings,
        application,
        _address: address,
    };
    Ok((rehearsing, scenarios))
}

/// Returns the start time of plays, by default the beginning of today.
fn begins(wanted: &RehearsalOptions) -> i64 {
    let today = |now: i64| now - now.rem_euclid(DAY);
    wanted
        .begins
        .map_or_else(|| today(real_now().0), |now| now.0)
}

fn version(text: &str, key: &str, place: Option<&Place>) -> Result<ApiVersion, Problem> {
    text.parse().map_err(|_unknown| {
        Problem::new(format!("`{text}` is not a version of Stripe's API"))
            .hint(format!(
                "name one such as 2026-10-28.endive in `rehearsal.{key}`"
            ))
            .at(place.cloned())
    })
}

/// Runs the contract's query once before anything is sent, so that its errors are not blamed on the handler. Returns
/// the optional columns that it has.
async fn mapped(
    contract: &AccessContract,
    url: Option<&SecretString>,
    in_container_action: bool,
) -> Result<BTreeSet<Field>, Failure> {
    let Some(url) = url else {
        return Ok(BTreeSet::new());
    };
    let request = ReadRequest {
        wants_plan: !contract.contract.plans.is_empty(),
        now: real_now(),
        in_container_action,
    };
    let nobody = Chosen {
        accounts: vec![AccountId::from("0")],
        links: Vec::new(),
    };
    let mut reader = AccountsReader::open(url, &contract.database, in_container_action).await?;
    let read = reader.read(&request, &nobody).await;
    read.map(|read| read.mapped).map_err(Failure::from)
}

/// Lists the required variables that are not set.
pub(crate) fn missing_for<'s>(settings: &'s Rehearsal, environment: &Environment) -> Vec<&'s str> {
    let names = [settings.secret_env.as_str(), settings.url_env.as_str()];
    let is_missing = |name: &&str| environment.get(name).is_none();
    names.into_iter().filter(is_missing).collect()
}

fn not_set(names: &[&str]) -> Problem {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let are = if names.len() == 1 { "is" } else { "are" };
    Problem::new(format!("{} {are} not set", names.join(" and "))).hint(
        "give the same secret to the handler and to this command; any text that begins \
         with whsec_ will do",
    )
}

/// Returns the handler's URL. In a container action, `localhost` is replaced by the gateway, because the application
/// runs on the runner.
fn handler_url(
    settings: &Rehearsal,
    (in_container_action, gateway): (bool, Option<Ipv4Addr>),
    output: &Output,
) -> Result<Url, Problem> {
    let mut url = Url::parse(&settings.handler).map_err(|error| {
        Problem::new(format!("`{}` is not a URL: {error}", settings.handler))
            .at(settings.places.handler.clone())
    })?;
    if in_container_action && is_local(&url) {
        let gateway = gateway.ok_or_else(|| {
            Problem::new(format!(
                "`{}` is this container itself, which has no gateway to the runner",
                settings.handler
            ))
            .hint("name the application by its service label in `rehearsal.handler`")
            .at(settings.places.handler.clone())
        })?;
        if redirect(&mut url, gateway) {
            output.say(&format!(
                "localhost means the runner, so the handler is called at {url}: the application must listen on 0.0.0.0"
            ));
        }
    }
    Ok(url)
}

fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// Replaces a local host by the gateway, and returns true if it did.
pub(super) fn redirect(url: &mut Url, gateway: Ipv4Addr) -> bool {
    is_local(url) && url.set_ip_host(gateway.into()).is_ok()
}

/// Parses the default gateway from the kernel's routing table, in little-endian hex.
fn gateway(routes: &str) -> Option<Ipv4Addr> {
    routes.lines().find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (to, gateway) = (fields.next()?, fields.next()?);
        let number = u32::from_str_radix(gateway, 16).ok()?;
        (to == "00000000" && number != 0).then(|| number.swap_bytes().into())
    })
}

fn start(
    settings: &Rehearsal,
    prices: &TestPrices,
    version: &ApiVersion,
    files: &ConfigFiles,
    warnings: &mut Vec<Problem>,
) -> Result<(FakeStripe, Vec<CompactString>), Problem> {
    let mut world = World::new(real_now().0);
    if let Some(folder) = &settings.fake_stripe.fixtures {
        match files.left_out("fake_stripe.fixtures") {
            Some(left_out) => warnings.push(left_out),
            None => load(&mut world, folder, settings, files)?,
        }
    }
    let catalog = furnish(&mut world, prices, version);
    let listen: SocketAddr = address(&settings.fake_stripe.listen).ok_or_else(|| {
        Problem::new(format!(
            "`{}` is not an address and port",
            settings.fake_stripe.listen
        ))
        .at(settings.places.section.clone())
    })?;
    let fake = FakeStripe::start(listen, world).map_err(|error| {
        Problem::new(format!(
            "the fake provider cannot listen on {listen}: {error}"
        ))
        .hint(
            "another process uses the address: stop it, or choose another in \
             `rehearsal.fake_stripe.listen`",
        )
        .at(settings.places.section.clone())
    })?;
    Ok((fake, catalog))
}

/// Loads the user's own objects into the world.
fn load(
    world: &mut World,
    folder: &str,
    settings: &Rehearsal,
    files: &ConfigFiles,
) -> Result<(), Problem> {
    let cannot = |why: String| {
        Problem::new(format!(
            "the folder `{folder}` of objects cannot be loaded: {why}"
        ))
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

fn not_configured() -> Problem {
    Problem::new("the configuration has no `rehearsal:`")
        .hint("say how an account is created and where the handler listens: docs/configuration.md")
}

fn nothing_paid(settings: &Rehearsal) -> Problem {
    Problem::new("`plans` maps no paid price, so nobody can buy anything")
        .hint("map at least one price to a plan that is not in `free_plans`")
        .at(settings.places.section.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_hosts_are_replaced_by_the_gateway() {
        for (from, to) in [
            (
                "http://localhost:3000/me?user=1",
                "http://172.17.0.1:3000/me?user=1",
            ),
            ("http://[::1]:3000/", "http://172.17.0.1:3000/"),
            ("http://app:3000/", "http://app:3000/"),
        ] {
            let mut url = Url::parse(from).expect("a URL");
            redirect(&mut url, [172, 17, 0, 1].into());
            assert_eq!(url.as_str(), to);
        }
    }

    #[test]
    fn the_gateway_is_the_one_of_the_default_route() {
        let routes = "Iface\tDestination\tGateway \tFlags\n\
                      eth0\t000011AC\t00000000\t0001\n\
                      eth0\t00000000\t010011AC\t0003\n";
        assert_eq!(gateway(routes), Some([172, 17, 0, 1].into()));
        assert_eq!(gateway("Iface\tDestination\n"), None);
    }
}
