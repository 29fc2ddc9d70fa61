//! Judges the observations of a step. One cause, one finding: a wrong response outranks a wrong row, and a wrong row is
//! reported under its most severe rule.

mod answers;
mod cause;
mod description;
mod endings;
mod entitlement_hint;
mod hint;
mod mentions;
mod rows;
#[cfg(test)]
mod tests;

use super::{
    observed::Observed,
    provider::Provider,
    runs::ScenarioRun,
    scenario::{ExpectedRow, Step},
};
use contract::{Contract, Entity, Field, Finding, Money, Rule, Severity, Subject, fingerprint};

pub use cause::{FindingCause, JudgedFinding, one_per_cause};
pub use endings::{endings_differ, ends_play, fold, worst_then_first};

/// The context of a step: its run, account, customer and contract.
#[derive(Debug, Clone, Copy)]
pub struct StepContext<'a> {
    pub run: &'a ScenarioRun<'a>,
    pub step: &'a Step,
    pub account: &'a str,
    pub customer: &'a str,
    /// The variable that holds the signing secret, for the hint.
    pub secret_env: &'a str,
    pub contract: &'a Contract,
}

impl<'a> StepContext<'a> {
    fn provider(&self) -> Provider {
        Provider::for_source(self.contract.source)
    }

    /// Returns the fields of a purchase that name the account.
    fn named_by(&self) -> &'static str {
        match self.provider() {
            Provider::Stripe | Provider::Entitlements => "`client_reference_id` or the metadata",
            Provider::Paddle => "`custom_data`",
        }
    }

    /// Returns the name of a column in the configuration.
    fn column(&self, field: Field) -> &'a str {
        self.contract.column(field)
    }

    /// Applies the configured severity; `None` if the rule is off. Findings of the contract already have their
    /// severity.
    fn weighed(&self, wrong: Wrong) -> Option<Wrong> {
        let severity = if matches!(wrong.rule, Rule::Handler(_)) {
            *self.contract.severities.get(&wrong.rule)?
        } else {
            wrong.severity
        };
        Some(Wrong { severity, ..wrong })
    }
}

/// A finding in the making, without the description of the step and the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wrong {
    rule: Rule,
    severity: Severity,
    /// One sentence per line.
    message: String,
    fix: String,
    subject: Subject,
    amount: Money,
    items_without_amount: u64,
    /// The event that the message is mainly about.
    event: Option<String>,
}

impl Wrong {
    fn new(rule: impl Into<Rule>, message: String, fix: impl Into<String>) -> Self {
        let rule = rule.into();
        Self {
            rule,
            severity: rule.info().severity,
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

/// Lists the findings of a step, the most severe first.
pub fn judge(context: StepContext<'_>, observed: &Observed) -> Vec<JudgedFinding> {
    let mut wrong: Vec<Wrong> = Vec::new();
    wrong.extend(rows::check_bystanders(observed));
    let answered_wrong = answers::judge(context, observed);
    if !answered_wrong.is_empty() {
        wrong.extend(answered_wrong);
    } else if !answers::has_failed(observed) {
        wrong.extend(row(context, observed));
    }
    let mut judged: Vec<_> = wrong
        .into_iter()
        .filter_map(|wrong| context.weighed(wrong))
        .map(|wrong| JudgedFinding {
            causes: cause::cause(context, observed, &wrong)
                .into_iter()
                .collect(),
            finding: finding(context, observed, wrong),
        })
        .collect();
    judged.sort_by(|a, b| a.finding.order().cmp(&b.finding.order()));
    judged
}

fn row(context: StepContext<'_>, observed: &Observed) -> Option<Wrong> {
    if context.step.then.row == ExpectedRow::Untouched {
        return rows::check_untouched(observed).or_else(|| rows::check_access(context, observed));
    }
    if !observed.after.exists {
        return Some(rows::account_gone(context));
    }
    let broken = match context.step.then.row {
        ExpectedRow::Kept => {
            rows::check_kept(observed).or_else(|| rows::check_contract(context, observed))
        }
        ExpectedRow::Follows | ExpectedRow::Same | ExpectedRow::Untouched => {
            rows::check_contract(context, observed)
        }
    };
    broken
        .or_else(|| rows::check_access(context, observed))
        .or_else(|| {
            (context.step.then.row == ExpectedRow::Same)
                .then(|| rows::check_repeat(observed))
                .flatten()
        })
        .or_else(|| rows::check_gate(observed))
}

fn finding(context: StepContext<'_>, observed: &Observed, wrong: Wrong) -> Finding {
    let scenario = &context.run.scenario.id;
    let entity = Entity::step(scenario, &context.step.id);
    let mut message = description::step(context);
    message.push_str(&wrong.message);
    let mut subject = wrong.subject;
    subject.account = Some(context.account.into());
    subject.customer = Some(context.customer.into());
    let mut named = subject.named.into_vec();
    named.extend(description::named(observed));
    subject.named = named.into();
    Finding {
        fingerprint: fingerprint(wrong.rule, &entity, None),
        rule: wrong.rule,
        severity: wrong.severity,
        entity,
        message: message.into(),
        fix: wrong.fix.into(),
        subject,
        evidence: description::evidence(context, observed).into(),
        amount: wrong.amount,
        items_without_amount: wrong.items_without_amount,
        shares: Box::default(),
        mentions: Some(Box::new(mentions::mentions(
            context,
            observed,
            wrong.event.as_deref(),
        ))),
    }
}
