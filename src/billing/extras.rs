//! Optional facts read beside the subscriptions, and those that the provider refused to show.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Error, RefusalMeaning};
use crate::problem::Problem;

/// A kind of optional fact: a check without it is less precise but still possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extra {
    /// Due date of the latest invoice of a `past_due` subscription.
    Invoices,
    /// Subscriptions on test clocks.
    TestClocks,
    /// Metadata of customers.
    CustomerMetadata,
}

/// The extras that a reader requests.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    wanted: BTreeSet<Extra>,
    refused: Mutex<BTreeSet<Extra>>,
}

impl Extras {
    pub(crate) fn new(wanted: impl IntoIterator<Item = Extra>) -> Self {
        Self {
            wanted: wanted.into_iter().collect(),
            refused: Mutex::default(),
        }
    }

    /// Returns true if the extra is wanted and has not been refused.
    pub(crate) fn wants(&self, extra: Extra) -> bool {
        self.wanted.contains(&extra) && !self.refused().contains(&extra)
    }

    /// Marks an extra as refused, so that it is not requested again.
    pub(crate) fn refuse(&self, extra: Extra) {
        self.refused().insert(extra);
    }

    /// Returns one warning for each refused extra.
    pub(crate) fn warnings(&self) -> Vec<Problem> {
        let warning = |extra: &Extra| {
            let (message, hint) = extra.refused();
            Problem::new(message).hint(hint)
        };
        self.refused().iter().map(warning).collect()
    }

    /// Nothing can panic while the lock is held.
    fn refused(&self) -> MutexGuard<'_, BTreeSet<Extra>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Extra {
    fn refused(self) -> (&'static str, &'static str) {
        match self {
            Self::Invoices => (
                "the key may not read invoices, so the check cannot see since when payment is overdue",
                "set `Invoices` to Read for the key (`rak_invoice_read`), or map `past_due_since`",
            ),
            Self::TestClocks => (
                "subscriptions on test clocks were not listed: the key may not read test clocks, or the server has none",
                "set `Test clocks` to Read for the key (`rak_billing_clock_read`), or do not link accounts to customers on test clocks",
            ),
            Self::CustomerMetadata => (
                "the key may not read customers, so the check cannot see whose account their metadata names",
                "let the key read customers (Stripe: `rak_customer_read`, Paddle: `customer.read`)",
            ),
        }
    }
}

/// Returns true if the same request without the extra may succeed after this error.
pub(crate) fn is_refusal(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| {
        matches!(refusal.status, 400 | 403 | 404)
            && !matches!(refusal.meaning, RefusalMeaning::OtherMode(_))
    })
}
