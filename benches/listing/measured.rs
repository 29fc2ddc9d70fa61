//! The result of a run as the provider saw it, and its line in the table.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use fake_stripe::{Endpoint, RecordedRequest};

use testing::paddle_api::PaddleRequest;

use super::{cases::Case, program::Run};

/// Requests per second that a limited provider accepts at one endpoint.
pub(crate) const LIMIT: f64 = 25.0;

/// The product's promise; `None` means no promise.
#[derive(Debug, Default)]
pub(crate) struct Promise {
    pub(crate) seconds: Option<u64>,
    pub(crate) subscriptions_a_second: Option<u64>,
    pub(crate) percent_of_limit: Option<u64>,
    pub(crate) mebibytes: Option<u64>,
}

/// One line of the table.
pub(crate) struct Measured {
    pub(crate) name: String,
    /// Times at which the responses of the listing had been sent, in order.
    pub(crate) answered: Vec<Duration>,
    requests: usize,
    refused: usize,
    pub(crate) seconds: f64,
    subscriptions_a_second: f64,
    percent_of_limit: Option<f64>,
    mebibytes: Option<u64>,
}

impl Measured {
    pub(crate) fn of(reader: &str, case: &Case, requests: &[RecordedRequest], run: &Run) -> Self {
        let listing: Vec<_> = requests
            .iter()
            .filter(|request| request.endpoint == Endpoint::ListSubscriptions)
            .collect();
        let since = |time: Instant| time.saturating_duration_since(run.began);
        let mut answered: Vec<_> = listing
            .iter()
            .filter_map(|request| request.answered)
            .map(since)
            .collect();
        answered.sort_unstable();
        let first = listing
            .first()
            .map(|request| since(request.arrived))
            .unwrap_or_default();
        let last = answered.last().copied().unwrap_or_default();
        let arrived: Vec<_> = listing
            .iter()
            .map(|request| since(request.arrived))
            .collect();
        let too_many = |request: &&RecordedRequest| {
            request.status.is_some_and(|status| status.as_u16() == 429)
        };
        let listed = f64::from(if run.peak_kibibytes.is_some() {
            case.granting
        } else {
            case.granting + case.ended
        });
        Self {
            name: format!("{}, {reader}", case.name),
            requests: requests.len(),
            refused: requests.iter().filter(too_many).count(),
            seconds: run.seconds.as_secs_f64(),
            subscriptions_a_second: listed / last.saturating_sub(first).as_secs_f64(),
            percent_of_limit: case.is_far.then(|| share_of_limit(&arrived)),
            mebibytes: run.peak_kibibytes.map(|kibibytes| kibibytes.div_ceil(1024)),
            answered,
        }
    }

    /// Returns the result of a run that read this many subscriptions of Paddle.
    pub(crate) fn of_paddle(subscriptions: u32, requests: &[PaddleRequest], run: &Run) -> Self {
        let arrived = || requests.iter().map(|request| request.arrived);
        let took = arrived().max().zip(arrived().min());
        let took = took.map(|(last, first)| last.saturating_duration_since(first));
        Self {
            name: "paddle, prodverdict".to_owned(),
            answered: Vec::new(),
            requests: requests.len(),
            refused: requests
                .iter()
                .filter(|request| request.status == 429)
                .count(),
            seconds: run.seconds.as_secs_f64(),
            subscriptions_a_second: f64::from(subscriptions)
                / took.unwrap_or_default().as_secs_f64(),
            percent_of_limit: None,
            mebibytes: run.peak_kibibytes.map(|kibibytes| kibibytes.div_ceil(1024)),
        }
    }

    pub(crate) fn print(&self, out: &mut impl Write, promise: &Promise) -> io::Result<()> {
        let mut broken = Vec::new();
        let mut hold = |is_kept: bool, what: String| {
            if !is_kept {
                broken.push(what);
            }
        };
        if let Some(most) = promise.seconds {
            hold(
                Duration::from_secs_f64(self.seconds) <= Duration::from_secs(most),
                format!("over {most} s"),
            );
        }
        if let (Some(least), Some(share)) = (promise.percent_of_limit, self.percent_of_limit) {
            hold(
                rounded(share) >= least,
                format!("under {least} % of the limit"),
            );
            hold(self.refused == 0, "refused".to_owned());
        }
        if let Some(least) = promise.subscriptions_a_second {
            let kept = rounded(self.subscriptions_a_second) >= least;
            hold(kept, format!("under {least} a second"));
        }
        if let (Some(most), Some(peak)) = (promise.mebibytes, self.mebibytes) {
            hold(peak <= most, format!("over {most} MiB"));
        }
        let share = self
            .percent_of_limit
            .map_or_else(dash, |share| format!("{share:.0} %"));
        let peak = self.mebibytes.map_or_else(dash, |peak| peak.to_string());
        writeln!(
            out,
            "{:<24} {:>8} {:>5} {:>8.1} {:>9.0} {:>9} {:>9}  {}",
            self.name,
            self.requests,
            self.refused,
            self.seconds,
            self.subscriptions_a_second,
            share,
            peak,
            broken.join(", "),
        )?;
        out.flush()
    }
}

fn dash() -> String {
    "–".to_owned()
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the values are far below the limits of the type"
)]
fn rounded(number: f64) -> u64 {
    number.round() as u64
}

/// Returns the requests that arrived in the steady state, in percent of the limit. It starts after the first second, in
/// which the listing is estimated, and ends with the last request.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a few hundred requests"
)]
fn share_of_limit(arrived: &[Duration]) -> f64 {
    let first = arrived.first().copied().unwrap_or_default();
    let from = first + Duration::from_secs(1);
    let until = arrived.last().copied().unwrap_or_default();
    let steady = arrived
        .iter()
        .filter(|time| (from..until).contains(*time))
        .count();
    100.0 * steady as f64 / (LIMIT * until.saturating_sub(from).as_secs_f64())
}

pub(crate) fn head(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{:<24} {:>8} {:>5} {:>8} {:>9} {:>9} {:>9}",
        "", "requests", "429", "seconds", "subs/s", "of limit", "peak MiB"
    )
}

pub(crate) fn foot(out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "\nSeconds are those of the whole check (database, listing, verdict); subs/s and the share of the limit are those of\n\
         the listing. `far`: 20,000 granting subscriptions, 10,000 ended ones and 40,000 accounts; answers take 300 ms\n\
         (log-normal, one in a hundred 600 ms or more), 25 requests/s at an endpoint, 20 at once, gzip; limits: 10 s, 90 %,\n\
         no 429. `million`: so many granting subscriptions, and half as many accounts more; answers at once, without limits,\n\
         uncompressed, from this machine; limits: 40,000 subs/s, 300 MiB a million. `paddle`: 15,000 open subscriptions of\n\
         Paddle, 5,000 ended ones and 20,000 accounts; answers take 300 ms, 240 requests/min; limit: 12 s. `one by one` lists\n\
         everything with a cursor, and does nothing else.\n"
    )
}
