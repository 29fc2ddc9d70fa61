//! The estimated cost of a read, based on its first pages.

use std::time::Duration;

use super::RateLimit;

/// The scope of a read and its cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPlan {
    /// True if nothing is left out, so that no customer needs a separate lookup afterwards.
    pub is_everything: bool,
    pub steps: Vec<ReadStep>,
    /// True if more may be needed, since the provider does not say how much there is.
    pub at_least: bool,
    /// Maximum number of requests for the evidence of the findings.
    pub evidence: u64,
    /// Reason why the provider's events are not read, if it has any.
    pub unread_events: Option<&'static str>,
    /// Requests sent to make the plan. Their results are not requested again.
    pub sent: u64,
    /// Response time of one of these requests.
    pub took: Duration,
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadStep {
    /// Description of the listed objects, for messages.
    pub what: String,
    /// Approximate number of requests still needed.
    pub requests: u64,
}

impl ReadStep {
    pub(crate) fn new(what: &str, requests: u64) -> Self {
        Self {
            what: what.to_owned(),
            requests,
        }
    }
}

impl ReadPlan {
    pub(crate) fn new(is_everything: bool) -> Self {
        Self {
            is_everything,
            steps: Vec::new(),
            at_least: false,
            evidence: 0,
            unread_events: None,
            sent: 0,
            took: Duration::ZERO,
        }
    }

    /// Returns the approximate number of requests still needed to list everything.
    pub fn left(&self) -> u64 {
        self.steps.iter().map(|step| step.requests).sum()
    }

    /// Returns the approximate total number of requests.
    pub fn requests(&self) -> u64 {
        self.sent
            .saturating_add(self.left())
            .saturating_add(self.evidence)
    }

    /// Returns the time that `requests` take at this rate, if each is answered as fast as those of the plan.
    pub fn time(&self, requests: u64, rate_limit: RateLimit) -> Duration {
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        let at_once = u32::try_from(rate_limit.at_once.max(1)).unwrap_or(u32::MAX);
        let by_answers = self.took.saturating_mul(requests.div_ceil(at_once));
        let by_rate = Duration::from_secs(1)
            .saturating_mul(requests)
            .checked_div(rate_limit.endpoint.get());
        by_answers.max(by_rate.unwrap_or_default())
    }
}
