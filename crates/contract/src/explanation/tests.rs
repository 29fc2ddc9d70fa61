//! Explanations of every kind of customer, and their agreement with the evaluator.

use proptest::prelude::*;

use super::*;
use crate::{
    Account, AccountColumns, CanceledGrace, Details, EntityKind, Field, MatchOn, ScheduledAction,
    ScheduledChange, Source, Subscription, SubscriptionId, Word,
    testing::{DAY, NOW, account, contract, facts, findings, item, subscription},
};

fn explained(contract: &Contract, facts: &Facts) -> Explanation {
    let mut explained = explain(contract, facts, &[], NOW);
    assert_eq!(explained.customers.len(), 1, "{explained:#?}");
    explained.customers.remove(0)
}

#[test]
fn a_scheduled_change_is_shown_with_its_times() {
    let mut one = subscription("1", "active", "price_pro");
    one.details = Some(Box::new(Details {
        scheduled: Some(ScheduledChange {
            action: ScheduledAction::Pause,
            at: NOW.plus(DAY),
            resumes: Some(NOW.plus(2 * DAY)),
        }),
        ..Details::default()
    }));
    let world = facts([account("1")], [one]);
    let leak = findings(&contract(), &world).remove(0);
    let evidence = leak.evidence_lines().join("\n");
    let said = ", pause scheduled for 2026-11-02T00:00:00Z until 2026-11-03T00:00:00Z";
    assert!(evidence.contains(said), "{evidence}");
    let explanation = explained(&contract(), &world);
    let shown: Vec<_> = explanation
        .subscriptions
        .iter()
        .filter_map(|subscription| Some(subscription.scheduled?.action))
        .collect();
    assert_eq!(shown, [ScheduledAction::Pause]);
}

fn state(explanation: &Explanation) -> String {
    let judgement = explanation.judgement.as_ref().expect("a judgement");
    let state = judgement.state.as_ref().expect("a state");
    format!("{}: {}", state.access.as_str(), state.reason)
}

/// Returns `outcome: reason` of the rule.
fn rule(explanation: &Explanation, rule: Rule) -> String {
    let judgement = explanation.judgement.as_ref().expect("a judgement");
    let mut lines = judgement.rules.iter().filter(|line| line.rule == rule);
    let line = lines.next().expect("every rule has a line");
    assert_eq!(lines.next(), None);
    format!("{:?}: {}", line.outcome, line.reason)
}

fn subscription_line(contract: &Contract, subscription: Subscription) -> String {
    let explanation = explained(contract, &facts([account("1")], [subscription]));
    let [subscription] = explanation.subscriptions.as_slice() else {
        panic!("{explanation:#?}");
    };
    format!("{}: {}", subscription.access.as_str(), subscription.reason)
}

#[test]
fn the_access_of_each_subscription_is_explained() {
    let mut contract = contract();
    contract.ignore_prices = vec![crate::PricePattern::parse("addon_*")];
    contract.grace.past_due = Some(3 * DAY);
    let line = |status, price| subscription_line(&contract, subscription("1", status, price));
    assert_eq!(
        line("active", "price_pro"),
        "grants: `active` is a granting status and `price_pro` is plan `pro`"
    );
    assert_eq!(
        line("trialing", "price_free"),
        "does not grant: `trialing` is a granting status, but all of its plans are free: `price_free`"
    );
    assert_eq!(
        line("active", "price_new"),
        "unjudged: `active` is a granting status, but none of its prices is in `plans`: `price_new`"
    );
    assert_eq!(
        line("active", "addon_1"),
        "left out: all its prices are in `ignore_prices`"
    );
    assert_eq!(
        line("halted", "price_pro"),
        "unjudged: `halted` is neither in `statuses.grant` nor in `statuses.deny`"
    );
    assert_eq!(
        line("canceled", "price_pro"),
        "does not grant: `canceled` does not grant"
    );
    let mut void = subscription("1", "active", "price_pro");
    void.pause = Some(crate::Pause::Void);
    assert!(
        subscription_line(&contract, void)
            .starts_with("unjudged: its collection is paused as `void`")
    );
    let empty = subscription("1", "active", "").items([]);
    assert!(subscription_line(&contract, empty).ends_with("status, and it carries no price"));
    contract.plans.clear();
    assert_eq!(
        subscription_line(&contract, subscription("1", "active", "price_x")),
        "grants: `active` is a granting status"
    );
}

