//! `duplicate-customer`, `orphan-subscription`, `double-subscription`: what is wrong with a customer as such.

use std::collections::{BTreeMap, BTreeSet};

use super::price::count;
use crate::contract::{
    Rule, Status, Subject, Subscription,
    case::{Case, Draft},
    customers::CustomerNumber,
    standing::PriceMeaning,
};

/// How many ids a finding names.
const NAMED: usize = 5;

/// The statuses of a subscription that is being paid for, or should be.
pub(crate) const CHARGED: [Status; 3] = [Status::Active, Status::Trialing, Status::PastDue];

/// One customer is linked to two accounts or more; each of them is still judged on its own.
pub(super) fn duplicate_customer(case: &Case<'_>, customer: CustomerNumber) {
    let accounts = || case.customers.accounts_of(customer);
    if accounts().nth(1).is_none() || !case.has_judged_account(customer) {
        return;
    }
    let Some(id) = case.customers.id(customer) else {
        return;
    };
    let ids: BTreeSet<_> = accounts().map(|account| account.id.as_str()).collect();
    let named: Vec<_> = ids.iter().take(NAMED).map(|id| (*id).to_owned()).collect();
    let entity = &case.contract.entity;
    let more = if ids.len() > named.len() { ", …" } else { "" };
    case.report(
        Rule::DuplicateCustomer,
        Draft {
            entity: format!("customer:{id}"),
            message: format!(
                "Customer {id} is linked to {} {entity}s: {}{more}.\n\
                 One payment gives access more than once, and one cancellation takes it from all of them.",
                ids.len(),
                named.join(", "),
            ),
            fix: format!("Keep the customer id on the {entity} that pays and clear it on the others."),
            subject: Subject {
                customer: Some(id.to_owned()),
                named,
                ..Subject::default()
            },
            evidence: accounts().map(|account| case.row_says(account)).collect::<BTreeSet<_>>().into_iter().take(NAMED).collect(),
            ..Draft::default()
        },
    );
}

/// A live subscription of a customer that no account is linked to.
pub(super) fn orphan_subscription(case: &Case<'_>, customer: CustomerNumber) {
    if case.customers.accounts_of(customer).next().is_some() {
        return;
    }
    let mut live: Vec<_> = case
        .subscriptions(customer)
        .filter(|subscription| CHARGED.contains(&subscription.status))
        .collect();
    live.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
    let (Some(newest), Some(id)) = (live.first(), case.customers.id(customer)) else {
        return;
    };
    let (amount, items_without_amount) = case.monthly(live.iter().copied());
    let entity = &case.contract.entity;
    case.report(
        Rule::OrphanSubscription,
        Draft {
            entity: format!("customer:{id}"),
            message: format!(
                "Customer {id} has {} {} subscription {} but no {entity} is linked to it.\n\
                 Orphan — somebody is charged, and nobody has access.",
                if newest.status == Status::Active { "an" } else { "a" },
                newest.status,
                newest.id,
            ),
            fix: format!(
                "Store {id} on the {entity} that bought it, or cancel the subscription and refund it. \
                 Check that the handler links the customer before it answers."
            ),
            subject: Subject {
                customer: Some(id.to_owned()),
                subscription: Some(newest.id.to_string()),
                status: Some(newest.status.to_string()),
                price: newest.items.iter().map(|item| &item.price.id).min().map(ToString::to_string),
                named: live.iter().map(|subscription| subscription.id.to_string()).collect(),
                ..Subject::default()
            },
            evidence: live.iter().map(|subscription| case.provider_says(subscription)).collect(),
            amount,
            items_without_amount,
            at_most: None,
        },
    );
}

