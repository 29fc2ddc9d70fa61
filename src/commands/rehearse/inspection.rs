//! The parts of a rehearsal that can be checked without playing it: the scratch database, and the handler's answers.

use std::{net::SocketAddr, time::Duration};

use super::{
    database_urls::DatabaseUrls,
    fake_provider::{DeliveryReply, DeliveryTiming, FakeEvent, FakeProvider},
    fake_serving::HandlerAddress,
    fake_start,
    files::ConfigFiles,
    real_now,
    runner_address::RunnerAddress,
    setup::{handler_url, not_configured, nothing_paid},
};
use crate::{
    cli::Environment,
    commands::{failure::Failure, output::Output},
    config::{AccessContract, Config, Rehearsal},
    problem::Problem,
    rehearsal::{HandlerResponse, Signing, TestPrices},
    scratch::{Scratch, TemporaryDatabase},
};

/// Time for the handler's answer. A development server may compile the route first.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The use of the scratch database's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScratchUse {
    /// The rehearsal uses this database.
    Existing,
    /// The rehearsal creates a database on this server.
    Created,
}

/// Checks that the rehearsal may use its database, and writes nothing.
pub(crate) async fn examine_scratch(
    config: &Config,
    environment: &Environment,
) -> Result<ScratchUse, Failure> {
    let (settings, contract) = configured(config)?;
    let urls = DatabaseUrls::new((settings, contract), environment);
    let options = urls.options(is_apart(settings, environment));
    if settings.migrate.is_some() {
        TemporaryDatabase::check_may_create(options).await?;
        return Ok(ScratchUse::Created);
    }
    Scratch::examine(options).await?;
    Ok(ScratchUse::Existing)
}

/// Returns true if the application runs outside of the container of this process. One that the rehearsal starts does not.
fn is_apart(settings: &Rehearsal, environment: &Environment) -> bool {
    environment.in_container_action() && settings.app.command.is_none()
}

/// The handler, with a fake provider that sends it one event.
#[derive(Debug)]
pub(crate) struct HandlerProbe {
    fake: Box<dyn FakeProvider>,
    event: FakeEvent,
}

impl HandlerProbe {
    /// Starts the fake provider, whose event is about one of the rehearsal's prices.
    pub(crate) fn start(
        (config, files): (&Config, &ConfigFiles),
        environment: &Environment,
        output: &Output,
    ) -> Result<Self, Problem> {
        let (settings, contract) = configured(config)?;
        let prices =
            TestPrices::from_contract(&contract.contract).ok_or_else(|| nothing_paid(settings))?;
        let in_container_action = is_apart(settings, environment);
        let runner = RunnerAddress::find(in_container_action);
        let handler = HandlerAddress {
            url: handler_url(settings, (in_container_action, runner), output)?,
            secret: environment.secret(&settings.secret_env).unwrap_or_default(),
        };
        let (fake, events) = fake_start::start(settings, handler, &prices, files, &mut Vec::new())?;
        let mut events = events.iter().filter_map(|id| fake.event(id));
        let event = events.next().ok_or_else(|| nothing_paid(settings))?;
        Ok(Self { fake, event })
    }

    /// Returns the type of the event.
    pub(crate) fn event(&self) -> &str {
        &self.event.kind
    }

    /// Delivers the event.
    pub(crate) async fn send(&self, signing: Signing) -> HandlerResponse {
        let timing = DeliveryTiming {
            now: real_now(),
            timeout: TIMEOUT,
        };
        match self.fake.deliver(&self.event.body, signing, timing).await {
            DeliveryReply::Status { code, body } => HandlerResponse::Status { code, body },
            DeliveryReply::Timeout => {
                HandlerResponse::Nothing(format!("no answer within {} s", TIMEOUT.as_secs()))
            }
            DeliveryReply::Nothing(reason) => HandlerResponse::Nothing(reason),
        }
    }

    /// Returns the number of requests that reached the fake provider.
    pub(crate) fn requests(&self) -> u64 {
        self.fake.last_request()
    }

    /// Returns the address of the fake provider.
    pub(crate) fn address(&self) -> SocketAddr {
        self.fake.address()
    }
}

fn configured(config: &Config) -> Result<(&Rehearsal, &AccessContract), Problem> {
    let not_configured = || not_configured(config);
    let settings = config.rehearsal.as_ref().ok_or_else(not_configured)?;
    let contract = config.contracts.get(settings.contract_index);
    Ok((settings, contract.ok_or_else(not_configured)?))
}
