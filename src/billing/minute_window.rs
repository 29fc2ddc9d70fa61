//! Limits the number of requests in each sliding minute: up to the limit they are sent at once.

use std::{
    collections::VecDeque,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// A minute, and a second more because not every request takes equally long to arrive.
const WINDOW: Duration = Duration::from_secs(61);

/// Time within which several refusals count as one, because parallel requests are refused together.
const REFUSAL_WINDOW: Duration = Duration::from_millis(500);

/// A limit of requests per minute.
#[derive(Debug)]
pub(crate) struct MinuteWindow {
    state: Mutex<WindowState>,
}

#[derive(Debug)]
struct WindowState {
    limit: usize,
    /// Times of the requests of the last minute, oldest first.
    sent: VecDeque<Instant>,
    /// End of the wait that the provider demanded.
    closed_until: Option<Instant>,
    last_refusal: Option<Instant>,
}

impl MinuteWindow {
    pub(crate) fn new(limit: NonZeroU32) -> Self {
        Self {
            state: Mutex::new(WindowState {
                limit: usize::try_from(limit.get()).unwrap_or(usize::MAX),
                sent: VecDeque::new(),
                closed_until: None,
                last_refusal: None,
            }),
        }
    }

    /// Waits until a request may be sent, and counts it.
    pub(crate) async fn wait(&self) {
        loop {
            // The lock must not be held while waiting.
            let turn = self.state().take_turn(Instant::now());
            match turn {
                Ok(()) => return,
                Err(not_before) => sleep_until(not_before).await,
            }
        }
    }

    /// Sends nothing for this time, and fewer requests afterwards: others share the limit.
    pub(crate) fn refused(&self, retry_after: Option<Duration>) {
        let now = Instant::now();
        let mut state = self.state();
        let until = now + retry_after.unwrap_or_default();
        state.closed_until = state.closed_until.max(Some(until));
        let is_new = |last: Instant| last + REFUSAL_WINDOW <= now;
        if state.last_refusal.is_none_or(is_new) {
            state.limit = (state.limit / 5 * 4).max(1);
            state.last_refusal = Some(now);
        }
    }

    /// Nothing can panic while the lock is held.
    fn state(&self) -> MutexGuard<'_, WindowState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WindowState {
    /// Counts a request, or returns the time before which none may be sent.
    fn take_turn(&mut self, now: Instant) -> Result<(), Instant> {
        if let Some(until) = self.closed_until.filter(|until| *until > now) {
            return Err(until);
        }
        let is_old = |sent: &Instant| *sent + WINDOW <= now;
        while self.sent.front().is_some_and(is_old) {
            self.sent.pop_front();
        }
        let too_many = self.sent.len().checked_sub(self.limit);
        if let Some(last) = too_many.and_then(|last| self.sent.get(last)) {
            return Err(*last + WINDOW);
        }
        self.sent.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(limit: u32) -> MinuteWindow {
        MinuteWindow::new(NonZeroU32::new(limit).unwrap())
    }

    /// Returns the seconds that `requests` turns take.
    async fn seconds(window: &MinuteWindow, requests: u32) -> u64 {
        let start = Instant::now();
        for _ in 0..requests {
            window.wait().await;
        }
        start.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_of_requests_needs_no_wait() {
        let window = window(240);
        assert_eq!(seconds(&window, 240).await, 0);
        assert_eq!(seconds(&window, 1).await, 61);
        assert_eq!(seconds(&window, 239).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_requests_than_the_limit() {
        let window = window(10);
        assert_eq!(seconds(&window, 5).await, 0);
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(seconds(&window, 5).await, 0);
        // The first five are a minute old, the other five are not.
        assert_eq!(seconds(&window, 5).await, 21);
        assert_eq!(seconds(&window, 1).await, 40);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_before_the_demanded_time() {
        let window = window(10);
        window.refused(Some(Duration::from_secs(7)));
        window.refused(Some(Duration::from_secs(3)));
        assert_eq!(seconds(&window, 1).await, 7);
        assert_eq!(window.state().limit, 8, "both refusals count as one");
        tokio::time::advance(WINDOW).await;
        for _ in 0..20 {
            window.refused(None);
            tokio::time::advance(REFUSAL_WINDOW).await;
        }
        assert_eq!(window.state().limit, 1, "never zero");
    }
}
