//! The estimated cost of a read, based on its first pages.

use std::time::Duration;

use super::RateLimit;

/// The scope of a read and its cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPlan {
    /// True if nothing is left out, so that no customer needs a separate lookup afterwards.
    pub is_everything: bool,
    pub steps: Vec<ReadStep>,
    /// True if more may be needed because the provider does not count its objects.
    pub is_lower_bound: bool,
    /// Maximum number of requests for the evidence of the findings.
    pub evidence_requests: u64,
    /// Reason why the provider's events are not read, if it has any.
    pub unread_events: Option<&'static str>,
    /// Requests sent to make the plan. Their results are not requested again.
    pub sent: u64,
    /// Response time of one of the requests that made the plan.
    pub response_time: Duration,
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadStep {
    /// Description of the listed objects, for messages.
    pub description: String,
    /// Approximate number of requests still needed.
    pub requests: u64,
}

impl ReadStep {
    pub(crate) fn new(description: &str, requests: u64) -> Self {
        Self {
            description: description.to_owned(),
            requests,
        }
    }
}

impl ReadPlan {
    pub(crate) fn new(is_everything: bool) -> Self {
        Self {
            is_everything,
            steps: Vec::new(),
            is_lower_bound: false,
            evidence_requests: 0,
            unread_events: None,
            sent: 0,
            response_time: Duration::ZERO,
        }
    }

    /// Returns the approximate number of requests still needed to list everything.
    pub fn remaining_requests(&self) -> u64 {
        self.steps.iter().map(|step| step.requests).sum()
    }

    /// Returns the approximate total number of requests.
    pub fn requests(&self) -> u64 {
        self.sent
            .saturating_add(self.remaining_requests())
            .saturating_add(self.evidence_requests)
    }

    /// Returns the time that `requests` take at this rate, if each is answered as fast as the requests that made the
    /// plan.
    pub fn duration(&self, requests: u64, rate_limit: RateLimit) -> Duration {
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        let concurrency = u32::try_from(rate_limit.concurrency.max(1)).unwrap_or(u32::MAX);
        let limited_by_latency = self
            .response_time
            .saturating_mul(requests.div_ceil(concurrency));
        let limited_by_rate = Duration::from_secs(1)
            .saturating_mul(requests)
            .checked_div(rate_limit.endpoint.get());
        limited_by_latency.max(limited_by_rate.unwrap_or_default())
    }
}
