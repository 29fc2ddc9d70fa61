//! Faults, of one request or of all: limits, errors, lost requests and lost responses.

use std::time::Duration;

use super::{RecordedRequest, World, reply::Reply};

/// A fault of the first request with this method whose path contains this.
#[derive(Debug, Clone)]
pub struct Fault {
    pub method: &'static str,
    pub path: &'static str,
    pub kind: Kind,
}

#[derive(Debug, Clone)]
pub enum Kind {
    /// 403 or 429, with or without `retry-after`.
    SecondaryLimit {
        status: u16,
        retry_after: Option<u64>,
    },
    /// The hourly limit, which ends this many seconds after the `date` of the response.
    PrimaryLimit { resets_in: u64 },
    /// A server error before anything was done.
    Error { status: u16, body: &'static str },
    /// The connection closes before anything was done.
    LoseRequest,
    /// The connection closes after everything was done.
    LoseAnswer,
    /// Everything was done, but the response is cut off.
    CutAnswer,
    /// Everything was done, but the response takes this long.
    Hang(Duration),
}

/// The `date` of a limit's response, so that the end of the limit does not depend on a clock.
const DATE: (&str, u64) = ("Mon, 23 Nov 2026 09:40:00 GMT", 1_795_426_800);

const SECONDARY: &str =
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";

impl Kind {
    /// Returns the response that replaces the operation, if any.
    pub(super) fn instead(&self) -> Option<Reply> {
        match self {
            Self::SecondaryLimit {
                status,
                retry_after,
            } => {
                let reply = Reply::error(*status, SECONDARY);
                Some(match retry_after {
                    Some(seconds) => reply.with("retry-after", seconds.to_string()),
                    None => reply,
                })
            }
            Self::PrimaryLimit { resets_in } => Some(
                Reply::error(403, "API rate limit exceeded for installation ID 1.")
                    .with("x-ratelimit-remaining", "0".to_owned())
                    .with("x-ratelimit-reset", (DATE.1 + resets_in).to_string())
                    .with("date", DATE.0.to_owned()),
            ),
            Self::Error { status, body } => {
                Some(Reply::text(*status, "text/html", (*body).to_owned()))
            }
            Self::LoseRequest => Some(Reply::error(500, "lost")),
            Self::LoseAnswer | Self::CutAnswer | Self::Hang(_) => None,
        }
    }
}

impl World {
    pub(super) fn take_fault(&mut self, request: &RecordedRequest) -> Option<Kind> {
        let meant =
            |fault: &Fault| fault.method == request.method && request.path.contains(fault.path);
        match self.faults.iter().position(meant) {
            Some(place) => Some(self.faults.remove(place).kind),
            None => self.always.clone(),
        }
    }
}