/// Two granting subscriptions of one customer that share a price or map to the same plan.
pub(super) fn double_subscription(case: &Case<'_>, customer: CustomerNumber) {
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
    let mut granting: Vec<_> = case.subscriptions(customer).filter(granting).collect();
    granting.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    // What is bought, and the positions of the subscriptions that buy it.
    let mut bought: BTreeMap<&str, Vec<&Subscription>> = BTreeMap::new();
    for subscription in &granting {
        let things: BTreeSet<_> = subscription
            .items
            .iter()
            .filter_map(|item| match case.contract.price_meaning(&item.price) {
                PriceMeaning::Plan(plan) => Some(plan.name()),
                PriceMeaning::Unmapped => Some(item.price.id.as_str()),
                PriceMeaning::Ignored => None,
            })
            .collect();
        for thing in things {
            bought.entry(thing).or_default().push(subscription);
        }
    }
    let Some((thing, twice)) = bought
        .into_iter()
        .find(|(_, subscriptions)| subscriptions.len() > 1)
    else {
        return;
    };
    let Some(id) = case.customers.id(customer) else {
        return;
    };
    let named: Vec<_> = twice
        .iter()
        .take(NAMED)
        .map(|subscription| subscription.id.to_string())
        .collect();
    case.report(
        Rule::DoubleSubscription,
        Draft {
            entity: format!("customer:{id}"),
            message: format!(
                "Customer {id} has {} for {thing}: {}.\nDouble subscription — the customer is charged twice.",
                count(u64::try_from(twice.len()).unwrap_or(u64::MAX), "granting subscription"),
                named.join(", "),
            ),
            fix: "Cancel all but one of them, and let the checkout refuse a second one.".to_owned(),
            subject: Subject {
                customer: Some(id.to_owned()),
                subscription: named.first().cloned(),
                named,
                ..Subject::default()
            },
            evidence: twice.iter().map(|subscription| case.provider_says(subscription)).collect(),
            ..Draft::default()
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{
        PricePattern, Severity,
        testing::{account, contract, facts, found, item, judge, only, subscription},
    };

    #[test]
    fn a_customer_on_two_accounts_is_one_finding_and_both_are_judged() {
        let world = facts(
            [
                account("1").paid().plan("pro"),
                account("2").customer(Some("cus_1")),
            ],
            [subscription("1", "active", "price_pro")],
        );
        assert_eq!(
            found(&contract(), &world),
            [
                "revenue-leak user:usr_2",
                "duplicate-customer customer:cus_1"
            ]
        );
        let duplicate = only(Rule::DuplicateCustomer, &contract(), &world);
        assert_eq!(duplicate.subject.named, ["usr_1", "usr_2"]);
        assert_eq!(duplicate.severity, Severity::Medium);
    }

    #[test]
    fn customer_rules_are_silent_only_when_every_account_is_exempt() {
        let subscriptions = || {
            [
                subscription("1", "active", "price_pro"),
                subscription("1", "active", "price_pro").id("sub_2").newer(),
            ]
        };
        let exempt = |name: &str| account(name).customer(Some("cus_1")).exempt();
        let all = facts([exempt("1"), exempt("2")], subscriptions());
        assert_eq!(found(&contract(), &all), [""; 0]);
        let some = facts(
            [
                exempt("1"),
                account("2").customer(Some("cus_1")).paid().plan("pro"),
            ],
            subscriptions(),
        );
        assert_eq!(
            found(&contract(), &some),
            [
                "duplicate-customer customer:cus_1",
                "double-subscription customer:cus_1"
            ]
        );
    }

    #[test]
    fn a_live_subscription_of_nobody_is_an_orphan_and_counts_as_paid_for() {
        let mut past_due = subscription("4", "past_due", "price_pro");
        past_due.items = [item("price_pro", 2)].into();
        let mut void = subscription("5", "active", "price_pro");
        void.pause = Some(crate::contract::Pause::Void);
        let mut contract = contract();
        contract.ignore_prices = vec![PricePattern::parse("price_other")];
        let world = facts(
            [account("1").customer(None), account("2").exempt()],
            [
                subscription("2", "active", "price_pro"),
                subscription("3", "canceled", "price_pro"),
                past_due,
                void,
                subscription("6", "unpaid", "price_pro"),
                subscription("7", "active", "price_other"),
            ],
        );
        assert_eq!(
            found(&contract, &world),
            [
                "orphan-subscription customer:cus_4",
                "orphan-subscription customer:cus_5"
            ]
        );
        let summary = judge(&contract, &world).expect("an answer").summary;
        assert_eq!(
            summary.paid_not_served.iter().collect::<Vec<_>>(),
            [("usd", 6000)]
        );
    }

    #[test]
    fn money_of_one_customer_is_counted_once() {
        let world = facts(
            [account("1"), account("2").customer(Some("cus_1"))],
            [subscription("1", "active", "price_pro")],
        );
        let summary = judge(&contract(), &world).expect("an answer").summary;
        assert_eq!(summary.by_rule.get(&Rule::RevenueLeak), Some(&2));
        assert_eq!(
            summary.paid_not_served.iter().collect::<Vec<_>>(),
            [("usd", 2000)]
        );
    }

    #[test]
    fn paying_twice_is_the_same_plan_or_the_same_price() {
        let mut contract = contract();
        contract.ignore_prices = vec![PricePattern::parse("price_ignored")];
        let twice = |first: &str, second: &[&str]| {
            let second = second.iter().map(|price| item(price, 1));
            let world = facts(
                [account("1").paid().plan("pro")],
                [
                    subscription("1", "active", "").items([item("price_pro", 1), item(first, 1)]),
                    subscription("1", "trialing", "")
                        .items(second)
                        .id("sub_2")
                        .newer(),
                ],
            );
            let found = found(&contract, &world);
            found.contains(&"double-subscription customer:cus_1".to_owned())
        };
        assert!(twice("price_addon", &["price_pro"]));
        assert!(twice("price_addon", &["price_addon"]));
        assert!(!twice("price_addon", &["price_team"]));
        assert!(!twice("price_free", &["price_free"]));
        assert!(!twice("price_ignored", &["price_team", "price_ignored"]));
    }
}
