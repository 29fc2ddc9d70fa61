//! Decides which findings are new, from an earlier result of the default branch and the accepted findings. Pure.

mod acceptance;
mod earlier;
mod state;

pub use acceptance::{Acceptance, day_of};
pub use earlier::{Change, Earlier};
pub use state::State;

/// An earlier result, and its location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    pub state: State,
    /// Location of the result, such as ``the check run of `1a2b3c4` on `main` ``.
    pub source: String,
}

/// Status of a finding compared with the earlier result and the baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
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
