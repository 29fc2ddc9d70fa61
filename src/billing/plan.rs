//! What a read will take, as far as its first pages tell.

use std::time::Duration;

use super::Pace;

/// How much is read, and what that costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whether nothing is left out, so that nobody has to be asked about afterwards.
    pub is_everything: bool,
    pub steps: Vec<Step>,
    /// More than that may be needed: the provider does not say how much there is.
    pub at_least: bool,
    /// The most requests that what was found may take to be explained.
    pub evidence: u64,
    /// Requests that were sent to make the plan. What they showed is not asked for again.
    pub sent: u64,
    /// How long one of them took to be answered.
    pub took: Duration,
}

/// One listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is listed, for people.
    pub what: String,
    /// Requests that are still needed for it, about.
    pub requests: u64,
}

impl Step {
    pub(crate) fn new(what: &str, requests: u64) -> Self {
        Self {
            what: what.to_owned(),
            requests,
        }
    }
}

impl Plan {
    pub(crate) fn new(is_everything: bool) -> Self {
        Self {
            is_everything,
            steps: Vec::new(),
            at_least: false,
            evidence: 0,
            sent: 0,
            took: Duration::ZERO,
        }
    }

    /// Requests that are still needed to list everything, about.
    pub fn left(&self) -> u64 {
        self.steps.iter().map(|step| step.requests).sum()
    }

    /// Requests in all, about.
    pub fn requests(&self) -> u64 {
        self.sent
            .saturating_add(self.left())
            .saturating_add(self.evidence)
    }

    /// How long `requests` take at this pace, where each is answered as fast as those of the plan.
    pub fn time(&self, requests: u64, pace: Pace) -> Duration {
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        let at_once = u32::try_from(pace.at_once.max(1)).unwrap_or(u32::MAX);
        let by_answers = self.took.saturating_mul(requests.div_ceil(at_once));
        let by_rate = Duration::from_secs(1)
            .saturating_mul(requests)
            .checked_div(pace.endpoint.get());
        by_answers.max(by_rate.unwrap_or_default())
    }
}
