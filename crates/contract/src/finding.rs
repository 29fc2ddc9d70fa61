//! A finding: one disagreement between the provider and the database, with both sides, its fix and its identity.

use std::fmt::{self, Write as _};

use compact_str::CompactString;
use sha2::{Digest as _, Sha256};

use super::{Entity, Mentions, Money, Rule, Word};

/// Severity of a finding, from the worst down.
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

    /// Returns true if it is at least as bad as `threshold`.
    pub fn reaches(self, threshold: Self) -> bool {
        self <= threshold
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The objects that a finding is about, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    pub account: Option<CompactString>,
    pub customer: Option<CompactString>,
    pub subscription: Option<CompactString>,
    pub status: Option<Word>,
    pub price: Option<Word>,
    pub plan_found: Option<Word>,
    pub plan_expected: Option<Word>,
    /// Further accounts, customers and subscriptions that the texts of the finding name.
    pub named: Box<[String]>,
}

/// One disagreement. Its texts are unescaped: each renderer escapes them for its output. There may be a million
/// findings, so they share equal texts.
#[derive(Debug, Clone)]
pub struct Finding {
    pub rule: Rule,
    pub severity: Severity,
    pub entity: Entity,
    /// The problem, then its consequence; one sentence per line.
    pub message: Word,
    /// Suggested action.
    pub fix: Word,
    pub subject: Subject,
    /// Facts of each side, one per entry: the provider first, then the row.
    pub evidence: Evidence,
    /// Monthly recurring amounts at stake, if the prices carry one.
    pub amount: Money,
    /// Number of items behind the amount that are metered or have no unit amount, and are therefore not included.
    pub items_without_amount: u64,
    /// Parts of the amount, if several customers of the account pay; otherwise empty.
    pub shares: Box<[PaymentShare]>,
    /// `None` if the texts name nothing apart from the subject of the rule.
    pub mentions: Option<Box<Mentions>>,
    /// 16 hex digits that stay the same for the same rule, entity and customer.
    pub fingerprint: CompactString,
}

/// Monthly payment of one of several customers of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentShare {
    /// Id of the customer's newest granting subscription, or of the customer itself if only entitlements are known.
    pub payer: CompactString,
    pub amount: Money,
    /// Number of items that are not in the amount.
    pub items_without_amount: u64,
}

impl Eq for Finding {}

impl PartialEq for Finding {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            rule,
            severity,
            entity,
            message,
            fix,
            subject,
            evidence: _,
            amount,
            items_without_amount,
            shares,
            mentions,
            fingerprint,
        } = self;
        (*rule, *severity, *items_without_amount)
            == (other.rule, other.severity, other.items_without_amount)
            && (entity, message, fix) == (&other.entity, &other.message, &other.fix)
            && (subject, amount, shares) == (&other.subject, &other.amount, &other.shares)
            && *mentions == other.mentions
            && *fingerprint == other.fingerprint
            // The stored lines can be equal although the ids left out of them differ.
            && self.evidence_lines() == other.evidence_lines()
    }
}

impl Finding {
    /// Returns the sort key of findings.
    pub fn order(&self) -> (Severity, Rule, &[u8]) {
        (self.severity, self.rule, self.entity.as_bytes())
    }

    /// Returns the facts of each side, one per entry.
    pub fn evidence_lines(&self) -> Vec<String> {
        let lines = self.evidence.0.iter();
        lines.map(|line| filled(line, &self.subject)).collect()
    }
}

/// Evidence lines without the ids of the subject: the rest is the same in many findings.
#[derive(Debug, Clone, Default)]
pub struct Evidence(Box<[Word]>);

/// Marker before the digit of a left-out id.
const LEFT_OUT: char = '\u{1}';

impl Evidence {
    /// Stores lines about a subject; `share` returns the single copy of a text.
    pub(crate) fn new(
        lines: &[String],
        subject: &Subject,
        mut share: impl FnMut(&str) -> Word,
    ) -> Self {
        let lines = lines.iter().map(|line| share(&left_out(line, subject)));
        Self(lines.collect())
    }

