//! The provider's side of a live check: what the contract needs is listed, and whoever that leaves in doubt is asked for.

use super::{plan, progress::Progress};
use crate::{
    billing::{BillingFacts, Error, Reader},
    contract::{
        Account, Breadth, Contract, CustomerId, Doubts, Facts, Subscription, UnixSeconds, doubts,
    },
    notice,
};

/// So many requests take long enough to be announced.
const MANY: u64 = 20;

/// One contract's provider.
pub(super) struct Provider<'p> {
    pub(super) contract: &'p Contract,
    pub(super) reader: &'p Reader,
    pub(super) progress: &'p Progress,
}

/// What a listing showed.
pub(super) struct Listed {
    pub(super) facts: BillingFacts,
    pub(super) is_everything: bool,
}

impl Provider<'_> {
    /// Lists what the contract needs; entitlements of `customers`.
    pub(super) async fn list(&self, customers: &[CustomerId]) -> Result<Listed, Error> {
        let (reader, provider) = (self.reader, self.contract.source.provider());
        let line = self.progress.line(provider);
        tracing::info!("reading {provider}");
        let survey = reader.survey(&self.contract.breadth(), customers).await?;
        let plan = survey.plan();
        let is_everything = plan.is_everything;
        if plan.left() > 0 {
            notice::say(&plan::in_short(provider, plan, reader.pace()));
        }
        let facts = survey.read(&|count| line.read(count)).await?;
        tracing::info!(
            "read {} subscriptions in {} requests",
            facts.subscriptions.len(),
            reader.requests()
        );
        Ok(Listed {
            facts,
            is_everything,
        })
    }

    /// Adds what was not listed and could change the verdict: what each suspect has, or everything where that takes
    /// fewer requests. Whether customers were asked for by id, because nobody was known.
    pub(super) async fn settle(&self, facts: &mut Facts, now: UnixSeconds) -> Result<bool, Error> {
        let reader = self.reader;
        let Doubts {
            nobody_is_known,
            suspects,
            unlisted: _,
            unexplained: _,
        } = doubts(self.contract, facts, now);
        if nobody_is_known {
            let some = some_customers(&facts.accounts);
            facts.customer_known = reader.any_customer_exists(&some).await?;
        }
        let number = u64::try_from(suspects.len()).unwrap_or(u64::MAX);
        let is_unknown = nobody_is_known && !facts.customer_known;
        // At least as many pages as there are already are needed to list everything.
        if is_unknown || number > reader.requests() {
            let survey = reader.survey(&Breadth::Everything, &[]).await;
            match survey {
                Ok(survey) if is_unknown || survey.plan().left() < number => {
                    facts.subscriptions = survey.read(&|_| {}).await?.subscriptions;
                    return Ok(nobody_is_known);
                }
                Err(Error::TooDear { .. }) if !is_unknown => {}
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        if number == 0 {
            return Ok(nobody_is_known);
        }
        reader.afford(number)?;
        let line = plan::of_suspects(self.contract.source.provider(), number);
        if number >= MANY {
            notice::say(&line);
        } else {
            tracing::info!("{line}");
        }
        let again = reader.read_customers(&suspects).await?;
        replace(facts, &suspects, again.subscriptions);
        Ok(nobody_is_known)
    }
}

/// Puts what these customers have in the place of what was known of them. `customers` are in order.
pub(super) fn replace(
    facts: &mut Facts,
    customers: &[CustomerId],
    subscriptions: Vec<Subscription>,
) {
    facts
        .subscriptions
        .retain(|subscription| customers.binary_search(&subscription.customer).is_err());
    facts.subscriptions.extend(subscriptions);
}

/// A few customers to ask for by id before a key is called wrong.
pub(super) fn some_customers(accounts: &[Account]) -> Vec<CustomerId> {
    const ASKED: usize = 3;
    let mut customers = customers_of(accounts);
    customers.truncate(ASKED);
    customers
}

/// The distinct customers that accounts are linked to.
pub(super) fn customers_of(accounts: &[Account]) -> Vec<CustomerId> {
    let linked = accounts
        .iter()
        .filter_map(|account| account.customer.clone());
    let mut customers: Vec<_> = linked.filter(|id| !id.as_str().trim().is_empty()).collect();
    customers.sort();
    customers.dedup();
    customers
}
