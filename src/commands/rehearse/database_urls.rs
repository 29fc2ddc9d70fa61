//! The URLs of a rehearsal's databases, from the environment.

use secrecy::SecretString;

use crate::{
    cli::Environment,
    config::{AccessContract, Rehearsal},
    scratch::ScratchOptions,
};

/// The URLs of the scratch database and of the contract's, as far as they are set.
#[derive(Debug)]
pub(super) struct DatabaseUrls<'r> {
    rehearsal: &'r Rehearsal,
    contract: &'r AccessContract,
    scratch: Option<SecretString>,
    contract_url: Option<SecretString>,
}

impl<'r> DatabaseUrls<'r> {
    pub(super) fn new(
        (rehearsal, contract): (&'r Rehearsal, &'r AccessContract),
        environment: &Environment,
    ) -> Self {
        Self {
            rehearsal,
            contract,
            scratch: environment.secret(&rehearsal.url_env),
            contract_url: environment.secret(&contract.database.url_env),
        }
    }

    /// Returns the options for opening the scratch database.
    pub(super) fn options(&self, in_container_action: bool) -> ScratchOptions<'_> {
        ScratchOptions {
            url: self.scratch.as_ref(),
            rehearsal: self.rehearsal,
            contract: self.contract,
            contract_url: self.contract_url.as_ref(),
            in_container_action,
        }
    }
}
