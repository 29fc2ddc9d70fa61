//! Response times: a log-normal distribution, drawn by request number.

use std::{f64::consts::TAU, time::Duration};

use super::ids::mix;

/// A distribution of response times with this median. One response in a hundred takes `slowest_percent` or longer.
#[derive(Debug, Clone, Copy)]
pub struct Latency {
    pub median: Duration,
    pub slowest_percent: Duration,
    pub seed: u64,
}

/// Number of standard deviations above the mean at which the slowest hundredth of a normal distribution begins.
const SLOWEST_PERCENT: f64 = 2.326_347_874;

impl Latency {
    /// Returns the response time of the `number`th request, the same in every run.
    #[expect(
        clippy::float_arithmetic,
        reason = "a distribution of waiting times, not money"
    )]
    pub(crate) fn delay(&self, number: u64) -> Duration {
        let median = self.median.as_secs_f64();
        let spread = (self.slowest_percent.as_secs_f64() / median).ln() / SLOWEST_PERCENT;
        let chance = mix(self.seed ^ mix(number));
        let normal = (-2.0 * fraction(chance).ln()).sqrt() * (TAU * fraction(mix(chance))).cos();
        let seconds = median * (spread * normal).exp();
        Duration::try_from_secs_f64(seconds).unwrap_or(self.median)
    }
}

/// Returns a number in (0, 1].
#[expect(clippy::float_arithmetic, reason = "see above")]
fn fraction(chance: u64) -> f64 {
    let upper = u32::try_from(chance >> 32).unwrap_or(u32::MAX);
    (f64::from(upper) + 1.0) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_has_the_requested_median_and_tail() {
        let latency = Latency {
            median: Duration::from_millis(300),
            slowest_percent: Duration::from_millis(1500),
            seed: 1,
        };
        let mut times: Vec<_> = (0..10_000).map(|number| latency.delay(number)).collect();
        times.sort();
        let near = |found: Option<Duration>, wanted: u128| {
            found.unwrap().as_millis().abs_diff(wanted) < wanted / 10
        };
        assert!(
            near(times.get(5_000).copied(), 300),
            "{:?}",
            times.get(5_000)
        );
        assert!(
            near(times.get(9_900).copied(), 1500),
            "{:?}",
            times.get(9_900)
        );
        assert_eq!(latency.delay(42), latency.delay(42));
    }
}
