//! Suggests the likely cause of a wrong row if entitlements decide.

use super::{StepContext, description};
use crate::{observed::Observed, provider::ENTITLEMENTS_CHANGED};
use contract::{Field, Finding, RowFault};

/// Number of entitlements that an event lists, and by default a page of the API.
const LISTED: usize = 10;

/// Path of the requests for a customer's entitlements.
const LIST_PATH: &str = "/v1/entitlements/active_entitlements";

/// Returns the hint for a row that a step changed, but not as the entitlements say.
pub(super) fn for_changed_row(
    context: StepContext<'_>,
    observed: &Observed,
    worst: &Finding,
) -> String {
    let paid = context.column(Field::HasPaidAccess);
    let events = description::events(observed);
    let features = features(observed);
    match worst.rule.info().row_fault {
        Some(RowFault::AccessNotGiven | RowFault::WrongPlan) if features.len() > LISTED => format!(
            "the customer has {} entitlements: read all of them from the API, whatever their position, because \
             {ENTITLEMENTS_CHANGED} and a page of the API have {LISTED}, and then `has_more`",
            features.len()
        ),
        Some(RowFault::AccessNotGiven) if observed.before.paid => format!(
            "{events} took `{paid}` away although the customer is entitled to {}",
            features.join(", ")
        ),
        Some(RowFault::AccessNotGiven) => format!(
            "{events} did not set `{paid}`: set it as long as the customer has an active entitlement, here {}",
            features.join(", ")
        ),
        Some(RowFault::AccessNotTaken) if observed.before.paid => format!(
            "{events} left `{paid}` as it was: take it away when {ENTITLEMENTS_CHANGED} lists no entitlement"
        ),
        Some(RowFault::AccessNotTaken) => format!(
            "{events} set `{paid}` although the customer has no active entitlement: let {ENTITLEMENTS_CHANGED} decide"
        ),
        Some(RowFault::WrongPlan) => format!(
            "{events} left plan {}, and the customer is entitled to {}: read the plan from all entitlements, whatever \
             their position",
            worst.subject.plan_found.as_deref().unwrap_or("empty"),
            features.join(", ")
        ),
        Some(RowFault::WrongPeriodEnd | RowFault::WrongCancelFlag) | None => worst.fix.to_string(),
    }
}

/// Returns the hint, to follow a colon, for a row that a step did not change.
pub(super) fn for_unchanged_row(observed: &Observed) -> String {
    let mut calls = observed.calls.iter();
    if calls.any(|call| call.target.starts_with(LIST_PATH)) {
        return "the handler read the customer's entitlements, so does a condition keep the old values?"
            .to_owned();
    }
    format!("is {ENTITLEMENTS_CHANGED} handled? It says what the customer may use now")
}

/// Lists the keys of the features that the customer is entitled to.
fn features(observed: &Observed) -> Vec<&str> {
    let explained = observed.explained.iter();
    let entitled = explained.flat_map(|explained| &explained.subscriptions);
    entitled
        .flat_map(|entitled| &entitled.prices)
        .map(|price| price.price.as_str())
        .collect()
}
