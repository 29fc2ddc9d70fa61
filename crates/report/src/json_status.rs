//! The status of findings in the JSON report: new, known or accepted. Its key is `standing`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use baseline::{FindingStatus, Since};

use super::StatusCounts;

/// Comparison with an earlier result, in numbers.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Since")]
pub(super) struct ReportSince<'a> {
    /// Place of the earlier result.
    source: &'a str,
    /// Findings that the earlier result does not have.
    new: u64,
    /// Findings that the earlier result also has.
    known: u64,
    /// Findings of the earlier result that are gone; 0 if not everything was checked.
    fixed: u64,
    /// True if known findings do not fail this run.
    lets_known_pass: bool,
}

/// new: not in the earlier result. known: in the earlier result. accepted: listed in the committed baseline.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Standing")]
pub(super) enum ReportStatus {
    New,
    Known,
    Accepted,
}

/// Acceptance of a finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Acceptance")]
pub(super) struct ReportAcceptance<'a> {
    /// Reason given in the committed baseline.
    reason: &'a str,
    /// Last day on which it is accepted (UTC), such as `2026-12-31`.
    until: Option<&'a str>,
}

impl<'a> ReportSince<'a> {
    pub(super) fn new(since: &'a Since, counts: StatusCounts) -> Self {
        Self {
            source: &since.source,
            new: counts.new,
            known: counts.known,
            fixed: since.fixed,
            lets_known_pass: since.lets_known_pass,
        }
    }
}

impl From<&FindingStatus> for ReportStatus {
    fn from(status: &FindingStatus) -> Self {
        match status {
            FindingStatus::New => Self::New,
            FindingStatus::Known => Self::Known,
            FindingStatus::Accepted { .. } => Self::Accepted,
        }
    }
}

impl<'a> ReportAcceptance<'a> {
    pub(super) fn from_status(status: &'a FindingStatus) -> Option<Self> {
        match status {
            FindingStatus::New | FindingStatus::Known => None,
            FindingStatus::Accepted { reason, until } => Some(Self {
                reason,
                until: until.as_deref(),
            }),
        }
    }
}
