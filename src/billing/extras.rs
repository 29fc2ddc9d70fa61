//! Facts that are asked for beside the subscriptions, and those that the provider did not show.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Error, Meaning};
use crate::problem::Problem;

/// A kind of fact without which a check is poorer, but has an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extra {
    /// When the latest invoice of a `past_due` subscription was due.
    Invoices,
    /// Subscriptions that live on test clocks.
    TestClocks,
    /// Metadata of customers.
    CustomerMetadata,
}

/// The extras that a reader asks for.
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

    /// Whether it is worth asking for.
    pub(crate) fn wants(&self, extra: Extra) -> bool {
        self.wanted.contains(&extra) && !self.refused().contains(&extra)
    }

    /// It is not asked for again.
    pub(crate) fn refuse(&self, extra: Extra) {
        self.refused().insert(extra);
    }

    /// One for each extra that the provider did not show.
    pub(crate) fn warnings(&self) -> Vec<Problem> {
        let warning = |extra: &Extra| {
            let (message, hint) = extra.refused();
            Problem {
                message: message.to_owned(),
                hint: hint.to_owned(),
                place: None,
            }
        };
        self.refused().iter().map(warning).collect()
    }

    /// Nothing that can panic happens under the lock.
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

/// Whether a provider that answers like this may still answer the same request without the extra.
pub(crate) fn is_refusal(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| {
        matches!(refusal.status, 400 | 403 | 404)
            && !matches!(refusal.meaning, Meaning::OtherMode(_))
    })
}
