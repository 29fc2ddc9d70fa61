//! `duplicate-subscription`: one subscription is stored on more than one account.

use super::{
    definition::{
        RuleCheck, RuleColumn, RuleCorrection, RuleDefinition, RuleEvents, RuleExplanation,
        RuleInfo, RuleKey, RuleListing, RuleNeed,
    },
    linked_twice::{linked_twice, why_nobody_is_judged},
    mismatches::Mismatches,
    no_finding::NoFinding,
};
use crate::{
    Entity, Field, Rule, Severity, Subject,
    case::{Case, FindingDraft},
    customers::{CustomerNumber, Holder},
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "duplicate-subscription",
        severity: Severity::Medium,
        uses_contract_severity: false,
        description: "one subscription is stored on more than one account",
        help: "Decide which account the subscription belongs to, and clear its id on the others.",
        column: Some(RuleColumn::Link),
        compares_plans: false,
        keys: &[
            RuleKey::Column(Field::CustomerId),
            RuleKey::Column(Field::SubscriptionId),
        ],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[RuleNeed::MatchBySubscription],
    listing: RuleListing::Granting,
    suspect_key: RuleKey::Column(Field::SubscriptionId),
    money: None,
    missing_handler_action: None,
    check: RuleCheck::Customer(check),
    explain: RuleExplanation::Customer(explain),
    correct: RuleCorrection::ByHand(
        "only you know which of the accounts the subscription belongs to: clear it on the others",
    ),
};

/// Reports one subscription that is stored on several accounts. With `match_on: subscription_id`, each subscription has a
/// customer number of its own.
fn check(case: &Case<'_>, _: &Mismatches<'_>, subscription: CustomerNumber) {
    if why_unjudged(case, subscription).is_some() {
        return;
    }
    let Some(linked) = linked_twice(case, subscription) else {
        return;
    };
    let (id, entity) = (linked.key, &case.contract.entity);
    let column = case.column(Field::SubscriptionId);
    case.report(Rule::DuplicateSubscription, Entity::subscription(id), FindingDraft {
            message: format!(
                "Subscription {id} is stored on {} {entity}s: {}.\n\
                 One payment gives access more than once, and one cancellation takes it from all of them.",
                linked.count, linked.listed,
            ),
            fix: format!("Keep {column} on the {entity} that bought it and clear it on the others."),
            subject: Subject {
                customer: case.customers.id(subscription).map(Into::into),
                subscription: Some(id.into()),
                named: linked.named.into(),
                ..Subject::default()
            },
            evidence: linked.rows,
            ..FindingDraft::default()
        },
    );
}

/// Returns the reason why the subscription is not judged, or `None` if it is judged or unknown.
fn why_unjudged(case: &Case<'_>, subscription: CustomerNumber) -> Option<&'static str> {
    case.customers.subscriptions(subscription).next()?;
    if case.is_on_test_clock(subscription) {
        return Some("the subscription is on a test clock");
    }
    let is_left_out = case.subscriptions(subscription).next().is_none();
    is_left_out.then_some("the contract leaves the subscription out")
}

fn explain(case: &Case<'_>, holder: &Holder<'_>) -> NoFinding {
    if let Some(reason) = why_unjudged(case, holder.first) {
        return NoFinding::DoesNotApply(reason.to_owned());
    }
    let entity = &case.contract.entity;
    why_nobody_is_judged(case, holder)
        .unwrap_or_else(|| NoFinding::Holds(format!("no other {entity} stores the subscription")))
}
