//! The handling of one request: recording, limits, faults and response.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::response::Response;
use http::request::Parts;

use super::{
    answer::{Delivery, Uncompressed},
    api::{Api, ApiRoute as _, FakeWorld as _, PendingRequest},
    connection::ConnectionReset,
    faults::{Fault, Faults},
    incoming::IncomingRequest,
    latency::Latency,
    limits::{Limiter, OverLimit},
    recorder::{self, Recorder, RequestResult},
};

/// A change of the world scheduled for a request.
pub(crate) type Change<W> = Box<dyn FnOnce(&mut W) + Send>;

/// State shared by all requests.
pub(crate) struct ServerState<A: Api> {
    pub(crate) recorder: Recorder<A::Endpoint>,
    pub(crate) faults: Faults<A::Endpoint>,
    pub(crate) limiter: Limiter<A::Endpoint>,
    pub(crate) latency: Option<Latency>,
    pub(crate) is_plain: bool,
    pub(crate) changes: BTreeMap<u64, Vec<Change<A::World>>>,
    /// A moment and the fake's clock at that moment, if the clock runs in real time from then on.
    pub(crate) follows: Option<(Instant, i64)>,
}

impl<A: Api> Default for ServerState<A> {
    fn default() -> Self {
        Self {
            recorder: Recorder::default(),
            faults: Faults::default(),
            limiter: Limiter::default(),
            latency: None,
            is_plain: false,
            changes: BTreeMap::new(),
            follows: None,
        }
    }
}

impl<A: Api> fmt::Debug for ServerState<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerState")
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// The engine behind the HTTP server.
#[derive(Debug)]
pub(crate) struct Engine<A: Api> {
    api: A,
    world: Mutex<A::World>,
    state: Mutex<ServerState<A>>,
}

/// Decisions made when a request arrives.
struct RequestPlan<A: Api> {
    number: u64,
    endpoint: A::Endpoint,
    fault: Option<Fault>,
    refused: Option<OverLimit>,
    delay: Duration,
    changes: Vec<Change<A::World>>,
    clock: Option<i64>,
}

impl<A: Api> Engine<A> {
    pub(crate) fn new(world: A::World) -> Self {
        Self {
            api: A::default(),
            world: Mutex::new(world),
            state: Mutex::new(ServerState::default()),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, A::World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, ServerState<A>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Handles a request; `route` is `None` for an unknown path or method.
    pub(crate) async fn handle(
        self: Arc<Self>,
        route: Option<(&'static A::Route, String)>,
        reset: ConnectionReset,
        incoming: IncomingRequest<A::Body>,
    ) -> Response {
        let endpoint = route
            .as_ref()
            .map_or(A::UNRECOGNIZED, |(route, _)| route.endpoint());
        let mut plan = self.plan_request(endpoint, &incoming);
        {
            let mut world = self.world();
            if let Some(clock) = plan.clock {
                world.set_clock(clock);
            }
            for change in plan.changes.drain(..) {
                change(&mut world);
            }
        }
        let entered = InFlightRequest::new(&self, &plan);
        let asked = PendingRequest {
            number: plan.number,
            route: route.as_ref().map(|(route, id)| (*route, id.as_str())),
            incoming: &incoming,
            fault: plan.fault.as_ref(),
            refused: plan.refused,
        };
        let (answer, held) = self.api.answer(&mut self.world(), asked);
        if !plan.delay.is_zero() {
            tokio::time::sleep(plan.delay).await;
        }
        let disturbed = plan.fault.is_some() || plan.refused.is_some();
        let result = RequestResult {
            status: answer.status,
            unsupported: answer.unsupported.clone(),
            disturbed,
        };
        self.state().recorder.answer(plan.number, result);
        drop((entered, held));
        let (answer, delivery) = match plan.fault.filter(|_| plan.refused.is_none()) {
            Some(Fault::ResetBeforeAnswer) => (answer, Delivery::Reset),
            Some(Fault::ResetInBody) => (answer, Delivery::ResetInBody),
            Some(Fault::SlowTrickle { bytes, pause }) => {
                (answer, Delivery::Trickle { bytes, pause })
            }
            Some(Fault::TruncatedJson) => (answer.halved(), Delivery::Whole),
            Some(Fault::MalformedObject(how)) => {
                (answer.with_malformed_objects(how), Delivery::Whole)
            }
            Some(_) | None => (answer, Delivery::Whole),
        };
        let mut response = answer.send(delivery, reset);
        if self.state().is_plain {
            response.extensions_mut().insert(Uncompressed);
        }
        response
    }

    fn plan_request(
        &self,
        endpoint: A::Endpoint,
        incoming: &IncomingRequest<A::Body>,
    ) -> RequestPlan<A> {
        let Parts {
            method,
            uri,
            headers,
            ..
        } = &incoming.parts;
        let query = recorder::query_of(uri);
        let body = incoming.body.as_ref();
        let words = recorder::words(uri.path(), &query, body);
        let namespaces = self.world().namespaces_of(words);
        let mut state = self.state();
        let kept = recorder::kept_headers(headers, A::RECORDED_HEADERS);
        let number = state
            .recorder
            .arrive(endpoint, (method, uri, kept), body, namespaces);
        let later = state.changes.split_off(&number.saturating_add(1));
        let due = std::mem::replace(&mut state.changes, later);
        let refused = state.limiter.enter(endpoint, Instant::now()).err();
        let fault = state.faults.next(&endpoint, |ids| {
            recorder::mentions((uri.path(), &query, body), ids)
        });
        let slow = match fault {
            Some(Fault::SlowFirstByte(delay)) => delay,
            Some(_) | None => Duration::ZERO,
        };
        let latency = state
            .latency
            .map_or(Duration::ZERO, |latency| latency.delay(number));
        let clock = state.follows.map(|(moment, clock)| {
            let passed = i64::try_from(moment.elapsed().as_secs()).unwrap_or_default();
            clock.saturating_add(passed)
        });
        RequestPlan {
            number,
            endpoint,
            clock,
            fault,
            refused,
            delay: slow.saturating_add(latency),
            changes: due.into_values().flatten().collect(),
        }
    }
}

/// A request that counts as in flight until dropped, even if the client disconnects.
struct InFlightRequest<'a, A: Api> {
    engine: &'a Engine<A>,
    endpoint: Option<A::Endpoint>,
}

impl<'a, A: Api> InFlightRequest<'a, A> {
    fn new(engine: &'a Engine<A>, plan: &RequestPlan<A>) -> Self {
        Self {
            engine,
            endpoint: plan.refused.is_none().then_some(plan.endpoint),
        }
    }
}

impl<A: Api> Drop for InFlightRequest<'_, A> {
    fn drop(&mut self) {
        if let Some(endpoint) = self.endpoint {
            self.engine.state().limiter.leave(endpoint);
        }
    }
}
