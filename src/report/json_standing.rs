//! Standings of findings in the JSON report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::baseline::{Since, Standing};

use super::Standings;

/// What the findings were compared with, and the difference in numbers.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Since")]
pub(super) struct ReportSince<'a> {
    /// Where the earlier result was found.
    source: &'a str,
    /// Findings that the earlier result does not have.
    new: u64,
    /// Findings that the earlier result has too.
    known: u64,
    /// Findings of the earlier result that are gone; 0 where not everything was looked at.
    fixed: u64,
    /// Whether known findings fail nothing here.
    lets_known_pass: bool,
}

/// new: the earlier result does not have it. known: it does. accepted: the committed baseline says so.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Standing")]
pub(super) enum ReportStanding {
    New,
    Known,
    Accepted,
}

/// Why a finding fails nothing.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Acceptance")]
pub(super) struct ReportAcceptance<'a> {
    /// In the words of the committed baseline.
    reason: &'a str,
    /// The last day on which it is accepted (UTC), as `2026-12-31`.
    until: Option<&'a str>,
}

impl<'a> ReportSince<'a> {
    pub(super) fn of(since: &'a Since, standings: Standings) -> Self {
        Self {
            source: &since.source,
            new: standings.new,
            known: standings.known,
            fixed: since.fixed,
            lets_known_pass: since.lets_known_pass,
        }
    }
}

impl ReportStanding {
    pub(super) fn of(standing: &Standing) -> Self {
        match standing {
            Standing::New => Self::New,
            Standing::Known => Self::Known,
            Standing::Accepted { .. } => Self::Accepted,
        }
    }
}

impl<'a> ReportAcceptance<'a> {
    pub(super) fn of(standing: &'a Standing) -> Option<Self> {
        match standing {
            Standing::New | Standing::Known => None,
            Standing::Accepted { reason, until } => Some(Self {
                reason,
                until: until.as_deref(),
            }),
        }
    }
}
