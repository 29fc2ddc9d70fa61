//! Observations of a step, as plain values.

use contract::{Explanation, Finding};

use super::sending::Signing;

/// Everything observed during a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Deliveries of this step.
    pub deliveries: Vec<Delivery>,
    /// Deliveries of earlier steps.
    pub earlier: Vec<Delivery>,
    pub before: RowState,
    pub after: RowState,
    /// The contract's explanation of the customer and the account at the end, if there is one.
    pub explained: Option<Explanation>,
    /// Contract violations at the end. The plan is not compared in a step that must keep it.
    pub findings: Vec<Finding>,
    /// Changes in the rows that refer to the account or its customer, except timestamps that were set to the current
    /// time.
    pub changes: Vec<ColumnChange>,
    /// All changes in these rows, including such timestamps.
    pub all_changes: Vec<ColumnChange>,
    pub bystanders: Vec<BystanderChange>,
    /// Requests of the handler to the provider.
    pub calls: Vec<ProviderCall>,
    /// The injected failure.
    pub fault: Option<InjectedFault>,
    pub gate: Option<GateAnswer>,
    /// The last output lines of the application, if the rehearsal started it.
    pub printed: Vec<String>,
    /// The success pages that were requested before the events were delivered.
    pub visited: Vec<VisitedPage>,
}

/// One delivery of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub step: String,
    pub event: String,
    pub id: String,
    pub signed: Signing,
    /// True if it was delivered before.
    pub is_repeat: bool,
    pub answer: HandlerResponse,
}

/// The handler's response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandlerResponse {
    Status {
        code: u16,
        /// The start of the body; empty for a success.
        body: String,
    },
    /// No response, for this reason.
    Nothing(String),
}

impl HandlerResponse {
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

    /// Returns true if the handler may have rejected the signature: the status is one that the SDKs' examples use for
    /// that.
    pub fn may_blame_signature(&self) -> bool {
        matches!(
            self,
            Self::Status {
                code: 400 | 401 | 403,
                ..
            }
        )
    }
}

/// The account's row, as the accounts query of the contract returns it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowState {
    /// True if the accounts query returns a row for the account.
    pub exists: bool,
    pub linked: bool,
    pub paid: bool,
    pub plan: Option<String>,
    /// Each mapped column under its name in the configuration, with its value as text.
    pub columns: Vec<(String, String)>,
}

/// A change of one column of one row. An inserted or deleted row has a value on one side only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnChange {
    pub table: String,
    pub key: String,
    pub column: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// A change in a row of an unrelated account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BystanderChange {
    /// A description such as "an account without a customer".
    pub who: String,
    pub account: String,
    pub changes: Vec<ColumnChange>,
}

/// One request of the handler to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderCall {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub status: u16,
    /// The part of the request that the fake provider does not support, if any. The handler cannot be judged by its
    /// reaction then.
    pub unsupported: Option<Unsupported>,
}

/// An unsupported feature of the fake provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unsupported {
    /// The path, or the method on it.
    Endpoint,
    Parameter(String),
    /// A path of `expand[]`.
    Expansion(String),
    /// The API version that the request asks for.
    Version(String),
}

/// An injected failure and its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InjectedFault {
    /// A description such as "The first write".
    pub what: String,
    /// Index of the step's delivery during which it occurred.
    pub hit: Option<usize>,
    /// True if it occurred after the response to the last delivery.
    pub is_late: bool,
    /// Changes that remained although this delivery failed.
    pub half_written: Vec<ColumnChange>,
}

/// A success page that was requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitedPage {
    pub url: String,
    /// The status after redirects within the host, or the error.
    pub answer: Result<u16, String>,
}

/// The response of the application's access endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateAnswer {
    pub url: String,
    /// The expected access.
    pub expected: bool,
    /// The reported access, or the reason why the response is unusable.
    pub reported: Result<bool, String>,
}
