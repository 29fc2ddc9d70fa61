//! Reasons of rules that are broken, hold, or do not apply.

use super::*;
use crate::{Account, Details, MatchOn, Period, Word};

#[test]
fn every_rule_explains_why_it_has_no_finding() {
    let mut contract = contract();
    contract.severities.remove(&Rule::WrongfulAccess);
    let leak = explained(
        &contract,
        &facts([account("1")], [subscription("1", "active", "price_pro")]),
    );
    assert_eq!(rule(&leak, Rule::RevenueLeak), "Broken(High): ");
    assert_eq!(
        rule(&leak, Rule::WrongfulAccess),
        "DoesNotApply: the contract turns it off"
    );
    assert_eq!(
        rule(&leak, Rule::NoSubscription),
        "Holds: `has_paid_access` is false"
    );
    assert_eq!(
        rule(&leak, Rule::SeatDrift),
        "DoesNotApply: the contract maps no `seats`"
    );
    assert_eq!(
        rule(&leak, Rule::PlanDrift),
        "DoesNotApply: the rule is about users that rightly have access"
    );

    let exempt = explained(&contract, &facts([account("1").paid().exempt()], []));
    assert_eq!(
        rule(&exempt, Rule::NoSubscription),
        "DoesNotApply: the user is exempt: its `exempt` column says so"
    );
    let unlinked = facts([account("1").paid().customer(None)], []);
    let unlinked = explained(&contract, &unlinked);
    assert_eq!(rule(&unlinked, Rule::UnlinkedAccess), "Broken(Low): ");
    assert_eq!(
        rule(&unlinked, Rule::RevenueLeak),
        "DoesNotApply: the user is not linked to a customer"
    );
    assert_eq!(unlinked.judgement.expect("a judgement").state, None);

    let orphan = facts([], [subscription("9", "active", "price_pro")]);
    let orphan = explained(&contract, &orphan);
    assert_eq!(rule(&orphan, Rule::OrphanSubscription), "Broken(Medium): ");
    assert_eq!(
        rule(&orphan, Rule::RevenueLeak),
        "DoesNotApply: no user is linked to the customer"
    );
}

#[test]
fn rules_without_a_finding_give_their_reason() {
    let result_of = |account: Account, subscription: Subscription, wanted: Rule| {
        let mut world = facts([account], [subscription]);
        world.mapped.insert(Field::Status);
        rule(&explained(&contract(), &world), wanted)
    };
    let paid = || {
        let status = AccountColumns {
            status: Some("active".into()),
            ..AccountColumns::default()
        };
        account("1").paid().plan("pro").columns(status)
    };
    let pays = || subscription("1", "active", "price_pro");
    let ended = || subscription("1", "canceled", "price_pro");
    for (line, expected) in [
        (
            result_of(paid(), pays(), Rule::DuplicateCustomer),
            "Holds: 1 user is linked to the customer",
        ),
        (
            result_of(account("1"), pays(), Rule::StalePlan),
            "DoesNotApply: the rule is about users that rightly have no access",
        ),
        (
            result_of(account("1"), ended(), Rule::StalePlan),
            "Holds: `plan` is not a paid plan",
        ),
        (
            result_of(paid(), ended(), Rule::StatusDrift),
            "DoesNotApply: the rule is about users whose access is right",
        ),
        (
            result_of(paid(), pays(), Rule::StatusDrift),
            "Holds: `status` agrees with the subscription",
        ),
    ] {
        assert_eq!(line, expected);
    }
}

#[test]
fn the_end_of_the_previous_period_is_explained_after_a_renewal() {
    let began = NOW.plus(-60);
    let stored = |end| {
        let row = AccountColumns {
            period_end: Some(end),
            ..AccountColumns::default()
        };
        let mut pays = subscription("1", "active", "price_pro");
        pays.period = Some(Period::new(began, began.plus(30 * DAY)));
        let mut world = facts([account("1").paid().plan("pro").columns(row)], [pays]);
        world.mapped = [Field::PeriodEnd].into();
        rule(&explained(&contract(), &world), Rule::PeriodDrift)
    };
    assert_eq!(
        stored(began.plus(30 * DAY)),
        "Holds: `period_end` agrees with the subscription"
    );
    assert_eq!(
        stored(began),
        "Holds: `period_end` is the end of the previous period, which is right until the renewal is billed, within 2 hours"
    );
}

/// Returns a subscription whose metadata names the account `usr_1`.
fn naming_the_first(name: &str) -> Subscription {
    let mut bought = subscription(name, "active", "price_pro");
    bought.details = Some(Box::new(Details {
        metadata: [(Word::from("userId"), "usr_1".into())].into(),
        ..Details::default()
    }));
    bought
}

