//! Facts about one contract that earlier checks found, for later ones.

use std::num::NonZeroU32;

use super::setup::Setup;
use crate::{
    billing::BillingReader,
    config::{AccessContract, Config},
    contract::ContractKey,
    database::{self, DatabaseFacts, ReadRequest, ServerFacts},
    problem::Place,
};

/// Maximum number of requests for one contract. A check may need more; then the doctor does without its facts.
pub(super) const MAX_REQUESTS: NonZeroU32 = NonZeroU32::new(300).unwrap();

/// Facts about one contract. Each is `None` until a check found it.
#[derive(Debug)]
pub(super) struct ContractFacts<'d> {
    pub(super) setup: &'d Setup<'d>,
    index: usize,
    /// The contract, with a limit on requests.
    pub(super) contract: AccessContract,
    /// True if the limit is lower than that of a check.
    pub(super) limits_requests: bool,
    /// Reader with a key of the right form and mode.
    pub(super) reader: Option<BillingReader>,
    pub(super) key: KeyState,
    pub(super) server: Option<ServerFacts>,
    pub(super) accounts: Option<Result<DatabaseFacts, database::Error>>,
    /// True if a check can use the rows.
    pub(super) are_accounts_usable: bool,
    pub(super) customers: LinkedCustomers,
}

/// The provider's answer to the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyState {
    Untried,
    Accepted,
    /// Accepted, with the permissions without which there is no check.
    Permitted,
}

/// The provider's knowledge of the customers that accounts are linked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkedCustomers {
    /// None was looked up, or not all of them.
    Unclear,
    /// At least one belongs to the key's account.
    Known,
    /// None belongs to the key's account.
    Foreign,
}

impl<'d> ContractFacts<'d> {
    pub(super) fn new(setup: &'d Setup<'d>, index: usize, contract: &AccessContract) -> Self {
        let own = contract.max_requests;
        let limits_requests = own.is_none_or(|own| own > MAX_REQUESTS);
        Self {
            limits_requests,
            setup,
            index,
            contract: AccessContract {
                max_requests: if limits_requests {
                    Some(MAX_REQUESTS)
                } else {
                    own
                },
                ..contract.clone()
            },
            reader: None,
            key: KeyState::Untried,
            server: None,
            accounts: None,
            are_accounts_usable: false,
            customers: LinkedCustomers::Unclear,
        }
    }

    /// Returns the rows, if a check can use them.
    pub(super) fn usable_accounts(&self) -> Option<&DatabaseFacts> {
        let read = self
            .accounts
            .as_ref()
            .filter(|_| self.are_accounts_usable)?;
        read.as_ref().ok()
    }

    /// Reads all accounts as a check does.
    pub(super) async fn read_accounts(&mut self) {
        let run = self.setup.run;
        let settings = &self.contract.database;
        let Some(url) = run.environment.secret(&settings.url_env) else {
            return;
        };
        let request = ReadRequest {
            wants_plan: !self.contract.contract.plans.is_empty(),
            now: run.now,
            in_container_action: run.environment.in_container_action(),
        };
        let line = run.progress.line("the database");
        let read = database::read(&url, settings, &request, &|count| line.read(count)).await;
        self.accounts = Some(read);
    }

    /// Returns the place of a key of the contract in the configuration.
    pub(super) fn place(&self, about: &ContractKey) -> Option<Place> {
        let config: &Config = self.setup.config.ok()?;
        Some(config.advice_place(self.index, about))
    }
}
