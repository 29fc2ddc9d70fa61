//! Looks up one account or customer by id, without ever listing all of them.

use std::collections::BTreeSet;

use super::failure::Failure;
use crate::{
    contract::{
        Account, AccountId, Contract, CustomerId, Facts, MatchOn, SeenModes, Subscription,
        SubscriptionId,
    },
    database::{Chosen, DatabaseFacts},
    problem::Problem,
    sources::{Sources, customers_of},
};

/// Maximum number of reads of rows, until none of them leads to another. Two are enough unless rows change meanwhile.
const ROUNDS: usize = 6;

/// The requested entity, as one contract interprets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LookupRequest {
    accounts: BTreeSet<AccountId>,
    customer: Option<CustomerId>,
    /// True if it was explicitly called a customer, so that the provider is read even if an account is found.
    is_customer: bool,
}

impl LookupRequest {
    /// Interprets `text`. `words` are the contracts' names for accounts.
    pub(crate) fn new(text: &str, contract: &Contract, words: &BTreeSet<&str>) -> Self {
        // An id may contain a colon itself.
        let mut accounts = BTreeSet::from([AccountId::from(text)]);
        let named = text.split_once(':');
        if let Some((_, id)) = named.filter(|(word, _)| *word == contract.entity) {
            accounts.insert(AccountId::from(id));
        }
        let customer = named
            .filter(|(word, _)| *word == "customer")
            .map(|(_, id)| id);
        let is_bare = !named.is_some_and(|(word, _)| words.contains(word));
        Self {
            accounts,
            customer: customer
                .or_else(|| is_bare.then_some(text))
                .map(CustomerId::from),
            is_customer: customer.is_some(),
        }
    }
}

/// The facts of both sources about the entity.
#[derive(Debug)]
pub(crate) struct LookupResult {
    pub(crate) facts: Facts,
    /// Customers that exist at the provider but have no subscription.
    pub(crate) existing: Vec<CustomerId>,
    pub(crate) warnings: Vec<Problem>,
}

/// Finds the account or customer with everything related to it. Returns `None` if neither side knows it.
pub(crate) async fn find(
    contract: &Contract,
    sources: &Sources<'_>,
    asked: &LookupRequest,
) -> Result<Option<LookupResult>, Failure> {
    let mut provider = AskedProvider {
        match_on: contract.match_on,
        sources,
        customers: BTreeSet::new(),
        stored: BTreeSet::new(),
        subscriptions: Vec::new(),
        seen_modes: SeenModes::default(),
    };
    let mut chosen = Chosen {
        accounts: asked.accounts.iter().cloned().collect(),
        links: match (contract.match_on, &asked.customer) {
            (MatchOn::CustomerId, Some(customer)) => vec![customer.to_string()],
            (MatchOn::CustomerId, None) | (MatchOn::SubscriptionId, _) => Vec::new(),
        },
    };
    for _ in 0..ROUNDS {
        let mut rows = sources.accounts.chosen(&chosen).await?;
        rows.accounts
            .retain(|account| is_chosen(account, &chosen, contract.match_on));
        let called = asked.customer.as_ref();
        let called = called.filter(|_| asked.is_customer || rows.accounts.is_empty());
        provider.ask(&rows.accounts, called).await?;
        if !grow(&mut chosen, &rows.accounts, provider.links()) {
            return provider.found(rows).await;
        }
    }
    Err(Failure::from(
        Problem::new("related rows changed while they were read").hint("run it again"),
    ))
}

/// Compares byte for byte, since a database may ignore case.
fn is_chosen(account: &Account, chosen: &Chosen, match_on: MatchOn) -> bool {
    let is_link = |link: &str| chosen.links.iter().any(|one| one == link);
    let is_linked = match match_on {
        MatchOn::CustomerId => customers_of(std::slice::from_ref(account))
            .iter()
            .any(|customer| is_link(customer.as_str())),
        MatchOn::SubscriptionId => stored(account).is_some_and(|id| is_link(id.as_str())),
    };
    is_linked || chosen.accounts.contains(&account.id)
}

/// Adds accounts and links that the rows lead to. Returns false if there is nothing new.
fn grow(chosen: &mut Chosen, accounts: &[Account], links: Vec<String>) -> bool {
    let before = (chosen.accounts.len(), chosen.links.len());
    for account in accounts {
        if !chosen.accounts.contains(&account.id) {
            chosen.accounts.push(account.id.clone());
        }
    }
    for link in links {
        if !chosen.links.contains(&link) {
            chosen.links.push(link);
        }
    }
    before != (chosen.accounts.len(), chosen.links.len())
}

