//! `duplicate-customer`, `orphan-subscription`, `double-subscription`: checks the customer itself.

use std::collections::{BTreeMap, BTreeSet};

use super::price::count;
use crate::contract::{
    Entity, Field, MatchOn, Money, PlanWords, PriceId, Rule, Status, Subject, Subscription,
    access::PriceMeaning,
    case::{Case, Draft},
    customers::CustomerNumber,
};

/// Maximum number of ids in a message.
const NAMED: usize = 5;

/// Maximum number of ids in a finding.
const MAX_NAMED: usize = 100;

/// Statuses of a subscription that is being paid for, or should be.
pub(crate) const CHARGED: [Status; 3] = [Status::Active, Status::Trialing, Status::PastDue];

/// Reports one customer that is linked to several accounts; each of them is still judged separately.
pub(super) fn duplicate_customer(case: &Case<'_>, customer: CustomerNumber) {
    let Some(linked) = linked_twice(case, customer, Rule::DuplicateCustomer) else {
        return;
    };
    let (id, entity) = (linked.key, &case.contract.entity);
    case.report(Rule::DuplicateCustomer, Entity::customer(id), Draft {
            message: format!(
                "Customer {id} is linked to {} {entity}s: {}.\n\
                 One payment gives access more than once, and one cancellation takes it from all of them.",
                linked.count, linked.listed,
            ),
            fix: format!(
                "Keep the customer id on the {entity} that pays and clear it on the others. If each of them buys a \
                 subscription of its own, set `match_on: subscription_id`."
            ),
            subject: Subject {
                customer: Some(id.into()),
                named: linked.named.into(),
                ..Subject::default()
            },
            evidence: linked.rows,
            ..Draft::default()
        },
    );
}

/// Reports one subscription that is stored on several accounts.
pub(super) fn duplicate_subscription(case: &Case<'_>, subscription: CustomerNumber) {
    let is_known = case.customers.subscriptions(subscription).next().is_some();
    if is_known && case.subscriptions(subscription).next().is_none() {
        return;
    }
    let Some(linked) = linked_twice(case, subscription, Rule::DuplicateSubscription) else {
        return;
    };
    let (id, entity) = (linked.key, &case.contract.entity);
    let column = case.column(Field::SubscriptionId);
    case.report(Rule::DuplicateSubscription, Entity::subscription(id), Draft {
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
            ..Draft::default()
        },
    );
}

/// A customer or subscription that several accounts store.
struct Linked<'f> {
    key: &'f str,
    count: usize,
    named: Vec<String>,
    listed: String,
    rows: Vec<String>,
}

/// Returns `None` if fewer than two accounts store it, or none of them is judged.
fn linked_twice<'f>(case: &Case<'f>, customer: CustomerNumber, rule: Rule) -> Option<Linked<'f>> {
    let accounts = || case.customers.accounts_of(customer);
    accounts().nth(1)?;
    if !case.wants(rule) || !case.has_judged_account(customer) {
        return None;
    }
    let ids: BTreeSet<_> = accounts().map(|account| account.id.as_str()).collect();
    let named: Vec<_> = ids.iter().take(NAMED).map(|id| (*id).to_owned()).collect();
    let more = if ids.len() > named.len() { ", …" } else { "" };
    let rows: BTreeSet<_> = accounts().map(|account| case.row_says(account)).collect();
    Some(Linked {
        key: case.customers.key(customer)?,
        count: ids.len(),
        listed: format!("{}{more}", named.join(", ")),
        named,
        rows: rows.into_iter().take(NAMED).collect(),
    })
}

