//! Recorded files as the sources of a contract's facts.

use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt as _;

use super::{
    Error, FixtureFiles, accounts, accounts::accounts_with_email, billing,
    subscriptions::mark_refunds,
};
use crate::{
    billing::{BillingFacts, PricesOfCustomers, ProviderEvidence, RateLimit, ReadPlan},
    config::{AccessContract, AccountsQuery},
    contract::{
        AccountId, CustomerId, EventLog, Facts, Finding, Mode, Source, SubscriptionId, UnixSeconds,
    },
    database::{AccountSelection, DatabaseFacts, StoredRequest, StoredRows},
    problem::Warning,
    sources::{
        account_source::AccountSource,
        billing_source::{BillingSource, ListedFacts, SourceFuture},
    },
};

/// The recorded objects of a provider, which are always complete.
pub(crate) struct RecordedBilling {
    pub(crate) files: FixtureFiles,
    pub(crate) source: Source,
    /// True if the contract has a rule about refunds.
    pub(crate) wants_refunds: bool,
}

impl BillingSource for RecordedBilling {
    fn is_live(&self) -> bool {
        false
    }

    fn is_listed_by_customer(&self) -> bool {
        false
    }

    fn mode(&self) -> Option<Mode> {
        None
    }

    fn requests(&self) -> u64 {
        0
    }

    fn lookup_requests(&self, _: usize) -> u64 {
        0
    }

    fn warnings(&self) -> Vec<Warning> {
        Vec::new()
    }

    fn list<'a>(&'a self, _: &'a [CustomerId]) -> SourceFuture<'a, ListedFacts> {
        let (files, source, wants_refunds) = (self.files.clone(), self.source, self.wants_refunds);
        let read = move || {
            let mut facts = billing(&files, source)?;
            if wants_refunds {
                mark_refunds(&files, source, &mut facts)?;
            }
            Ok::<_, Error>(facts)
        };
        async move {
            Ok(ListedFacts {
                facts: on_blocking_thread(read).await?,
                is_everything: true,
            })
        }
        .boxed_local()
    }

    fn follow_up<'a>(
        &'a self,
        _: &'a mut Facts,
        _: UnixSeconds,
        _: bool,
    ) -> SourceFuture<'a, bool> {
        async { Ok(false) }.boxed_local()
    }

    fn cost<'a>(&'a self, _: &'a [CustomerId]) -> SourceFuture<'a, Option<(ReadPlan, RateLimit)>> {
        async { Ok(None) }.boxed_local()
    }

    fn customers<'a>(&'a self, _: &'a [CustomerId]) -> SourceFuture<'a, BillingFacts> {
        async { Ok(self.list(&[]).await?.facts) }.boxed_local()
    }

    fn changed_from<'a>(
        &'a self,
        _: &'a PricesOfCustomers,
    ) -> SourceFuture<'a, BTreeSet<CustomerId>> {
        async { Ok(BTreeSet::new()) }.boxed_local()
    }

    fn owners<'a>(
        &'a self,
        subscriptions: &'a [SubscriptionId],
    ) -> SourceFuture<'a, Vec<CustomerId>> {
        async {
            let mut recorded = self.list(&[]).await?.facts.subscriptions;
            recorded.retain(|subscription| subscriptions.contains(&subscription.id));
            Ok(recorded
                .into_iter()
                .map(|subscription| subscription.customer)
                .collect())
        }
        .boxed_local()
    }

    /// Recorded subscriptions hold no e-mail addresses.
    fn customers_with_email<'a>(&'a self, _: &'a str) -> SourceFuture<'a, Vec<CustomerId>> {
        async { Ok(Vec::new()) }.boxed_local()
    }

    fn any_customer_exists<'a>(&'a self, _: &'a [CustomerId]) -> SourceFuture<'a, bool> {
        async { Ok(false) }.boxed_local()
    }

    fn evidence<'a>(
        &'a self,
        _: &'a [Finding],
        _: &'a (dyn Fn(&EventLog) -> bool + Sync),
    ) -> SourceFuture<'a, Option<ProviderEvidence>> {
        async { Ok(None) }.boxed_local()
    }
}

/// Recorded results of the accounts query.
pub(crate) struct RecordedAccountRows<'r> {
    pub(crate) files: FixtureFiles,
    pub(crate) contract: &'r AccessContract,
    /// True if the contract checks plans.
    pub(crate) wants_plan: bool,
}

impl AccountSource for RecordedAccountRows<'_> {
    fn is_live(&self) -> bool {
        false
    }

    fn all(&self) -> SourceFuture<'_, DatabaseFacts> {
        let (files, settings) = (self.files.clone(), self.contract.database.clone());
        let wants_plan = self.wants_plan;
        async move {
            let recorded =
                on_blocking_thread(move || accounts(&files, &settings, wants_plan)).await?;
            Ok(DatabaseFacts {
                relations: BTreeSet::new(),
                types: BTreeMap::new(),
                accounts: recorded.accounts,
                mapped: recorded.mapped,
                stored_words: recorded.stored_words,
                warnings: not_applied(&self.contract.database.accounts)
                    .into_iter()
                    .collect(),
            })
        }
        .boxed_local()
    }

    fn by_id<'a>(&'a self, _: &'a [AccountId]) -> SourceFuture<'a, DatabaseFacts> {
        self.all()
    }

    fn chosen<'a>(&'a self, _: &'a AccountSelection) -> SourceFuture<'a, DatabaseFacts> {
        self.all()
    }

    fn with_email<'a>(&'a self, email: &'a str) -> SourceFuture<'a, Vec<AccountId>> {
        let (files, settings) = (self.files.clone(), self.contract.database.clone());
        let (wants_plan, email) = (self.wants_plan, email.to_lowercase());
        async move {
            let found = on_blocking_thread(move || {
                accounts_with_email(&files, &settings, wants_plan, &email)
            });
            Ok(found.await?)
        }
        .boxed_local()
    }

    fn stored<'a>(&'a self, _: &'a StoredRequest<'a>) -> SourceFuture<'a, Option<StoredRows>> {
        async { Ok(None) }.boxed_local()
    }
}

/// Runs CPU-bound work on a separate thread, so that both sides are read in parallel.
async fn on_blocking_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // The task is never cancelled, so it panicked; the panic continues here.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Warns that `join` and `where` are not applied to recorded rows, which are results of the accounts query.
fn not_applied(query: &AccountsQuery) -> Option<Warning> {
    let AccountsQuery::Table { join, filter, .. } = query else {
        return None;
    };
    let (are, keys) = match (join, filter) {
        (None, None) => return None,
        (Some(_), None) => ("`join` is", "`join` gives"),
        (None, Some(_)) => ("`where` is", "`where` keeps"),
        (Some(_), Some(_)) => ("`join` and `where` are", "they give"),
    };
    Some(
        Warning::new(format!("{are} not applied to recorded rows")).hint(format!(
            "record only the rows that {keys}: what the accounts query returns"
        )),
    )
}
