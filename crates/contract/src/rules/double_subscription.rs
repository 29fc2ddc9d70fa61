//! `double-subscription`: a customer pays for the same thing twice.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    definition::{
        RuleCheck, RuleCorrection, RuleDefinition, RuleEvents, RuleExplanation, RuleInfo, RuleKey,
        RuleListing, RuleNeed,
    },
    linked_twice::{MAX_IN_FINDING, MAX_NAMED, why_nobody_is_judged},
    mismatches::Mismatches,
    no_finding::NoFinding,
};
use crate::{
    Entity, Field, Money, PlanWords, PriceId, Rule, Severity, Subject, Subscription,
    access::PriceMeaning,
    case::{Case, FindingDraft},
    customers::{CustomerNumber, Holder},
    text::counted,
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "double-subscription",
        severity: Severity::Low,
        uses_contract_severity: false,
        description: "a customer pays for the same thing twice",
        help: "Ask the customer which of the subscriptions is meant, cancel the other one and refund it.",
        column: None,
        compares_plans: true,
        keys: &[
            RuleKey::Price,
            RuleKey::Plans,
            RuleKey::Column(Field::CustomerId),
            RuleKey::Column(Field::SubscriptionId),
        ],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[RuleNeed::Subscriptions, RuleNeed::MatchByCustomer],
    listing: RuleListing::Granting,
    suspect_key: RuleKey::Contract,
    money: None,
    missing_handler_action: None,
    check: RuleCheck::Customer(check),
    explain: RuleExplanation::Customer(explain),
    correct: RuleCorrection::ByHand(
        "the row is right: cancel one of the subscriptions at the provider",
    ),
};

/// A plan or price that a subscription buys. Two subscriptions that buy the same one are a double.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Purchase<'f> {
    Plan(&'f PlanWords),
    Price(&'f PriceId),
}

/// Reports granting subscriptions of one customer that share a price or map to the same plan.
fn check(case: &Case<'_>, _: &Mismatches<'_>, customer: CustomerNumber) {
    let granting = |subscription: &&Subscription| case.is_charged(subscription);
    if case
        .subscriptions(customer)
        .filter(granting)
        .nth(1)
        .is_none()
        || !case.has_judged_account(customer)
    {
        return;
    }
    let twice = first_bought_twice(case, case.subscriptions(customer).filter(granting));
    let (Some((thing, twice)), Some(id)) = (twice, case.customers.id(customer)) else {
        return;
    };
    let thing = match thing {
        Purchase::Plan(plan) => plan.name(),
        Purchase::Price(price) => price.as_str(),
    };
    let named: Vec<_> = twice
        .iter()
        .take(MAX_NAMED)
        .map(|subscription| subscription.id.to_string())
        .collect();
    let more = if twice.len() > named.len() {
        ", …"
    } else {
        ""
    };
    let (amount, items_without_amount) = excess(case, &twice);
    let times = match twice.len() {
        2 => "twice".to_owned(),
        times => format!("{times} times"),
    };
    case.report(
        Rule::DoubleSubscription,
        Entity::customer(id),
        FindingDraft {
            message: format!(
                "Customer {id} has {} for {thing}: {}{more}.\n\
                 Double subscription — the customer is charged {times}.",
                counted(
                    u64::try_from(twice.len()).unwrap_or(u64::MAX),
                    "granting subscription"
                ),
                named.join(", "),
            ),
            fix: "Cancel all but one of them, and let the checkout refuse a second one.".to_owned(),
            subject: Subject {
                customer: Some(id.into()),
                subscription: named.first().map(Into::into),
                named: named.into(),
                ..Subject::default()
            },
            evidence: twice
                .iter()
                .take(MAX_IN_FINDING)
                .map(|subscription| case.describe_subscription(subscription))
                .collect(),
            amount,
            items_without_amount,
            ..FindingDraft::default()
        },
    );
}

/// Returns the first purchase that several of the subscriptions have in common, with these subscriptions, oldest first.
fn first_bought_twice<'f>(
    case: &Case<'f>,
    granting: impl Iterator<Item = &'f Subscription>,
) -> Option<(Purchase<'f>, Vec<&'f Subscription>)> {
    let mut granting: Vec<_> = granting.collect();
    granting.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    let mut bought: BTreeMap<Purchase<'f>, Vec<&'f Subscription>> = BTreeMap::new();
    for subscription in &granting {
        let items = subscription.items.iter();
        let things = items.flat_map(|item| match case.contract.price_meaning(&item.price) {
            PriceMeaning::Plan(plan) => [
                Some(Purchase::Plan(plan)),
                Some(Purchase::Price(&item.price.id)),
            ],
            PriceMeaning::Unmapped | PriceMeaning::Seats => {
                [Some(Purchase::Price(&item.price.id)), None]
            }
            PriceMeaning::Ignored => [None, None],
        });
        for thing in things.flatten().collect::<BTreeSet<_>>() {
            bought.entry(thing).or_default().push(subscription);
        }
    }
    bought
        .into_iter()
        .find(|(_, subscriptions)| subscriptions.len() > 1)
}

/// Returns the monthly amount beyond that of the most expensive subscription. With several currencies, that one is not
/// known and the amount is empty.
fn excess(case: &Case<'_>, twice: &[&Subscription]) -> (Money, u64) {
    let (all, without_amount) = case.monthly(twice.iter().copied());
    let mut currencies = all.iter();
    let (Some((currency, sum)), None) = (currencies.next(), currencies.next()) else {
        return (Money::default(), without_amount);
    };
    let amount = |subscription: &&Subscription| -> i64 {
        let (money, _) = case.monthly([*subscription]);
        money.iter().map(|(_, amount)| amount).sum()
    };
    let dearest = twice.iter().map(amount).max().unwrap_or_default();
    let mut rest = Money::default();
    if sum > dearest {
        rest.add(currency, sum.saturating_sub(dearest));
    }
    (rest, without_amount)
}

fn explain(case: &Case<'_>, holder: &Holder<'_>) -> NoFinding {
    let holds = || NoFinding::Holds("nothing is paid for twice".to_owned());
    why_nobody_is_judged(case, holder).unwrap_or_else(holds)
}
