//! One request from its arrival to its answer: recorded, limited, disturbed, admitted, answered.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::response::Response;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header, request::Parts};
use secrecy::SecretString;

use super::{
    ambush::Waiting,
    answer::{Answer, AsItIs, Delivery},
    endpoints::{Call, Endpoint, Route},
    error::ApiError,
    faults::{Fault, Faults},
    latency::Latency,
    limits::{LimitReason, Limiter},
    line::Cutter,
    parameters::Parameters,
    recorder::{self, Recorder},
    version::{ApiVersion, UnknownVersion},
    world::{World, identifier},
};

/// A change of the world that waits for a request.
pub(crate) type Change = Box<dyn FnOnce(&mut World) + Send>;

/// Everything that requests share.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) recorder: Recorder,
    pub(crate) faults: Faults,
    pub(crate) limiter: Limiter,
    pub(crate) latency: Option<Latency>,
    pub(crate) is_plain: bool,
    pub(crate) changes: BTreeMap<u64, Vec<Change>>,
    pub(crate) ambushes: Vec<Arc<Waiting>>,
    /// A moment, and what the provider's clock said then; it goes on from there by itself.
    pub(crate) follows: Option<(Instant, i64)>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk")
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// The engine behind the HTTP server.
#[derive(Debug)]
pub(crate) struct Engine {
    world: Mutex<World>,
    desk: Mutex<Desk>,
}

