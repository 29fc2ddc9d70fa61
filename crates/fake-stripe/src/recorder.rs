//! Recorded requests with their results, for assertions and for users who investigate a failed step.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use compact_str::CompactString;
use http::{HeaderMap, Method, StatusCode, Uri};

use super::{endpoint::Endpoint, error::Unsupported};

/// A received request, without its API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Number in the order of arrival, starting at 1.
    pub number: u64,
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    /// Parameters of the body in their original order, with secrets hidden.
    pub body: Vec<(String, String)>,
    pub endpoint: Endpoint,
    /// The headers listed in `RECORDED_HEADERS`, as sent.
    pub headers: BTreeMap<&'static str, String>,
    pub arrived: Instant,
    /// Time of the response; `None`, like `status`, while it is being prepared.
    pub answered: Option<Instant>,
    pub status: Option<StatusCode>,
    /// True if a fault was injected or a limit exceeded.
    pub disturbed: bool,
    /// The part of the request that this fake does not support, though Stripe may.
    pub unsupported: Option<Unsupported>,
    /// Namespaces of the objects that it refers to.
    pub namespaces: BTreeSet<CompactString>,
}

/// The headers that are recorded: those that describe a client. `Authorization` is deliberately not among them.
const RECORDED_HEADERS: [&str; 7] = [
    "accept-encoding",
    "content-type",
    "idempotency-key",
    "stripe-account",
    "stripe-version",
    "user-agent",
    "x-stripe-client-user-agent",
];

/// The result of a request, added to it after the response was prepared.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) unsupported: Option<Unsupported>,
    pub(crate) disturbed: bool,
}

impl Request {
    /// Returns the last value of a parameter, named as written, such as `created[gte]`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let written = self.body.iter().rev().chain(self.query.iter().rev());
        let mut found = written.filter(|(written, _)| written == name);
        found.next().map(|(_, value)| value.as_str())
    }
}

/// Returns every word of a request that may refer to an object.
pub(crate) fn words<'r>(
    path: &'r str,
    query: &'r [Pair],
    body: &'r [Pair],
) -> impl Iterator<Item = &'r str> {
    let is_separator = |letter: char| !letter.is_alphanumeric() && !"_@.+-".contains(letter);
    let values = query.iter().chain(body).map(|(_, value)| value.as_str());
    values
        .chain([path])
        .flat_map(move |text| text.split(is_separator))
        .filter(|word| !word.is_empty())
}

/// A parameter and its value.
pub(crate) type Pair = (String, String);

pub(crate) fn mentions(
    (path, query, body): (&str, &[Pair], &[Pair]),
    ids: &[impl AsRef<str>],
) -> bool {
    ids.iter()
        .map(AsRef::as_ref)
        .filter(|id| !id.is_empty())
        .any(|id| {
            path.split('/').any(|part| part == id)
                || query
                    .iter()
                    .chain(body)
                    .any(|(_, value)| value.contains(id))
        })
}

/// Returns the body without data that must not be recorded: card numbers, and secrets sent by a client.
fn hide_secrets(body: &[Pair]) -> Vec<Pair> {
    const SECRET: [&str; 5] = ["number", "cvc", "secret", "client_secret", "password"];
    const BEGIN: [&str; 4] = ["sk_", "rk_", "whsec_", "ek_"];
    let shown = |(name, value): &Pair| {
        let last = name.rsplit('[').next().unwrap_or_default();
        let is_secret = SECRET.contains(&last.trim_end_matches(']'))
            || BEGIN.iter().any(|begin| value.starts_with(begin));
        let value = if is_secret { "(hidden)" } else { value };
        (name.clone(), value.to_owned())
    };
    body.iter().map(shown).collect()
}

/// All requests since the start or the last `clear`.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    requests: Vec<Request>,
    arrived: u64,
}

impl Recorder {
    pub(crate) fn arrive(
        &mut self,
        endpoint: Endpoint,
        (method, uri, headers): (&Method, &Uri, &HeaderMap),
        body: &[(String, String)],
        namespaces: BTreeSet<CompactString>,
    ) -> u64 {
        self.arrived = self.arrived.saturating_add(1);
        let kept = RECORDED_HEADERS.iter().filter_map(|name| {
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
            body: hide_secrets(body),
            endpoint,
            headers: kept.collect(),
            arrived: Instant::now(),
            answered: None,
            status: None,
            disturbed: false,
            unsupported: None,
            namespaces,
        });
        self.arrived
    }

    pub(crate) fn answer(&mut self, number: u64, result: Answered) {
        let index = self
            .requests
            .binary_search_by_key(&number, |request| request.number);
        if let Some(request) = index.ok().and_then(|index| self.requests.get_mut(index)) {
            request.answered = Some(Instant::now());
            request.status = Some(result.status);
            request.unsupported = result.unsupported;
            request.disturbed = result.disturbed;
        }
    }

    pub(crate) fn last(&self) -> u64 {
        self.arrived
    }

    pub(crate) fn requests(&self) -> &[Request] {
        &self.requests
    }

    pub(crate) fn since(&self, number: u64) -> &[Request] {
        let first = self
            .requests
            .partition_point(|request| request.number <= number);
        self.requests.get(first..).unwrap_or_default()
    }

    /// Removes the requests; numbering continues.
    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }
}

/// Returns the decoded pairs of a query in their original order.
pub(crate) fn query(uri: &Uri) -> Vec<(String, String)> {
    let encoded = uri.query().unwrap_or_default().as_bytes();
    url::form_urlencoded::parse(encoded).into_owned().collect()
}
