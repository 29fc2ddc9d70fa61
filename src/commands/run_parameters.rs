//! The parameters of a check besides its configuration.

use std::sync::OnceLock;

use super::{failure::no_http_client, recorded::RecordedSides};
use crate::{
    billing::RetryPolicy,
    cli::Environment,
    config::AccessContract,
    contract::{Severity, UnixSeconds},
    http,
    notice::Progress,
    problem::Problem,
};

/// The parameters of a run besides its configuration.
#[derive(Debug)]
pub(crate) struct RunParameters<'r> {
    pub(crate) environment: &'r Environment,
    client: OnceLock<reqwest::Client>,
    pub(crate) retry_policy: RetryPolicy,
    pub(crate) progress: &'r Progress,
    pub(crate) recorded: RecordedSides,
    /// Time of evaluation.
    pub(crate) now: UnixSeconds,
    pub(crate) fail_on: FailOn,
    /// True if findings need instructions for their repair.
    pub(crate) repairs: bool,
}

impl<'r> RunParameters<'r> {
    pub(crate) fn new(
        environment: &'r Environment,
        progress: &'r Progress,
        recorded: RecordedSides,
        now: UnixSeconds,
    ) -> Self {
        Self {
            environment,
            client: OnceLock::new(),
            retry_policy: RetryPolicy::default(),
            progress,
            recorded,
            now,
            fail_on: FailOn::AsConfigured,
            repairs: false,
        }
    }

    /// Returns the HTTP client that all contracts share. It is created when it is first needed, because that reads the
    /// machine's certificates, which a check of recorded files does not need.
    pub(crate) fn client(&self) -> Result<reqwest::Client, Problem> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = http::client().map_err(|error| no_http_client(&error))?;
        Ok(self.client.get_or_init(|| client).clone())
    }
}

/// The minimum severity of findings that fail the run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailOn {
    /// According to each contract.
    #[default]
    AsConfigured,
    /// This severity or higher; `None` means never.
    Severity(Option<Severity>),
}

impl FailOn {
    /// Returns the severity for this contract; `None` means never.
    pub(crate) fn for_contract(self, contract: &AccessContract) -> Option<Severity> {
        match self {
            Self::AsConfigured => contract.contract.fail_on,
            Self::Severity(severity) => severity,
        }
    }
}
