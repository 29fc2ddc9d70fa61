//! Validates a rehearsal, starts the fake provider and the application, and waits for the handler.

use std::{cell::OnceCell, sync::OnceLock};

use url::Url;

use super::{
    RehearsalOptions,
    access_endpoint::AccessEndpoint,
    address_file::{AddressFile, WrittenAddress},
    app_setup::AppSetup,
    awaiting::awaited,
    database_urls::DatabaseUrls,
    fake_serving::HandlerAddress,
    fake_start,
    files::ConfigFiles,
    real_now,
    response_times::ResponseTimes,
    runner_address::{RunnerAddress, is_local},
    selection::{chosen, scenarios},
    success_page::SuccessPage,
    systems::{ObservedHandler, RehearsalConfig, Systems, TestProvider},
    test_database::TestDatabase,
    write_times::WriteTimes,
};
use crate::{
    cli::Environment,
    commands::{
        credentials::with_verb,
        failure::{Failure, no_http_client},
        output::Output,
    },
    config::{Config, Rehearsal},
    problem::{ErrorCode, Problem, Warning},
    rehearsal::{Provider, Scenario, TestPrices},
};

/// Default number of runs in parallel.
const JOBS: usize = 4;

const DAY: i64 = 86_400;

/// A rehearsal that is ready to begin.
#[derive(Debug)]
pub(super) struct ReadyRehearsal<'r> {
    pub(super) systems: Systems<'r>,
    pub(super) scenarios: Vec<Scenario>,
    /// Parts that were left out, with reasons.
    pub(super) warnings: Vec<Warning>,
    /// The written address, which is removed with this value.
    pub(super) address: Option<WrittenAddress>,
}

/// Validates the configuration, and opens everything that runs need. The database is kept in `opened`, so that it can be
/// cleaned also if something else fails or is interrupted.
pub(super) async fn set_up<'r>(
    (config, files): (&'r Config, &ConfigFiles),
    app: &AppSetup,
    options: &RehearsalOptions,
    output: &Output,
    opened: &'r OnceCell<TestDatabase<'r>>,
) -> Result<ReadyRehearsal<'r>, Failure> {
    let environment = &app.environment;
    let not_configured = || not_configured(config);
    let settings = config.rehearsal.as_ref().ok_or_else(not_configured)?;
    let contract = config
        .contracts
        .get(settings.contract_index)
        .ok_or_else(not_configured)?;
    let scenarios = chosen(scenarios(settings, files)?, settings, options, files)?;
    let prices =
        TestPrices::from_contract(&contract.contract).ok_or_else(|| nothing_paid(settings))?;
    let mut warnings = config.warnings.clone();
    if settings.scenarios_dir.is_some() {
        warnings.extend(files.left_out("scenarios_dir"));
    }
    let secret = environment.secret(&settings.secret_env);
    let secret = secret.ok_or_else(|| not_set(settings, &missing_for(settings, environment)))?;
    // An application that we start runs in the same place.
    let in_container_action = environment.in_container_action() && !app.starts_application();
    let urls = DatabaseUrls::new((settings, contract), environment);
    let database =
        TestDatabase::open(urls.options(in_container_action), &contract.database).await?;
    let database = opened.get_or_init(|| database);
    let runner = RunnerAddress::find(in_container_action);
    let url = handler_url(settings, (in_container_action, runner), output)?;
    let handler = HandlerAddress {
        url: url.clone(),
        secret,
    };
    let (fake, price_events) = fake_start::start(settings, handler, &prices, files, &mut warnings)?;
    let application = app
        .start(config, (settings, contract), &url, fake.address())
        .await?;
    let address = AddressFile::from_settings(settings, fake.address(), files);
    let address = awaited(settings, &url, address).await?;
    let gate = settings.gate.as_ref();
    let access_endpoint = gate.map(|gate| AccessEndpoint::new(gate, runner));
    let visit = settings.checkout.visit.as_ref();
    let success_page = visit.map(|page| SuccessPage::new(page, runner));
    let no_client = |error: reqwest::Error| no_http_client(&error);
    let systems = Systems {
        config: RehearsalConfig {
            settings,
            contract,
            jobs: options.jobs.unwrap_or(JOBS),
            fail_fast: options.fail_fast,
            fail_on: options.fail_on.for_contract(contract),
        },
        provider: TestProvider {
            fake,
            prices,
            price_events,
            begins: begins(options),
        },
        database,
        handler: ObservedHandler {
            writes: WriteTimes::new(settings.settle),
            responses: ResponseTimes::default(),
            first_sale: OnceLock::new(),
        },
        access_endpoint: access_endpoint.transpose().map_err(no_client)?,
        success_page: success_page.transpose().map_err(no_client)?,
        application,
    };
    Ok(ReadyRehearsal {
        systems,
        scenarios,
        warnings,
        address,
    })
}

