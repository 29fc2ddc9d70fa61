//! Tests of the judgement of rows.

use super::*;

#[test]
fn a_correct_step_has_no_findings() {
    assert_eq!(StepFixture::from_steps(&[PURCHASE]).judge(&right()), []);
}

#[test]
fn a_purchase_without_access_is_a_revenue_leak() {
    let fixture = StepFixture::from_steps(&[PURCHASE]);
    let half = shown(&ann(false, "free"), &ann(false, "pro"), [ann_has("active")]);
    fixture.reports(
        &half.clone().changed(&[change("plan", "free", "pro")]),
        "revenue-leak",
        &[
            "Somebody buys.\nUser has an active/trialing",
            "customer.subscription.updated changed plan but not `has_paid_access`: set it",
        ],
    );
    fixture.reports(
        &half,
        "revenue-leak",
        &[
            "answered 200 to customer.subscription.updated but the row did not change",
            "is the branch gone, or does its condition find no row?",
        ],
    );
    let free = ann(false, "free");
    let trial = shown(&free, &free, [ann_has("trialing")]);
    fixture.reports(
        &trial.changed(&[change("status", "null", "trialing")]),
        "revenue-leak",
        &["for trialing too"],
    );
}

#[test]
fn an_unlinked_customer_is_an_orphan() {
    let stray = account("ann").customer(None);
    let observed = shown(&stray, &stray, [ann_has("active")]);
    let fixture = StepFixture::from_steps(&[PURCHASE]);
    fixture.reports(
        &observed,
        "orphan-subscription",
        &[
            "no account is linked to it: the row has no customer id",
            "`client_reference_id`",
        ],
    );
    let severities: Vec<_> = fixture
        .judge(&observed)
        .iter()
        .map(|finding| finding.severity)
        .collect();
    assert_eq!(severities, [Severity::High]);
}

#[test]
fn access_at_the_wrong_time_is_wrongful() {
    let end = "{id: ended, does: it ends, send: [customer.subscription.deleted]}";
    let kept = shown(&ann(true, "pro"), &ann(true, "free"), [ann_has("canceled")]);
    StepFixture::from_steps(&[end]).reports(
        &kept.changed(&[change("plan", "pro", "free")]),
        "wrongful-access",
        &["changed plan but left `has_paid_access` as it was: take it away"],
    );
    let early = shown(
        &ann(false, "free"),
        &ann(true, "pro"),
        [ann_has("incomplete")],
    );
    StepFixture::from_steps(&[PURCHASE]).reports(
        &early.changed(&[change("has_paid_access", "false", "true")]),
        "wrongful-access",
        &["set `has_paid_access` although the subscription is incomplete: grant access on active"],
    );
}

#[test]
fn lost_access_names_the_granting_subscription() {
    let end = "{id: ended, does: the first ends, send: [customer.subscription.deleted]}";
    let fixture = StepFixture::from_steps(&[end]);
    let taken = |subscriptions: Vec<Subscription>| {
        shown(&ann(true, "pro"), &ann(false, "free"), subscriptions).changed(&[change(
            "has_paid_access",
            "true",
            "false",
        )])
    };
    let second = ann_has("active").id("sub_second").newer();
    fixture.reports(
        &taken(vec![ann_has("canceled"), second]),
        "revenue-leak",
        &["although sub_second grants it: check all of the customer's subscriptions"],
    );
    let mut ending = ann_has("active");
    ending.cancel_scheduled = Some(true);
    fixture.reports(
        &taken(vec![ending]),
        "revenue-leak",
        &["sub_ann is only scheduled to end: keep the access until customer.subscription.deleted"],
    );
    fixture.reports(
        &taken(vec![ann_has("active")]),
        "revenue-leak",
        &["took `has_paid_access` away although sub_ann is active"],
    );
}

#[test]
fn a_renamed_plan_is_plan_drift() {
    let observed = shown(
        &ann(false, "free"),
        &ann(true, "professional"),
        [ann_has("active")],
    );
    StepFixture::from_steps(&[PURCHASE]).reports(
        &observed.changed(&[change("plan", "free", "professional")]),
        "plan-drift",
        &[
            "stored plan professional: does the application map `price_pro` to pro",
            "or was a plan renamed in one place only?",
        ],
    );
}

#[test]
fn a_plan_of_another_item_is_plan_drift() {
    let items = ["price_metered", "price_pro"].map(|price| item(price, 1));
    let observed = shown(
        &ann(false, "free"),
        &ann(true, "free"),
        [ann_has("active").items(items)],
    );
    StepFixture::from_steps(&[PURCHASE]).reports(
        &observed.changed(&[change("has_paid_access", "false", "true")]),
        "plan-drift",
        &["sub_ann has 2 items: read the plan from the one with `price_pro`, whatever its position"],
    );
}

#[test]
fn a_column_that_stays_wrong_is_reported() {
    let columns = AccountColumns {
        cancel_at_period_end: true,
        ..AccountColumns::default()
    };
    let account = ann(true, "pro").columns(columns);
    let observed = shown(&account, &account, [ann_has("active")]);
    StepFixture::from_steps(&[PURCHASE]).reports(
        &observed.changed(&[change("seats", "0", "1")]),
        "period-drift",
        &[
            "`items.data[].current_period_end`",
            "\nalso cancel-flag-drift: ",
        ],
    );
}

