//! Warns if the requested text is ambiguous.

use super::{LookupRequest, stored};
use crate::{
    contract::{Account, AccountId, Contract, Facts},
    problem::Warning,
    sources::customers_of,
};

/// Returns a warning if the requested text has no kind and matches several entities. `with_email` are the accounts that
/// have it as their e-mail address.
pub(super) fn warning(
    contract: &Contract,
    request: &LookupRequest,
    facts: &Facts,
    with_email: &[AccountId],
) -> Option<Warning> {
    let entity = &contract.entity;
    let (own, others): (Vec<_>, Vec<_>) = facts
        .accounts
        .iter()
        .partition(|account| request.accounts.contains(&account.id));
    let meanings = [
        (
            !own.is_empty(),
            format!("the id of a {entity}"),
            entity.as_str(),
        ),
        (
            is_customer(request, facts, &own, &others),
            "the id of a customer".to_owned(),
            "customer",
        ),
        (
            is_subscription(request, facts, &own, &others),
            "the id of a subscription".to_owned(),
            "subscription",
        ),
        (
            with_email.iter().any(|id| !request.accounts.contains(id)),
            format!("the e-mail address of another {entity}"),
            "email",
        ),
    ];
    let found: Vec<_> = meanings.iter().filter(|(applies, ..)| *applies).collect();
    if found.len() < 2 {
        return None;
    }
    let text = &request.text;
    let joined = |each: &dyn Fn(&(bool, String, &str)) -> String, word: &str| {
        let all = found.iter().map(|meaning| each(meaning));
        all.collect::<Vec<_>>().join(word)
    };
    let meant = joined(&|(_, meaning, _)| meaning.clone(), " and ");
    let forms = joined(&|(.., kind)| format!("`{kind}:{text}`"), " or ");
    Some(
        Warning::new(format!("`{text}` is {meant}; all of them are explained"))
            .hint(format!("write {forms} for one of them")),
    )
}

/// Returns true if the text is the id of a customer that does not belong to the account with the same id.
fn is_customer(
    request: &LookupRequest,
    facts: &Facts,
    own: &[&Account],
    others: &[&Account],
) -> bool {
    let Some(customer) = &request.customer else {
        return false;
    };
    let is_linked = |account: &&Account| {
        let linked = customers_of(std::slice::from_ref(*account));
        linked.contains(customer)
    };
    let mut subscriptions = facts.subscriptions.iter();
    others.iter().any(is_linked)
        || (!own.iter().any(is_linked)
            && subscriptions.any(|subscription| subscription.customer == *customer))
}

/// Returns true if the text is the id of a subscription that does not belong to the account with the same id.
fn is_subscription(
    request: &LookupRequest,
    facts: &Facts,
    own: &[&Account],
    others: &[&Account],
) -> bool {
    let Some(subscription) = &request.subscription else {
        return false;
    };
    let stores_id = |account: &&Account| stored(account) == Some(subscription);
    let mut subscriptions = facts.subscriptions.iter();
    others.iter().any(stores_id)
        || (!own.iter().any(stores_id) && subscriptions.any(|bought| bought.id == *subscription))
}
