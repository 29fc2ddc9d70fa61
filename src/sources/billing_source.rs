//! The billing side of a contract, live or recorded.

use std::collections::BTreeSet;

use futures::future::LocalBoxFuture;

use crate::{
    billing::{BillingFacts, PricesOfCustomers, ProviderEvidence, RateLimit, ReadPlan},
    contract::{CustomerId, EventLog, Facts, Finding, Mode, SubscriptionId, UnixSeconds},
    problem::{Failure, Warning},
};

/// The result of a read behind a trait.
pub(crate) type SourceFuture<'a, T> = LocalBoxFuture<'a, Result<T, Failure>>;

/// Facts from a billing provider.
pub(crate) trait BillingSource {
    /// Returns true if the facts may change between two reads.
    fn is_live(&self) -> bool;

    /// Returns true if the provider's objects can only be listed customer by customer.
    fn is_listed_by_customer(&self) -> bool;

    /// Returns the mode of the provider that is read, if the key or its host says so.
    fn mode(&self) -> Option<Mode>;

    /// Returns the number of requests sent so far.
    fn requests(&self) -> u64;

    /// Returns the number of requests that read this many customers.
    fn lookup_requests(&self, customers: usize) -> u64;

    /// Returns warnings about facts that the provider refused to show so far.
    fn warnings(&self) -> Vec<Warning>;

    /// Lists the objects that the contract needs. If they can only be listed by customer, it lists those of
    /// `customers`.
    fn list<'a>(&'a self, customers: &'a [CustomerId]) -> SourceFuture<'a, ListedFacts>;

    /// Adds facts that were not listed but could change the verdict. `listed_all` is true if every subscription was
    /// listed. Returns true if customers were looked up by id because none was known.
    fn follow_up<'a>(
        &'a self,
        facts: &'a mut Facts,
        now: UnixSeconds,
        listed_all: bool,
    ) -> SourceFuture<'a, bool>;

    /// Estimates the cost of a listing. Returns `None` if it costs no requests.
    fn cost<'a>(
        &'a self,
        customers: &'a [CustomerId],
    ) -> SourceFuture<'a, Option<(ReadPlan, RateLimit)>>;

    /// Reads all objects of these customers. May also return objects of other customers.
    fn customers<'a>(&'a self, customers: &'a [CustomerId]) -> SourceFuture<'a, BillingFacts>;

    /// Returns those of the customers who had these derived prices until a recent event.
    fn changed_from<'a>(
        &'a self,
        derived: &'a PricesOfCustomers,
    ) -> SourceFuture<'a, BTreeSet<CustomerId>>;

    /// Returns the customers of these subscriptions.
    fn owners<'a>(
        &'a self,
        subscriptions: &'a [SubscriptionId],
    ) -> SourceFuture<'a, Vec<CustomerId>>;

    /// Returns the customers with this e-mail address, as the provider compares it.
    fn customers_with_email<'a>(&'a self, email: &'a str) -> SourceFuture<'a, Vec<CustomerId>>;

    /// Returns true if the provider knows any of these customers by id.
    fn any_customer_exists<'a>(&'a self, customers: &'a [CustomerId]) -> SourceFuture<'a, bool>;

    /// Reads the evidence behind findings: events until `is_sufficient` returns true for those read so far, or deliveries.
    /// Returns `None` if the source has neither.
    fn evidence<'a>(
        &'a self,
        findings: &'a [Finding],
        is_sufficient: &'a (dyn Fn(&EventLog) -> bool + Sync),
    ) -> SourceFuture<'a, Option<ProviderEvidence>>;
}

/// The result of a listing.
#[derive(Debug)]
pub(crate) struct ListedFacts {
    pub(crate) facts: BillingFacts,
    /// True if every subscription was listed.
    pub(crate) is_everything: bool,
}