/// A contract with a query reads columns under names that no table has.
#[test]
fn a_period_of_another_subscription_names_the_swap() {
    let account = ann(true, "pro").columns(AccountColumns::default());
    let mut observed = shown(&account, &account, [ann_has("active")]).changed(&[change(
        "stripeSubscriptionId",
        "sub_ann",
        "sub_other",
    )]);
    let reads = |id: &str| vec![("subscription_id".to_owned(), id.to_owned())];
    observed.before.columns = reads("sub_ann");
    observed.after.columns = reads("sub_other");
    StepFixture::from_steps(&[PURCHASE]).reports(
        &observed,
        "period-drift",
        &["made `subscription_id` sub_other: an event about another subscription"],
    );
}

#[test]
fn a_bystanders_row_is_a_separate_finding() {
    let other = |who: &str| BystanderChange {
        who: who.to_owned(),
        account: format!("usr of {who}"),
        changes: vec![change("plan", "free", "pro")],
    };
    let fixture = StepFixture::from_steps(&[PURCHASE]);
    let mut observed = right();
    observed.bystanders = vec![other("a stranger"), other("a friend")];
    fixture.reports(
        &observed,
        "bystander-changed",
        &[
            "that of a stranger (usr of a stranger): users.plan free → pro",
            "\nSo did that of a friend.",
            "the update on customer.subscription.updated: an empty or missing id must match no row",
        ],
    );
    let both = Observed {
        bystanders: observed.bystanders,
        ..lost()
    };
    let findings = fixture.judge(&both);
    let rules: Vec<_> = findings
        .iter()
        .map(|finding| finding.rule.as_str())
        .collect();
    assert_eq!(rules, ["revenue-leak", "bystander-changed"]);
    let named = &findings.last().expect("a finding").subject.named;
    assert!(named.contains(&"usr of a friend".to_owned()), "{named:?}");
}

#[test]
fn a_repeat_must_change_nothing() {
    let fixture = StepFixture::from_steps(&[
        PURCHASE,
        "{id: again, does: everything comes again, again: [bought], then: {row: same}}",
    ]);
    let repeat = right().delivered(&[repeated(updated(200))]);
    fixture.reports(
        &repeat.clone().changed(&[change("credits", "10", "20")]),
        "repeat-changed",
        &[
            "changed the row again: users.credits 10 → 20",
            "remember the ids of events",
        ],
    );
    let stamped = Observed {
        all_changes: vec![change("updated_at", "earlier", "now")],
        ..repeat
    };
    assert_eq!(fixture.judge(&stamped), []);
}

#[test]
fn an_outdated_event_must_not_win() {
    let fixture = StepFixture::from_steps(&[
        PURCHASE,
        "{id: late, does: one comes late, send: [{event: customer.subscription.updated, of: bought}]}",
    ]);
    let observed = shown(
        &ann(false, "free"),
        &ann(true, "pro"),
        [ann_has("canceled")],
    );
    fixture.reports(
        &observed.changed(&[change("has_paid_access", "false", "true")]),
        "wrongful-access",
        &["an old event overwrote the current state: fetch the subscription"],
    );
}

#[test]
fn an_order_of_events_is_named_as_the_cause() {
    let every = "{id: bought, does: somebody buys, order: every, \
                 send: [customer.subscription.created, customer.subscription.updated]}";
    let created = delivery("customer.subscription.created", "evt_1", 200);
    let observed = lost().delivered(&[updated(200), created]).changed(&[change(
        "status",
        "null",
        "incomplete",
    )]);
    let reports = |variant: Variant, parts: &[&str]| {
        let fixture = StepFixture::from_steps(&[every]).varied(variant);
        fixture.reports(&observed, "revenue-leak", parts);
    };
    reports(
        Variant::Order(vec![1, 0]),
        &[
            "(in the order customer.subscription.updated, customer.subscription.created)",
            "customer.subscription.created came after customer.subscription.updated, and the row holds an earlier state",
        ],
    );
    reports(
        Variant::Order(vec![0, 1]),
        &["changed status but not `has_paid_access`"],
    );
    reports(
        Variant::AtOnce,
        &["(all events at once)", "lock the account's row"],
    );
}

#[test]
fn every_order_must_end_in_the_same_row() {
    let row = |seats: &str, stamp: &str| RowState {
        columns: vec![
            ("seats".to_owned(), seats.to_owned()),
            ("updated_at".to_owned(), stamp.to_owned()),
        ],
        ..RowState::default()
    };
    let differ = |a: &RowState, b: &RowState| {
        StepFixture::from_steps(&[PURCHASE]).in_context(|context| {
            endings_differ(context, (a, "first"), (b, "second"), &["updated_at"])
        })
    };
    assert_eq!(differ(&row("1", "a"), &row("1", "b")), None);
    let finding = differ(&row("1", "a"), &row("2", "a")).expect("a finding");
    assert_eq!(finding.rule.as_str(), "order-dependent");
    let expected = "different rows: seats 1 and 2 (first; second)";
    assert!(finding.message.contains(expected), "{}", finding.message);
}
