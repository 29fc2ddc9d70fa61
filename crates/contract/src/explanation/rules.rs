//! Explains every rule: its outcome, and the reason if there is no finding.

use super::{ExplainedRule, RuleOutcome, row::exempt};
use crate::{
    Account, Finding, Rule,
    access::CustomerAccess,
    case::Case,
    customers::{Holder, Link},
    rules::{InGrace, JudgedAccount, NoFinding, RuleExplanation},
};

use NoFinding::{DoesNotApply, Holds};

/// The customers that the explained group shares, with their access; `None` if it has no customer.
pub(super) type GroupAccess<'k> = Option<(Holder<'k>, CustomerAccess)>;

/// Returns every rule of the source, in the order of rules.
pub(super) fn explain_rules(
    case: &Case<'_>,
    group_access: GroupAccess<'_>,
    findings: &[Finding],
) -> Vec<ExplainedRule> {
    let source = case.contract.source;
    let rules = Rule::ALL.into_iter().filter(|rule| rule.is_used_by(source));
    rules
        .flat_map(|rule| {
            if account_explanation(rule).is_some() && !case.facts.accounts.is_empty() {
                let accounts = case.facts.accounts.iter();
                accounts
                    .map(|account| explain_for_account(case, group_access, findings, rule, account))
                    .collect()
            } else {
                vec![explain_for_customer(case, group_access, findings, rule)]
            }
        })
        .collect()
}

/// Returns the function that explains the rule, if it is about accounts.
fn account_explanation(rule: Rule) -> Option<RuleExplanation> {
    let explain = rule.definition()?.explain;
    match explain {
        RuleExplanation::Account(..) | RuleExplanation::Link(_) => Some(explain),
        RuleExplanation::Customer(_) => None,
    }
}

fn explain_for_account(
    case: &Case<'_>,
    group_access: GroupAccess<'_>,
    findings: &[Finding],
    rule: Rule,
    account: &Account,
) -> ExplainedRule {
    let is_match = |finding: &&Finding| {
        let subject = &finding.subject;
        finding.rule == rule
            && (subject.account.as_deref() == Some(account.id.as_str())
                || subject.named.iter().any(|id| id == account.id.as_str()))
    };
    let explain = || reason_of_account(case, group_access, rule, account);
    explained_rule(
        rule,
        Some(account.id.to_string()),
        findings.iter().find(is_match),
        explain,
    )
}

fn explain_for_customer(
    case: &Case<'_>,
    group_access: GroupAccess<'_>,
    findings: &[Finding],
    rule: Rule,
) -> ExplainedRule {
    let found = findings.iter().find(|finding| finding.rule == rule);
    explained_rule(rule, None, found, || {
        reason_of_customer(case, group_access, rule)
    })
}

fn explained_rule(
    rule: Rule,
    account: Option<String>,
    found: Option<&Finding>,
    explain: impl FnOnce() -> NoFinding,
) -> ExplainedRule {
    let (outcome, reason) = match found {
        Some(finding) => (RuleOutcome::Broken(finding.severity), String::new()),
        None => match explain() {
            Holds(reason) => (RuleOutcome::Holds, reason),
            DoesNotApply(reason) => (RuleOutcome::DoesNotApply, reason),
        },
    };
    ExplainedRule {
        rule,
        account,
        outcome,
        reason,
    }
}

/// Returns the reason why a rule is not checked at all, if it is off or something that it needs is missing.
fn unchecked_reason(case: &Case<'_>, rule: Rule) -> Option<String> {
    if !case.is_enabled(rule) {
        return Some("the contract turns it off".to_owned());
    }
    let mut needs = rule.definition()?.needs.iter();
    needs.find_map(|need| need.unmet(case))
}

fn reason_of_account(
    case: &Case<'_>,
    group_access: GroupAccess<'_>,
    rule: Rule,
    account: &Account,
) -> NoFinding {
    if let Some(reason) = unchecked_reason(case, rule) {
        return DoesNotApply(reason);
    }
    let entity = &case.contract.entity;
    if let Some(reason) = exempt(case, account) {
        return DoesNotApply(format!("the {entity} is exempt: {reason}"));
    }
    // Other accounts of the group can be linked to more customers than this one.
    let own_link = case
        .customers
        .accounts()
        .find(|(other, _)| other.id == account.id);
    let link = own_link.and_then(|(_, link)| link);
    let linked = link.and_then(|link| own_access(case, &link).or(group_access));
    let (in_grace, explain) = match account_explanation(rule) {
        Some(RuleExplanation::Account(in_grace, explain)) => (in_grace, explain),
        Some(RuleExplanation::Link(explain)) => return explain(case, account, linked.is_some()),
        Some(RuleExplanation::Customer(_)) | None => return NoFinding::nobody(case),
    };
    let Some((holder, access)) = linked else {
        return DoesNotApply(format!("the {entity} is not linked to a customer"));
    };
    let is_judged_in_grace = match in_grace {
        InGrace::Unjudged => false,
        InGrace::JudgedWithAccess => account.paid,
        InGrace::Judged => true,
    };
    match access {
        CustomerAccess::Unjudged => DoesNotApply("the customer is unjudged".to_owned()),
        CustomerAccess::InGrace if !is_judged_in_grace => {
            DoesNotApply("the customer is in grace, with or without access".to_owned())
        }
        CustomerAccess::Granting
        | CustomerAccess::NotGranting
        | CustomerAccess::None
        | CustomerAccess::InGrace => {
            explain(&JudgedAccount::new(case, Link { account, holder }, access))
        }
    }
}

fn own_access<'k>(case: &Case<'_>, link: &Link<'k, '_>) -> GroupAccess<'k> {
    let access = case.state(&link.holder).ok()?;
    Some((link.holder, access))
}

fn reason_of_customer(case: &Case<'_>, group_access: GroupAccess<'_>, rule: Rule) -> NoFinding {
    if let Some(reason) = unchecked_reason(case, rule) {
        return DoesNotApply(reason);
    }
    let Some(RuleExplanation::Customer(explain)) =
        rule.definition().map(|definition| definition.explain)
    else {
        return NoFinding::nobody(case);
    };
    match group_access {
        Some((holder, _)) => explain(case, &holder),
        None if case.facts.accounts.is_empty() => {
            DoesNotApply(format!("the customer has no {}", case.source_object()))
        }
        None => {
            let entity = &case.contract.entity;
            DoesNotApply(format!("the {entity} is not linked to a customer"))
        }
    }
}
