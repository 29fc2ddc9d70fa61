//! The table of rules for a webhook handler, which a rehearsal checks in addition to the access contract.

use super::definition::{RuleColumn, RuleInfo};
use crate::Field;

/// A rule that only a rehearsal can break.
#[derive(Debug)]
struct HandlerDefinition {
    info: RuleInfo,
    merging: Merging,
}

/// The findings of a rule that have the same cause, so that a rehearsal reports them as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merging {
    /// No findings: each is reported.
    Never,
    /// All findings: one habit of the handler breaks the rule everywhere.
    Everywhere,
    /// Findings with the same response to the same type of event.
    ByAnswer,
}

/// Declares the rules, in the order in which findings of equal severity are shown.
macro_rules! handler_rules {
    ($($(#[$doc:meta])* $rule:ident => $definition:expr,)+) => {
        /// A rule that only a rehearsal can break, in the order in which findings of equal severity are shown.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum HandlerRule {
            $($(#[$doc])* $rule,)+
        }

        impl HandlerRule {
            pub const ALL: [Self; [$(stringify!($rule)),+].len()] = [$(Self::$rule),+];

            fn definition(self) -> &'static HandlerDefinition {
                match self {
                    $(Self::$rule => &$definition,)+
                }
            }
        }
    };
}

handler_rules! {
    ForgedAccepted => FORGED_ACCEPTED,
    HandlerAnswer => HANDLER_ANSWER,
    SwallowedError => SWALLOWED_ERROR,
    HalfWritten => HALF_WRITTEN,
    BystanderChanged => BYSTANDER_CHANGED,
    RepeatChanged => REPEAT_CHANGED,
    UnneededWrite => UNNEEDED_WRITE,
    PlanDropped => PLAN_DROPPED,
    OrderDependent => ORDER_DEPENDENT,
    GateDiffers => GATE_DIFFERS,
    AccountGone => ACCOUNT_GONE,
}

impl HandlerRule {
    /// Returns the texts and the subject of the rule.
    pub fn info(self) -> &'static RuleInfo {
        &self.definition().info
    }

    /// Returns the findings that have the same cause.
    pub fn merging(self) -> Merging {
        self.definition().merging
    }
}

static FORGED_ACCEPTED: HandlerDefinition = HandlerDefinition {
    info: RuleInfo::of_handler(
        "forged-accepted",
        "the handler accepted an event that the provider did not sign",
        "Verify the signature of each event over the raw body before anything else, and answer 400 if it is wrong.",
    ),
    merging: Merging::Everywhere,
};

static HANDLER_ANSWER: HandlerDefinition = HandlerDefinition {
    info: RuleInfo::of_handler(
        "handler-answer",
        "the handler answered an event incorrectly",
        "Answer 2xx once an event is processed, and 5xx if it must be sent again.",
    ),
    merging: Merging::ByAnswer,
};

static SWALLOWED_ERROR: HandlerDefinition = HandlerDefinition {
    info: RuleInfo::of_handler(
        "swallowed-error",
        "a write or a request failed, and the handler answered 2xx",
        "Answer 5xx when a write or a request fails: the provider sends the event again only then.",
    ),
    merging: Merging::Everywhere,
};

static HALF_WRITTEN: HandlerDefinition = HandlerDefinition {
    info: RuleInfo::of_handler(
        "half-written",
        "a delivery that failed left part of its work behind",
        "Write everything that one event changes in one transaction.",
    ),
    merging: Merging::Everywhere,
};

static BYSTANDER_CHANGED: HandlerDefinition = HandlerDefinition {
    info: RuleInfo {
        column: Some(RuleColumn::Link),
        ..RuleInfo::of_handler(
            "bystander-changed",
            "a row that is unrelated to the events changed",
            "Find the row by the customer or the subscription of the event, and change no other.",
        )
    },
    merging: Merging::Never,
};

static REPEAT_CHANGED: HandlerDefinition = HandlerDefinition {
    info: RuleInfo {
        compares_plans: true,
        ..RuleInfo::of_handler(
            "repeat-changed",
            "a repeated event changed the row again",
            "Store the new state instead of adding to the stored one, or remember the ids of events.",
        )
    },
    merging: Merging::Never,
};

static UNNEEDED_WRITE: HandlerDefinition = HandlerDefinition {
    info: RuleInfo {
        compares_plans: true,
        ..RuleInfo::of_handler(
            "unneeded-write",
            "the row changed although no write was required",
            "Leave a row unchanged if an event says nothing new about it.",
        )
    },
    merging: Merging::Never,
};

static PLAN_DROPPED: HandlerDefinition = HandlerDefinition {
    info: RuleInfo {
        column: Some(RuleColumn::Field(Field::Plan)),
        compares_plans: true,
        ..RuleInfo::of_handler(
            "plan-dropped",
            "an unknown price took the plan or the access away",
            "Keep plan and access if a price is unknown, and raise an alert instead.",
        )
    },
    merging: Merging::Never,
};

static ORDER_DEPENDENT: HandlerDefinition = HandlerDefinition {
    info: RuleInfo {
        compares_plans: true,
        ..RuleInfo::of_handler(
            "order-dependent",
            "the row depends on which events came first, or on their shape",
            "Ask the provider for the subscription as it is now, instead of trusting the event that came last.",
        )
    },
    merging: Merging::Never,
};

static GATE_DIFFERS: HandlerDefinition = HandlerDefinition {
    info: RuleInfo {
        column: Some(RuleColumn::Field(Field::HasPaidAccess)),
        ..RuleInfo::of_handler(
            "gate-differs",
            "the application's own answer about access differs",
            "Let the access check of the application read the column that the contract maps.",
        )
    },
    merging: Merging::Never,
};

static ACCOUNT_GONE: HandlerDefinition = HandlerDefinition {
    info: RuleInfo::of_handler(
        "account-gone",
        "the account's row is gone",
        "Keep the row of an account when its subscription ends.",
    ),
    merging: Merging::Never,
};
