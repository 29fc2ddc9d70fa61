//! What a step showed, as plain values.

use crate::contract::{Explanation, Finding};

use super::scenario::Signing;

/// Everything that was seen between the beginning of a step and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// What was delivered at this step.
    pub deliveries: Vec<Delivery>,
    /// What was delivered at the steps before.
    pub earlier: Vec<Delivery>,
    pub before: RowState,
    pub after: RowState,
    /// The customer and the account at the end, in the contract's words; none where nobody can tell.
    pub explained: Option<Explanation>,
    /// What breaks the contract at the end. The plans are left out of it where the step keeps the plan.
    pub findings: Vec<Finding>,
    /// What became of the rows that name the account or its customer, stamps of the present time left out.
    pub changes: Vec<Change>,
    /// The same with the stamps.
    pub all_changes: Vec<Change>,
    pub bystanders: Vec<BystanderChange>,
    /// What the handler asked the provider for.
    pub calls: Vec<Call>,
    /// What was made to fail.
    pub fault: Option<Fault>,
    pub gate: Option<GateAnswer>,
    /// The last lines that the application printed, where the rehearsal started it.
    pub printed: Vec<String>,
    /// The success pages that were asked for before anything was delivered.
    pub visited: Vec<Visited>,
}

/// One event, delivered once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub step: String,
    pub event: String,
    pub id: String,
    pub signed: Signing,
    /// It was delivered before.
    pub is_repeat: bool,
    pub answer: Answer,
}

/// What the handler answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Status {
        code: u16,
        /// The beginning of the body; empty for a success.
        body: String,
    },
    /// Nothing, for this reason.
    Nothing(String),
}

impl Answer {
    pub fn is_success(&self) -> bool {
        matches!(
            self,
            Self::Status {
                code: 200..=299,
                ..
            }
        )
    }

    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Status {
                code: 400..=499,
                ..
            }
        )
    }
}

/// The account as the contract reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowState {
    /// False when the accounts query returns no row for it.
    pub exists: bool,
    pub linked: bool,
    pub paid: bool,
    pub plan: Option<String>,
    /// Each mapped column, as the configuration calls it, with its value in words.
    pub columns: Vec<(String, String)>,
}

/// One column of one row that is not what it was. A row that came or went has no value on one side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    pub table: String,
    pub key: String,
    pub column: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// A row of somebody who has nothing to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BystanderChange {
    /// Who that is, as in "an account without a customer".
    pub who: String,
    pub account: String,
    pub changes: Vec<Change>,
}

/// One request of the handler to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub status: u16,
    /// The part of it that the fake provider does not play, where there is one: its answer says nothing about the handler.
    pub unplayed: Option<Unplayed>,
}

/// A gap of the fake provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unplayed {
    /// The path, or the method on it.
    Endpoint,
    Parameter(String),
    /// A path of `expand[]`.
    Expansion(String),
}

/// What was made to fail, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// As in "The first write".
    pub what: String,
    /// The position among the step's deliveries of the one that ran into it.
    pub hit: Option<usize>,
    /// What that one changed all the same.
    pub half_written: Vec<Change>,
}

/// A success page that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visited {
    pub url: String,
    /// The status at the end of the redirects that stay at the host, or why there is none.
    pub answer: Result<u16, String>,
}

/// What the application itself says about the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateAnswer {
    pub url: String,
    /// What it has to say.
    pub expected: bool,
    /// What it says, or why it says nothing that can be understood.
    pub said: Result<bool, String>,
}
