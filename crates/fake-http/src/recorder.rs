//! Recorded requests with their results, for assertions and for users who investigate a failed step.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use compact_str::CompactString;
use http::{HeaderMap, Method, StatusCode, Uri};

use super::unsupported::Unsupported;

/// A received request, without its API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest<E> {
    /// Number in the order of arrival, starting at 1.
    pub number: u64,
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    /// Parameters of the body in their original order, with secrets hidden.
    pub body: Vec<(String, String)>,
    pub endpoint: E,
    /// The headers that the API records, as sent.
    pub headers: BTreeMap<&'static str, String>,
    pub arrived: Instant,
    /// Time of the response; `None`, like `status`, while it is being prepared.
    pub answered: Option<Instant>,
    pub status: Option<StatusCode>,
    /// True if a fault was injected or a limit exceeded.
    pub disturbed: bool,
    /// The part of the request that this fake does not support, though the provider may.
    pub unsupported: Option<Unsupported>,
    /// Namespaces of the objects that it refers to.
    pub namespaces: BTreeSet<CompactString>,
}

/// The result of a request, added to it after the response was prepared.
#[derive(Debug)]
pub(crate) struct RequestResult {
    pub(crate) status: StatusCode,
    pub(crate) unsupported: Option<Unsupported>,
    pub(crate) disturbed: bool,
}

impl<E> RecordedRequest<E> {
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
    query: &'r [Parameter],
    body: &'r [Parameter],
) -> impl Iterator<Item = &'r str> {
    let is_separator = |letter: char| !letter.is_alphanumeric() && !"_@.+-".contains(letter);
    let values = query.iter().chain(body).map(|(_, value)| value.as_str());
    values
        .chain([path])
        .flat_map(move |text| text.split(is_separator))
        .filter(|word| !word.is_empty())
}

/// The name and the value of a parameter.
pub type Parameter = (String, String);

pub(crate) fn mentions(
    (path, query, body): (&str, &[Parameter], &[Parameter]),
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
fn hide_secrets(body: &[Parameter]) -> Vec<Parameter> {
    const SECRET: [&str; 5] = ["number", "cvc", "secret", "client_secret", "password"];
    const BEGIN: [&str; 5] = ["sk_", "rk_", "whsec_", "ek_", "pdl_"];
    let shown = |(name, value): &Parameter| {
        let last = name.rsplit('[').next().unwrap_or_default();
        let is_secret = SECRET.contains(&last.trim_end_matches(']'))
            || BEGIN.iter().any(|begin| value.starts_with(begin));
        let value = if is_secret { "(hidden)" } else { value };
        (name.clone(), value.to_owned())
    };
    body.iter().map(shown).collect()
}

/// Returns the values of the headers to record.
pub(crate) fn kept_headers(
    headers: &HeaderMap,
    names: &'static [&'static str],
) -> BTreeMap<&'static str, String> {
    let kept = names.iter().filter_map(|name| {
        let value = headers.get(*name)?;
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        Some((*name, value))
    });
    kept.collect()
}

/// All requests since the start or the last `clear`.
#[derive(Debug)]
pub(crate) struct Recorder<E> {
    requests: Vec<RecordedRequest<E>>,
    arrived: u64,
}

impl<E> Default for Recorder<E> {
    fn default() -> Self {
        Self {
            requests: Vec::new(),
            arrived: 0,
        }
    }
}

impl<E> Recorder<E> {
    pub(crate) fn arrive(
        &mut self,
        endpoint: E,
        (method, uri, headers): (&Method, &Uri, BTreeMap<&'static str, String>),
        body: &[Parameter],
        namespaces: BTreeSet<CompactString>,
    ) -> u64 {
        self.arrived = self.arrived.saturating_add(1);
        self.requests.push(RecordedRequest {
            number: self.arrived,
            method: method.clone(),
            path: uri.path().to_owned(),
            query: query_of(uri),
            body: hide_secrets(body),
            endpoint,
            headers,
            arrived: Instant::now(),
            answered: None,
            status: None,
            disturbed: false,
            unsupported: None,
            namespaces,
        });
        self.arrived
    }

    pub(crate) fn answer(&mut self, number: u64, result: RequestResult) {
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

    pub(crate) fn requests(&self) -> &[RecordedRequest<E>] {
        &self.requests
    }

    pub(crate) fn since(&self, number: u64) -> &[RecordedRequest<E>] {
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
pub fn query_of(uri: &Uri) -> Vec<(String, String)> {
    let encoded = uri.query().unwrap_or_default().as_bytes();
    url::form_urlencoded::parse(encoded).into_owned().collect()
}
