//! Limits the wait for a response, and shortens it if earlier deliveries got none.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Timeout of a delivery, similar to the provider's.
const PATIENCE: Duration = Duration::from_secs(20);

/// Timeout if the handler has not responded to anything yet.
const AFTER_SILENCE: Duration = Duration::from_secs(5);

/// Number of deliveries of a type without a response before the timeout is shortened.
const DELIVERIES: u32 = 3;

const LEAST: Duration = Duration::from_secs(2);

/// Shortened timeout, as a multiple of the slowest response.
const TIMES_THE_SLOWEST: u32 = 4;

/// Response times and timeouts of the deliveries so far.
#[derive(Debug, Default)]
pub(super) struct Silence {
    learnt: Mutex<Learnt>,
}

#[derive(Debug, Default)]
struct Learnt {
    slowest: Option<Duration>,
    in_vain: BTreeMap<String, u32>,
}

impl Silence {
    /// Returns the timeout for an event of this type.
    pub(super) fn limit(&self, event: &str) -> Duration {
        let learnt = self.learnt();
        match (learnt.slowest, learnt.in_vain.get(event)) {
            (None, _) if !learnt.in_vain.is_empty() => AFTER_SILENCE,
            (Some(slowest), Some(times)) if *times >= DELIVERIES => slowest
                .saturating_mul(TIMES_THE_SLOWEST)
                .clamp(LEAST, PATIENCE),
            (None | Some(_), _) => PATIENCE,
        }
    }

    /// Records a response time.
    pub(super) fn answered(&self, after: Duration) {
        let mut learnt = self.learnt();
        learnt.slowest = learnt.slowest.max(Some(after));
    }

    /// Records a timeout.
    pub(super) fn was_in_vain(&self, event: &str) {
        let mut learnt = self.learnt();
        let times = learnt.in_vain.entry(event.to_owned()).or_default();
        *times = times.saturating_add(1);
    }

    /// Checks that events were delivered and none got a response.
    pub(super) fn is_total(&self) -> bool {
        let learnt = self.learnt();
        learnt.slowest.is_none() && !learnt.in_vain.is_empty()
    }

    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_that_never_answered_is_waited_for_less() {
        let silence = Silence::default();
        assert_eq!(silence.limit("invoice.paid"), PATIENCE);
        silence.was_in_vain("invoice.paid");
        assert!(silence.is_total());
        assert_eq!(silence.limit("customer.updated"), AFTER_SILENCE);
        silence.answered(Duration::from_secs(1));
        assert!(!silence.is_total());
        assert_eq!(silence.limit("invoice.paid"), PATIENCE);
    }

    #[test]
    fn a_type_that_is_never_answered_is_waited_for_less() {
        let silence = Silence::default();
        silence.answered(Duration::from_secs(1));
        for _ in 0..3 {
            assert_eq!(silence.limit("invoice.paid"), PATIENCE);
            silence.was_in_vain("invoice.paid");
        }
        assert_eq!(silence.limit("invoice.paid"), Duration::from_secs(4));
        assert_eq!(silence.limit("customer.updated"), PATIENCE);
    }
}
