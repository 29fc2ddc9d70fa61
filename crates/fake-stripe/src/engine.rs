//! The handling of one request: recording, limits, faults, authorization and response.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::response::Response;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use compact_str::CompactString;
use http::{HeaderMap, HeaderName, Method, StatusCode, header, request::Parts};
use secrecy::SecretString;

use super::{
    answer::{Answer, Delivery, Uncompressed},
    connection::ConnectionReset,
    endpoint::Endpoint,
    endpoints::{Call, Handler, Route, WriteRequest},
    error::{ApiError, Unsupported},
    faults::{Fault, Faults},
    form::Form,
    idempotency::{Claim, Idempotency, RequestIdentity, Saved},
    incoming::IncomingRequest,
    latency::Latency,
    limits::{LimitReason, Limiter},
    recorder::{self, Answered, Recorder},
    version::{ApiVersion, UnknownVersion},
    world::{Cause, World, identifier},
};

/// A change of the world scheduled for a request.
pub(crate) type Change = Box<dyn FnOnce(&mut World) + Send>;

/// State shared by all requests.
#[derive(Default)]
pub(crate) struct ServerState {
    pub(crate) recorder: Recorder,
    pub(crate) faults: Faults,
    pub(crate) limiter: Limiter,
    pub(crate) latency: Option<Latency>,
    pub(crate) is_plain: bool,
    pub(crate) changes: BTreeMap<u64, Vec<Change>>,
    pub(crate) idempotency: Idempotency,
    /// A moment and the fake's clock at that moment, if the clock runs in real time from then on.
    pub(crate) follows: Option<(Instant, i64)>,
}

impl std::fmt::Debug for ServerState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerState")
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// The engine behind the HTTP server.
#[derive(Debug)]
pub(crate) struct Engine {
    world: Mutex<World>,
    state: Mutex<ServerState>,
}

/// Decisions made when a request arrives.
struct RequestPlan {
    number: u64,
    endpoint: Endpoint,
    fault: Option<Fault>,
    refused: Option<LimitReason>,
    delay: Duration,
    changes: Vec<Change>,
    clock: Option<i64>,
}