#[test]
fn grace_is_explained_with_its_start_and_end() {
    let mut contract = contract();
    contract.grace.past_due = Some(3 * DAY);
    assert_eq!(
        subscription_line(&contract, subscription("1", "past_due", "price_pro")),
        "in grace: `past_due` does not grant, but `grace.past_due` (overdue since \
         2026-10-31T00:00:00Z) lasts until 2026-11-03T00:00:00Z"
    );
    contract.grace.canceled = Some(CanceledGrace::For(DAY / 2));
    assert_eq!(
        subscription_line(&contract, subscription("1", "canceled", "price_pro")),
        "does not grant: `canceled` does not grant, and `grace.canceled` (from its end, 2026-10-31T00:00:00Z) \
         ended 2026-10-31T12:00:00Z"
    );
    contract.grace.canceled = Some(CanceledGrace::UntilPeriodEnd);
    assert!(
        subscription_line(&contract, subscription("1", "canceled", "price_pro"))
            .ends_with("but `grace.canceled: until_period_end` lasts until 2026-11-30T00:00:00Z")
    );
    // A missing value prevents the verdict on the customer, and the explanation names it.
    contract.grace.canceled = Some(CanceledGrace::For(DAY));
    let endless = Subscription {
        ended_at: None,
        ..subscription("1", "canceled", "price_pro")
    };
    let explanation = explained(&contract, &facts([account("1").paid()], [endless]));
    assert!(
        matches!(explanation.judgement, Err(Unanswerable::Missing { .. })),
        "{explanation:#?}"
    );
    assert_eq!(
        explanation
            .subscriptions
            .first()
            .map(|subscription| subscription.access.as_str()),
        Some("undecided")
    );
}

#[test]
fn the_result_of_a_customer_names_the_deciding_subscription() {
    let state_of = |subscriptions: Vec<Subscription>| {
        state(&explained(
            &contract(),
            &facts([account("1")], subscriptions),
        ))
    };
    let sub = |id, status| subscription("1", status, "price_pro").id(id);
    assert_eq!(
        state_of(vec![sub("sub_a", "active"), sub("sub_b", "canceled")]),
        "granting: `sub_a` grants, and one is enough"
    );
    assert_eq!(
        state_of(vec![sub("sub_b", "halted"), sub("sub_c", "canceled")]),
        "unjudged: nothing grants, and `sub_b` cannot be judged"
    );
    assert_eq!(
        state_of(vec![sub("sub_c", "canceled")]),
        "not granting: `sub_c` does not grant, and there is no other"
    );
    assert_eq!(
        state_of(vec![]),
        "none: Stripe shows no subscription of it, nor that there is such a customer"
    );
    let existing = [CustomerId::from("cus_1"), CustomerId::from("cus_2")];
    let both = explain(&contract(), &facts([account("1")], []), &existing, NOW);
    assert_eq!(both.customers.len(), 2);
    for (customer, id) in both.customers.iter().zip(["cus_1", "cus_2"]) {
        assert_eq!(customer.customers, [id]);
        assert_eq!(
            state(customer),
            "none: Stripe knows the customer, and it has no subscription at all"
        );
    }
}

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
fn the_row_is_shown_as_it_was_mapped() {
    let columns = AccountColumns {
        seats: Some(5),
        subscription_id: Some(SubscriptionId::from("sub_1")),
        updated_at: Some(NOW),
        ..AccountColumns::default()
    };
    let mut world = facts([account("1").columns(columns)], []);
    world.mapped.extend([Field::Seats, Field::UpdatedAt]);
    let [row] = &explained(&contract(), &world).accounts[..] else {
        panic!("one account");
    };
    let shown: Vec<_> = row
        .fields
        .iter()
        .map(|field| (field.field.as_str(), field.value.clone()))
        .collect();
    assert_eq!(
        shown,
        [
            ("id", FieldValue::Text("usr_1".to_owned())),
            ("customer_id", FieldValue::Text("cus_1".to_owned())),
            ("has_paid_access", FieldValue::Boolean(false)),
            ("plan", FieldValue::Null),
            ("seats", FieldValue::Number(5)),
            ("updated_at", FieldValue::Time(NOW)),
        ]
    );
}

#[test]
fn an_account_on_two_rows_is_not_judged() {
    let world = facts(
        [
            account("1").paid(),
            account("1").customer(Some("cus_2")).paid(),
        ],
        [subscription("1", "active", "price_pro")],
    );
    let both = explain(&contract(), &world, &[], NOW);
    assert_eq!(both.customers.len(), 2);
    for customer in &both.customers {
        let twice = Unanswerable::AccountOnTwoRows {
            id: "usr_1".to_owned(),
        };
        assert_eq!(customer.judgement, Err(twice));
    }
    assert_eq!(both.findings, []);
}

#[test]
fn many_unknown_customers_do_not_indicate_a_wrong_key_here() {
    let world = facts(
        (0..6).map(|n| account(&n.to_string()).customer(Some("cus_1")).paid()),
        [],
    );
    let all = explain(&contract(), &world, &[], NOW);
    // Each of them, and the customer that they share.
    assert_eq!(all.findings.len(), 7);
}

