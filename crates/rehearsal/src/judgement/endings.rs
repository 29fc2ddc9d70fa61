//! Compares the runs of one play, which must end in the same state, and merges their findings.

use std::collections::BTreeMap;

use super::{JudgedFinding, StepContext, Wrong, description, mentions};
use crate::observed::RowState;
use contract::{
    Entity, Evidence, Finding, HandlerRule, Mentions, Rule, Severity, Subject, fingerprint,
};

/// Returns false for columns whose values depend on the account or the time.
fn is_comparable(name: &str, own: &[&str]) -> bool {
    !own.contains(&name)
}

/// Reports two runs of a play that satisfy the contract but end with different rows. `own` are the columns that hold
/// ids and timestamps.
pub fn endings_differ(
    context: StepContext<'_>,
    (first, first_run): (&RowState, &str),
    (other, other_run): (&RowState, &str),
    own: &[&str],
) -> Option<Finding> {
    let columns = first.columns.iter().zip(&other.columns);
    let differing: Vec<_> = columns
        .filter(|((name, column), (_, another))| is_comparable(name, own) && column != another)
        .collect();
    let fields = mentions::fields(
        context,
        differing.iter().map(|((name, _), _)| name.as_str()),
    );
    let differing: Vec<_> = differing
        .into_iter()
        .map(|((name, value), (_, another))| format!("{name} {value} and {another}"))
        .collect();
    if differing.is_empty() {
        return None;
    }
    let message = format!(
        "The same events end in different rows: {} ({first_run}; {other_run}).",
        differing.join(", ")
    );
    let fix =
        "write the provider's current state, whichever event reports it and in whatever shape";
    let wrong = context.weighed(Wrong::new(HandlerRule::OrderDependent, message, fix))?;
    let entity = Entity::step(&context.run.scenario.id, &context.step.id);
    Some(Finding {
        fingerprint: fingerprint(wrong.rule, &entity, None),
        rule: wrong.rule,
        severity: wrong.severity,
        entity,
        message: format!("{}{}", description::step(context), wrong.message).into(),
        fix: wrong.fix.into(),
        subject: Subject {
            account: Some(context.account.into()),
            customer: Some(context.customer.into()),
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

/// Returns true if a step with these findings ends its play, because later findings would only be consequences. Only
/// findings that fail the run end a play; otherwise minor ones could hide severe ones.
pub fn ends_play(judged: &[JudgedFinding], fail_on: Option<Severity>) -> bool {
    let least = fail_on.unwrap_or(Severity::High);
    let mut judged = judged.iter();
    judged.any(|judged| judged.finding.severity.reaches(least))
}

/// Returns the findings that a play reports: those of its worst step, then those of the first step with findings. If
/// the row stayed wrong between the two steps, there is one cause, and the findings of the worst step name the first
/// step instead.
pub fn worst_then_first(steps: &[Vec<JudgedFinding>]) -> Vec<JudgedFinding> {
    let worst_of =
        |step: &Vec<JudgedFinding>| step.iter().map(|judged| judged.finding.severity).min();
    let wrong = || {
        steps
            .iter()
            .enumerate()
            .filter(|(_, step)| !step.is_empty())
    };
    let (Some((first, _)), Some((worst, _))) = (
        wrong().next(),
        wrong().min_by_key(|(_, step)| worst_of(step)),
    ) else {
        return Vec::new();
    };
    let between = steps
        .iter()
        .skip(first)
        .take(worst.saturating_sub(first) + 1);
    let stayed_wrong = between.clone().all(|step| has_wrong_row(step));
    let mut between = between.cloned();
    let (first, worst) = match (between.next(), between.next_back()) {
        (Some(first), Some(worst)) => (first, worst),
        (only, _) => return only.unwrap_or_default(),
    };
    if !stayed_wrong {
        return worst.into_iter().chain(first).collect();
    }
    let mut worst = worst;
    for judged in &mut worst {
        for since in &first {
            judged.causes.extend(since.causes.iter().cloned());
            let (step, rule) = (since.finding.entity.id(), since.finding.rule);
            let message = &judged.finding.message;
            judged.finding.message =
                format!("{message}\nThe row is wrong since {step} ({rule}).").into();
        }
    }
    worst
}

/// Returns true if the step left the account's row wrong.
fn has_wrong_row(step: &[JudgedFinding]) -> bool {
    let mut rules = step.iter().map(|judged| judged.finding.rule);
    rules.any(|rule| !matches!(rule, Rule::Handler(_)))
}

/// Merges the findings of each step and rule into the first one, and adds the number of other runs with the same
/// finding.
pub fn fold(judged: Vec<JudgedFinding>) -> Vec<JudgedFinding> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut folded: Vec<(JudgedFinding, usize)> = Vec::new();
    for found in judged {
        let fingerprint = found.finding.fingerprint.to_string();
        if let Some((_, others)) = first
            .get(&fingerprint)
            .and_then(|index| folded.get_mut(*index))
        {
            *others = others.saturating_add(1);
        } else {
            first.insert(fingerprint, folded.len());
            folded.push((found, 0));
        }
    }
    let counted = |(mut judged, others): (JudgedFinding, usize)| {
        if others > 0 {
            let more = match others {
                1 => "\nThe same in another variation.".to_owned(),
                others => format!("\nThe same in {others} other variations."),
            };
            judged.finding.message = format!("{}{more}", judged.finding.message).into();
        }
        judged
    };
    let mut judged: Vec<_> = folded.into_iter().map(counted).collect();
    judged.sort_by(|a, b| a.finding.order().cmp(&b.finding.order()));
    judged
}
