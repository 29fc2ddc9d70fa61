//! Which findings are new: an earlier result of the default branch, and what the team has accepted. Pure.

mod acceptance;
mod earlier;
mod state;

pub use acceptance::{Acceptance, day_of};
pub use earlier::{Change, Earlier};
pub use state::State;

/// An earlier result, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    pub state: State,
    /// Such as ``the check run of `1a2b3c4` on `main` ``.
    pub source: String,
}

/// How a finding stands against what was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The earlier result does not have it.
    New,
    /// The earlier result has it too.
    Known,
    /// The team has decided to live with it, in the committed baseline.
    Accepted {
        /// Why, in the words of the file.
        reason: String,
        /// The last day on which it is accepted, as `2026-12-31`.
        until: Option<String>,
    },
}

/// What an outcome was compared with, and what that showed beyond the findings themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// Where the earlier result was found, such as ``the check run of `1a2b3c4` on `main` ``.
    pub source: String,
    /// Findings of the earlier result that are gone.
    pub fixed: u64,
    /// Whether what is known does not count for the verdict.
    pub lets_known_pass: bool,
}
