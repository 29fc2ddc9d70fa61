//! Accounts that share a customer or subscription, and the ids that findings about customers list.

use std::collections::BTreeSet;

use super::no_finding::NoFinding;
use crate::{
    case::Case,
    customers::{CustomerNumber, Holder},
};

/// Maximum number of ids in a message.
pub(super) const MAX_NAMED: usize = 5;

/// Maximum number of ids in a finding.
pub(super) const MAX_IN_FINDING: usize = 100;

/// A customer or subscription that several accounts store.
pub(super) struct SharedLink<'f> {
    pub(super) key: &'f str,
    pub(super) count: usize,
    pub(super) named: Vec<String>,
    pub(super) listed: String,
    pub(super) rows: Vec<String>,
}

/// Returns the customer or subscription with the accounts that store it, or `None` if fewer than two do or none of these
/// is judged.
pub(super) fn linked_twice<'f>(
    case: &Case<'f>,
    customer: CustomerNumber,
) -> Option<SharedLink<'f>> {
    let accounts = || case.customers.accounts_of(customer);
    accounts().nth(1)?;
    if !case.has_judged_account(customer) {
        return None;
    }
    let ids: BTreeSet<_> = accounts().map(|account| account.id.as_str()).collect();
    let named: Vec<_> = ids
        .iter()
        .take(MAX_NAMED)
        .map(|id| (*id).to_owned())
        .collect();
    let more = if ids.len() > named.len() { ", …" } else { "" };
    let rows: BTreeSet<_> = accounts()
        .map(|account| case.describe_row(account))
        .collect();
    Some(SharedLink {
        key: case.customers.key(customer)?,
        count: ids.len(),
        listed: format!("{}{more}", named.join(", ")),
        named,
        rows: rows.into_iter().take(MAX_NAMED).collect(),
    })
}

/// Returns the reason why no account of the customer is judged, or `None` if one is.
pub(super) fn why_nobody_is_judged(case: &Case<'_>, holder: &Holder<'_>) -> Option<NoFinding> {
    let entity = &case.contract.entity;
    if case.facts.accounts.is_empty() {
        Some(NoFinding::nobody(case))
    } else if case.has_judged_account(holder.first) {
        None
    } else {
        let reason = format!("every {entity} of the customer is exempt");
        Some(NoFinding::DoesNotApply(reason))
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        AccountColumns, CustomerId, Facts, MatchOn, PricePattern, Rule, Severity,
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
        void.pause = Some(crate::Pause::Void);
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

    fn storing(name: &str, subscription: &str) -> crate::Account {
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
                subscription("1", "active", "price_free").id("sub_4"),
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
    fn an_account_with_two_customers_has_the_purchases_of_both() {
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
    fn paying_twice_names_the_excess_amount() {
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
