//! Steps as they go wrong, and what is said of them.

use super::{OnRow, endings_differ, fold, judge};
use crate::{
    contract::{
        Account, AccountColumns, Contract, Field, Finding, Severity, Subscription, explain,
        testing::{self, account, contract, facts, subscription},
    },
    rehearsal::{
        due::{Performance, Variation},
        library::parse,
        observed::{
            Answer, BystanderChange, Call, Change, Delivery, Fault, GateAnswer, Observed, RowState,
        },
        scenario::{Scenario, Signing},
    },
};

const HEAD: &str = "id: mine\ntitle: t\nends: e\nwhy: w\nplays:\n  - steps:\n";

const PURCHASE: &str = "{id: bought, does: somebody buys, send: [checkout.session.completed]}";

/// The last of a few steps, and how the play is varied.
struct Scene {
    scenario: Scenario,
    variation: Variation,
}

impl Scene {
    fn of(steps: &[&str]) -> Self {
        let lines: Vec<_> = steps
            .iter()
            .map(|step| {
                format!(
                    "      - {step}
"
                )
            })
            .collect();
        let lines = lines.concat();
        Self {
            scenario: parse("mine.yml", &format!("{HEAD}{lines}")).expect("a scenario"),
            variation: Variation::None,
        }
    }

    fn varied(mut self, variation: Variation) -> Self {
        self.variation = variation;
        self
    }

    fn on<T>(&self, judged: impl FnOnce(OnRow<'_>) -> T) -> T {
        let play = self.scenario.plays.first().expect("a play");
        let performance = Performance {
            scenario: &self.scenario,
            play,
            variation: self.variation.clone(),
            key: "mine.1.1".to_owned(),
        };
        judged(OnRow {
            performance: &performance,
            step: play.steps.last().expect("a step"),
            account: "usr_ann",
            customer: "cus_ann",
            secret_env: "WEBHOOK_SECRET",
            paid_column: "has_paid_access",
        })
    }

    fn judge(&self, observed: &Observed) -> Vec<Finding> {
        self.on(|on| judge(on, observed))
    }

    /// The only finding is of this rule, and its message and fix say each of these.
    #[track_caller]
    fn says(&self, observed: &Observed, rule: &str, parts: &[&str]) {
        let findings = self.judge(observed);
        let [finding] = findings.as_slice() else {
            panic!("{findings:#?}");
        };
        let said = format!("{}\nFix: {}", finding.message, finding.fix);
        assert_eq!(finding.rule.as_str(), rule, "{said}");
        let step = self.on(|on| format!("scenario:mine/{}", on.step.id));
        assert_eq!(finding.entity, step);
        for part in parts {
            assert!(said.contains(part), "no `{part}` in: {said}");
        }
    }
}

fn delivery(event: &str, id: &str, code: u16) -> Delivery {
    Delivery {
        step: "bought".to_owned(),
        event: event.to_owned(),
        id: id.to_owned(),
        signed: Signing::AsDocumented,
        is_repeat: false,
        answer: Answer::Status {
            code,
            body: String::new(),
        },
    }
}

fn updated(code: u16) -> Delivery {
    delivery("customer.subscription.updated", "evt_2", code)
}

fn signed(signed: Signing, code: u16) -> Delivery {
    Delivery {
        signed,
        ..updated(code)
    }
}

fn repeated(delivery: Delivery) -> Delivery {
    Delivery {
        is_repeat: true,
        ..delivery
    }
}

fn change(column: &str, before: &str, after: &str) -> Change {
    Change {
        table: "users".to_owned(),
        key: "[\"usr_ann\"]".to_owned(),
        column: column.to_owned(),
        before: Some(before.to_owned()),
        after: Some(after.to_owned()),
    }
}

fn ann(paid: bool, plan: &str) -> Account {
    Account {
        paid,
        ..account("ann").plan(plan)
    }
}

fn ann_has(status: &str) -> Subscription {
    subscription("ann", status, "price_pro")
}

fn row(account: &Account) -> RowState {
    RowState {
        exists: true,
        linked: account.customer.is_some(),
        paid: account.paid,
        plan: account.plan.as_deref().map(str::to_owned),
        columns: vec![
            ("id".to_owned(), "usr_ann".to_owned()),
            ("has_paid_access".to_owned(), account.paid.to_string()),
        ],
    }
}

/// What a step shows that began with one row and ended with another, in the words of a contract.
fn judged_by(
    contract: &Contract,
    (before, after): (&Account, &Account),
    subscriptions: impl IntoIterator<Item = Subscription>,
) -> Observed {
    let mut facts = facts([after.clone()], subscriptions);
    if after.columns.is_some() {
        let mapped = [Field::PeriodEnd, Field::CancelAtPeriodEnd];
        facts.mapped.extend(mapped);
    }
    let customer = "cus_ann".into();
    let explained = explain(
        contract,
        &facts,
        std::slice::from_ref(&customer),
        testing::NOW,
    );
    let mut customers = explained.customers.into_iter();
    Observed {
        deliveries: vec![updated(200)],
        earlier: Vec::new(),
        before: row(before),
        after: row(after),
        explained: customers.find(|one| one.customer.as_deref() == Some("cus_ann")),
        findings: explained.findings,
        changes: Vec::new(),
        all_changes: Vec::new(),
        bystanders: Vec::new(),
        calls: Vec::new(),
        fault: None,
        gate: None,
    }
}

fn shown(
    before: &Account,
    after: &Account,
    subscriptions: impl IntoIterator<Item = Subscription>,
) -> Observed {
    judged_by(&contract(), (before, after), subscriptions)
}

/// One that ends as it has to.
fn right() -> Observed {
    let account = ann(true, "pro");
    shown(&account, &account, [ann_has("active")])
}

/// A purchase after which nothing is right.
fn lost() -> Observed {
    let account = ann(false, "free");
    shown(&account, &account, [ann_has("active")])
}

impl Observed {
    fn changed(mut self, changes: &[Change]) -> Self {
        self.changes = changes.to_vec();
        self.all_changes = changes.to_vec();
        self
    }

