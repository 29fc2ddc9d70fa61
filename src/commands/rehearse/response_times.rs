//! Limits the wait for a response, and shortens it if earlier deliveries got none.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Timeout of a delivery, similar to the provider's.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Timeout if the handler has not responded to anything yet.
const AFTER_SILENCE: Duration = Duration::from_secs(5);

/// Number of deliveries of a type without a response before the timeout is shortened.
const DELIVERIES: u32 = 3;

const LEAST: Duration = Duration::from_secs(2);

/// Shortened timeout, as a multiple of the slowest response.
const TIMES_THE_SLOWEST: u32 = 4;

/// Response times and timeouts of the deliveries so far.
#[derive(Debug, Default)]
pub(super) struct ResponseTimes {
    record: Mutex<ResponseRecord>,
}

#[derive(Debug, Default)]
struct ResponseRecord {
    slowest: Option<Duration>,
    in_vain: BTreeMap<String, u32>,
}

impl ResponseTimes {
    /// Returns the timeout for an event of this type.
    pub(super) fn limit(&self, event: &str) -> Duration {
        let record = self.record();
        match (record.slowest, record.in_vain.get(event)) {
            (None, _) if !record.in_vain.is_empty() => AFTER_SILENCE,
            (Some(slowest), Some(times)) if *times >= DELIVERIES => slowest
                .saturating_mul(TIMES_THE_SLOWEST)
                .clamp(LEAST, TIMEOUT),
            (None | Some(_), _) => TIMEOUT,
        }
    }

    /// Records a response time.
    pub(super) fn answered(&self, after: Duration) {
        let mut record = self.record();
        record.slowest = record.slowest.max(Some(after));
    }

    /// Records a timeout.
    pub(super) fn timed_out(&self, event: &str) {
        let mut record = self.record();
        let times = record.in_vain.entry(event.to_owned()).or_default();
        *times = times.saturating_add(1);
    }

    /// Checks that events were delivered and none got a response.
    pub(super) fn are_missing(&self) -> bool {
        let record = self.record();
        record.slowest.is_none() && !record.in_vain.is_empty()
    }

    fn record(&self) -> MutexGuard<'_, ResponseRecord> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_that_never_answered_is_waited_for_less() {
        let responses = ResponseTimes::default();
        assert_eq!(responses.limit("invoice.paid"), TIMEOUT);
        responses.timed_out("invoice.paid");
        assert!(responses.are_missing());
        assert_eq!(responses.limit("customer.updated"), AFTER_SILENCE);
        responses.answered(Duration::from_secs(1));
        assert!(!responses.are_missing());
        assert_eq!(responses.limit("invoice.paid"), TIMEOUT);
    }

    #[test]
    fn a_type_that_is_never_answered_is_waited_for_less() {
        let responses = ResponseTimes::default();
        responses.answered(Duration::from_secs(1));
        for _ in 0..3 {
            assert_eq!(responses.limit("invoice.paid"), TIMEOUT);
            responses.timed_out("invoice.paid");
        }
        assert_eq!(responses.limit("invoice.paid"), Duration::from_secs(4));
        assert_eq!(responses.limit("customer.updated"), TIMEOUT);
    }
}