impl Engine {
    pub(crate) fn new(world: World) -> Self {
        Self {
            world: Mutex::new(world),
            state: Mutex::new(ServerState::default()),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, ServerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Handles a request; `route` is `None` for an unknown path or method.
    pub(crate) async fn handle(
        self: Arc<Self>,
        route: Option<(&'static Route, String)>,
        reset: ConnectionReset,
        incoming: IncomingRequest,
    ) -> Response {
        let endpoint = route
            .as_ref()
            .map_or(Endpoint::Unrecognized, |(route, _)| route.endpoint);
        let mut plan = self.plan_request(endpoint, &incoming);
        {
            let mut world = self.world();
            if let Some(clock) = plan.clock {
                world.clock = clock;
            }
            for change in plan.changes.drain(..) {
                change(&mut world);
            }
        }
        let entered = Entered::new(&self, &plan);
        let mut key = KeyInUse::new(&self, &incoming);
        let answer = self.answer(
            &plan,
            route.as_ref().map(|(route, id)| (*route, id.as_str())),
            &incoming,
            &mut key,
        );
        if !plan.delay.is_zero() {
            tokio::time::sleep(plan.delay).await;
        }
        let disturbed = plan.fault.is_some() || plan.refused.is_some();
        let result = Answered {
            status: answer.status,
            unsupported: answer.unsupported.clone(),
            disturbed,
        };
        self.state().recorder.answer(plan.number, result);
        drop((entered, key));
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

    fn plan_request(&self, endpoint: Endpoint, incoming: &IncomingRequest) -> RequestPlan {
        let Parts {
            method,
            uri,
            headers,
            ..
        } = &incoming.parts;
        let query = recorder::query(uri);
        let words = recorder::words(uri.path(), &query, &incoming.body);
        let namespaces = self.world().namespaces_of(words);
        let mut state = self.state();
        let number =
            state
                .recorder
                .arrive(endpoint, (method, uri, headers), &incoming.body, namespaces);
        let later = state.changes.split_off(&number.saturating_add(1));
        let due = std::mem::replace(&mut state.changes, later);
        let refused = state.limiter.enter(endpoint, Instant::now()).err();
        let fault = state.faults.next(endpoint, |ids| {
            recorder::mentions((uri.path(), &query, &incoming.body), ids)
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

    fn answer(
        &self,
        plan: &RequestPlan,
        route: Option<(&'static Route, &str)>,
        incoming: &IncomingRequest,
        key: &mut KeyInUse<'_>,
    ) -> Answer {
        let headers = &incoming.parts.headers;
        let id = identifier("req_", plan.number, 14);
        let mut world = self.world();
        let mode = if world.livemode { "" } else { "test/" };
        let log_url = format!(
            "https://dashboard.stripe.com/{mode}logs/{id}?t={}",
            world.clock
        );
        let requested = version(&world, headers);
        let shown = requested
            .as_ref()
            .unwrap_or(&world.default_version)
            .to_string();
        let disturbed = match (plan.refused, &plan.fault) {
            (Some(reason), _) => Some(Answer::rate_limited(Some(reason), &log_url)),
            (None, Some(fault)) => Answer::instead(fault, &log_url),
            (None, None) => None,
        };
        let answer = disturbed.unwrap_or_else(|| {
            let cause = Cause {
                request: Some(id.clone()),
                idempotency_key: key.key.map(CompactString::from),
            };
            let body = match (&plan.fault, requested, &key.claim) {
                (Some(Fault::KeyRevoked), ..) => refuse_key(headers),
                (_, Err(error), _) => Err(error),
                (_, _, Claim::Refused(error)) => Err(error.clone()),
                (_, _, Claim::Again(saved)) => return Answer::replayed(saved),
                (_, Ok(version), Claim::First) => {
                    respond(&mut world, (plan, route), (incoming, cause), &version)
                }
            };
            match body {
                Ok(body) => Answer::json(StatusCode::OK, body),
                Err(error) => Answer::error(&error, &log_url),
            }
        });
        key.keep(&answer, &id);
        answer
            .with(HeaderName::from_static("request-id"), &id)
            .with(HeaderName::from_static("stripe-version"), &shown)
            .with(header::CACHE_CONTROL, "no-cache, no-store")
    }
}

/// Authorizes the key, checks the parameters, and renders the response.
fn respond(
    world: &mut World,
    (plan, route): (&RequestPlan, Option<(&'static Route, &str)>),
    (incoming, cause): (&IncomingRequest, Cause),
    version: &ApiVersion,
) -> Result<Vec<u8>, ApiError> {
    let request = &incoming.parts;
    let admitted = world.keys.admit(secret(&request.headers).as_ref())?;
    let Some((route, id)) = route else {
        let message = format!(
            "Unrecognized request URL ({}: {}). Please see https://stripe.com/docs or we can help at \
             https://support.stripe.com/.",
            request.method,
            request.uri.path()
        );
        return Err(ApiError::invalid(message)
            .status(StatusCode::NOT_FOUND)
            .unsupported(Unsupported::Endpoint));
    };
    admitted.require(route.permission, &world.account)?;
    if let Some(error) = incoming.broken.clone() {
        return Err(error);
    }
    let query = recorder::query(&request.uri);
    let mut form = Form::from_pairs(&[query, incoming.body.clone()].concat())?;
    world.put_in_order();
    let mut call = Call {
        path: request.uri.path(),
        id,
        expand: form.texts("expand")?,
        form,
        version,
        key_is_live: admitted.live,
        malformed: match plan.fault {
            Some(Fault::MalformedList(malformed)) => Some(malformed),
            Some(_) | None => None,
        },
    };
    match route.handler {
        Handler::Retrieve(answer) => {
            call.reject_unread_parameters()?;
            answer(&call, world)
        }
        Handler::List(answer) => answer(&mut call, world),
        Handler::Write(answer) => answer(&mut WriteRequest { call, cause }, world),
    }
}

fn version(world: &World, headers: &HeaderMap) -> Result<ApiVersion, ApiError> {
    let Some(requested) = headers.get("stripe-version") else {
        return Ok(world.default_version.clone());
    };
    let requested = String::from_utf8_lossy(requested.as_bytes());
    requested.parse().map_err(|UnknownVersion(_)| {
        ApiError::invalid(format!("Invalid Stripe API version: {requested}"))
    })
}

/// Returns the API key: the bearer token, or the user of basic authentication.
fn secret(headers: &HeaderMap) -> Option<SecretString> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(SecretString::from(rest.trim())),
        "basic" => {
            let decoded = String::from_utf8(BASE64_STANDARD.decode(rest.trim()).ok()?).ok()?;
            let user = decoded.split(':').next()?;
            Some(SecretString::from(user))
        }
        _ => None,
    }
}

/// Returns the error of a revoked key, for any key.
fn refuse_key(headers: &HeaderMap) -> Result<Vec<u8>, ApiError> {
    let mut keys = super::keys::Keys::default();
    keys.add(super::keys::Key::unrestricted("").revoked());
    keys.admit(secret(headers).as_ref()).map(|_| Vec::new())
}

/// The idempotency key of a request, held until dropped, even if the client disconnects.
struct KeyInUse<'a> {
    engine: &'a Engine,
    key: Option<&'a str>,
    claim: Claim,
    saved: Option<Saved>,
}

impl<'a> KeyInUse<'a> {
    fn new(engine: &'a Engine, incoming: &'a IncomingRequest) -> Self {
        let Parts {
            method,
            uri,
            headers,
            ..
        } = &incoming.parts;
        let key = headers
            .get("idempotency-key")
            .filter(|_| *method == Method::POST)
            .and_then(|key| key.to_str().ok());
        let claim = match key {
            None => Claim::First,
            Some(key) => {
                let identity = RequestIdentity {
                    path: uri.to_string(),
                    body: incoming.body.clone(),
                };
                engine.state().idempotency.claim(key, identity)
            }
        };
        Self {
            engine,
            key,
            claim,
            saved: None,
        }
    }

    /// Saves the response. Errors do not bind the key, since nothing was done.
    fn keep(&mut self, answer: &Answer, request: &CompactString) {
        if answer.status.is_success() && matches!(self.claim, Claim::First) {
            self.saved = Some(answer.saved(request));
        }
    }
}

impl Drop for KeyInUse<'_> {
    fn drop(&mut self) {
        if let (Some(key), Claim::First) = (self.key, &self.claim) {
            let saved = self.saved.take();
            self.engine.state().idempotency.finish(key, saved);
        }
    }
}

/// A request that counts as in flight until dropped, even if the client disconnects.
struct Entered<'a> {
    engine: &'a Engine,
    endpoint: Option<Endpoint>,
}

impl<'a> Entered<'a> {
    fn new(engine: &'a Engine, plan: &RequestPlan) -> Self {
        Self {
            engine,
            endpoint: plan.refused.is_none().then_some(plan.endpoint),
        }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(endpoint) = self.endpoint {
            self.engine.state().limiter.leave(endpoint);
        }
    }
}
