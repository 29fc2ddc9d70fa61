//! Lists what a contract needs of its provider, then looks up customers and subscriptions that could change the verdict.

use std::collections::HashSet;

use super::{
    billing_source::ListedFacts,
    cost,
    customers::{ASKED, replace_subscriptions, some_customers},
};
use crate::{
    billing::{BillingReader, Error},
    contract::{
        Contract, CustomerId, Facts, FollowUp, ListingScope, Subscription, SubscriptionId,
        UnixSeconds, follow_up,
    },
    notice::{self, Progress},
};

/// Minimum number of lookups that are announced to the user.
const MANY: u64 = 20;

/// The provider of one contract.
pub(crate) struct ContractProvider<'p> {
    pub(crate) contract: &'p Contract,
    pub(crate) reader: &'p BillingReader,
    pub(crate) progress: &'p Progress,
}

impl ContractProvider<'_> {
    /// Lists the objects that the contract needs. Entitlements are listed for `customers`.
    pub(crate) async fn list(&self, customers: &[CustomerId]) -> Result<ListedFacts, Error> {
        let (reader, provider) = (self.reader, self.contract.source.provider());
        let line = self.progress.line(provider);
        tracing::info!("reading {provider}");
        let scope = self.contract.listing_scope();
        let begun = reader.begin(&scope, customers).await?;
        let plan = begun.plan();
        let is_everything = plan.is_everything;
        if plan.remaining_requests() > 0 {
            notice::say(&cost::cost_line(provider, plan, reader.rate_limit()));
        }
        let facts = begun.read(&|count| line.read(count)).await?;
        tracing::info!(
            "read {} subscriptions in {} requests",
            facts.subscriptions.len(),
            reader.requests()
        );
        Ok(ListedFacts {
            facts,
            is_everything,
        })
    }

    /// Adds facts that were not listed but could change the verdict. `listed_all` is true if every subscription was
    /// listed. Returns true if customers were looked up by id because none was known.
    pub(crate) async fn read_missing(
        &self,
        facts: &mut Facts,
        now: UnixSeconds,
        listed_all: bool,
    ) -> Result<bool, Error> {
        let follow_up = follow_up(self.contract, facts, now);
        let were_asked = if listed_all {
            false
        } else {
            self.read_in_doubt(facts, &follow_up).await?
        };
        self.read_unlisted(facts, &follow_up).await?;
        // With a wrong key, no lookup could find anything.
        let is_unknown = follow_up.no_known_customer && !facts.customer_known;
        if !follow_up.unexplained.is_empty() && !is_unknown {
            let requests = u64::try_from(follow_up.unexplained.len()).unwrap_or(u64::MAX);
            if self.reader.afford(requests).is_ok() {
                let metadata = self
                    .reader
                    .customer_metadata(&follow_up.unexplained)
                    .await?;
                facts.customer_metadata.extend(metadata);
            }
        }
        Ok(were_asked)
    }

    /// Reads the subscriptions of each customer whose state is in doubt, or everything if that takes fewer requests.
    async fn read_in_doubt(&self, facts: &mut Facts, follow_up: &FollowUp) -> Result<bool, Error> {
        let reader = self.reader;
        let (no_known_customer, customers) = (follow_up.no_known_customer, &follow_up.customers);
        if no_known_customer {
            let some = some_customers(&facts.accounts);
            facts.customer_known = reader.any_customer_exists(&some).await?;
        }
        let number = reader.lookup_requests(customers.len());
        let is_unknown = no_known_customer && !facts.customer_known;
        // Listing everything takes at least as many pages as the requests so far.
        if is_unknown || number > reader.requests() {
            let begun = reader.begin(&ListingScope::Everything, &[]).await;
            match begun {
                Ok(begun) if is_unknown || begun.plan().remaining_requests() < number => {
                    let read = begun.read(&|_| {}).await?;
                    facts.subscriptions = read.subscriptions;
                    facts.customer_metadata.extend(read.customer_metadata);
                    return Ok(no_known_customer);
                }
                Err(Error::BudgetTooSmall { .. }) if !is_unknown => {}
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        if number == 0 {
            return Ok(no_known_customer);
        }
        reader.afford(number)?;
        self.say_how_many(number);
        let again = reader.read_customers(customers).await?;
        replace_subscriptions(facts, customers, again.subscriptions);
        Ok(no_known_customer)
    }

    /// Reads the subscriptions that accounts store and that were not listed. If the first few are unknown, and no other
    /// subscription is known either, the key or the column is wrong, and the rest is skipped.
    async fn read_unlisted(&self, facts: &mut Facts, follow_up: &FollowUp) -> Result<(), Error> {
        let number = u64::try_from(follow_up.unlisted.len()).unwrap_or(u64::MAX);
        if number == 0 {
            return Ok(());
        }
        self.reader.afford(number)?;
        let some = follow_up
            .unlisted
            .get(..ASKED)
            .unwrap_or(&follow_up.unlisted);
        let mut is_any_known = knows_a_stored_subscription(facts);
        let mut read = self.read_subscriptions(some, is_any_known).await?;
        is_any_known |= !read.is_empty();
        if follow_up.no_known_customer && read.is_empty() {
            return Ok(());
        }
        let rest = follow_up.unlisted.get(some.len()..).unwrap_or_default();
        if !rest.is_empty() {
            self.say_how_many(number);
            read.extend(self.read_subscriptions(rest, is_any_known).await?);
        }
        facts.subscriptions.extend(read);
        Ok(())
    }

    /// Reads these subscriptions. One that exists only in the other mode is unknown, like one that was deleted; but if no
    /// stored subscription is known, the key is wrong.
    async fn read_subscriptions(
        &self,
        ids: &[SubscriptionId],
        is_any_known: bool,
    ) -> Result<Vec<Subscription>, Error> {
        match self.reader.read_subscriptions(ids).await {
            Err(error) if is_any_known && error.is_of_other_mode() => Ok(Vec::new()),
            read => Ok(read?.subscriptions),
        }
    }

    fn say_how_many(&self, number: u64) {
        let line = cost::lookup_line(self.contract.source.provider(), number);
        if number >= MANY {
            notice::say(&line);
        } else {
            tracing::info!("{line}");
        }
    }
}

/// Returns true if an account stores one of the subscriptions that were read.
fn knows_a_stored_subscription(facts: &Facts) -> bool {
    let columns = facts
        .accounts
        .iter()
        .filter_map(|account| account.columns.as_ref());
    let stored: HashSet<_> = columns
        .filter_map(|columns| columns.subscription_id.as_ref())
        .collect();
    let mut read = facts.subscriptions.iter();
    read.any(|subscription| stored.contains(&subscription.id))
}
