//! What was asked, and what it got: for assertions, and for a person who wonders why a step failed.

use std::{collections::BTreeMap, time::Instant};

use http::{HeaderMap, Method, StatusCode, Uri};

use super::endpoints::Endpoint;

/// A request as it arrived. The key is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// From 1, in the order of arrival.
    pub number: u64,
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub endpoint: Endpoint,
    /// The headers in `KEPT`, as sent.
    pub headers: BTreeMap<&'static str, String>,
    pub arrived: Instant,
    /// None while the answer is being made, as is `status`.
    pub answered: Option<Instant>,
    pub status: Option<StatusCode>,
    /// Whether something was made to go wrong with it, or a limit refused it.
    pub disturbed: bool,
}

/// The headers that say something about a client; `Authorization` is none of them.
const KEPT: [&str; 7] = [
    "accept-encoding",
    "content-type",
    "idempotency-key",
    "stripe-account",
    "stripe-version",
    "user-agent",
    "x-stripe-client-user-agent",
];

impl Request {
    /// The last value of a parameter as it was written, such as `created[gte]`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().rev().find(|(written, _)| written == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Every request since the start or the last `forget`.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    requests: Vec<Request>,
    arrived: u64,
}

impl Recorder {
    pub(crate) fn arrive(
        &mut self,
        endpoint: Endpoint,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> u64 {
        self.arrived = self.arrived.saturating_add(1);
        let kept = KEPT.iter().filter_map(|name| {
            let value = headers.get(*name)?;
            Some((
                *name,
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            ))
        });
        self.requests.push(Request {
            number: self.arrived,
            method: method.clone(),
            path: uri.path().to_owned(),
            query: query(uri),
            endpoint,
            headers: kept.collect(),
            arrived: Instant::now(),
            answered: None,
            status: None,
            disturbed: false,
        });
        self.arrived
    }

    pub(crate) fn answer(&mut self, number: u64, status: StatusCode, disturbed: bool) {
        let index = self
            .requests
            .binary_search_by_key(&number, |request| request.number);
        if let Some(request) = index.ok().and_then(|index| self.requests.get_mut(index)) {
            request.answered = Some(Instant::now());
            request.status = Some(status);
            request.disturbed = disturbed;
        }
    }

    pub(crate) fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// Forgets the requests; numbers go on.
    pub(crate) fn forget(&mut self) {
        self.requests.clear();
    }
}

/// The decoded pairs of a query, in the order in which they were written.
pub(crate) fn query(uri: &Uri) -> Vec<(String, String)> {
    let encoded = uri.query().unwrap_or_default().as_bytes();
    url::form_urlencoded::parse(encoded).into_owned().collect()
}