/// Reports a live subscription that gives nobody access: no account is linked to its customer, or, if accounts are
/// matched by subscription, no account stores it.
pub(super) fn orphan_subscription(case: &Case<'_>, customer: CustomerNumber) {
    if !case.wants(Rule::OrphanSubscription)
        || case.customers.accounts_of(customer).next().is_some()
    {
        return;
    }
    let by_subscription = case.contract.match_on == MatchOn::SubscriptionId;
    let is_live = |subscription: &&Subscription| {
        let status = &subscription.status;
        if by_subscription {
            *status == Status::PastDue || case.contract.statuses.grant.contains(status)
        } else {
            CHARGED.contains(status)
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
    let shown = live.iter().take(MAX_NAMED);
    case.report(Rule::OrphanSubscription, about, Draft {
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
            evidence: shown.map(|subscription| case.provider_says(subscription)).collect(),
            amount,
            items_without_amount,
            ..Draft::default()
        },
    );
}

/// Something bought. Two subscriptions buy the same thing if they map to one plan or share one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bought<'f> {
    Plan(&'f PlanWords),
    Price(&'f PriceId),
}

/// Reports granting subscriptions of one customer that share a price or map to the same plan.
pub(super) fn double_subscription(case: &Case<'_>, customer: CustomerNumber) {
    let granting = |subscription: &&Subscription| case.is_charged(subscription);
    if !case.wants(Rule::DoubleSubscription)
        || case
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
        Bought::Plan(plan) => plan.name(),
        Bought::Price(price) => price.as_str(),
    };
    let named: Vec<_> = twice
        .iter()
        .take(NAMED)
        .map(|subscription| subscription.id.to_string())
        .collect();
    let more = if twice.len() > named.len() {
        ", …"
    } else {
        ""
    };
    let (amount, items_without_amount) = too_much(case, &twice);
    let times = match twice.len() {
        2 => "twice".to_owned(),
        times => format!("{times} times"),
    };
    case.report(
        Rule::DoubleSubscription,
        Entity::customer(id),
        Draft {
            message: format!(
                "Customer {id} has {} for {thing}: {}{more}.\n\
                 Double subscription — the customer is charged {times}.",
                count(
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
                .take(MAX_NAMED)
                .map(|subscription| case.provider_says(subscription))
                .collect(),
            amount,
            items_without_amount,
            ..Draft::default()
        },
    );
}

/// Returns the first thing that two of the subscriptions buy, with those subscriptions, oldest first.
fn first_bought_twice<'f>(
    case: &Case<'f>,
    granting: impl Iterator<Item = &'f Subscription>,
) -> Option<(Bought<'f>, Vec<&'f Subscription>)> {
    let mut granting: Vec<_> = granting.collect();
    granting.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    let mut bought: BTreeMap<Bought<'f>, Vec<&'f Subscription>> = BTreeMap::new();
    for subscription in &granting {
        let items = subscription.items.iter();
        let things = items.flat_map(|item| match case.contract.price_meaning(&item.price) {
            PriceMeaning::Plan(plan) => [
                Some(Bought::Plan(plan)),
                Some(Bought::Price(&item.price.id)),
            ],
            PriceMeaning::Unmapped | PriceMeaning::Seats => {
                [Some(Bought::Price(&item.price.id)), None]
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

/// Returns the monthly amount beyond the dearest of them. With several currencies, the dearest is not known and the
/// amount is empty.
fn too_much(case: &Case<'_>, twice: &[&Subscription]) -> (Money, u64) {
    let (all, without_amount) = case.monthly(twice.iter().copied());
    let mut currencies = all.iter();
    let (Some((currency, sum)), None) = (currencies.next(), currencies.next()) else {
        return (Money::default(), without_amount);
    };
    let amount = |one: &&Subscription| -> i64 {
        let (money, _) = case.monthly([*one]);
        money.iter().map(|(_, amount)| amount).sum()
    };
    let dearest = twice.iter().map(amount).max().unwrap_or_default();
    let mut rest = Money::default();
    if sum > dearest {
        rest.add(currency, sum.saturating_sub(dearest));
    }
    (rest, without_amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{
        AccountColumns, CustomerId, Facts, PricePattern, Severity,
        testing::{account, contract, facts, found, item, judge, only, subscription},
    };

    #[test]
    fn a_customer_on_two_accounts_is_one_finding() {
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
        assert_eq!(*duplicate.subject.named, ["usr_1", "usr_2"]);
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
    fn a_subscription_without_account_is_an_orphan() {
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
        // A price with the name of a plan.
        assert!(!twice("price_addon", &["price_team", "pro"]));
    }

    fn storing(name: &str, subscription: &str) -> crate::contract::Account {
        account(name).customer(None).columns(AccountColumns {
            subscription_id: Some(subscription.into()),
            ..AccountColumns::default()
        })
    }

    #[test]
    fn each_account_is_judged_by_the_subscription_it_stores() {
        let mut contract = contract();
        contract.match_on = MatchOn::SubscriptionId;
        let one_payer = |status: &str, price: &str| {
            [
                subscription("1", "active", "price_pro"),
                subscription("1", status, price).id("sub_2"),
            ]
        };
        let world = |paid: bool, plan: &str, bought| {
            let mut second = storing("2", "sub_2").plan(plan);
            second.paid = paid;
            facts([storing("1", "sub_1").paid().plan("pro"), second], bought)
        };
        let ended = one_payer("canceled", "price_pro");
        assert_eq!(
            found(&contract, &world(false, "free", ended.clone())),
            [""; 0]
        );
        assert_eq!(
            found(&contract, &world(true, "pro", ended)),
            ["wrongful-access user:usr_2"]
        );
        let other = one_payer("active", "price_team");
        assert_eq!(
            found(&contract, &world(true, "team", other.clone())),
            [""; 0]
        );
        assert_eq!(
            found(&contract, &world(true, "pro", other)),
            ["plan-drift user:usr_2"]
        );
        let same = one_payer("active", "price_pro");
        assert_eq!(found(&contract, &world(true, "pro", same)), [""; 0]);
    }

    #[test]
    fn a_subscription_on_two_accounts_and_one_on_none_are_found() {
        let mut contract = contract();
        contract.match_on = MatchOn::SubscriptionId;
        let world = facts(
            ["1", "2"].map(|name| storing(name, "sub_1").paid().plan("pro")),
            [
                subscription("1", "active", "price_pro"),
                subscription("1", "past_due", "price_pro").id("sub_2"),
                subscription("1", "canceled", "price_pro").id("sub_3"),
            ],
        );
        assert_eq!(
            found(&contract, &world),
            [
                "duplicate-subscription subscription:sub_1",
                "orphan-subscription subscription:sub_2"
            ]
        );
    }

    #[test]
    fn an_account_with_two_customers_has_what_both_of_them_buy() {
        let list = |others: &[&str]| AccountColumns {
            other_customers: others.iter().map(|id| CustomerId::from(*id)).collect(),
            ..AccountColumns::default()
        };
        let bought = [
            subscription("1", "canceled", "price_pro"),
            subscription("2", "active", "price_pro"),
        ];
        let both = account("1").paid().plan("pro").columns(list(&["cus_2"]));
        assert_eq!(
            found(&contract(), &facts([both.clone()], bought.clone())),
            [""; 0]
        );
        // Another account of the second customer.
        let other = account("2").paid().plan("pro");
        assert_eq!(
            found(&contract(), &facts([both, other], bought)),
            ["duplicate-customer customer:cus_2"]
        );
    }

    #[test]
    fn a_plan_and_a_price_of_the_same_name_are_two_things() {
        let twice = |items: [&str; 2]| {
            let second = items.map(|price| item(price, 1));
            facts(
                [account("1").paid().plan("pro")],
                [
                    subscription("1", "active", "price_pro"),
                    subscription("1", "active", "").items(second).id("sub_2"),
                ],
            )
        };
        let is_double = |world: &Facts| {
            found(&contract(), world).contains(&"double-subscription customer:cus_1".to_owned())
        };
        assert!(!is_double(&twice(["price_team", "pro"])));
        assert!(is_double(&twice(["price_team", "price_pro"])));
    }

    #[test]
    fn paying_twice_names_what_is_too_much() {
        let bought = ["sub_1", "sub_2", "sub_3"];
        let bought = bought.map(|id| subscription("1", "active", "price_pro").id(id));
        let world = facts([account("1").paid().plan("pro")], bought);
        let finding = only(Rule::DoubleSubscription, &contract(), &world);
        assert!(finding.message.ends_with("charged 3 times."), "{finding:?}");
        assert_eq!(finding.amount.iter().collect::<Vec<_>>(), [("usd", 4000)]);
    }

    #[test]
    fn a_customer_on_a_test_clock_is_counted_and_not_judged() {
        let mut on_clock = subscription("1", "canceled", "price_new");
        on_clock.on_test_clock = true;
        let mut orphan = subscription("9", "active", "price_pro");
        orphan.on_test_clock = true;
        let world = facts([account("1").paid()], [on_clock, orphan]);
        let judged = judge(&contract(), &world).expect("an answer");
        assert_eq!(judged.findings, []);
        assert_eq!(judged.summary.on_test_clock, 2);
    }

    #[test]
    fn a_finding_names_a_hundred_ids_at_the_most() {
        let bought = (0..250)
            .map(|number| subscription("9", "active", "price_pro").id(&format!("sub_{number}")));
        let world = facts([account("1")], bought);
        let finding = only(Rule::OrphanSubscription, &contract(), &world);
        assert_eq!(
            (finding.subject.named.len(), finding.evidence.len()),
            (100, 100)
        );
    }
}
