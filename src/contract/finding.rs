//! A finding: one disagreement between the provider and the database, with both sides, its fix and its identity.

use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256};

use super::{Money, Rule};

/// How bad a finding is. Ordered from the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    High,
    Medium,
    Low,
}

impl Severity {
    pub const ALL: [Self; 3] = [Self::High, Self::Medium, Self::Low];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str() == word)
    }

    /// Whether it is as bad as `threshold`, or worse.
    pub fn reaches(self, threshold: Self) -> bool {
        self <= threshold
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whom a finding is about, as far as known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    pub account: Option<String>,
    pub customer: Option<String>,
    pub subscription: Option<String>,
    pub status: Option<String>,
    pub price: Option<String>,
    pub plan_found: Option<String>,
    pub plan_expected: Option<String>,
    /// Further accounts, customers and subscriptions that the texts of the finding name.
    pub named: Vec<String>,
}

/// One disagreement. Its texts are raw: each renderer makes them safe for where they go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub rule: Rule,
    pub severity: Severity,
    /// `user:<id>`, `customer:<id>`, `price:<id>`, …
    pub entity: String,
    /// What is wrong, then what follows from it; one sentence a line.
    pub message: String,
    /// What to do.
    pub fix: String,
    pub subject: Subject,
    /// What each side says, one fact an entry: the provider first, then the row.
    pub evidence: Vec<String>,
    /// Monthly recurring amounts at stake, where the prices carry one.
    pub amount: Money,
    /// Items behind the amount that are metered or have no unit amount, and so are not in it.
    pub items_without_amount: u64,
    /// 16 hex digits that stay the same for the same rule, entity and customer.
    pub fingerprint: String,
}

impl Finding {
    /// What findings are sorted by.
    pub fn order(&self) -> (Severity, Rule, &[u8]) {
        (self.severity, self.rule, self.entity.as_bytes())
    }
}

/// The first 16 hex digits of SHA-256 over rule, entity and customer id, joined by newlines.
pub(crate) fn fingerprint(rule: Rule, entity: &str, customer: Option<&str>) -> String {
    let text = format!(
        "{}\n{entity}\n{}",
        rule.as_str(),
        customer.unwrap_or_default()
    );
    let digest = Sha256::digest(text.as_bytes());
    let mut hex = String::with_capacity(16);
    for byte in digest.iter().take(8) {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_the_documented_hash() {
        // printf 'revenue-leak\nuser:usr_alice\ncus_alice' | sha256sum
        assert_eq!(
            fingerprint(Rule::RevenueLeak, "user:usr_alice", Some("cus_alice")),
            "69149926077885fa"
        );
    }
}
