//! Everything known about one customer and its accounts, and why each of it counts as it does.
//!
//! It judges nothing: the findings are the evaluator's, and what is said beside them is said with the evaluator's own
//! questions. A rule is broken only where there is a finding.

mod groups;
mod row;
mod rules;
mod says;
#[cfg(test)]
mod tests;

use super::{
    Contract, CustomerAccess, CustomerId, Facts, Finding, Rule, Severity, Unanswerable,
    UnixSeconds, case::Case, customers::Holder, evaluate,
};

pub use row::{ExplainedAccount, ExplainedField, FieldValue};
pub use says::{ExplainedPrice, ExplainedSubscription, PriceUse};

use groups::Group;

/// Everything that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    pub customers: Vec<Explanation>,
    /// What is wrong with any of them, in the order of [`Finding::order`].
    pub findings: Vec<Finding>,
}

/// One customer with everything that it has, several that accounts link together, or an account without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The provider's ids: several where an account has several customers; none for an account that is not linked, or
    /// is linked to what the provider does not know.
    pub customers: Vec<String>,
    /// In order of their ids.
    pub accounts: Vec<ExplainedAccount>,
    /// The one that decides first, then from the newest on.
    pub subscriptions: Vec<ExplainedSubscription>,
    /// What it all comes to, or why nobody can tell.
    pub judgement: Result<Judgement, Unanswerable>,
}

/// What the contract says about the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// None for an account that is not linked.
    pub state: Option<ExplainedState>,
    /// Every rule, in the order of rules; those about accounts once for each account.
    pub rules: Vec<ExplainedRule>,
}

/// What a customer's subscriptions come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedState {
    pub access: CustomerAccess,
    pub because: String,
}

/// One rule, applied to one account, or to the customer where the rule is about that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedRule {
    pub rule: Rule,
    /// The id of the account; none where the rule is about the customer.
    pub account: Option<String>,
    pub outcome: RuleOutcome,
    /// Empty where a finding says it.
    pub because: String,
}

/// What a rule comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleOutcome {
    Holds,
    DoesNotApply,
    /// There is a finding, of this severity.
    Broken(Severity),
}

/// Explains facts that hold everything there is about the accounts and customers in them, and only that. `existing`
/// are customers that the provider knows, whatever they have.
///
/// What only a reading of everybody can tell, such as a table that is hidden or a key of another provider account, is
/// not looked for.
pub fn explain(
    contract: &Contract,
    facts: &Facts,
    existing: &[CustomerId],
    now: UnixSeconds,
) -> Explained {
    let contract = &Contract {
        allow_empty: true,
        ..contract.clone()
    };
    let mut findings = Vec::new();
    let customers = groups::of(contract, facts, existing)
        .iter()
        .map(|group| one(contract, group, now, &mut findings))
        .collect();
    findings.sort_by(|a, b| a.order().cmp(&b.order()));
    Explained {
        customers,
        findings,
    }
}

fn one(
    contract: &Contract,
    group: &Group,
    now: UnixSeconds,
    findings: &mut Vec<Finding>,
) -> Explanation {
    let case = Case::new(contract, &group.facts, now);
    let holder = holder(&case);
    Explanation {
        customers: customers(&case, holder.as_ref(), group),
        accounts: row::accounts(&case),
        subscriptions: holder.map_or_else(Vec::new, |holder| says::subscriptions(&case, &holder)),
        judgement: match &group.twice {
            Some(id) => Err(Unanswerable::AccountOnTwoRows { id: id.to_string() }),
            None => judgement(&case, group, findings),
        },
    }
}

/// Those of the account that decides first, in its order, then others that share an account with them.
fn customers(case: &Case<'_>, holder: Option<&Holder<'_>>, group: &Group) -> Vec<String> {
    let decide = holder.into_iter().flat_map(Holder::customers);
    let known = decide.chain(case.customers.all());
    let known = known.filter_map(|one| case.customers.id(one));
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
    group: &Group,
    findings: &mut Vec<Finding>,
) -> Result<Judgement, Unanswerable> {
    let found = evaluate(case.contract, case.facts, case.now)?.findings;
    let holder = holder(case);
    let state = holder.map(|holder| case.state(&holder)).transpose()?;
    let known = holder.zip(state);
    let judgement = Judgement {
        state: says::state(case, known, group),
        rules: rules::all(case, known, &found),
    };
    findings.extend(found);
    Ok(judgement)
}

/// The customers of the first account that is linked, else the first customer.
fn holder<'c>(case: &'c Case<'_>) -> Option<Holder<'c>> {
    let mut links = case.customers.accounts().filter_map(|(_, link)| link);
    let linked = links.next().map(|link| link.holder);
    linked.or_else(|| case.customers.all().next().map(Holder::from))
}
