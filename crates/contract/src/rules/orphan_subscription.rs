//! `orphan-subscription`: a live subscription belongs to a customer that no account is linked to.

use super::{
    definition::{
        MoneySide, RowFault, RuleCheck, RuleColumn, RuleCorrection, RuleDefinition, RuleEvents,
        RuleExplanation, RuleInfo, RuleKey, RuleListing, RuleNeed,
    },
    linked_twice::MAX_IN_FINDING,
    mismatches::Mismatches,
    no_finding::NoFinding,
};
use crate::{
    Entity, Field, MatchOn, Rule, Severity, Status, Subject, Subscription,
    case::{Case, FindingDraft},
    customers::{CustomerNumber, Holder},
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "orphan-subscription",
        severity: Severity::Medium,
        uses_contract_severity: false,
        description: "a live subscription belongs to a customer that no account is linked to",
        help: "Link the customer to its account, or cancel the subscription if nobody uses it.",
        column: Some(RuleColumn::Link),
        compares_plans: false,
        keys: &[
            RuleKey::Column(Field::CustomerId),
            RuleKey::Column(Field::SubscriptionId),
        ],
        events: RuleEvents {
            stripe: &[
                "customer.subscription.created",
                "checkout.session.completed",
            ],
            paddle: &["subscription.created"],
            entitlements: &[],
        },
        row_fault: Some(RowFault::AccessNotGiven),
    },
    needs: &[RuleNeed::Subscriptions],
    listing: RuleListing::Charged,
    suspect_key: RuleKey::Contract,
    money: Some(MoneySide::PaidNotServed),
    missing_handler_action: None,
    check: RuleCheck::Customer(check),
    explain: RuleExplanation::Customer(explain),
    correct: RuleCorrection::ByHand(
        "no row is known to be the customer's: link it to its account, or cancel the subscription",
    ),
};

/// Statuses of a subscription that is being paid for, or should be.
pub(crate) const CHARGED: [Status; 3] = [Status::Active, Status::Trialing, Status::PastDue];

/// Reports a live subscription that gives nobody access: no account is linked to its customer, or, if accounts are
/// matched by subscription, no account stores it.
fn check(case: &Case<'_>, mismatches: &Mismatches<'_>, customer: CustomerNumber) {
    if mismatches.explain(case, customer) || case.customers.accounts_of(customer).next().is_some() {
        return;
    }
    let by_subscription = case.contract.match_on == MatchOn::SubscriptionId;
    let is_live = |subscription: &&Subscription| {
        if by_subscription {
            subscription.status == Status::PastDue || case.is_charged(subscription)
        } else {
            CHARGED.contains(&subscription.status)
        }
    };
    let mut live: Vec<_> = case.subscriptions(customer).filter(is_live).collect();
    live.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
    let (Some(newest), Some(id)) = (live.first(), case.customers.id(customer)) else {
        return;
    };
    let (amount, items_without_amount) = case.monthly(live.iter().copied());
    let entity = &case.contract.entity;
    let article = if newest.status == Status::Active {
        "an"
    } else {
        "a"
    };
    let (about, message, stored) = if by_subscription {
        let message = format!(
            "Subscription {} of customer {id} is {} but no {entity} stores it.",
            newest.id, newest.status,
        );
        (
            Entity::subscription(newest.id.as_str()),
            message,
            newest.id.as_str(),
        )
    } else {
        let message = format!(
            "Customer {id} has {article} {} subscription {} but no {entity} is linked to it.",
            newest.status, newest.id,
        );
        (Entity::customer(id), message, id)
    };
    let shown = live.iter().take(MAX_IN_FINDING);
    case.report(Rule::OrphanSubscription, about, FindingDraft {
            message: format!("{message}\nOrphan — somebody is charged, and nobody has access."),
            fix: format!(
                "Store {stored} on the {entity} that bought it, or cancel the subscription and refund it. \
                 Check that the handler links the customer before it answers."
            ),
            subject: Subject {
                customer: Some(id.into()),
                subscription: Some(newest.id.as_str().into()),
                status: Some(newest.status.as_str().into()),
                price: newest.items.iter().map(|item| &item.price.id).min().map(|price| price.as_str().into()),
                named: shown.clone().map(|subscription| subscription.id.to_string()).collect(),
                ..Subject::default()
            },
            evidence: shown.map(|subscription| case.describe_subscription(subscription)).collect(),
            amount,
            items_without_amount,
            ..FindingDraft::default()
        },
    );
}

fn explain(case: &Case<'_>, _: &Holder<'_>) -> NoFinding {
    let entity = &case.contract.entity;
    match case.facts.accounts.len() {
        0 => NoFinding::Holds("nothing is charged".to_owned()),
        1 => NoFinding::Holds(format!("1 {entity} is linked to the customer")),
        accounts => NoFinding::Holds(format!("{accounts} {entity}s are linked to the customer")),
    }
}
