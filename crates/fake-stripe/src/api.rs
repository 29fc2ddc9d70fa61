//! Stripe's API on the server: authorization, idempotency keys, API versions and responses.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use compact_str::CompactString;
use fake_http::{
    Answer, Api, ApiRoute, Fault, IncomingRequest, Parameter, PendingRequest, ProviderHosts,
    STRIPE, Unsupported, query_of,
};
use http::{HeaderMap, HeaderName, Method, StatusCode, header, request::Parts};
use secrecy::SecretString;

use super::{
    answer::{error_answer, instead, rate_limited, replayed, saved},
    endpoint::Endpoint,
    endpoints::{Call, Handler, Route, Verb, WriteRequest, routes},
    error::ApiError,
    expansion,
    form::{self, Form},
    idempotency::{Claim, Idempotency, RequestIdentity, SavedResponse},
    version::{ApiVersion, UnknownVersion},
    world::{Cause, World, identifier},
};

/// Stripe's API.
#[derive(Debug, Default)]
pub struct StripeApi {
    idempotency: Arc<Mutex<Idempotency>>,
}

/// The form of a request.
#[derive(Debug, Default)]
pub struct FormBody {
    /// Its pairs.
    pairs: Vec<Parameter>,
    /// Error if the body could not be read.
    broken: Option<ApiError>,
}

impl AsRef<[Parameter]> for FormBody {
    fn as_ref(&self) -> &[Parameter] {
        &self.pairs
    }
}

impl Api for StripeApi {
    type World = World;
    type Endpoint = Endpoint;
    type Route = Route;
    type Body = FormBody;
    type Held = KeyInUse;

    const HOSTS: ProviderHosts = STRIPE;
    const RECORDED_HEADERS: &'static [&'static str] = &[
        "accept-encoding",
        "content-type",
        "idempotency-key",
        "stripe-account",
        "stripe-version",
        "user-agent",
        "x-stripe-client-user-agent",
    ];
    const MAX_BODY_BYTES: usize = form::MAX_BODY_BYTES;
    const UNRECOGNIZED: Endpoint = Endpoint::Unrecognized;

    fn routes() -> impl Iterator<Item = &'static Route> {
        routes()
    }

    fn parse_body(headers: &HeaderMap, body: Option<Bytes>) -> FormBody {
        let read = match body {
            Some(bytes) => form::pairs_of_body(headers, &bytes),
            None => Err(form::body_too_large()),
        };
        match read {
            Ok(pairs) => FormBody {
                pairs,
                broken: None,
            },
            Err(error) => FormBody {
                pairs: Vec::new(),
                broken: Some(error),
            },
        }
    }

    fn answer(&self, world: &mut World, asked: PendingRequest<'_, Self>) -> (Answer, KeyInUse) {
        let headers = &asked.incoming.parts.headers;
        let mut key = KeyInUse::new(&self.idempotency, asked.incoming);
        let id = identifier("req_", asked.number, 14);
        let mode = if world.livemode { "" } else { "test/" };
        let log_url = format!(
            "https://dashboard.stripe.com/{mode}logs/{id}?t={}",
            world.clock
        );
        let requested = version(world, headers);
        let shown = match (&requested, headers.get("stripe-version")) {
            (Ok(version), Some(written)) => written
                .to_str()
                .map_or_else(|_invalid| version.to_string(), str::to_owned),
            (Ok(_), None) | (Err(_), _) => world.default_version.to_string(),
        };
        let disturbed = match (asked.refused, asked.fault) {
            (Some(over), _) => Some(rate_limited(Some(over.reason), &log_url)),
            (None, Some(fault)) => instead(fault, &log_url),
            (None, None) => None,
        };
        let answer = disturbed
            .unwrap_or_else(|| respond_once(world, &asked, &key, (&id, &log_url), requested));
        key.keep(&answer, &id);
        let answer = answer
            .with(HeaderName::from_static("request-id"), &id)
            .with(HeaderName::from_static("stripe-version"), &shown)
            .with(header::CACHE_CONTROL, "no-cache, no-store");
        (answer, key)
    }
}

