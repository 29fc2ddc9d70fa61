//! The verdict on findings, and its exit status.

use std::fmt;

use super::{Finding, Severity};

/// The answer to "does the contract hold?". Ordered from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// There are no findings.
    Pass,
    /// There are findings, but none fails: they are below the failing severity, accepted, or known and allowed.
    Warn,
    Fail,
    /// No verdict is possible.
    Error,
}

impl Verdict {
    /// Judges findings; if `fail_on` is `None`, no finding fails.
    pub fn from_findings(findings: &[Finding], fail_on: Option<Severity>) -> Self {
        Self::from_counting(findings.iter().map(|finding| (finding, true)), fail_on)
    }

    /// Judges findings of which some do not count. A finding that does not count is a warning at most, but never a
    /// pass.
    pub fn from_counting<'f>(
        findings: impl IntoIterator<Item = (&'f Finding, bool)>,
        fail_on: Option<Severity>,
    ) -> Self {
        let fails = |finding: &Finding| {
            let reaches = |least| finding.severity.reaches(least);
            fail_on.is_some_and(reaches)
        };
        let verdict = |(finding, counts)| {
            if counts && fails(finding) {
                Self::Fail
            } else {
                Self::Warn
            }
        };
        findings
            .into_iter()
            .map(verdict)
            .max()
            .unwrap_or(Self::Pass)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }

    /// Returns 0 if the contract holds, 1 if it is broken, 2 without a verdict. `strict` counts a warning as broken.
    pub fn exit_status(self, strict: bool) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Warn => u8::from(strict),
            Self::Fail => 1,
            Self::Error => 2,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_has_its_word_and_exit_status() {
        let verdicts = [Verdict::Pass, Verdict::Warn, Verdict::Fail, Verdict::Error];
        let actual = verdicts.map(|verdict| {
            let statuses = (verdict.exit_status(false), verdict.exit_status(true));
            (verdict.to_string(), statuses)
        });
        let expected = [
            ("pass", (0, 0)),
            ("warn", (0, 1)),
            ("fail", (1, 1)),
            ("error", (2, 2)),
        ];
        assert_eq!(
            actual,
            expected.map(|(word, statuses)| (word.to_owned(), statuses))
        );
    }
}
