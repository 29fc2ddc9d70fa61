//! Lists the outcome of every rule, and the reason if it found nothing.

use super::{ExplainedRule, RuleOutcome, row::exempt};
use crate::contract::{
    Account, Finding, Rule, Source,
    access::CustomerAccess,
    case::Case,
    customers::{Holder, Link},
    rules::{Explain, InGrace, JudgedAccount, Quiet},
};

use Quiet::{DoesNotApply, Holds};

pub(super) type Known<'k> = Option<(Holder<'k>, CustomerAccess)>;

/// Returns every rule of the source, in the order of rules.
pub(super) fn all(case: &Case<'_>, known: Known<'_>, findings: &[Finding]) -> Vec<ExplainedRule> {
    let other_source = match case.contract.source {
        Source::StripeEntitlements => Rule::UnmappedPrice,
        Source::Stripe | Source::Paddle => Rule::UnmappedFeature,
    };
    let rules = Rule::ALL.into_iter().filter(|rule| *rule != other_source);
    rules
        .flat_map(|rule| {
            if of_accounts(rule).is_some() && !case.facts.accounts.is_empty() {
                let accounts = case.facts.accounts.iter();
                accounts
                    .map(|account| of_account(case, known, findings, rule, account))
                    .collect()
            } else {
                vec![of_customer(case, known, findings, rule)]
            }
        })
        .collect()
}

/// Returns the function that explains the rule, if it is about accounts.
fn of_accounts(rule: Rule) -> Option<Explain> {
    let explain = rule.definition()?.explain;
    match explain {
        Explain::Account(..) | Explain::Link(_) => Some(explain),
        Explain::Customer(_) => None,
    }
}

fn of_account(
    case: &Case<'_>,
    known: Known<'_>,
    findings: &[Finding],
    rule: Rule,
    account: &Account,
) -> ExplainedRule {
    let is_it = |finding: &&Finding| {
        let subject = &finding.subject;
        finding.rule == rule
            && (subject.account.as_deref() == Some(account.id.as_str())
                || subject.named.iter().any(|id| id == account.id.as_str()))
    };
    let quiet = || quiet_of_account(case, known, rule, account);
    line(
        rule,
        Some(account.id.to_string()),
        findings.iter().find(is_it),
        quiet,
    )
}

fn of_customer(
    case: &Case<'_>,
    known: Known<'_>,
    findings: &[Finding],
    rule: Rule,
) -> ExplainedRule {
    let found = findings.iter().find(|finding| finding.rule == rule);
    line(rule, None, found, || quiet_of_customer(case, known, rule))
}

fn line(
    rule: Rule,
    account: Option<String>,
    found: Option<&Finding>,
    quiet: impl FnOnce() -> Quiet,
) -> ExplainedRule {
    let (outcome, because) = match found {
        Some(finding) => (RuleOutcome::Broken(finding.severity), String::new()),
        None => match quiet() {
            Holds(because) => (RuleOutcome::Holds, because),
            DoesNotApply(because) => (RuleOutcome::DoesNotApply, because),
        },
    };
    ExplainedRule {
        rule,
        account,
        outcome,
        because,
    }
}

/// Returns the reason why a rule cannot apply, whatever the facts.
fn switched_off(case: &Case<'_>, rule: Rule) -> Option<String> {
    if !case.wants(rule) {
        return Some("the contract turns it off".to_owned());
    }
    let mut needs = rule.definition()?.needs.iter();
    needs.find_map(|need| need.unmet(case))
}

fn quiet_of_account(case: &Case<'_>, known: Known<'_>, rule: Rule, account: &Account) -> Quiet {
    if let Some(reason) = switched_off(case, rule) {
        return DoesNotApply(reason);
    }
    let entity = &case.contract.entity;
    if let Some(reason) = exempt(case, account) {
        return DoesNotApply(format!("the {entity} is exempt: {reason}"));
    }
    // Another account of the same customer can be linked to more of them.
    let own = case
        .customers
        .accounts()
        .find(|(one, _)| one.id == account.id);
    let own = own.and_then(|(_, link)| own_state(case, &link?));
    let linked = own.or(known);
    let (in_grace, quiet) = match of_accounts(rule) {
        Some(Explain::Account(in_grace, quiet)) => (in_grace, quiet),
        Some(Explain::Link(quiet)) => return quiet(case, account, linked.is_some()),
        Some(Explain::Customer(_)) | None => return Quiet::nobody(case),
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
            quiet(&JudgedAccount::new(case, Link { account, holder }, access))
        }
    }
}

fn own_state<'k>(case: &Case<'_>, link: &Link<'k, '_>) -> Known<'k> {
    let state = case.state(&link.holder).ok()?;
    Some((link.holder, state))
}

fn quiet_of_customer(case: &Case<'_>, known: Known<'_>, rule: Rule) -> Quiet {
    if let Some(reason) = switched_off(case, rule) {
        return DoesNotApply(reason);
    }
    let Some(Explain::Customer(quiet)) = rule.definition().map(|one| one.explain) else {
        return Quiet::nobody(case);
    };
    match known {
        Some((holder, _)) => quiet(case, &holder),
        None if case.facts.accounts.is_empty() => {
            DoesNotApply(format!("the customer has no {}", case.source_object()))
        }
        None => {
            let entity = &case.contract.entity;
            DoesNotApply(format!("the {entity} is not linked to a customer"))
        }
    }
}