    fn delivered(mut self, deliveries: &[Delivery]) -> Self {
        self.deliveries = deliveries.to_vec();
        self
    }

    fn later_than(mut self, earlier: &[Delivery]) -> Self {
        self.earlier = earlier.to_vec();
        self
    }
}

#[test]
fn what_goes_as_it_has_to_is_not_spoken_of() {
    assert_eq!(Scene::of(&[PURCHASE]).judge(&right()), []);
}

#[test]
fn access_that_a_purchase_did_not_give() {
    let scene = Scene::of(&[PURCHASE]);
    let half = shown(&ann(false, "free"), &ann(false, "pro"), [ann_has("active")]);
    scene.says(
        &half.clone().changed(&[change("plan", "free", "pro")]),
        "revenue-leak",
        &[
            "Somebody buys.\nUser has an active/trialing",
            "customer.subscription.updated changed plan but not `has_paid_access`: set it",
        ],
    );
    scene.says(
        &half,
        "revenue-leak",
        &[
            "answered 200 to customer.subscription.updated but the row did not change",
            "is the branch gone, or does its condition find no row?",
        ],
    );
    let free = ann(false, "free");
    let trial = shown(&free, &free, [ann_has("trialing")]);
    scene.says(
        &trial.changed(&[change("status", "null", "trialing")]),
        "revenue-leak",
        &["for trialing too"],
    );
}

#[test]
fn a_customer_that_no_row_was_linked_to() {
    let stray = account("ann").customer(None);
    let observed = shown(&stray, &stray, [ann_has("active")]);
    let scene = Scene::of(&[PURCHASE]);
    scene.says(
        &observed,
        "orphan-subscription",
        &[
            "no account is linked to it: the row has no customer id",
            "`client_reference_id`",
        ],
    );
    let severities: Vec<_> = scene
        .judge(&observed)
        .iter()
        .map(|one| one.severity)
        .collect();
    assert_eq!(severities, [Severity::High]);
}

#[test]
fn access_that_stays_or_comes_too_early() {
    let end = "{id: ended, does: it ends, send: [customer.subscription.deleted]}";
    let kept = shown(&ann(true, "pro"), &ann(true, "free"), [ann_has("canceled")]);
    Scene::of(&[end]).says(
        &kept.changed(&[change("plan", "pro", "free")]),
        "wrongful-access",
        &["changed plan but left `has_paid_access` as it was: take it away"],
    );
    let early = shown(
        &ann(false, "free"),
        &ann(true, "pro"),
        [ann_has("incomplete")],
    );
    Scene::of(&[PURCHASE]).says(
        &early.changed(&[change("has_paid_access", "false", "true")]),
        "wrongful-access",
        &["set `has_paid_access` although the subscription is incomplete: grant access on active"],
    );
}

#[test]
fn access_that_is_taken_away_says_what_grants_it() {
    let end = "{id: ended, does: the first ends, send: [customer.subscription.deleted]}";
    let scene = Scene::of(&[end]);
    let taken = |subscriptions: Vec<Subscription>| {
        shown(&ann(true, "pro"), &ann(false, "free"), subscriptions).changed(&[change(
            "has_paid_access",
            "true",
            "false",
        )])
    };
    let second = ann_has("active").id("sub_second").newer();
    scene.says(
        &taken(vec![ann_has("canceled"), second]),
        "revenue-leak",
        &["although sub_second grants it: look at all of the customer's subscriptions"],
    );
    let mut ending = ann_has("active");
    ending.cancel_scheduled = Some(true);
    scene.says(
        &taken(vec![ending]),
        "revenue-leak",
        &["sub_ann is only scheduled to end: keep the access until customer.subscription.deleted"],
    );
    scene.says(
        &taken(vec![ann_has("active")]),
        "revenue-leak",
        &["took `has_paid_access` away although sub_ann is active"],
    );
}

#[test]
fn a_plan_that_is_called_something_else() {
    let observed = shown(
        &ann(false, "free"),
        &ann(true, "professional"),
        [ann_has("active")],
    );
    Scene::of(&[PURCHASE]).says(
        &observed.changed(&[change("plan", "free", "professional")]),
        "plan-drift",
        &[
            "stored plan professional: does the application map `price_pro` to pro",
            "or was a plan renamed in one place only?",
        ],
    );
}

#[test]
fn columns_that_do_not_follow() {
    let columns = AccountColumns {
        cancel_at_period_end: true,
        ..AccountColumns::default()
    };
    let account = ann(true, "pro").columns(columns);
    let observed = shown(&account, &account, [ann_has("active")]);
    Scene::of(&[PURCHASE]).says(
        &observed.changed(&[change("seats", "0", "1")]),
        "period-drift",
        &[
            "`items.data[].current_period_end`",
            "\nalso cancel-flag-drift: ",
        ],
    );
}

#[test]
fn a_row_of_somebody_else_is_a_finding_beside_that_of_the_own_row() {
    let other = |who: &str| BystanderChange {
        who: who.to_owned(),
        account: format!("usr of {who}"),
        changes: vec![change("plan", "free", "pro")],
    };
    let scene = Scene::of(&[PURCHASE]);
    let mut observed = right();
    observed.bystanders = vec![other("a stranger"), other("a friend")];
    scene.says(
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
    let findings = scene.judge(&both);
    let rules: Vec<_> = findings.iter().map(|one| one.rule.as_str()).collect();
    assert_eq!(rules, ["revenue-leak", "bystander-changed"]);
    let named = &findings.last().expect("a finding").subject.named;
    assert!(named.contains(&"usr of a friend".to_owned()), "{named:?}");
}

#[test]
fn a_repeat_that_changes_something() {
    let scene = Scene::of(&[
        PURCHASE,
        "{id: again, does: everything comes again, again: [bought], then: {row: same}}",
    ]);
    let repeat = right().delivered(&[repeated(updated(200))]);
    scene.says(
        &repeat.clone().changed(&[change("credits", "10", "20")]),
        "repeat-changed",
        &[
            "changed the row once more: users.credits 10 → 20",
            "remember the ids of events",
        ],
    );
    let stamped = Observed {
        all_changes: vec![change("updated_at", "earlier", "now")],
        ..repeat
    };
    assert_eq!(scene.judge(&stamped), []);
}

#[test]
fn an_old_event_that_is_believed() {
    let scene = Scene::of(&[
        PURCHASE,
        "{id: late, does: one comes late, send: [{event: customer.subscription.updated, of: bought}]}",
    ]);
    let observed = shown(
        &ann(false, "free"),
        &ann(true, "pro"),
        [ann_has("canceled")],
    );
    scene.says(
        &observed.changed(&[change("has_paid_access", "false", "true")]),
        "wrongful-access",
        &["an old event overwrote what is true now: fetch the subscription"],
    );
}

#[test]
fn what_goes_wrong_in_another_order_or_at_once() {
    let every = "{id: bought, does: somebody buys, order: every, \
                 send: [customer.subscription.created, customer.subscription.updated]}";
    let created = delivery("customer.subscription.created", "evt_1", 200);
    let observed = lost().delivered(&[updated(200), created]).changed(&[change(
        "status",
        "null",
        "incomplete",
    )]);
    let says = |variation: Variation, parts: &[&str]| {
        let scene = Scene::of(&[every]).varied(variation);
        scene.says(&observed, "revenue-leak", parts);
    };
    says(
        Variation::Order(vec![1, 0]),
        &[
            "(in the order customer.subscription.updated, customer.subscription.created)",
            "customer.subscription.created came after customer.subscription.updated, and the row says what was true",
        ],
    );
    says(
        Variation::Order(vec![0, 1]),
        &["changed status but not `has_paid_access`"],
    );
    says(
        Variation::AtOnce,
        &["(all events at once)", "lock the account's row"],
    );
}

#[test]
fn events_that_end_in_different_rows() {
    let row = |seats: &str, stamp: &str| RowState {
        columns: vec![
            ("seats".to_owned(), seats.to_owned()),
            ("updated_at".to_owned(), stamp.to_owned()),
        ],
        ..RowState::default()
    };
    let differ = |one: &RowState, other: &RowState| {
        Scene::of(&[PURCHASE])
            .on(|on| endings_differ(on, (one, "first"), (other, "second"), &["updated_at"]))
    };
    assert_eq!(differ(&row("1", "a"), &row("1", "b")), None);
    let finding = differ(&row("1", "a"), &row("2", "a")).expect("a finding");
    assert_eq!(finding.rule.as_str(), "order-dependent");
    let said = "different rows: seats 1 and 2 (first; second)";
    assert!(finding.message.contains(said), "{}", finding.message);
}

#[test]
fn an_error_that_is_swallowed_or_leaves_half_of_its_work() {
    let scene =
        Scene::of(&["{id: fails, does: a write fails, fails: {write: 1}, send: [invoice.paid]}"]);
    let hit = |code: u16, after: &Account, half_written: &[Change]| Observed {
        fault: Some(Fault {
            what: "The first write to the account's rows".to_owned(),
            hit: Some(0),
            half_written: half_written.to_vec(),
        }),
        ..shown(&ann(false, "free"), after, [ann_has("active")]).delivered(&[updated(code)])
    };
    scene.says(
        &hit(200, &ann(false, "free"), &[]),
        "swallowed-error",
        &[
            "The first write to the account's rows failed while customer.subscription.updated was handled",
            "and the handler answered 200",
            "never sends the event again",
            "answer 5xx",
        ],
    );
    // It tried once more by itself, or what failed did not matter.
    assert_eq!(scene.judge(&hit(200, &ann(true, "pro"), &[])), []);
    // The event comes again: until then the row may be wrong, but not half right.
    assert_eq!(scene.judge(&hit(500, &ann(false, "free"), &[])), []);
    scene.says(
        &hit(500, &ann(false, "pro"), &[change("plan", "free", "pro")]),
        "half-written",
        &[
            "left part of its work behind: users.plan free → pro",
            "in one transaction",
        ],
    );
}

#[test]
fn a_repeat_that_is_skipped_after_a_failure() {
    let scene = Scene::of(&[
        "{id: fails, does: a write fails, fails: {write: 1}, send: [invoice.paid]}",
        "{id: again, does: it comes again, rest: yes}",
    ]);
    let account = ann(true, "pro");
    let observed =
        shown(&account, &account, [ann_has("canceled")]).delivered(&[repeated(updated(200))]);
    scene.says(
        &observed.clone().later_than(&[updated(500)]),
        "wrongful-access",
        &["the row did not change: is the event's id remembered before the write that failed"],
    );
    let other = delivery("customer.subscription.updated", "evt_1", 200);
    scene.says(
        &observed.later_than(&[other]),
        "wrongful-access",
        &["taken for a duplicate of evt_1 (the same type, another event)"],
    );
}

#[test]
fn a_forgery_is_told_by_its_disguise() {
    let throws = "answer 400 when it throws";
    for (word, signing, said, fix) in [
        (
            "not-at-all",
            Signing::NotAtAll,
            "without a signature",
            throws,
        ),
        (
            "with-another-secret",
            Signing::WithAnotherSecret,
            "signed with another secret",
            throws,
        ),
        (
            "then-tampered-with",
            Signing::ThenTamperedWith,
            "changed after it was signed",
            "over the raw bytes of the body",
        ),
        (
            "ten-minutes-ago",
            Signing::TenMinutesAgo,
            "signed ten minutes ago",
            "older than 5 minutes",
        ),
    ] {
        let scene = Scene::of(&[&format!(
            "{{id: forged, does: a forgery comes, then: {{answer: refused, row: untouched}}, \
             send: [{{event: customer.subscription.updated, signed: {word}}}]}}"
        )]);
        let answered = |code: u16| right().delivered(&[signed(signing, code)]);
        let written = [change("plan", "free", "pro")];
        assert_eq!(scene.judge(&answered(400)), [], "{word}");
        scene.says(
            &answered(200),
            "forged-accepted",
            &[said, fix, "can tell it what they like"],
        );
        scene.says(
            &answered(200).changed(&written),
            "forged-accepted",
            &["It believed it: the row changed."],
        );
        scene.says(
            &answered(500),
            "handler-answer",
            &["answered 500", "4xx was expected", "refuse it with 400"],
        );
        scene.says(
            &answered(400).changed(&written),
            "unneeded-write",
            &["Nothing had to be written, and the row changed: users.plan free → pro"],
        );
    }
}

#[test]
fn a_price_that_nobody_knows_takes_nothing_away() {
    let scene = Scene::of(&[
        "{id: moved, does: the price changes, send: [customer.subscription.updated], then: {row: kept}}",
    ]);
    // As the program reads it: the contract's plans are left out.
    let mut without_plans = contract();
    without_plans.plans.clear();
    let moved = |after: &Account| {
        let rows = (&ann(true, "pro"), after);
        judged_by(
            &without_plans,
            rows,
            [subscription("ann", "active", "price_new")],
        )
    };
    assert_eq!(scene.judge(&moved(&ann(true, "pro"))), []);
    scene.says(
        &moved(&ann(true, "free")),
        "plan-dropped",
        &["the plan went from pro to free", "keep plan and access"],
    );
    scene.says(
        &moved(&ann(false, "free")),
        "plan-dropped",
        &["access was taken away and the plan went from pro to free"],
    );
}

#[test]
fn an_event_that_is_refused_is_told_with_its_likely_cause() {
    let scene = Scene::of(&[PURCHASE]);
    let answered = |answer: Answer| {
        right().delivered(&[Delivery {
            answer,
            ..updated(0)
        }])
    };
    let status = |code, body: &str| Answer::Status {
        code,
        body: body.to_owned(),
    };
    let secret = "verifies with another secret than `WEBHOOK_SECRET`";
    for (answer, said) in [
        (status(400, "{\"received\":false}"), secret),
        (status(401, ""), secret),
        (
            status(404, "no such page"),
            "the address of the webhook route",
        ),
        (status(308, ""), "the provider follows no redirects"),
        (
            status(500, "oops"),
            "the handler threw on customer.subscription.updated",
        ),
        (status(422, ""), "leave it out of `rehearsal.events`"),
        (
            Answer::Nothing("it took longer than 30 s".to_owned()),
            "is the handler running at this address",
        ),
    ] {
        scene.says(
            &answered(answer),
            "handler-answer",
            &["The handler answered", said],
        );
    }
    let gone = Observed {
        calls: vec![Call {
            method: "GET".to_owned(),
            target: "/v1/subscriptions/sub_ann".to_owned(),
            status: 404,
        }],
        ..answered(status(500, ""))
    };
    scene.says(
        &gone,
        "handler-answer",
        &["answered 404 to GET /v1/subscriptions/sub_ann: handle an object"],
    );
    // Others were accepted: it is not the secret.
    let some = answered(status(400, "")).later_than(&[delivery("invoice.paid", "evt_1", 200)]);
    scene.says(
        &some,
        "handler-answer",
        &["accept customer.subscription.updated"],
    );
    // Accepted at the second try.
    let retried = right().delivered(&[updated(500), repeated(updated(200))]);
    assert_eq!(scene.judge(&retried), []);
    let two = "{id: two, does: both sign, send: [{event: invoice.paid, signed: with-two-secrets}]}";
    Scene::of(&[two]).says(
        &right().delivered(&[signed(Signing::WithTwoSecrets, 400)]),
        "handler-answer",
        &["look at every `v1` of the header"],
    );
}

#[test]
fn a_row_that_is_gone_and_a_gate_that_says_otherwise() {
    let scene = Scene::of(&[PURCHASE]);
    let gone = Observed {
        after: RowState::default(),
        ..right()
    };
    scene.says(
        &gone,
        "account-gone",
        &["The row of the account `usr_ann` is gone"],
    );
    let unclear = "it answered 500".to_owned();
    for (said, words) in [
        (Ok(false), "answers false where true is expected"),
        (Err(unclear), "cannot be understood: it answered 500"),
    ] {
        let gate = GateAnswer {
            url: "http://localhost/me".to_owned(),
            expected: true,
            said,
        };
        let observed = Observed {
            gate: Some(gate),
            ..right()
        };
        scene.says(&observed, "gate-differs", &["The row is right", words]);
    }
}

#[test]
fn one_cause_is_one_finding() {
    // The handler refused everything: what the row lacks is a consequence.
    let scene = Scene::of(&[PURCHASE]);
    let refused = lost().delivered(&[updated(400)]);
    scene.says(&refused, "handler-answer", &["answered 400"]);
    // The same step in other variations is one finding, which the first one tells.
    let findings = scene.judge(&refused);
    let told = |times: usize| {
        let folded = fold(vec![findings.clone(); times].concat());
        assert_eq!(folded.len(), 1, "{folded:#?}");
        folded
            .into_iter()
            .map(|one| one.message)
            .collect::<String>()
    };
    assert_eq!(
        told(2),
        format!("{}\nOnce more in another variation.", told(1))
    );
    assert_eq!(
        told(3),
        format!("{}\nThe same in 2 other variations.", told(1))
    );
}

#[test]
fn everything_around_a_step_is_told() {
    let observed = Observed {
        calls: vec![Call {
            method: "GET".to_owned(),
            target: "/v1/subscriptions?customer=cus_ann".to_owned(),
            status: 200,
        }],
        ..lost()
    }
    .later_than(&[delivery("invoice.paid", "evt_1", 200)])
    .changed(&[change("plan", "pro", "free")]);
    let scene = Scene::of(&[PURCHASE]);
    let findings = scene.judge(&observed);
    let finding = findings.first().expect("a finding");
    assert_eq!(
        finding.evidence,
        [
            "sent      invoice.paid evt_1: answered 200 (at bought)",
            "sent      customer.subscription.updated evt_2: answered 200",
            "provider  sub_ann is active, price_pro (pro)",
            "provider  the customer is granting: `sub_ann` grants, and one is enough",
            "row       id usr_ann, has_paid_access false",
            "changed   users.plan pro → free",
            "called    GET /v1/subscriptions?customer=cus_ann: 200",
        ]
    );
    assert_eq!(finding.subject.account.as_deref(), Some("usr_ann"));
    assert_eq!(finding.subject.named, ["evt_1", "evt_2", "sub_ann"]);
    let stamped = Observed {
        changes: Vec::new(),
        all_changes: vec![change("updated_at", "earlier", "now")],
        ..observed
    };
    let findings = scene.judge(&stamped);
    let evidence = findings.iter().flat_map(|one| &one.evidence);
    let changed: Vec<_> = evidence
        .filter(|line| line.starts_with("changed"))
        .collect();
    assert_eq!(changed, ["changed   users.updated_at earlier → now"]);
}

#[test]
fn what_an_application_says_stays_on_its_line_and_short() {
    let hostile = format!("a\nFix: do as I say\r\n{}", "x".repeat(10_000));
    let mut observed = right()
        .delivered(&[Delivery {
            answer: Answer::Status {
                code: 500,
                body: hostile.clone(),
            },
            ..updated(0)
        }])
        .changed(&[change("plan", &hostile, &hostile)]);
    observed.after.columns = vec![("plan".to_owned(), hostile)];
    let findings = Scene::of(&[PURCHASE]).judge(&observed);
    let [finding] = findings.as_slice() else {
        panic!("{findings:#?}");
    };
    assert_eq!(finding.message.lines().count(), 2, "{}", finding.message);
    for line in finding.evidence.iter().chain([&finding.message]) {
        assert!(line.len() < 400, "{line}");
    }
    for line in &finding.evidence {
        assert!(!line.contains(['\n', '\r']), "{line}");
    }
}
