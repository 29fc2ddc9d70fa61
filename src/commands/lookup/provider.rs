//! Makes the lookups at the provider for one entity, each of them once.

use std::collections::{BTreeMap, BTreeSet};

use super::{LookupResult, stored};
use crate::{
    contract::{
        Account, Contract, CustomerId, Facts, MatchOn, Metadata, SeenModes, Subscription,
        SubscriptionId, UnixSeconds,
    },
    database::DatabaseFacts,
    problem::Failure,
    sources::{Sources, customers_of},
};

/// The lookups at the provider so far, with their results.
pub(super) struct ProviderLookup<'s, 'r> {
    match_on: MatchOn,
    sources: &'s Sources<'r>,
    customers: BTreeSet<CustomerId>,
    /// Subscriptions whose customer was looked up.
    stored: BTreeSet<SubscriptionId>,
    subscriptions: Vec<Subscription>,
    metadata: BTreeMap<CustomerId, Metadata>,
    seen_modes: SeenModes,
}

impl<'s, 'r> ProviderLookup<'s, 'r> {
    pub(super) fn new(match_on: MatchOn, sources: &'s Sources<'r>) -> Self {
        Self {
            match_on,
            sources,
            customers: BTreeSet::new(),
            stored: BTreeSet::new(),
            subscriptions: Vec::new(),
            metadata: BTreeMap::new(),
            seen_modes: SeenModes::default(),
        }
    }

    /// Reads the customers of these accounts, and the requested one.
    pub(super) async fn read_customers_of(
        &mut self,
        accounts: &[Account],
        requested: Option<&CustomerId>,
    ) -> Result<(), Failure> {
        let mut customers = match self.match_on {
            MatchOn::CustomerId => customers_of(accounts),
            MatchOn::SubscriptionId => {
                let stored = accounts.iter().filter_map(stored).cloned();
                self.owners(stored.collect()).await?
            }
        };
        customers.extend(requested.cloned());
        self.read(customers).await
    }

    /// Reads the customer of this subscription, unless it is known already.
    pub(super) async fn read_customer_of_subscription(
        &mut self,
        subscription: &SubscriptionId,
    ) -> Result<(), Failure> {
        let owners = self.owners(BTreeSet::from([subscription.clone()])).await?;
        self.read(owners).await
    }

    /// Reads the customers with this e-mail address.
    pub(super) async fn read_customers_with_email(&mut self, email: &str) -> Result<(), Failure> {
        let customers = self.sources.billing.customers_with_email(email).await?;
        self.read(customers).await
    }

    async fn read(&mut self, mut customers: Vec<CustomerId>) -> Result<(), Failure> {
        customers.retain(|customer| self.customers.insert(customer.clone()));
        if customers.is_empty() {
            return Ok(());
        }
        let mut found = self.sources.billing.customers(&customers).await?;
        // Recorded facts are always complete.
        found
            .subscriptions
            .retain(|subscription| customers.contains(&subscription.customer));
        found
            .customer_metadata
            .retain(|customer, _| customers.contains(customer));
        self.subscriptions.append(&mut found.subscriptions);
        self.metadata.append(&mut found.customer_metadata);
        let seen = &mut self.seen_modes;
        seen.live = seen.live.take().or(found.seen_modes.live);
        seen.test = seen.test.take().or(found.seen_modes.test);
        Ok(())
    }

    /// Returns the customers of those subscriptions that are unknown and were not looked up before.
    async fn owners(
        &mut self,
        mut subscriptions: BTreeSet<SubscriptionId>,
    ) -> Result<Vec<CustomerId>, Failure> {
        let known = |id: &SubscriptionId| {
            self.subscriptions
                .iter()
                .any(|subscription| subscription.id == *id)
        };
        subscriptions.retain(|id| !known(id) && !self.stored.contains(id));
        let unknown: Vec<_> = subscriptions.iter().cloned().collect();
        self.stored.extend(subscriptions);
        if unknown.is_empty() {
            return Ok(Vec::new());
        }
        self.sources.billing.owners(&unknown).await
    }

    /// Returns the values that related accounts store as links.
    pub(super) fn links(&self) -> Vec<String> {
        match self.match_on {
            MatchOn::CustomerId => self.customers.iter().map(ToString::to_string).collect(),
            MatchOn::SubscriptionId => {
                let found = self
                    .subscriptions
                    .iter()
                    .map(|subscription| &subscription.id);
                let ids: BTreeSet<_> = found.chain(&self.stored).collect();
                ids.into_iter().map(ToString::to_string).collect()
            }
        }
    }

    /// Returns everything read so far, with the metadata of customers that pay without an account.
    pub(super) async fn facts(
        &mut self,
        rows: &DatabaseFacts,
        contract: &Contract,
        now: UnixSeconds,
    ) -> Result<Facts, Failure> {
        let mut facts = Facts {
            accounts: rows.accounts.clone(),
            mapped: rows.mapped.clone(),
            subscriptions: self.subscriptions.clone(),
            seen_modes: self.seen_modes.clone(),
            customer_known: true,
            customer_metadata: self.metadata.clone(),
            ..Facts::default()
        };
        if contract.match_on == MatchOn::CustomerId {
            let billing = &self.sources.billing;
            billing.follow_up(&mut facts, now, true).await?;
            self.metadata.clone_from(&facts.customer_metadata);
        }
        Ok(facts)
    }

    /// Completes the result with the customers that exist without subscriptions. Returns an error if the key belongs to
    /// the other mode and therefore knows none of them.
    pub(super) async fn into_result(
        self,
        facts: Facts,
        rows: DatabaseFacts,
    ) -> Result<Option<LookupResult>, Failure> {
        let mut existing = Vec::new();
        for customer in self.customers {
            let has_some = self
                .subscriptions
                .iter()
                .any(|subscription| subscription.customer == customer);
            let ids = [customer];
            if !has_some && self.sources.billing.any_customer_exists(&ids).await? {
                existing.extend(ids);
            }
        }
        if facts.accounts.is_empty() && facts.subscriptions.is_empty() && existing.is_empty() {
            return Ok(None);
        }
        Ok(Some(LookupResult {
            facts,
            existing,
            warnings: rows.warnings,
        }))
    }
}
