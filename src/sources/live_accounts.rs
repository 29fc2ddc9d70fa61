//! Accounts from the application's Postgres.

use futures::FutureExt as _;
use secrecy::SecretString;

use super::{account_source::AccountSource, billing_source::SourceFuture};
use crate::{
    config::AccessContract,
    contract::AccountId,
    database::{
        self, AccountSelection, DatabaseFacts, ReadRequest, StoredRequest, StoredRows, read_stored,
    },
    notice::Progress,
    problem::Failure,
};

/// The accounts of one contract in its database.
pub(crate) struct LiveAccounts<'r> {
    pub(crate) contract: &'r AccessContract,
    pub(crate) url: SecretString,
    pub(crate) request: ReadRequest,
    pub(crate) progress: &'r Progress,
}

impl AccountSource for LiveAccounts<'_> {
    fn is_live(&self) -> bool {
        true
    }

    fn all(&self) -> SourceFuture<'_, DatabaseFacts> {
        let Self {
            contract,
            url,
            request,
            progress,
        } = self;
        async move {
            let line = progress.line("accounts");
            let shown = |count| line.read(count);
            tracing::info!("reading the accounts of contract `{}`", contract.name);
            let facts = database::read(url, &contract.database, request, &shown).await?;
            tracing::info!("read {} accounts", facts.accounts.len());
            Ok(facts)
        }
        .boxed_local()
    }

    fn by_id<'a>(&'a self, ids: &'a [AccountId]) -> SourceFuture<'a, DatabaseFacts> {
        let settings = &self.contract.database;
        async move {
            let read = database::read_accounts(&self.url, settings, &self.request, ids).await;
            read.map_err(Failure::from)
        }
        .boxed_local()
    }

    fn chosen<'a>(&'a self, chosen: &'a AccountSelection) -> SourceFuture<'a, DatabaseFacts> {
        let settings = &self.contract.database;
        async move {
            let read = database::read_chosen(&self.url, settings, &self.request, chosen).await;
            read.map_err(Failure::from)
        }
        .boxed_local()
    }

    fn with_email<'a>(&'a self, email: &'a str) -> SourceFuture<'a, Vec<AccountId>> {
        async move {
            let chosen = AccountSelection {
                emails: vec![email.to_owned()],
                ..AccountSelection::default()
            };
            let found = self.chosen(&chosen).await?.accounts;
            Ok(found.into_iter().map(|account| account.id).collect())
        }
        .boxed_local()
    }

    fn stored<'a>(
        &'a self,
        request: &'a StoredRequest<'a>,
    ) -> SourceFuture<'a, Option<StoredRows>> {
        let settings = &self.contract.database;
        let in_container = self.request.in_container_action;
        async move {
            let stored = read_stored(&self.url, settings, in_container, request).await?;
            Ok(Some(stored))
        }
        .boxed_local()
    }
}
