//! Changes at Paddle, with their events in the order of their times.

mod buying;
mod changing;
mod ending;
mod others;
mod paying;
mod records;

pub use self::{
    buying::{Checkout, Purchase},
    ending::GiveUp,
    others::RefundDecision,
    paying::TrialEnd,
};

/// The reason why an operation is not possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    #[error("there is no {kind} `{id}`")]
    Unknown { kind: &'static str, id: String },
    #[error("the subscription `{id}` is {status}")]
    Status { id: String, status: String },
    #[error("Paddle has no such thing: {0}")]
    NotPaddle(&'static str),
}

impl Impossible {
    pub(crate) fn unknown(kind: &'static str, id: &str) -> Self {
        Self::Unknown {
            kind,
            id: id.to_owned(),
        }
    }
}
