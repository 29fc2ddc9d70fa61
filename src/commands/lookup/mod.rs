//! Looks up one account, customer or subscription, without ever listing all of them.

mod meanings;
mod provider;
mod request;

use super::failure::Failure;
use crate::{
    contract::{
        Account, Contract, CustomerId, Facts, MatchOn, SubscriptionId, UnixSeconds, named_accounts,
    },
    database::AccountSelection,
    problem::{ErrorCode, Problem, Warning},
    sources::{Sources, customers_of},
};
use provider::ProviderLookup;
pub(crate) use request::LookupRequest;

/// Maximum number of reads of rows, until no row leads to another. Four are enough unless rows change meanwhile: the
/// requested rows, the rows linked to their customers, the rows that customers name in their metadata, and the rows
/// linked to the customers of those.
const ROUNDS: usize = 8;

/// The facts of both sources about the entity.
#[derive(Debug)]
pub(crate) struct LookupResult {
    pub(crate) facts: Facts,
    /// Customers that exist at the provider but have no subscription.
    pub(crate) existing: Vec<CustomerId>,
    pub(crate) warnings: Vec<Warning>,
}

/// Finds the account or customer with everything related to it. Returns `None` if neither side knows it.
pub(crate) async fn find(
    contract: &Contract,
    sources: &Sources<'_>,
    request: &LookupRequest,
    now: UnixSeconds,
) -> Result<Option<LookupResult>, Failure> {
    let mut provider = ProviderLookup::new(contract.match_on, sources);
    let mut chosen = first_choice(contract, request);
    let mut with_email = Vec::new();
    if let Some(email) = &request.email {
        with_email = sources.accounts.with_email(email).await?;
        chosen.accounts.extend(with_email.iter().cloned());
        provider.read_customers_with_email(email).await?;
    }
    for _ in 0..ROUNDS {
        let mut rows = sources.accounts.chosen(&chosen).await?;
        rows.accounts
            .retain(|account| is_chosen(account, &chosen, contract.match_on));
        let customer = request.customer.as_ref().filter(|_| {
            let is_other = request.subscription.is_some() || request.email.is_some();
            request.is_customer || (rows.accounts.is_empty() && !is_other)
        });
        provider.read_customers_of(&rows.accounts, customer).await?;
        if let Some(subscription) = &request.subscription {
            provider.read_customer_of_subscription(subscription).await?;
        }
        if add_related(&mut chosen, &rows.accounts, provider.links()) {
            continue;
        }
        let facts = provider.facts(&rows, contract, now).await?;
        if add_new(&mut chosen.accounts, named_accounts(contract, &facts, now)) {
            continue;
        }
        let mut found = provider.into_result(facts, rows).await?;
        if let Some(found) = &mut found {
            let ambiguity = meanings::warning(contract, request, &found.facts, &with_email);
            found.warnings.extend(ambiguity);
        }
        return Ok(found);
    }
    Err(Failure::from(
        Problem::new(
            ErrorCode::DatabaseInterrupted,
            "related rows changed while they were read",
        )
        .hint("run it again"),
    ))
}

fn first_choice(contract: &Contract, request: &LookupRequest) -> AccountSelection {
    let subscription = request.subscription.as_ref().map(ToString::to_string);
    let customer = request.customer.as_ref().map(ToString::to_string);
    let link = match contract.match_on {
        MatchOn::CustomerId => customer,
        MatchOn::SubscriptionId => None,
    };
    AccountSelection {
        accounts: request.accounts.iter().cloned().collect(),
        links: link.into_iter().collect(),
        subscriptions: subscription.into_iter().collect(),
        emails: Vec::new(),
    }
}

/// Compares byte for byte, since a database may ignore case.
fn is_chosen(account: &Account, chosen: &AccountSelection, match_on: MatchOn) -> bool {
    let is_link = |link: &str| chosen.links.iter().any(|chosen_link| chosen_link == link);
    let stored = stored(account).map(SubscriptionId::as_str);
    let is_linked = match match_on {
        MatchOn::CustomerId => customers_of(std::slice::from_ref(account))
            .iter()
            .any(|customer| is_link(customer.as_str())),
        MatchOn::SubscriptionId => stored.is_some_and(is_link),
    };
    is_linked
        || chosen.accounts.contains(&account.id)
        || chosen
            .subscriptions
            .iter()
            .any(|subscription| stored == Some(subscription))
}

/// Adds accounts and links that the rows lead to. Returns false if there is nothing new.
fn add_related(chosen: &mut AccountSelection, accounts: &[Account], links: Vec<String>) -> bool {
    let ids = accounts.iter().map(|account| account.id.clone());
    let has_accounts = add_new(&mut chosen.accounts, ids);
    add_new(&mut chosen.links, links) || has_accounts
}

/// Adds the elements that are not in the list yet. Returns false if there are none.
fn add_new<T: PartialEq>(list: &mut Vec<T>, elements: impl IntoIterator<Item = T>) -> bool {
    let before = list.len();
    for element in elements {
        if !list.contains(&element) {
            list.push(element);
        }
    }
    list.len() != before
}

/// Returns the subscription id that the account stores.
fn stored(account: &Account) -> Option<&SubscriptionId> {
    let stored = account.columns.as_ref()?.subscription_id.as_ref()?;
    (!stored.as_str().trim().is_empty()).then_some(stored)
}
