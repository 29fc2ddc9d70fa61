//! Decides which findings are new, from an earlier result of the default branch and the accepted findings. Pure.

mod entry;
mod previous_run;
mod snapshot;

pub use entry::{BaselineEntry, day_of};
pub use previous_run::{Change, PreviousRun};
pub use snapshot::FindingsSnapshot;

/// An earlier result, and its location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousSnapshot {
    pub state: FindingsSnapshot,
    /// Location of the result, such as ``the check run of `1a2b3c4` on `main` ``.
    pub source: String,
}

/// Status of a finding compared with the earlier result and the baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindingStatus {
    /// The earlier result does not contain it.
    New,
    /// The earlier result contains it too.
    Known,
    /// The team has accepted it in the committed baseline.
    Accepted {
        /// Reason given in the file.
        reason: String,
        /// Last day on which it is accepted, such as `2026-12-31`.
        until: Option<String>,
    },
}

impl FindingStatus {
    /// Names of all statuses, in their order.
    pub const NAMES: [&str; 3] = ["new", "known", "accepted"];

    /// Returns the name that every format uses.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known => "known",
            Self::Accepted { .. } => "accepted",
        }
    }
}

/// Result of the comparison with an earlier result, apart from the findings themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// Location of the earlier result, such as ``the check run of `1a2b3c4` on `main` ``.
    pub source: String,
    /// Number of the earlier result's findings that are gone.
    pub fixed: u64,
    /// True if known findings do not count for the verdict.
    pub lets_known_pass: bool,
}
