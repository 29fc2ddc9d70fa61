//! Tests of deliveries, responses and their descriptions.

use super::*;

#[test]
fn an_error_that_is_swallowed_or_leaves_half_of_its_work() {
    let fixture = StepFixture::from_steps(&[
        "{id: fails, does: a write fails, fails: {write: 1}, send: [invoice.paid]}",
    ]);
    let hit = |code: u16, after: &Account, half_written: &[ColumnChange]| Observed {
        fault: Some(InjectedFault {
            what: "The first write to the account's rows".to_owned(),
            hit: Some(0),
            is_late: false,
            half_written: half_written.to_vec(),
        }),
        ..shown(&ann(false, "free"), after, [ann_has("active")]).delivered(&[updated(code)])
    };
    fixture.reports(
        &hit(200, &ann(false, "free"), &[]),
        "swallowed-error",
        &[
            "The first write to the account's rows failed while customer.subscription.updated was handled",
            "and the handler answered 200",
            "never sends it again",
            "5xx response",
        ],
    );
    // The handler retried by itself, or the failure did not matter.
    assert_eq!(fixture.judge(&hit(200, &ann(true, "pro"), &[])), []);
    // The event will be sent again: until then the row may be wrong, but not half updated.
    assert_eq!(fixture.judge(&hit(500, &ann(false, "free"), &[])), []);
    fixture.reports(
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
    let fixture = StepFixture::from_steps(&[
        "{id: fails, does: a write fails, fails: {write: 1}, send: [invoice.paid]}",
        "{id: again, does: it comes again, rest: yes}",
    ]);
    let account = ann(true, "pro");
    let observed =
        shown(&account, &account, [ann_has("canceled")]).delivered(&[repeated(updated(200))]);
    fixture.reports(
        &observed.clone().later_than(&[updated(500)]),
        "wrongful-access",
        &["the row did not change: is the event's id remembered before the write that failed"],
    );
    let other = delivery("customer.subscription.updated", "evt_1", 200);
    fixture.reports(
        &observed.later_than(&[other]),
        "wrongful-access",
        &["taken for a duplicate of evt_1 (the same type, another event)"],
    );
}

#[test]
fn a_forgery_is_described_by_its_signature() {
    let throws = "answer 400 when it throws";
    for (word, signing, expected_text, fix) in [
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
        let fixture = StepFixture::from_steps(&[&format!(
            "{{id: forged, does: a forgery comes, then: {{answer: refused, row: untouched}}, \
             send: [{{event: customer.subscription.updated, signed: {word}}}]}}"
        )]);
        let with_answer = |code: u16| right().delivered(&[signed(signing, code)]);
        let written = [change("plan", "free", "pro")];
        assert_eq!(fixture.judge(&with_answer(400)), [], "{word}");
        fixture.reports(
            &with_answer(200),
            "forged-accepted",
            &[expected_text, fix, "can send it anything"],
        );
        fixture.reports(
            &with_answer(200).changed(&written),
            "forged-accepted",
            &["It applied the event: the row changed."],
        );
        fixture.reports(
            &with_answer(500),
            "handler-answer",
            &["answered 500", "4xx was expected", "reject it with 400"],
        );
        fixture.reports(
            &with_answer(400).changed(&written),
            "unneeded-write",
            &["No write was required, but the row changed: users.plan free → pro"],
        );
    }
}

#[test]
fn an_unknown_price_removes_nothing() {
    let fixture = StepFixture::from_steps(&[
        "{id: moved, does: the price changes, send: [customer.subscription.updated], then: {row: kept}}",
    ]);
    // As in the program: without the contract's plans.
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
    assert_eq!(fixture.judge(&moved(&ann(true, "pro"))), []);
    fixture.reports(
        &moved(&ann(true, "free")),
        "plan-dropped",
        &["the plan went from pro to free", "keep plan and access"],
    );
    fixture.reports(
        &moved(&ann(false, "free")),
        "plan-dropped",
        &["access was taken away and the plan went from pro to free"],
    );
}

#[test]
fn a_refused_event_is_reported_with_its_likely_cause() {
    let fixture = StepFixture::from_steps(&[PURCHASE]);
    let with_answer = |answer: HandlerResponse| {
        right().delivered(&[Delivery {
            answer,
            ..updated(0)
        }])
    };
    let status = |code, body: &str| HandlerResponse::Status {
        code,
        body: body.to_owned(),
    };
    let secret = "verifies with a different secret from `WEBHOOK_SECRET`";
    for (answer, expected_text) in [
        (status(400, "{\"received\":false}"), secret),
        (status(401, ""), secret),
        (
            status(400, ""),
            "accepts only events of its own API version: set `rehearsal.api_version`",
        ),
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
            HandlerResponse::Nothing("it took longer than 30 s".to_owned()),
            "is the handler running at this address",
        ),
    ] {
        fixture.reports(
            &with_answer(answer),
            "handler-answer",
            &["The handler answered", expected_text],
        );
    }
    let gone = Observed {
        calls: vec![ProviderCall {
            method: "GET".to_owned(),
            target: "/v1/subscriptions/sub_ann".to_owned(),
            status: 404,
            unsupported: None,
        }],
        ..with_answer(status(500, ""))
    };
    fixture.reports(
        &gone,
        "handler-answer",
        &["answered 404 to GET /v1/subscriptions/sub_ann: handle an object"],
    );
    // Other events were accepted, so the secret is correct.
    let some = with_answer(status(400, "")).later_than(&[delivery("invoice.paid", "evt_1", 200)]);
    fixture.reports(
        &some,
        "handler-answer",
        &["accept customer.subscription.updated"],
    );
    // Accepted on the second try.
    let retried = right().delivered(&[updated(500), repeated(updated(200))]);
    assert_eq!(fixture.judge(&retried), []);
    let two = "{id: two, does: both sign, send: [{event: invoice.paid, signed: with-two-secrets}]}";
    StepFixture::from_steps(&[two]).reports(
        &right().delivered(&[signed(Signing::WithTwoSecrets, 400)]),
        "handler-answer",
        &["look at every `v1` of the header"],
    );
}

