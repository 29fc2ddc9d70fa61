//! The optional facts that a reader requests beside the subscriptions, and which of them the provider refused.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use super::Error;
use crate::problem::Warning;

/// A kind of optional fact: a check without it is less precise, but still possible. The texts are the warning if the
/// provider refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extra {
    pub(crate) message: &'static str,
    pub(crate) hint: &'static str,
}

/// The extras that a reader requests.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    wanted: Vec<Extra>,
    refused: Mutex<Vec<Extra>>,
    are_customers_refused: AtomicBool,
}

impl Extras {
    pub(crate) fn new(wanted: Vec<Extra>) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
    }

    /// Returns true if the extra is wanted and has not been refused.
    pub(crate) fn wants(&self, extra: Extra) -> bool {
        self.wanted.contains(&extra) && !self.refused().contains(&extra)
    }

    /// Marks an extra as refused, so that it is not requested again.
    pub(crate) fn refuse(&self, extra: Extra) {
        self.refused().push(extra);
    }

    /// Records that the key may not read customers.
    pub(crate) fn refuse_customers(&self) {
        self.are_customers_refused.store(true, Ordering::Relaxed);
    }

    pub(crate) fn are_customers_refused(&self) -> bool {
        self.are_customers_refused.load(Ordering::Relaxed)
    }

    /// Returns one warning for each refused extra.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let refused = self.refused();
        let wanted = self.wanted.iter();
        let warnings = wanted
            .filter(|extra| refused.contains(extra))
            .map(|extra| Warning::new(extra.message).hint(extra.hint));
        warnings.collect()
    }

    /// Nothing can panic while the lock is held.
    fn refused(&self) -> MutexGuard<'_, Vec<Extra>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns true if the same request without the extra may succeed after this error.
pub(crate) fn is_refusal(error: &Error) -> bool {
    error
        .refusal()
        .is_some_and(|refusal| matches!(refusal.status, 400 | 403 | 404))
        && !error.is_of_other_mode()
}
