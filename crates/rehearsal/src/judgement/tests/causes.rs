//! Tests of merging findings with the same cause.

use super::*;
use crate::{FindingCause, worst_then_first};
use contract::Rule;

const ENDS: [&str; 2] = [
    "{id: ended, does: it ends, send: [customer.subscription.deleted]}",
    "{id: left, does: it ends another way, send: [customer.subscription.deleted]}",
];

/// A step that ends with this status and these changes, after a `customer.subscription.deleted`.
fn kept(status: &str, changes: &[ColumnChange]) -> Observed {
    let row = ann(true, "pro");
    let deleted = delivery("customer.subscription.deleted", "evt_3", 200);
    shown(&row, &row, [ann_has(status)])
        .changed(changes)
        .delivered(&[deleted])
}

fn merged(judged: &[Vec<JudgedFinding>]) -> Vec<String> {
    let findings = one_per_cause(judged.concat()).into_iter();
    findings
        .map(|finding| format!("{}: {}", finding.entity, finding.message))
        .collect()
}

#[test]
fn one_cause_in_several_steps_is_one_finding() {
    let both = ENDS.map(|step| StepFixture::from_steps(&[step]).judged(&kept("canceled", &[])));
    let merged = merged(&both);
    let [message] = merged.as_slice() else {
        panic!("{merged:#?}");
    };
    assert!(message.starts_with("scenario:mine/ended: "), "{message}");
    assert!(
        message.ends_with("\nSame cause at: mine/left."),
        "{message}"
    );
}

#[test]
fn other_symptoms_have_another_cause() {
    let [first, second] = ENDS.map(|step| StepFixture::from_steps(&[step]));
    let left = first.judged(&kept("canceled", &[]));
    for apart in [
        kept("unpaid", &[]),
        kept("canceled", &[change("plan", "pro", "free")]),
        kept("canceled", &[]).delivered(&[updated(200)]),
    ] {
        let merged = merged(&[left.clone(), second.judged(&apart)]);
        assert_eq!(merged.len(), 2, "{merged:#?}");
    }
}

#[test]
fn an_old_event_that_is_believed_is_one_cause() {
    let again = "{id: late, does: it comes again, again: [bought]}";
    let late = StepFixture::from_steps(&[PURCHASE, again]);
    let given = [change("has_paid_access", "false", "true")];
    let taken = [change("has_paid_access", "true", "false")];
    let wrongful = shown(
        &ann(false, "free"),
        &ann(true, "pro"),
        [ann_has("canceled")],
    );
    let leak = shown(&ann(true, "pro"), &ann(false, "free"), [ann_has("active")]);
    let merged = merged(&[
        late.judged(&wrongful.changed(&given)),
        late.judged(&leak.changed(&taken)),
    ]);
    assert_eq!(merged.len(), 1, "{merged:#?}");
}

#[test]
fn the_same_answer_to_another_event_is_another_cause() {
    let fixture = StepFixture::from_steps(&[PURCHASE]);
    let with_answer = |event: &str, code| {
        let refused = delivery(event, "evt_4", code);
        fixture.judged(&lost().delivered(&[refused]))
    };
    let merged = |a, b| merged(&[a, b]).len();
    let first = with_answer("invoice.paid", 500);
    assert_eq!(merged(first.clone(), with_answer("invoice.paid", 500)), 1);
    assert_eq!(merged(first.clone(), with_answer("invoice.paid", 400)), 2);
    assert_eq!(merged(first, with_answer("invoice.payment_failed", 500)), 2);
}

#[test]
fn a_row_that_stays_wrong_in_a_play_is_one_finding() {
    let [drifts, ends] = ENDS.map(|step| StepFixture::from_steps(&[step]));
    let medium = JudgedFinding {
        finding: Finding {
            rule: Rule::StatusDrift,
            severity: Severity::Medium,
            ..drifts.judged(&kept("canceled", &[])).remove(0).finding
        },
        causes: vec![FindingCause::OldEvent],
    };
    let high = ends.judged(&kept("unpaid", &[]));
    let right = Vec::new;
    let stayed = worst_then_first(&[right(), vec![medium.clone()], high.clone(), right()]);
    let [stayed] = stayed.as_slice() else {
        panic!("{stayed:#?}");
    };
    let message = &stayed.finding.message;
    assert!(
        message.ends_with("\nThe row is wrong since mine/ended (status-drift)."),
        "{message}"
    );
    // It is merged with what shows either cause elsewhere.
    let merged = merged(&[vec![medium.clone()], high.clone(), vec![stayed.clone()]]);
    assert_eq!(merged.len(), 1, "{merged:#?}");

    let apart = worst_then_first(&[vec![medium], right(), high]);
    let severities: Vec<_> = apart.iter().map(|judged| judged.finding.severity).collect();
    assert_eq!(severities, [Severity::High, Severity::Medium]);
}