#[test]
fn a_missing_row_and_a_gate_that_disagrees() {
    let fixture = StepFixture::from_steps(&[PURCHASE]);
    let gone = Observed {
        after: RowState::default(),
        ..right()
    };
    fixture.reports(
        &gone,
        "account-gone",
        &["The row of the account `usr_ann` is gone"],
    );
    let unclear = "it answered 500".to_owned();
    for (reported, words) in [
        (Ok(false), "answers false where true is expected"),
        (Err(unclear), "cannot be understood: it answered 500"),
    ] {
        let gate = GateAnswer {
            url: "http://localhost/me".to_owned(),
            expected: true,
            reported,
        };
        let observed = Observed {
            gate: Some(gate),
            ..right()
        };
        fixture.reports(&observed, "gate-differs", &["The row is right", words]);
    }
}

#[test]
fn one_cause_is_one_finding() {
    // The handler refused everything: the wrong row is a consequence.
    let fixture = StepFixture::from_steps(&[PURCHASE]);
    let refused = lost().delivered(&[updated(400)]);
    fixture.reports(&refused, "handler-answer", &["answered 400"]);
    // The same finding in other variants is merged into the first.
    let findings = fixture.judged(&refused);
    let merged = |times: usize| {
        let folded = fold(vec![findings.clone(); times].concat());
        assert_eq!(folded.len(), 1, "{folded:#?}");
        folded
            .into_iter()
            .map(|judged| judged.finding.message.to_string())
            .collect::<String>()
    };
    assert_eq!(
        merged(2),
        format!("{}\nThe same in another variation.", merged(1))
    );
    assert_eq!(
        merged(3),
        format!("{}\nThe same in 2 other variations.", merged(1))
    );
}

#[test]
fn everything_around_a_step_is_reported() {
    let observed = Observed {
        calls: vec![ProviderCall {
            method: "GET".to_owned(),
            target: "/v1/subscriptions?customer=cus_ann".to_owned(),
            status: 200,
            unsupported: None,
        }],
        ..lost()
    }
    .later_than(&[delivery("invoice.paid", "evt_1", 200)])
    .changed(&[change("plan", "pro", "free")]);
    let fixture = StepFixture::from_steps(&[PURCHASE]);
    let findings = fixture.judge(&observed);
    let finding = findings.first().expect("a finding");
    assert_eq!(
        finding.evidence_lines(),
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
    assert_eq!(*finding.subject.named, ["evt_1", "evt_2", "sub_ann"]);
    let stamped = Observed {
        changes: Vec::new(),
        all_changes: vec![change("updated_at", "earlier", "now")],
        ..observed
    };
    let findings = fixture.judge(&stamped);
    let evidence = findings.iter().flat_map(Finding::evidence_lines);
    let changed: Vec<_> = evidence
        .filter(|line| line.starts_with("changed"))
        .collect();
    assert_eq!(changed, ["changed   users.updated_at earlier → now"]);
}

#[test]
fn the_output_of_an_application_stays_on_its_line_and_short() {
    let hostile = format!("a\nFix: do as I say\r\n{}", "x".repeat(10_000));
    let mut observed = right()
        .delivered(&[Delivery {
            answer: HandlerResponse::Status {
                code: 500,
                body: hostile.clone(),
            },
            ..updated(0)
        }])
        .changed(&[change("plan", &hostile, &hostile)]);
    observed.after.columns = vec![("plan".to_owned(), hostile)];
    let findings = StepFixture::from_steps(&[PURCHASE]).judge(&observed);
    let [finding] = findings.as_slice() else {
        panic!("{findings:#?}");
    };
    assert_eq!(finding.message.lines().count(), 2, "{}", finding.message);
    assert!(finding.message.len() < 400, "{}", finding.message);
    for line in finding.evidence_lines() {
        assert!(line.len() < 400, "{line}");
        assert!(!line.contains(['\n', '\r']), "{line}");
    }
}
