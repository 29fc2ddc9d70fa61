//! The number of requests that a reader may send.

use std::sync::atomic::{AtomicU64, Ordering};

use super::RequestError;

/// A count of requests, retries included, with an optional limit.
#[derive(Debug)]
pub(crate) struct RequestBudget {
    sent: AtomicU64,
    max: Option<u64>,
}

impl RequestBudget {
    pub(crate) fn new(max: Option<u64>) -> Self {
        Self {
            sent: AtomicU64::new(0),
            max,
        }
    }

    pub(crate) fn max(&self) -> Option<u64> {
        self.max
    }

    /// Returns the number of requests so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Counts one more request, or fails if the budget is used up.
    pub(crate) fn spend(&self) -> Result<(), RequestError> {
        let sent = self.sent.fetch_add(1, Ordering::Relaxed);
        match self.max {
            Some(max) if sent >= max => {
                self.sent.fetch_sub(1, Ordering::Relaxed);
                Err(RequestError::OverBudget { max })
            }
            _ => Ok(()),
        }
    }
}
