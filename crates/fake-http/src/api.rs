//! The part of a fake that knows the provider.

use std::{collections::BTreeSet, fmt};

use axum::body::Bytes;
use compact_str::CompactString;
use http::{HeaderMap, Method};

use super::{
    answer::Answer, faults::Fault, hosts::ProviderHosts, incoming::IncomingRequest,
    limits::OverLimit, recorder::Parameter,
};

/// A provider's API.
pub trait Api: fmt::Debug + Default + Send + Sync + 'static {
    type World: FakeWorld;
    type Endpoint: fmt::Debug + Copy + Ord + Send + Sync + 'static;
    type Route: ApiRoute<Endpoint = Self::Endpoint>;
    /// The parsed body of a request.
    type Body: AsRef<[Parameter]> + Default + Send + Sync;
    /// Released once the request was answered.
    type Held: Send;

    const HOSTS: ProviderHosts;
    /// The headers to record: those that describe a client. `Authorization` must not be among them.
    const RECORDED_HEADERS: &'static [&'static str];
    /// Maximum length of a body.
    const MAX_BODY_BYTES: usize;
    /// The endpoint of requests that the fake does not know.
    const UNRECOGNIZED: Self::Endpoint;

    fn routes() -> impl Iterator<Item = &'static Self::Route>;

    /// Parses a body; `None` is a body that is too long.
    fn parse_body(headers: &HeaderMap, body: Option<Bytes>) -> Self::Body;

    /// Answers a request.
    fn answer(
        &self,
        world: &mut Self::World,
        asked: PendingRequest<'_, Self>,
    ) -> (Answer, Self::Held);
}

/// A request to answer, with what was decided when it arrived.
#[derive(Debug)]
pub struct PendingRequest<'a, A: Api> {
    pub number: u64,
    /// The route, and the first id in the path; `None` for an unknown path or method.
    pub route: Option<(&'static A::Route, &'a str)>,
    pub incoming: &'a IncomingRequest<A::Body>,
    pub fault: Option<&'a Fault>,
    pub refused: Option<OverLimit>,
}

/// A row of a provider's route table.
pub trait ApiRoute: fmt::Debug + Send + Sync + 'static {
    type Endpoint;

    fn endpoint(&self) -> Self::Endpoint;
    fn method(&self) -> Method;
    fn path(&self) -> &'static str;
    /// Returns true if the parameters may be in the body.
    fn has_body(&self) -> bool;
}

/// The state of a fake.
pub trait FakeWorld: fmt::Debug + Send + 'static {
    /// Returns the current time in seconds since 1970.
    fn clock(&self) -> i64;
    fn set_clock(&mut self, clock: i64);
    /// Returns the namespaces of the objects that any of the words names.
    fn namespaces_of<'r>(&self, words: impl Iterator<Item = &'r str>) -> BTreeSet<CompactString>;
}