impl ApiRoute for Route {
    type Endpoint = Endpoint;

    fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    fn method(&self) -> Method {
        match self.verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Delete => Method::DELETE,
        }
    }

    fn path(&self) -> &'static str {
        self.path
    }

    fn has_body(&self) -> bool {
        matches!(self.handler, Handler::Write(_))
    }
}

/// Returns the saved response of a repeated request, or that of a new one.
fn respond_once(
    world: &mut World,
    asked: &PendingRequest<'_, StripeApi>,
    key: &KeyInUse,
    (id, log_url): (&CompactString, &str),
    requested: Result<ApiVersion, ApiError>,
) -> Answer {
    let cause = Cause {
        request: Some(id.clone()),
        idempotency_key: key.key.as_deref().map(CompactString::from),
    };
    let body = match (asked.fault, requested, &key.claim) {
        (Some(Fault::KeyRevoked), ..) => refuse_key(&asked.incoming.parts.headers),
        (_, Err(error), _) => Err(error),
        (_, _, Claim::Refused(error)) => Err(error.clone()),
        (_, _, Claim::Again(saved)) => return replayed(saved),
        (_, Ok(version), Claim::First) => respond(world, asked, cause, &version),
    };
    match body {
        Ok(body) => Answer::json(StatusCode::OK, body),
        Err(error) => error_answer(&error, log_url),
    }
}

/// Authorizes the key, checks the parameters, and renders the response.
fn respond(
    world: &mut World,
    asked: &PendingRequest<'_, StripeApi>,
    cause: Cause,
    version: &ApiVersion,
) -> Result<Vec<u8>, ApiError> {
    let request = &asked.incoming.parts;
    let body = &asked.incoming.body;
    let admitted = world.keys.admit(secret(&request.headers).as_ref())?;
    let Some((route, id)) = asked.route else {
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
    if let Some(error) = body.broken.clone() {
        return Err(error);
    }
    let query = query_of(&request.uri);
    let mut form = Form::from_pairs(&[query, body.pairs.clone()].concat())?;
    world.put_in_order();
    let expand = form.texts("expand")?;
    for permission in expansion::permissions(&expand) {
        admitted.require(permission, &world.account)?;
    }
    let mut call = Call {
        path: request.uri.path(),
        id,
        expand,
        form,
        version,
        key_is_live: admitted.live,
        malformed: match asked.fault {
            Some(Fault::MalformedList(malformed)) => Some(*malformed),
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
    ApiVersion::from_header(&requested).map_err(|UnknownVersion(version)| {
        ApiError::invalid(format!("Invalid Stripe API version: {requested}"))
            .unsupported(Unsupported::Version(version))
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
#[derive(Debug)]
pub struct KeyInUse {
    keys: Arc<Mutex<Idempotency>>,
    key: Option<String>,
    claim: Claim,
    saved: Option<SavedResponse>,
}

impl KeyInUse {
    fn new(keys: &Arc<Mutex<Idempotency>>, incoming: &IncomingRequest<FormBody>) -> Self {
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
                    body: incoming.body.pairs.clone(),
                };
                let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
                keys.claim(key, identity)
            }
        };
        Self {
            keys: Arc::clone(keys),
            key: key.map(str::to_owned),
            claim,
            saved: None,
        }
    }

    /// Saves the response. Errors do not bind the key, since nothing was done.
    fn keep(&mut self, answer: &Answer, request: &CompactString) {
        if answer.status.is_success() && matches!(self.claim, Claim::First) {
            self.saved = Some(saved(answer, request));
        }
    }
}

impl Drop for KeyInUse {
    fn drop(&mut self) {
        if let (Some(key), Claim::First) = (&self.key, &self.claim) {
            let saved = self.saved.take();
            let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            keys.finish(key, saved);
        }
    }
}