/// What was decided about a request when it arrived.
struct Ticket {
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
            desk: Mutex::new(Desk::default()),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request; `route` is none where the path or the method is not known.
    pub(crate) async fn exchange(
        self: Arc<Self>,
        route: Option<(&'static Route, String)>,
        cutter: Cutter,
        request: Parts,
    ) -> Response {
        let endpoint = route
            .as_ref()
            .map_or(Endpoint::Unrecognized, |(route, _)| route.endpoint);
        let mut ticket = self.arrive(endpoint, &request.method, &request.uri, &request.headers);
        {
            let mut world = self.world();
            if let Some(clock) = ticket.clock {
                world.clock = clock;
            }
            for change in ticket.changes.drain(..) {
                change(&mut world);
            }
        }
        let entered = Entered::of(&self, &ticket);
        let answer = self.answer(
            &ticket,
            route.as_ref().map(|(route, id)| (*route, id.as_str())),
            &request,
        );
        if !ticket.delay.is_zero() {
            tokio::time::sleep(ticket.delay).await;
        }
        let disturbed = ticket.fault.is_some() || ticket.refused.is_some();
        self.desk()
            .recorder
            .answer(ticket.number, answer.status, disturbed);
        drop(entered);
        let (answer, delivery) = match ticket.fault.filter(|_| ticket.refused.is_none()) {
            Some(Fault::ResetBeforeAnswer) => (answer, Delivery::Reset),
            Some(Fault::ResetInBody) => (answer, Delivery::ResetInBody),
            Some(Fault::SlowTrickle { bytes, pause }) => {
                (answer, Delivery::Trickle { bytes, pause })
            }
            Some(Fault::TruncatedJson) => (answer.halved(), Delivery::Whole),
            Some(Fault::Reshaped(reshape)) => (answer.reshaped(reshape), Delivery::Whole),
            Some(_) | None => (answer, Delivery::Whole),
        };
        let mut response = answer.send(delivery, cutter);
        if self.desk().is_plain {
            response.extensions_mut().insert(AsItIs);
        }
        response
    }

    fn arrive(
        &self,
        endpoint: Endpoint,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Ticket {
        let mut desk = self.desk();
        let number = desk.recorder.arrive(endpoint, method, uri, headers);
        let later = desk.changes.split_off(&number.saturating_add(1));
        let due = std::mem::replace(&mut desk.changes, later);
        let refused = desk.limiter.enter(endpoint, Instant::now()).err();
        desk.ambushes.retain(|ambush| !ambush.is_over());
        let ambushed = desk.ambushes.iter().find_map(|ambush| ambush.strike(uri));
        let fault = ambushed.or_else(|| desk.faults.next(endpoint));
        let slow = match fault {
            Some(Fault::SlowFirstByte(delay)) => delay,
            Some(_) | None => Duration::ZERO,
        };
        let latency = desk
            .latency
            .map_or(Duration::ZERO, |latency| latency.of(number));
        let clock = desk.follows.map(|(moment, clock)| {
            let passed = i64::try_from(moment.elapsed().as_secs()).unwrap_or_default();
            clock.saturating_add(passed)
        });
        Ticket {
            number,
            endpoint,
            clock,
            fault,
            refused,
            delay: slow.saturating_add(latency),
            changes: due.into_values().flatten().collect(),
        }
    }

    fn answer(&self, ticket: &Ticket, route: Option<(&Route, &str)>, request: &Parts) -> Answer {
        let id = identifier("req_", ticket.number, 14);
        let mut world = self.world();
        let mode = if world.livemode { "" } else { "test/" };
        let log_url = format!(
            "https://dashboard.stripe.com/{mode}logs/{id}?t={}",
            world.clock
        );
        let asked = version(&world, &request.headers);
        let shown = asked.as_ref().unwrap_or(&world.default_version).to_string();
        let disturbed = match (ticket.refused, &ticket.fault) {
            (Some(reason), _) => Some(Answer::rate_limited(Some(reason), &log_url)),
            (None, Some(fault)) => Answer::instead(fault, &log_url),
            (None, None) => None,
        };
        let answer = disturbed.unwrap_or_else(|| {
            let body = match (&ticket.fault, asked) {
                (Some(Fault::KeyRevoked), _) => refuse_key(&request.headers),
                (_, Err(error)) => Err(error),
                (_, Ok(version)) => respond(&mut world, (ticket, route), request, &version),
            };
            match body {
                Ok(body) => Answer::json(StatusCode::OK, body),
                Err(error) => Answer::error(&error, &log_url),
            }
        });
        answer
            .with(HeaderName::from_static("request-id"), &id)
            .with(HeaderName::from_static("stripe-version"), &shown)
            .with(header::CACHE_CONTROL, "no-cache, no-store")
    }
}

/// Admits the key, checks what was asked, and renders what is there.
fn respond(
    world: &mut World,
    (ticket, route): (&Ticket, Option<(&Route, &str)>),
    request: &Parts,
    version: &ApiVersion,
) -> Result<Vec<u8>, ApiError> {
    let admitted = world.keys.admit(secret(&request.headers).as_ref())?;
    let Some((route, id)) = route else {
        let message = format!(
            "Unrecognized request URL ({}: {}). Please see https://stripe.com/docs or we can help at \
             https://support.stripe.com/.",
            request.method,
            request.uri.path()
        );
        return Err(ApiError::invalid(message).status(StatusCode::NOT_FOUND));
    };
    admitted.require(route.permission, &world.account)?;
    let parameters = Parameters::read(&recorder::query(&request.uri), route.parameters)?;
    world.put_in_order();
    let call = Call {
        path: request.uri.path(),
        id,
        parameters: &parameters,
        version,
        key_is_live: admitted.live,
        disorder: match ticket.fault {
            Some(Fault::Disorder(disorder)) => Some(disorder),
            Some(_) | None => None,
        },
    };
    (route.answer)(&call, world)
}

fn version(world: &World, headers: &HeaderMap) -> Result<ApiVersion, ApiError> {
    let Some(asked) = headers.get("stripe-version") else {
        return Ok(world.default_version.clone());
    };
    let asked = String::from_utf8_lossy(asked.as_bytes());
    asked.parse().map_err(|UnknownVersion(_)| {
        ApiError::invalid(format!("Invalid Stripe API version: {asked}"))
    })
}

/// The key: as a bearer token, or as the user of basic authentication.
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

/// As if every key had just been revoked.
fn refuse_key(headers: &HeaderMap) -> Result<Vec<u8>, ApiError> {
    let mut keys = super::keys::Keys::default();
    keys.add(super::keys::Key::unrestricted("").revoked());
    keys.admit(secret(headers).as_ref()).map(|_| Vec::new())
}

/// A request that counts as under way until this is dropped, also when its client goes away.
struct Entered<'a> {
    engine: &'a Engine,
    endpoint: Option<Endpoint>,
}

impl<'a> Entered<'a> {
    fn of(engine: &'a Engine, ticket: &Ticket) -> Self {
        Self {
            engine,
            endpoint: ticket.refused.is_none().then_some(ticket.endpoint),
        }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(endpoint) = self.endpoint {
            self.engine.desk().limiter.leave(endpoint);
        }
    }
}
