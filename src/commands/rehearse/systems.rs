//! The systems that every run works with, and the configuration of the rehearsal.

use std::sync::OnceLock;

use compact_str::CompactString;

use super::{
    access_endpoint::AccessEndpoint, fake_provider::FakeProvider, response_times::ResponseTimes,
    running::Running, success_page::SuccessPage, test_database::TestDatabase,
    write_times::WriteTimes,
};
use crate::{
    config::{AccessContract, Rehearsal},
    contract::Severity,
    rehearsal::TestPrices,
};

/// The systems of a rehearsal.
#[derive(Debug)]
pub(crate) struct Systems<'r> {
    pub(super) config: RehearsalConfig<'r>,
    pub(super) provider: TestProvider,
    pub(super) database: &'r TestDatabase<'r>,
    pub(super) handler: ObservedHandler,
    /// The application's access endpoint, if configured.
    pub(super) access_endpoint: Option<AccessEndpoint<'r>>,
    /// The page after a checkout, if configured.
    pub(super) success_page: Option<SuccessPage<'r>>,
    /// The application, if the rehearsal started it.
    pub(super) application: Option<Running>,
}

/// The decisions before a rehearsal begins: its settings, its contract and its options.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RehearsalConfig<'r> {
    pub(super) settings: &'r Rehearsal,
    pub(super) contract: &'r AccessContract,
    /// Number of runs in parallel.
    pub(super) jobs: usize,
    /// True to stop at the first finding that fails.
    pub(super) fail_fast: bool,
    /// Lowest severity that fails.
    pub(super) fail_on: Option<Severity>,
}

/// The fake provider, with the values that every run begins with.
#[derive(Debug)]
pub(super) struct TestProvider {
    pub(super) fake: Box<dyn FakeProvider>,
    pub(super) prices: TestPrices,
    /// Events about the products and prices created for the rehearsal.
    pub(super) price_events: Vec<CompactString>,
    /// Start time of every run, for the provider and the contract.
    pub(super) begins: i64,
}

/// Observations of the handler so far.
#[derive(Debug)]
pub(super) struct ObservedHandler {
    pub(super) writes: WriteTimes,
    pub(super) responses: ResponseTimes,
    /// True if the first purchase granted access. Empty until it is made.
    pub(super) first_sale: OnceLock<bool>,
}

impl RehearsalConfig<'_> {
    /// Returns false if the application has not registered its handler for events of this type.
    pub(super) fn is_registered(&self, event: &str) -> bool {
        let registered = self.settings.events.as_ref();
        registered.is_none_or(|registered| registered.contains(event))
    }
}

impl TestProvider {
    pub(super) fn base_url(&self) -> String {
        format!("http://{}", self.fake.address())
    }
}
