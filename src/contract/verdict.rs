//! The verdict on findings, and the exit status that says it.

use std::fmt;

use super::{Finding, Severity};

/// The answer to "does the contract hold?". Ordered from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing was found.
    Pass,
    /// Findings, all of them below the failing severity.
    Warn,
    Fail,
    /// The question could not be answered.
    Error,
}

impl Verdict {
    /// Judges findings; `fail_on` none means that no finding fails.
    pub fn of(findings: &[Finding], fail_on: Option<Severity>) -> Self {
        let fails =
            |finding: &Finding| fail_on.is_some_and(|least| finding.severity.reaches(least));
        if findings.iter().any(fails) {
            Self::Fail
        } else if findings.is_empty() {
            Self::Pass
        } else {
            Self::Warn
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }

    /// 0 the contract holds, 1 it is broken, 2 could not tell. `strict` counts a warning as broken.
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