#[test]
fn explanations_of_entitlements_do_not_mention_subscriptions() {
    let contract = Contract {
        source: Source::StripeEntitlements,
        ..contract()
    };
    let world = facts(
        [account("1").paid().plan("pro")],
        [subscription("1", "active", "price_pro")],
    );
    let explanation = explained(&contract, &world);
    assert_eq!(
        state(&explanation),
        "granting: it has an active entitlement, and one is enough"
    );
    assert_eq!(
        rule(&explanation, Rule::WrongfulAccess),
        "Holds: a Stripe entitlement grants access"
    );
    assert!(rule(&explanation, Rule::StatusDrift).contains("entitlements are the source"));
    let with = |price: &str| {
        let bought = subscription("1", "active", price);
        state(&explained(&contract, &facts([account("1")], [bought])))
    };
    assert_eq!(
        with("feature_new"),
        "unjudged: entitlements that the contract does not map are not judged"
    );
    assert_eq!(
        with("price_free"),
        "not granting: none of its entitlements is to a paid plan"
    );
    let judgement = explanation.judgement.expect("a judgement");
    assert!(
        judgement
            .rules
            .iter()
            .all(|line| line.rule != Rule::UnmappedPrice)
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

fn any_account() -> impl Strategy<Value = Account> {
    let plan = proptest::option::of(prop_oneof![Just("pro"), Just("free"), Just("other")]);
    (
        0..3_u8,
        any::<bool>(),
        proptest::bool::weighted(0.1),
        plan,
        proptest::option::of(0..3_u8),
    )
        .prop_map(|(name, paid, exempt, plan, customer)| {
            let customer = customer.map(|name| format!("cus_{name}"));
            let columns = AccountColumns {
                seats: Some(1),
                status: Some("active".into()),
                ..AccountColumns::default()
            };
            let mut account = account(&name.to_string())
                .customer(customer.as_deref())
                .columns(columns);
            account.paid = paid;
            account.exempt = exempt;
            account.plan = plan.map(Into::into);
            account
        })
}

fn any_subscription() -> impl Strategy<Value = Subscription> {
    let status = prop_oneof![
        Just("active"),
        Just("past_due"),
        Just("canceled"),
        Just("halted")
    ];
    let price = prop_oneof![
        Just("price_pro"),
        Just("price_free"),
        Just("price_new"),
        Just("addon_1")
    ];
    (0..3_u8, 0..100_u8, status, price, any::<bool>()).prop_map(
        |(name, id, status, price, void)| {
            let mut bought = subscription(&name.to_string(), status, "")
                .id(&format!("sub_{id}"))
                .items([item(price, 1)]);
            bought.pause = void.then_some(crate::Pause::Void);
            bought
        },
    )
}

proptest! {
    /// Alone, every customer has the same findings as among all others, and the rules agree with them.
    #[test]
    fn explanations_agree_with_the_evaluator(
        accounts in proptest::collection::vec(any_account(), 0..4),
        subscriptions in proptest::collection::vec(any_subscription(), 0..5),
    ) {
        let mut contract = contract();
        contract.grace.past_due = Some(7 * DAY);
        contract.ignore_prices = vec![crate::PricePattern::parse("addon_*")];
        contract.allow_empty = true;
        let mut accounts = accounts;
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        accounts.dedup_by(|a, b| a.id == b.id);
        let mut subscriptions = subscriptions;
        subscriptions.sort_by(|a, b| a.id.cmp(&b.id));
        subscriptions.dedup_by(|a, b| a.id == b.id);
        let mut world = facts(accounts, subscriptions);
        world.mapped.extend([Field::Seats, Field::Status]);
        let names = |findings: &[Finding]| {
            // A problem counted over everybody is one finding there, and one for each customer here.
            let is_about_account = |finding: &&Finding| {
                matches!(finding.entity.kind(), EntityKind::Account | EntityKind::Customer)
            };
            findings
                .iter()
                .filter(is_about_account)
                .map(|finding| (finding.rule, finding.entity.clone(), finding.message.clone()))
                .collect::<Vec<_>>()
        };
        let explanation = explain(&contract, &world, &[], NOW);
        prop_assert_eq!(names(&explanation.findings), names(&findings(&contract, &world)));
        let broken = explanation
            .customers
            .iter()
            .flat_map(|customer| &customer.judgement.as_ref().expect("a judgement").rules)
            .filter(|rule| matches!(rule.outcome, RuleOutcome::Broken(_)))
            .count();
        prop_assert!(broken >= names(&explanation.findings).len());
        for rule in explanation.customers.iter().flat_map(|customer| &customer.judgement.as_ref().expect("a judgement").rules) {
            let is_broken = matches!(rule.outcome, RuleOutcome::Broken(_));
            prop_assert_eq!(rule.reason.is_empty(), is_broken, "{:?}", rule);
        }
    }
}

#[test]
fn no_subscription_of_a_customer_on_a_test_clock_is_judged() {
    let mut on_clock = subscription("1", "canceled", "price_pro");
    on_clock.on_test_clock = true;
    let other = subscription("1", "active", "price_pro").id("sub_other");
    let world = facts([account("1")], [on_clock, other]);
    let explained = explained(&contract(), &world);
    let access = explained
        .subscriptions
        .iter()
        .map(|subscription| subscription.access.as_str());
    assert!(access.eq(["unjudged", "unjudged"]));
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