#[test]
fn a_customer_who_pays_for_an_account_is_explained_with_it() {
    let ended = subscription("1", "canceled", "price_pro");
    let world = facts(
        [account("1").paid().plan("pro")],
        [ended, naming_the_first("new")],
    );
    let explanation = explained(&contract(), &world);
    assert_eq!(explanation.customers, ["cus_1", "cus_new"]);
    assert_eq!(rule(&explanation, Rule::CustomerMismatch), "Broken(High): ");
    assert!(rule(&explanation, Rule::OrphanSubscription).starts_with("Holds: "));

    let unlinked = facts(
        [account("1").customer(None)],
        [naming_the_first("new"), naming_the_first("other")],
    );
    let explanation = explained(&contract(), &unlinked);
    assert_eq!(explanation.customers, ["cus_new", "cus_other"]);
    assert_eq!(rule(&explanation, Rule::CustomerMismatch), "Broken(High): ");
    assert_eq!(
        rule(&explanation, Rule::RevenueLeak),
        "DoesNotApply: the user is not linked to a customer"
    );
}

#[test]
fn a_mismatch_holds_only_where_no_other_customer_matters() {
    let line = |account: Account, status| {
        let world = facts([account], [subscription("1", status, "price_pro")]);
        rule(&explained(&contract(), &world), Rule::CustomerMismatch)
    };
    let unread = "DoesNotApply: only a check reads the customers that may pay for the user";
    assert_eq!(line(account("1").paid().plan("pro"), "canceled"), unread);
    assert_eq!(line(account("1"), "canceled"), unread);
    assert_eq!(
        line(account("1").paid().plan("pro"), "active"),
        "Holds: the user pays as the customer that it stores"
    );
    let elsewhere = AccountColumns {
        paid_elsewhere: true,
        ..AccountColumns::default()
    };
    assert_eq!(
        line(account("1").paid().columns(elsewhere), "canceled"),
        "Holds: the user is paid for elsewhere"
    );
}

#[test]
fn rules_of_the_other_way_to_match_do_not_apply() {
    let columns = AccountColumns {
        subscription_id: Some(SubscriptionId::from("sub_1")),
        ..AccountColumns::default()
    };
    let world = facts(
        [account("1").paid().plan("pro").columns(columns)],
        [subscription("1", "active", "price_pro").id("sub_1")],
    );
    assert_eq!(
        rule(&explained(&contract(), &world), Rule::DuplicateSubscription),
        "DoesNotApply: accounts are matched by customer"
    );
    let mut contract = contract();
    contract.match_on = MatchOn::SubscriptionId;
    let explanation = explained(&contract, &world);
    for other in [Rule::CustomerMismatch, Rule::DuplicateCustomer] {
        assert_eq!(
            rule(&explanation, other),
            "DoesNotApply: accounts are matched by subscription"
        );
    }
    assert_eq!(
        rule(&explanation, Rule::DuplicateSubscription),
        "Holds: no other user stores the subscription"
    );
    let mut unknown = world.clone();
    unknown.subscriptions.clear();
    assert_eq!(
        state(&explained(&contract, &unknown)),
        "none: Stripe does not know the stored subscription"
    );
    contract.ignore_prices = vec![crate::PricePattern::parse("addon_*")];
    let mut world = world;
    world.subscriptions = vec![subscription("1", "active", "addon_1").id("sub_1")];
    assert_eq!(
        rule(&explained(&contract, &world), Rule::DuplicateSubscription),
        "DoesNotApply: the contract leaves the subscription out"
    );
}

#[test]
fn a_subscription_on_a_test_clock_is_not_called_left_out() {
    let columns = AccountColumns {
        subscription_id: Some(SubscriptionId::from("sub_1")),
        ..AccountColumns::default()
    };
    let mut on_clock = subscription("1", "active", "price_pro").id("sub_1");
    on_clock.on_test_clock = true;
    let world = facts(
        [account("1").paid().plan("pro").columns(columns)],
        [on_clock],
    );
    let mut contract = contract();
    contract.match_on = MatchOn::SubscriptionId;
    assert_eq!(
        rule(&explained(&contract, &world), Rule::DuplicateSubscription),
        "DoesNotApply: the subscription is on a test clock"
    );
}

#[test]
fn rules_about_sharing_do_not_apply_to_exempt_accounts() {
    let world = facts(
        [account("1").exempt()],
        [subscription("1", "active", "price_pro")],
    );
    let explanation = explained(&contract(), &world);
    for of_customer in [Rule::DuplicateCustomer, Rule::DoubleSubscription] {
        assert_eq!(
            rule(&explanation, of_customer),
            "DoesNotApply: every user of the customer is exempt"
        );
    }
}
