//! The estimated cost of a read, based on its first pages.

use std::{num::NonZeroU64, time::Duration};

use super::{Pace, RateLimit};

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
    /// Requests sent to make the plan. Their results are not requested again.
    pub sent: u64,
    /// Response time of one of the requests that made the plan.
    pub response_time: Duration,
    /// Number of requests that have to follow one another.
    pub in_sequence: u64,
    /// Reads that the provider allows a small account in a month, if the read takes a notable share of them.
    pub monthly_reads: Option<NonZeroU64>,
    /// Number of customers that one request looks up afterwards.
    pub customers_at_once: usize,
    /// True if facts are derived from other objects, so that each customer with a finding needs a lookup afterwards.
    pub is_derived: bool,
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
            sent: 0,
            response_time: Duration::ZERO,
            in_sequence: 0,
            monthly_reads: None,
            customers_at_once: 1,
            is_derived: false,
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

    /// Returns the share of a month's reads in percent, if it is known.
    pub fn percent_of_month(&self) -> Option<u64> {
        let all = self.requests().saturating_mul(100);
        Some(all.div_ceil(self.monthly_reads?.get()))
    }

    /// Returns the time that `requests` take at this rate, if each is answered as fast as the requests that made the
    /// plan.
    pub fn duration(&self, requests: u64, rate_limit: RateLimit) -> Duration {
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let concurrency = u64::try_from(rate_limit.concurrency.max(1)).unwrap_or(u64::MAX);
        let rounds = requests.div_ceil(concurrency).max(self.in_sequence);
        let limited_by_latency = self.response_time.saturating_mul(count(rounds));
        let limited_by_rate = match rate_limit.pace {
            Pace::PerSecond { endpoint, .. } => Duration::from_secs(1)
                .saturating_mul(count(requests))
                .checked_div(endpoint.get())
                .unwrap_or_default(),
            // Only what goes beyond a minute's requests has to wait, and the plan took some of them.
            Pace::PerMinute(limit) => {
                let all = self.sent.saturating_add(requests).saturating_sub(1);
                Duration::from_mins(all.checked_div(u64::from(limit.get())).unwrap_or_default())
            }
        };
        limited_by_latency.max(limited_by_rate)
    }
}
