//! What is wrong with what a step showed. One cause, one finding: what the handler answered comes before what the row
//! says, and what the row says is told by the worst rule that it breaks.

mod answers;
mod endings;
mod hint;
mod mentions;
mod rows;
#[cfg(test)]
mod tests;
mod told;

use super::{
    due::Performance,
    observed::Observed,
    scenario::{Row, Step},
};
use crate::contract::{
    ColumnName, Contract, Entity, Field, Finding, Money, Rule, Severity, Subject, fingerprint,
};

pub use endings::{endings_differ, ends_play, fold, worst_then_first};

/// Whom and what a step was about.
#[derive(Debug, Clone, Copy)]
pub struct OnRow<'a> {
    pub performance: &'a Performance<'a>,
    pub step: &'a Step,
    pub account: &'a str,
    pub customer: &'a str,
    /// The variable that holds the signing secret, for the hint.
    pub secret_env: &'a str,
    /// What is judged by.
    pub contract: &'a Contract,
}

impl<'a> OnRow<'a> {
    /// What the configuration calls a column.
    fn column(&self, field: Field) -> &'a str {
        match self.contract.columns.get(&field) {
            Some(ColumnName::Column(name) | ColumnName::In { column: name, .. }) => name,
            Some(ColumnName::Computed) | None => field.as_str(),
        }
    }

    /// How bad it is; none where the rule is off. What the contract's evaluator found is weighed already.
    fn weighed(&self, wrong: Wrong) -> Option<Wrong> {
        let severity = if matches!(wrong.rule, Rule::Handler(_)) {
            *self.contract.severities.get(&wrong.rule)?
        } else {
            wrong.severity
        };
        Some(Wrong { severity, ..wrong })
    }
}

/// Something that is wrong, before it is told with everything around it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wrong {
    rule: Rule,
    severity: Severity,
    /// One sentence a line.
    message: String,
    fix: String,
    subject: Subject,
    amount: Money,
    items_without_amount: u64,
    /// The event that the texts are about first of all.
    event: Option<String>,
}

impl Wrong {
    fn new(rule: impl Into<Rule>, message: String, fix: impl Into<String>) -> Self {
        let rule = rule.into();
        Self {
            rule,
            severity: rule.default_severity(),
            message,
            fix: fix.into(),
            subject: Subject::default(),
            amount: Money::default(),
            items_without_amount: 0,
            event: None,
        }
    }

    fn about(mut self, event: &str) -> Self {
        self.event = Some(event.to_owned());
        self
    }
}

/// Everything that is wrong with a step, the worst first; empty when it went as it has to.
pub fn judge(on: OnRow<'_>, observed: &Observed) -> Vec<Finding> {
    let mut wrong: Vec<Wrong> = Vec::new();
    wrong.extend(rows::bystanders(observed));
    let answered_wrong = answers::judge(on, observed);
    if !answered_wrong.is_empty() {
        wrong.extend(answered_wrong);
    } else if !answers::has_failed(observed) {
        wrong.extend(row(on, observed));
    }
    let mut findings: Vec<_> = wrong
        .into_iter()
        .filter_map(|wrong| on.weighed(wrong))
        .map(|wrong| finding(on, observed, wrong))
        .collect();
    findings.sort_by(|one, other| one.order().cmp(&other.order()));
    findings
}

fn row(on: OnRow<'_>, observed: &Observed) -> Option<Wrong> {
    if on.step.then.row == Row::Untouched {
        return rows::untouched(observed).or_else(|| rows::access(on, observed));
    }
    if !observed.after.exists {
        return Some(rows::gone(on));
    }
    let broken = match on.step.then.row {
        Row::Kept => rows::kept(observed).or_else(|| rows::contract(on, observed)),
        Row::Follows | Row::Same | Row::Untouched => rows::contract(on, observed),
    };
    broken
        .or_else(|| rows::access(on, observed))
        .or_else(|| {
            (on.step.then.row == Row::Same)
                .then(|| rows::same(observed))
                .flatten()
        })
        .or_else(|| rows::gate(observed))
}

fn finding(on: OnRow<'_>, observed: &Observed, wrong: Wrong) -> Finding {
    let scenario = &on.performance.scenario.id;
    let entity = Entity::step(scenario, &on.step.id);
    let mut message = told::step(on);
    message.push_str(&wrong.message);
    let mut subject = wrong.subject;
    subject.account = Some(on.account.into());
    subject.customer = Some(on.customer.into());
    let mut named = subject.named.into_vec();
    named.extend(told::named(observed));
    subject.named = named.into();
    Finding {
        fingerprint: fingerprint(wrong.rule, &entity, None),
        rule: wrong.rule,
        severity: wrong.severity,
        entity,
        message: message.into(),
        fix: wrong.fix.into(),
        subject,
        evidence: told::evidence(observed).into(),
        amount: wrong.amount,
        items_without_amount: wrong.items_without_amount,
        shares: Box::default(),
        mentions: Some(Box::new(mentions::mentions(
            on,
            observed,
            wrong.event.as_deref(),
        ))),
    }
}
