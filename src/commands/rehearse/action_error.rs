//! The reasons why a fake provider cannot perform an action.

use std::error::Error;

use crate::rehearsal::{PriceRole, Provider, ProviderAction};

/// The reason why an action is impossible, which makes the scenario invalid.
#[derive(Debug, thiserror::Error)]
pub(super) enum ActionError {
    #[error("no subscription is called `{0}` yet")]
    NoSubscription(String),
    #[error("the contract has no price for the role `{0:?}`")]
    NoPrice(PriceRole),
    /// The provider's objects do not allow it.
    #[error(transparent)]
    Impossible(Box<dyn Error + Send + Sync>),
    #[error("`{0}` cannot be performed here")]
    Misplaced(String),
    #[error("{provider} has nothing like `{action}`")]
    NotOf {
        provider: &'static str,
        action: &'static str,
    },
}

impl ActionError {
    /// Returns the error for an action that only another provider has.
    pub(super) fn not_of(provider: Provider, action: &ProviderAction) -> Self {
        Self::NotOf {
            provider: provider.name(),
            action: action.name(),
        }
    }

    /// Returns the error for an action that reached the wrong function. It cannot occur, because the caller matches
    /// exhaustively.
    pub(super) fn misplaced(action: &ProviderAction) -> Self {
        Self::Misplaced(format!("{action:?}"))
    }
}
