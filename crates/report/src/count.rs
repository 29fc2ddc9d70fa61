//! Formats counts for people: `1,204 accounts`, `2 high, 1 low`.

use std::collections::BTreeMap;

use baseline::FindingStatus;
use contract::{Rule, Severity};

use super::{ContractOutcome, Outcome, Reported};

/// Number of a rule's findings, and of the new ones among them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RuleCount {
    pub(super) all: u64,
    pub(super) new: u64,
}

/// Counts the findings of each broken rule, most severe first.
pub(super) fn by_rule(outcome: &Outcome) -> BTreeMap<(Severity, Rule), RuleCount> {
    let mut counts: BTreeMap<_, RuleCount> = BTreeMap::new();
    for found in outcome
        .contracts
        .iter()
        .flat_map(|contract| &contract.findings)
    {
        let key = (found.finding.severity, found.finding.rule);
        let count = counts.entry(key).or_default();
        count.all += 1;
        count.new += u64::from(matches!(found.status, Some(FindingStatus::New)));
    }
    counts
}

/// Formats `1204` as `1,204`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Formats a count with its noun: `1 account`, `1,204 accounts`.
pub(super) fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

/// Formats the number of findings of each severity, most severe first, without zeros.
pub(super) fn by_severity(findings: &[(&ContractOutcome, &Reported)]) -> String {
    let words: Vec<_> = Severity::ALL
        .into_iter()
        .filter_map(|severity| {
            let has_severity = |(_, found): &&(_, &Reported)| found.finding.severity == severity;
            let number = length(findings.iter().filter(has_severity).count());
            (number > 0).then(|| format!("{} {severity}", grouped(number)))
        })
        .collect();
    words.join(", ")
}

pub(super) fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated_and_one_is_singular() {
        assert_eq!(counted(0, "account"), "0 accounts");
        assert_eq!(counted(1, "account"), "1 account");
        assert_eq!(counted(999, "account"), "999 accounts");
        assert_eq!(counted(1_204, "account"), "1,204 accounts");
        assert_eq!(grouped(1_000_000), "1,000,000");
    }
}
