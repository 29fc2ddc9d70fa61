//! Checks that every rule writes whole findings: a message, a fix, evidence, and the ids that reports link.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Finding, Rule};

/// Parts of the subject that findings of each rule have.
#[derive(Default)]
pub(crate) struct SubjectParts(BTreeMap<Rule, BTreeSet<&'static str>>);

impl SubjectParts {
    /// Checks the texts of a finding, and adds the parts of its subject.
    pub(crate) fn add(&mut self, finding: &Finding) {
        assert!(finding.message.lines().count() >= 2, "{finding:?}");
        let mut lines = finding.message.lines();
        assert!(lines.all(|line| !line.trim().is_empty()), "{finding:?}");
        assert!(!finding.fix.trim().is_empty(), "{finding:?}");
        assert!(!finding.evidence_lines().is_empty(), "{finding:?}");
        self.0
            .entry(finding.rule)
            .or_default()
            .extend(parts(finding));
    }

    pub(crate) fn check(self) {
        let found = self.0.into_iter();
        let found = found.map(|(rule, parts)| (rule.as_str(), Vec::from_iter(parts).join(" ")));
        let found: BTreeMap<_, _> = found.collect();
        let found: Vec<_> = found
            .iter()
            .map(|(rule, parts)| (*rule, parts.as_str()))
            .collect();
        assert_eq!(found, EXPECTED);
    }
}

const EXPECTED: [(&str, &str); 20] = [
    ("cancel-flag-drift", OF_ROW),
    (
        "customer-mismatch",
        "account customer named plan_found status subscription",
    ),
    ("double-subscription", "customer named subscription"),
    ("duplicate-customer", "customer named"),
    ("duplicate-subscription", "customer named subscription"),
    ("no-subscription", "account customer plan_found"),
    (
        "orphan-subscription",
        "customer named price status subscription",
    ),
    ("period-drift", OF_ROW),
    (
        "plan-drift",
        "account customer plan_expected plan_found price status subscription",
    ),
    ("refunded-access", OF_ROW),
    ("revenue-leak", OF_ROW),
    ("seat-drift", OF_ROW),
    ("stale-plan", OF_ROW),
    ("stale-subscription-id", OF_ROW),
    ("status-drift", OF_ROW),
    ("unknown-status", "named status subscription"),
    ("unlinked-access", "named"),
    ("unmapped-feature", "named price"),
    ("unmapped-price", "named price subscription"),
    ("wrongful-access", OF_ROW),
];

/// A row that differs from the subscription that decides.
const OF_ROW: &str = "account customer plan_found status subscription";

fn parts(finding: &Finding) -> impl Iterator<Item = &'static str> {
    let subject = &finding.subject;
    [
        ("account", subject.account.is_some()),
        ("customer", subject.customer.is_some()),
        ("subscription", subject.subscription.is_some()),
        ("status", subject.status.is_some()),
        ("price", subject.price.is_some()),
        ("plan_found", subject.plan_found.is_some()),
        ("plan_expected", subject.plan_expected.is_some()),
        ("named", !subject.named.is_empty()),
    ]
    .into_iter()
    .filter_map(|(name, is_there)| is_there.then_some(name))
}
