//! Performances of one play against one another: the same end state whatever came first, and one finding for all.

use std::collections::BTreeMap;

use super::{OnRow, Wrong, mentions, told};
use crate::{
    contract::{Entity, Evidence, Finding, HandlerRule, Mentions, Severity, Subject, fingerprint},
    rehearsal::observed::RowState,
};

/// Columns whose values belong to an account or to a moment, and so differ between accounts of equal lives.
fn is_comparable(name: &str, own: &[&str]) -> bool {
    !own.contains(&name)
}

/// Says so where two performances of a play, each right by the contract, end with different rows. `own` are the columns
/// that hold ids and stamps of the time.
pub fn endings_differ(
    on: OnRow<'_>,
    (first, first_told): (&RowState, &str),
    (other, other_told): (&RowState, &str),
    own: &[&str],
) -> Option<Finding> {
    let columns = first.columns.iter().zip(&other.columns);
    let differing: Vec<_> = columns
        .filter(|((name, one), (_, another))| is_comparable(name, own) && one != another)
        .collect();
    let fields = mentions::fields(on, differing.iter().map(|((name, _), _)| name.as_str()));
    let differing: Vec<_> = differing
        .into_iter()
        .map(|((name, one), (_, another))| format!("{name} {one} and {another}"))
        .collect();
    if differing.is_empty() {
        return None;
    }
    let message = format!(
        "The same events end in different rows: {} ({first_told}; {other_told}).",
        differing.join(", ")
    );
    let fix =
        "write what the provider says now, whichever event tells of it and whatever its shape";
    let wrong = on.weighed(Wrong::new(HandlerRule::OrderDependent, message, fix))?;
    let entity = Entity::step(&on.performance.scenario.id, &on.step.id);
    Some(Finding {
        fingerprint: fingerprint(wrong.rule, &entity, None),
        rule: wrong.rule,
        severity: wrong.severity,
        entity,
        message: format!("{}{}", told::step(on), wrong.message).into(),
        fix: wrong.fix.into(),
        subject: Subject {
            account: Some(on.account.into()),
            customer: Some(on.customer.into()),
            ..Subject::default()
        },
        evidence: Evidence::default(),
        amount: wrong.amount,
        items_without_amount: 0,
        shares: Box::default(),
        mentions: Some(Box::new(Mentions {
            fields,
            events: Vec::new(),
        })),
    })
}

/// Whether a step with these findings ends its play: what comes after it would be its consequence. Those that do not
/// fail end nothing, or they would hide what does.
pub fn ends_play(findings: &[Finding], fail_on: Option<Severity>) -> bool {
    let least = fail_on.unwrap_or(Severity::High);
    let mut findings = findings.iter();
    findings.any(|finding| finding.severity.reaches(least))
}

/// What a play is told by, given the findings of each step: those of its worst step, then those of the first that
/// went wrong.
pub fn worst_then_first(steps: Vec<Vec<Finding>>) -> Vec<Finding> {
    let worst_of = |findings: &[Finding]| findings.iter().map(|finding| finding.severity).min();
    let mut wrong = steps.into_iter().filter(|findings| !findings.is_empty());
    let Some(first) = wrong.next() else {
        return Vec::new();
    };
    let mut worst: Vec<Finding> = Vec::new();
    for findings in wrong {
        let least = if worst.is_empty() { &first } else { &worst };
        if worst_of(&findings) < worst_of(least) {
            worst = findings;
        }
    }
    worst.extend(first);
    worst
}

/// One finding for each step and rule: the first performance tells, and how many others ended alike is added.
pub fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut folded: Vec<(Finding, usize)> = Vec::new();
    for finding in findings {
        if let Some((_, others)) = first
            .get(finding.fingerprint.as_str())
            .and_then(|index| folded.get_mut(*index))
        {
            *others = others.saturating_add(1);
        } else {
            first.insert(finding.fingerprint.to_string(), folded.len());
            folded.push((finding, 0));
        }
    }
    let told = |(mut finding, others): (Finding, usize)| {
        if others > 0 {
            let more = match others {
                1 => "\nOnce more in another variation.".to_owned(),
                others => format!("\nThe same in {others} other variations."),
            };
            finding.message = format!("{}{more}", finding.message).into();
        }
        finding
    };
    let mut findings: Vec<_> = folded.into_iter().map(told).collect();
    findings.sort_by(|one, other| one.order().cmp(&other.order()));
    findings
}
