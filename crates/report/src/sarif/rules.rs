//! SARIF metadata of the rules: the rules that a run lists, and their names.

use crate::Outcome;
use contract::text::capitalized;
use contract::{HandlerRule, Rule};

/// Lists every rule that such a run can break, in order.
pub(super) fn descriptors(outcome: &Outcome) -> Vec<Rule> {
    let mut rules = Rule::ALL.to_vec();
    if outcome.rehearsal.is_some() {
        rules.extend(HandlerRule::ALL.map(Rule::from));
    }
    rules
}

/// Converts a rule id to a name: `revenue-leak` becomes `RevenueLeak`.
pub(super) fn name(rule: Rule) -> String {
    rule.as_str().split('-').map(capitalized).collect()
}
