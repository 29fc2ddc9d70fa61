//! Explains one customer and its accounts: everything known, and the reason for each result. It judges nothing itself:
//! findings come from the evaluator, and a rule is broken only if there is a finding.

mod groups;
mod row;
mod rules;
mod subscriptions;
#[cfg(test)]
mod tests;

use super::{
    Contract, CustomerAccess, CustomerId, Facts, Finding, Rule, Severity, Unanswerable,
    UnixSeconds, case::Case, customers::Holder, evaluate,
};

pub use row::{ExplainedAccount, ExplainedField, FieldValue};
pub use subscriptions::{ExplainedPrice, ExplainedSubscription, PriceUse};

use groups::FactGroup;

/// Explanation of the requested customers and accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanations {
    pub customers: Vec<Explanation>,
    /// Findings about these customers and accounts, in the order of [`Finding::order`].
    pub findings: Vec<Finding>,
}

/// Explanation of one customer with its accounts and subscriptions, of several customers that share an account, or of
/// an account without a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The provider's ids: several if an account has several customers; none for an account that is not linked, or is
    /// linked to an object that the provider does not know.
    pub customers: Vec<String>,
    /// Accounts, sorted by id.
    pub accounts: Vec<ExplainedAccount>,
    /// The subscription that decides, then the others from the newest on.
    pub subscriptions: Vec<ExplainedSubscription>,
    /// Result for the customer, or the reason why there is no verdict.
    pub judgement: Result<Judgement, Unanswerable>,
}

/// Result of the contract for the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// `None` for an account that is not linked.
    pub state: Option<ExplainedState>,
    /// Every rule in its order. A rule about accounts occurs once for each account.
    pub rules: Vec<ExplainedRule>,
}

/// Combined result of a customer's subscriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedState {
    pub access: CustomerAccess,
    pub reason: String,
}

/// One rule, applied to one account, or to the customer if the rule is about customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedRule {
    pub rule: Rule,
    /// Id of the account; `None` if the rule is about the customer.
    pub account: Option<String>,
    pub outcome: RuleOutcome,
    /// Reason; empty if there is a finding.
    pub reason: String,
}

/// Outcome of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleOutcome {
    Holds,
    DoesNotApply,
    /// There is a finding of this severity.
    Broken(Severity),
}

/// Explains facts that hold everything about the accounts and customers in them, and only that. `existing` are
/// customers that the provider knows, whatever they have. Problems that only a full read shows, such as a hidden table
/// or a key of another provider account, are not detected.
pub fn explain(
    contract: &Contract,
    facts: &Facts,
    existing: &[CustomerId],
    now: UnixSeconds,
) -> Explanations {
    let contract = &Contract {
        allow_empty: true,
        ..contract.clone()
    };
    let mut findings = Vec::new();
    let customers = groups::collect(contract, facts, existing, now)
        .iter()
        .map(|group| explain_group(contract, group, now, &mut findings))
        .collect();
    findings.sort_by(|a, b| a.order().cmp(&b.order()));
    Explanations {
        customers,
        findings,
    }
}

fn explain_group(
    contract: &Contract,
    group: &FactGroup,
    now: UnixSeconds,
    findings: &mut Vec<Finding>,
) -> Explanation {
    let case = Case::new(contract, &group.facts, now);
    let holder = holder(&case);
    Explanation {
        customers: customers(&case, holder.as_ref(), group),
        accounts: row::accounts(&case),
        subscriptions: holder.map_or_else(Vec::new, |holder| {
            subscriptions::explain_subscriptions(&case, &holder)
        }),
        judgement: match &group.duplicate_account {
            Some(id) => Err(Unanswerable::AccountOnTwoRows { id: id.to_string() }),
            None => judgement(&case, group, findings),
        },
    }
}

/// Returns the customers of the deciding account, in its order, then others that share an account with them.
fn customers(case: &Case<'_>, holder: Option<&Holder<'_>>, group: &FactGroup) -> Vec<String> {
    let deciding = holder.into_iter().flat_map(Holder::customers);
    let all = deciding.chain(case.customers.all());
    let known = all.filter_map(|customer| case.customers.id(customer));
    let existing = group.customer.as_ref().map(CustomerId::as_str);
    let mut ids: Vec<String> = Vec::new();
    for id in known.chain(existing) {
        if !ids.iter().any(|other| other == id) {
            ids.push(id.to_owned());
        }
    }
    ids
}

fn judgement(
    case: &Case<'_>,
    group: &FactGroup,
    findings: &mut Vec<Finding>,
) -> Result<Judgement, Unanswerable> {
    let found = evaluate(case.contract, case.facts, case.now)?.findings;
    let holder = holder(case);
    let state = holder.map(|holder| case.state(&holder)).transpose()?;
    let group_access = holder.zip(state);
    let judgement = Judgement {
        state: subscriptions::explain_state(case, group_access, group),
        rules: rules::explain_rules(case, group_access, &found),
    };
    findings.extend(found);
    Ok(judgement)
}

/// Returns the customers of the first linked account, else the first customer.
fn holder<'c>(case: &'c Case<'_>) -> Option<Holder<'c>> {
    let mut links = case.customers.accounts().filter_map(|(_, link)| link);
    let linked = links.next().map(|link| link.holder);
    linked.or_else(|| case.customers.all().next().map(Holder::from))
}