/// Returns the start time of runs, by default today at 00:00 UTC.
fn begins(options: &RehearsalOptions) -> i64 {
    let today = |now: i64| now - now.rem_euclid(DAY);
    options
        .begins
        .map_or_else(|| today(real_now().0), |now| now.0)
}

/// Lists the required variables that are not set.
pub(crate) fn missing_for<'s>(settings: &'s Rehearsal, environment: &Environment) -> Vec<&'s str> {
    let is_missing = |name: &&str| environment.get(name).is_none();
    settings
        .variables()
        .into_iter()
        .filter(is_missing)
        .collect()
}

fn not_set(settings: &Rehearsal, names: &[&str]) -> Problem {
    let prefix = match Provider::for_source(settings.source) {
        Provider::Stripe | Provider::Entitlements => "whsec_",
        Provider::Paddle => "pdl_ntfset_",
    };
    Problem::new(
        ErrorCode::CredentialsMissing,
        format!("{} not set", with_verb(names)),
    )
    .hint(format!(
        "give the same secret to the handler and to this command; any text that begins \
             with {prefix} will do"
    ))
}

/// Returns the handler's URL. In a container action, `localhost` is replaced by the gateway, because the application
/// runs on the runner.
pub(super) fn handler_url(
    settings: &Rehearsal,
    (in_container_action, runner): (bool, RunnerAddress),
    output: &Output,
) -> Result<Url, Problem> {
    let mut url = Url::parse(&settings.handler).map_err(|error| {
        Problem::new(
            ErrorCode::InvalidValue,
            format!("`{}` is not a URL: {error}", settings.handler),
        )
        .at(settings.places.handler.clone())
    })?;
    if in_container_action && is_local(&url) {
        if !runner.is_known() {
            return Err(Problem::new(
                ErrorCode::HandlerUnreachable,
                format!(
                    "`{}` is this container itself, which has no gateway to the runner",
                    settings.handler
                ),
            )
            .hint("name the application by its service label in `rehearsal.handler`")
            .at(settings.places.handler.clone()));
        }
        if runner.redirect(&mut url) {
            output.say(&format!(
                "localhost means the runner, so the handler is called at {url}: the application must listen on 0.0.0.0"
            ));
        }
    }
    Ok(url)
}

pub(super) fn not_configured(config: &Config) -> Problem {
    Problem::new(
        ErrorCode::MissingKey,
        "the configuration has no `rehearsal:`",
    )
    .hint(
        "add it beside `contracts`, with your route, the variable that holds the webhook's secret, and the columns that an account \
         needs, such as `rehearsal: { handler: http://localhost:3000/api/webhook, secret_env: STRIPE_WEBHOOK_SECRET, account: { \
         sql: [\"insert into users (id, email, stripe_customer_id) values ({account_id}, {email}, {customer_id})\"] } }`",
    )
    .at(config.contracts_place().clone())
}

pub(super) fn nothing_paid(settings: &Rehearsal) -> Problem {
    Problem::new(
        ErrorCode::InvalidValue,
        "`plans` maps no paid price, so nobody can buy anything",
    )
    .hint("map at least one price to a plan that is not in `free_plans`")
    .at(settings.places.section.clone())
}
