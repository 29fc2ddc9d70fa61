//! Facts from a billing provider's API.

use std::collections::BTreeSet;

use futures::FutureExt as _;

use super::{
    billing_source::{BillingSource, ListedFacts, SourceFuture},
    follow_up::ContractProvider,
};
use crate::{
    billing::{
        BillingFacts, BillingReader, PricesOfCustomers, ProviderEvidence, RateLimit, ReadPlan,
        definition,
    },
    contract::{Contract, CustomerId, EventLog, Facts, Finding, Mode, SubscriptionId, UnixSeconds},
    notice::Progress,
    problem::Warning,
};

/// The provider of one contract.
pub(crate) struct LiveBilling<'r> {
    pub(crate) contract: &'r Contract,
    pub(crate) reader: BillingReader,
    pub(crate) progress: &'r Progress,
}

impl LiveBilling<'_> {
    fn provider(&self) -> ContractProvider<'_> {
        ContractProvider {
            contract: self.contract,
            reader: &self.reader,
            progress: self.progress,
        }
    }
}

impl BillingSource for LiveBilling<'_> {
    fn is_live(&self) -> bool {
        true
    }

    fn is_listed_by_customer(&self) -> bool {
        definition(self.contract.source).is_listed_by_customer()
    }

    fn mode(&self) -> Option<Mode> {
        self.reader.mode()
    }

    fn requests(&self) -> u64 {
        self.reader.requests()
    }

    fn lookup_requests(&self, customers: usize) -> u64 {
        self.reader.lookup_requests(customers)
    }

    fn warnings(&self) -> Vec<Warning> {
        self.reader.warnings()
    }

    fn list<'a>(&'a self, customers: &'a [CustomerId]) -> SourceFuture<'a, ListedFacts> {
        async move { Ok(self.provider().list(customers).await?) }.boxed_local()
    }

    fn follow_up<'a>(
        &'a self,
        facts: &'a mut Facts,
        now: UnixSeconds,
        listed_all: bool,
    ) -> SourceFuture<'a, bool> {
        async move { Ok(self.provider().read_missing(facts, now, listed_all).await?) }.boxed_local()
    }

    fn cost<'a>(
        &'a self,
        customers: &'a [CustomerId],
    ) -> SourceFuture<'a, Option<(ReadPlan, RateLimit)>> {
        async move {
            let scope = self.contract.listing_scope();
            let begun = self.reader.begin(&scope, customers).await?;
            Ok(Some((begun.plan().clone(), self.reader.rate_limit())))
        }
        .boxed_local()
    }

    fn customers<'a>(&'a self, customers: &'a [CustomerId]) -> SourceFuture<'a, BillingFacts> {
        async move {
            let number = self.reader.lookup_requests(customers.len());
            self.reader.check_budget(number)?;
            Ok(self.reader.read_customers(customers).await?)
        }
        .boxed_local()
    }

    fn changed_from<'a>(
        &'a self,
        derived: &'a PricesOfCustomers,
    ) -> SourceFuture<'a, BTreeSet<CustomerId>> {
        async move {
            self.reader.check_budget(1)?;
            Ok(self.reader.changed_from(derived).await?)
        }
        .boxed_local()
    }

    fn owners<'a>(
        &'a self,
        subscriptions: &'a [SubscriptionId],
    ) -> SourceFuture<'a, Vec<CustomerId>> {
        async move { Ok(self.reader.owners(subscriptions).await?) }.boxed_local()
    }

    fn customers_with_email<'a>(&'a self, email: &'a str) -> SourceFuture<'a, Vec<CustomerId>> {
        async move { Ok(self.reader.customers_with_email(email).await?) }.boxed_local()
    }

    fn any_customer_exists<'a>(&'a self, customers: &'a [CustomerId]) -> SourceFuture<'a, bool> {
        async move { Ok(self.reader.any_customer_exists(customers).await?) }.boxed_local()
    }

    fn evidence<'a>(
        &'a self,
        findings: &'a [Finding],
        is_sufficient: &'a (dyn Fn(&EventLog) -> bool + Sync),
    ) -> SourceFuture<'a, Option<ProviderEvidence>> {
        async move { Ok(self.reader.evidence(findings, is_sufficient).await?) }.boxed_local()
    }
}
