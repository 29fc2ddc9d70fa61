//! Rules for a webhook handler that a rehearsal checks in addition to the access contract.

use std::fmt;

use super::Rule;

/// A rule that only a rehearsal can break, in the order in which findings of equal severity are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HandlerRule {
    ForgedAccepted,
    HandlerAnswer,
    SwallowedError,
    HalfWritten,
    BystanderChanged,
    RepeatChanged,
    UnneededWrite,
    PlanDropped,
    OrderDependent,
    GateDiffers,
    AccountGone,
}

impl HandlerRule {
    pub const ALL: [Self; 11] = [
        Self::ForgedAccepted,
        Self::HandlerAnswer,
        Self::SwallowedError,
        Self::HalfWritten,
        Self::BystanderChanged,
        Self::RepeatChanged,
        Self::UnneededWrite,
        Self::PlanDropped,
        Self::OrderDependent,
        Self::GateDiffers,
        Self::AccountGone,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ForgedAccepted => "forged-accepted",
            Self::HandlerAnswer => "handler-answer",
            Self::SwallowedError => "swallowed-error",
            Self::HalfWritten => "half-written",
            Self::BystanderChanged => "bystander-changed",
            Self::RepeatChanged => "repeat-changed",
            Self::UnneededWrite => "unneeded-write",
            Self::PlanDropped => "plan-dropped",
            Self::OrderDependent => "order-dependent",
            Self::GateDiffers => "gate-differs",
            Self::AccountGone => "account-gone",
        }
    }

    /// Returns a one-line description of a violation.
    pub fn description(self) -> &'static str {
        match self {
            Self::ForgedAccepted => "the handler accepted an event that the provider did not sign",
            Self::HandlerAnswer => "the handler did not answer an event as it has to",
            Self::SwallowedError => "a write or a request failed, and the handler answered 2xx",
            Self::HalfWritten => "a delivery that failed left part of its work behind",
            Self::BystanderChanged => "a row changed that the events have nothing to do with",
            Self::RepeatChanged => "an event that came a second time changed the row once more",
            Self::UnneededWrite => "the row changed where nothing had to be written",
            Self::PlanDropped => "a price that nobody knows took the plan or the access away",
            Self::OrderDependent => "the row depends on which events came first, or on their shape",
            Self::GateDiffers => "the application itself says something else about access",
            Self::AccountGone => "the account's row is gone",
        }
    }
}

impl From<HandlerRule> for Rule {
    fn from(rule: HandlerRule) -> Self {
        Self::Handler(rule)
    }
}

impl fmt::Display for HandlerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
