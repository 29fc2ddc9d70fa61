//! Both sources of one contract, which are read together, and partly read again later.

use std::collections::BTreeSet;

use super::{
    account_source::AccountSource,
    billing_source::{BillingSource, ListedFacts},
    customers::customers_of,
};
use crate::{
    contract::{CustomerId, Facts, UnixSeconds},
    database::DatabaseFacts,
    problem::{Failure, Warning},
};

/// The sources of one contract's facts.
pub(crate) struct Sources<'r> {
    pub(crate) billing: Box<dyn BillingSource + 'r>,
    pub(crate) accounts: Box<dyn AccountSource + 'r>,
    /// Time of evaluation.
    pub(crate) now: UnixSeconds,
}

/// The result of reading both sources.
#[derive(Debug)]
pub(crate) struct CheckInput {
    pub(crate) facts: Facts,
    /// True if any of the accounts' customers was already looked up by id.
    pub(crate) customers_were_looked_up: bool,
    /// Customers whose facts follow from other objects than those that state them.
    pub(crate) derived: BTreeSet<CustomerId>,
    pub(crate) warnings: Vec<Warning>,
}

impl Sources<'_> {
    /// Returns true if both sources are live, so that one may lag behind the other.
    pub(crate) fn are_live(&self) -> bool {
        self.billing.is_live() && self.accounts.is_live()
    }

    /// Reads both sources, in parallel if they are independent.
    pub(crate) async fn read(&self) -> Result<CheckInput, Failure> {
        let (accounts, listed) = self.read_both().await?;
        let derived = listed.facts.derived;
        let mut facts = Facts {
            accounts: accounts.accounts,
            mapped: accounts.mapped,
            subscriptions: listed.facts.subscriptions,
            seen_modes: listed.facts.seen_modes,
            customer_known: false,
            stored_words: accounts.stored_words,
            customer_metadata: listed.facts.customer_metadata,
        };
        let followed = self
            .billing
            .follow_up(&mut facts, self.now, listed.is_everything)
            .await;
        Ok(CheckInput {
            customers_were_looked_up: followed?,
            derived,
            facts,
            warnings: accounts.warnings,
        })
    }

    async fn read_both(&self) -> Result<(DatabaseFacts, ListedFacts), Failure> {
        if self.billing.is_listed_by_customer() {
            let accounts = self.accounts.all().await?;
            let customers = customers_of(&accounts.accounts);
            let listed = self.billing.list(&customers).await?;
            return Ok((accounts, listed));
        }
        if self.are_live() {
            return futures::try_join!(self.accounts.all(), self.billing.list(&[]));
        }
        // Both sides are read to the end, so that of two errors the same one is always reported.
        let (accounts, listed) = futures::join!(self.accounts.all(), self.billing.list(&[]));
        Ok((accounts?, listed?))
    }

    /// Reads the billing side again, for the accounts in `facts`.
    pub(crate) async fn read_billing_again(&self, facts: &mut Facts) -> Result<(), Failure> {
        let listed = self.billing.list(&customers_of(&facts.accounts)).await?;
        facts.subscriptions = listed.facts.subscriptions;
        facts.customer_metadata = listed.facts.customer_metadata;
        self.billing
            .follow_up(facts, self.now, listed.is_everything)
            .await?;
        Ok(())
    }
}