fn stored(account: &Account) -> Option<&SubscriptionId> {
    let stored = account.columns.as_ref()?.subscription_id.as_ref()?;
    (!stored.as_str().trim().is_empty()).then_some(stored)
}

/// The lookups at the provider so far, with their results.
struct AskedProvider<'s, 'r> {
    match_on: MatchOn,
    sources: &'s Sources<'r>,
    customers: BTreeSet<CustomerId>,
    stored: BTreeSet<SubscriptionId>,
    subscriptions: Vec<Subscription>,
    seen_modes: SeenModes,
}

impl AskedProvider<'_, '_> {
    /// Reads the customers of these accounts, and one given by its id.
    async fn ask(
        &mut self,
        accounts: &[Account],
        called: Option<&CustomerId>,
    ) -> Result<(), Failure> {
        let mut customers = match self.match_on {
            MatchOn::CustomerId => customers_of(accounts),
            MatchOn::SubscriptionId => self.owners(accounts).await?,
        };
        customers.extend(called.cloned());
        customers.retain(|customer| self.customers.insert(customer.clone()));
        if customers.is_empty() {
            return Ok(());
        }
        let mut said = self.sources.billing.customers(&customers).await?;
        // Recorded facts are always complete.
        said.subscriptions
            .retain(|subscription| customers.contains(&subscription.customer));
        self.subscriptions.append(&mut said.subscriptions);
        let seen = &mut self.seen_modes;
        seen.live = seen.live.take().or(said.seen_modes.live);
        seen.test = seen.test.take().or(said.seen_modes.test);
        Ok(())
    }

    /// Returns the customers of the subscriptions that accounts store, unless they are known already.
    async fn owners(&mut self, accounts: &[Account]) -> Result<Vec<CustomerId>, Failure> {
        let known = |id: &SubscriptionId| self.subscriptions.iter().any(|one| one.id == *id);
        let stored: BTreeSet<_> = accounts
            .iter()
            .filter_map(stored)
            .filter(|id| !known(id) && !self.stored.contains(*id))
            .cloned()
            .collect();
        let asked: Vec<_> = stored.iter().cloned().collect();
        self.stored.extend(stored);
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        self.sources.billing.owners(&asked).await
    }

    /// Returns the values that related accounts store as links.
    fn links(&self) -> Vec<String> {
        match self.match_on {
            MatchOn::CustomerId => self.customers.iter().map(ToString::to_string).collect(),
            MatchOn::SubscriptionId => {
                let found = self.subscriptions.iter().map(|one| &one.id);
                let ids: BTreeSet<_> = found.chain(&self.stored).collect();
                ids.into_iter().map(ToString::to_string).collect()
            }
        }
    }

    /// Completes the result with the customers that exist without subscriptions. A key of the other mode knows none of
    /// them, and results in an error.
    async fn found(self, rows: DatabaseFacts) -> Result<Option<LookupResult>, Failure> {
        let mut existing = Vec::new();
        for customer in self.customers {
            let has_some = self
                .subscriptions
                .iter()
                .any(|one| one.customer == customer);
            let asked = [customer];
            if !has_some && self.sources.billing.any_customer_exists(&asked).await? {
                existing.extend(asked);
            }
        }
        if rows.accounts.is_empty() && self.subscriptions.is_empty() && existing.is_empty() {
            return Ok(None);
        }
        Ok(Some(LookupResult {
            facts: Facts {
                accounts: rows.accounts,
                mapped: rows.mapped,
                subscriptions: self.subscriptions,
                seen_modes: self.seen_modes,
                customer_known: true,
                ..Facts::default()
            },
            existing,
            warnings: rows.warnings,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Source;

    fn asked(text: &str) -> (Vec<String>, Option<String>, bool) {
        let contract = Contract::new(Source::Stripe);
        let asked = LookupRequest::new(text, &contract, &BTreeSet::from(["user", "team"]));
        (
            asked.accounts.iter().map(ToString::to_string).collect(),
            asked.customer.map(|id| id.to_string()),
            asked.is_customer,
        )
    }

    #[test]
    fn an_id_is_taken_as_everything_that_it_can_be() {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let bare = |id: &str| (owned(&[id]), Some(id.to_owned()), false);
        assert_eq!(asked("usr_1"), bare("usr_1"));
        assert_eq!(asked("org:1"), bare("org:1"));
        assert_eq!(
            asked("user:a:b"),
            (owned(&["a:b", "user:a:b"]), None, false)
        );
        assert_eq!(asked("team:1"), (owned(&["team:1"]), None, false));
        assert_eq!(
            asked("customer:cus_1"),
            (owned(&["customer:cus_1"]), Some("cus_1".to_owned()), true)
        );
    }
}