    pub fn push(&mut self, line: &str) {
        let mut lines = std::mem::take(&mut self.0).into_vec();
        lines.push(left_out(line, &Subject::default()).as_str().into());
        self.0 = lines.into();
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<String> for Evidence {
    fn from_iter<I: IntoIterator<Item = String>>(lines: I) -> Self {
        let lines: Vec<_> = lines.into_iter().collect();
        Self::new(&lines, &Subject::default(), |line| line.into())
    }
}

impl From<Vec<String>> for Evidence {
    fn from(lines: Vec<String>) -> Self {
        lines.into_iter().collect()
    }
}

/// Returns the ids of a subject that are left out, by their digits.
fn subject_ids(subject: &Subject) -> [(char, Option<&str>); 3] {
    [
        ('1', subject.subscription.as_deref()),
        ('2', subject.customer.as_deref()),
        ('3', subject.account.as_deref()),
    ]
}

fn left_out(line: &str, subject: &Subject) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    'text: while let Some(character) = rest.chars().next() {
        for (digit, id) in subject_ids(subject) {
            if let Some(id) = id.filter(|id| !id.is_empty())
                && let Some(after) = rest.strip_prefix(id)
            {
                out.extend([LEFT_OUT, digit]);
                rest = after;
                continue 'text;
            }
        }
        out.push(character);
        if character == LEFT_OUT {
            out.push('0');
        }
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    out
}

fn filled(line: &str, subject: &Subject) -> String {
    let mut parts = line.split(LEFT_OUT);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digit = part.chars().next();
        let mut ids = subject_ids(subject).into_iter();
        match ids.find(|(id, _)| Some(*id) == digit) {
            Some((_, id)) => out.push_str(id.unwrap_or_default()),
            None => out.push(LEFT_OUT),
        }
        out.push_str(part.get(1..).unwrap_or_default());
    }
    out
}

/// Returns the first 16 hex digits of SHA-256 over rule, entity and customer id, joined by newlines.
pub fn fingerprint(rule: Rule, entity: &str, customer: Option<&str>) -> CompactString {
    let text = format!(
        "{}\n{entity}\n{}",
        rule.as_str(),
        customer.unwrap_or_default()
    );
    let digest = Sha256::digest(text.as_bytes());
    let mut hex = CompactString::default();
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
    fn evidence_is_restored_unchanged() {
        let subject = Subject {
            account: Some("a".into()),
            customer: Some("cus_1".into()),
            subscription: Some("cus_12".into()),
            ..Subject::default()
        };
        let lines = vec![
            "cus_12 of cus_1 is active: a".to_owned(),
            "\u{1}1 \u{1}\u{1} 1é\u{1}".to_owned(),
            String::new(),
        ];
        let evidence = Evidence::new(&lines, &subject, |line| line.into());
        assert_eq!(
            evidence.0.first().unwrap(),
            "\u{1}1 of \u{1}2 is \u{1}3ctive: \u{1}3"
        );
        let restored = evidence.0.iter().map(|line| filled(line, &subject));
        assert_eq!(restored.collect::<Vec<_>>(), lines);
    }

    #[test]
    fn the_fingerprint_is_the_documented_hash() {
        // printf 'revenue-leak\nuser:usr_alice\ncus_alice' | sha256sum
        assert_eq!(
            fingerprint(Rule::RevenueLeak, "user:usr_alice", Some("cus_alice")),
            "69149926077885fa"
        );
    }

    #[test]
    fn a_severity_reaches_itself_and_the_milder_ones() {
        assert!(Severity::High.reaches(Severity::Medium));
        assert!(Severity::Medium.reaches(Severity::Medium));
        assert!(!Severity::Low.reaches(Severity::Medium));
    }

    #[test]
    fn findings_differ_if_any_part_does() {
        use crate::testing::{account, contract, facts, subscription};
        let world = facts([account("1")], [subscription("1", "active", "price_pro")]);
        let finding = crate::testing::only(Rule::RevenueLeak, &contract(), &world);
        let changes: [fn(&mut Finding); 7] = [
            |finding| finding.severity = Severity::Low,
            |finding| finding.message = "other".into(),
            |finding| finding.fix = "other".into(),
            |finding| finding.subject.status = None,
            |finding| finding.items_without_amount += 1,
            |finding| finding.fingerprint = "other".into(),
            |finding| finding.evidence = Evidence::default(),
        ];
        assert_eq!(finding, finding.clone());
        for (number, change) in changes.into_iter().enumerate() {
            let mut other = finding.clone();
            change(&mut other);
            assert_ne!(finding, other, "change {number}");
        }
    }
}
