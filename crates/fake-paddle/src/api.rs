//! Paddle's API on the server: keys, JSON bodies, and the envelope of responses.

use axum::body::Bytes;
use fake_http::{
    Answer, Api, ApiRoute, PADDLE, Parameter, PendingRequest, ProviderHosts, ids::identifier,
    query_of,
};
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    endpoint::Endpoint,
    endpoints::{Call, ResponseData, Route, routes},
    error::{ApiError, instead, over_limit},
    world::World,
};

/// Paddle's API.
#[derive(Debug, Default)]
pub struct PaddleApi;

/// The JSON body of a request.
#[derive(Debug, Default)]
pub struct JsonBody {
    /// The body; `None` if it is not JSON or too long.
    value: Option<Value>,
    /// Its leaves by path, for the records of requests.
    pairs: Vec<Parameter>,
}

impl AsRef<[Parameter]> for JsonBody {
    fn as_ref(&self) -> &[Parameter] {
        &self.pairs
    }
}

impl Api for PaddleApi {
    type World = World;
    type Endpoint = Endpoint;
    type Route = Route;
    type Body = JsonBody;
    type Held = ();

    const HOSTS: ProviderHosts = PADDLE;
    const RECORDED_HEADERS: &'static [&'static str] = &[
        "accept-encoding",
        "content-type",
        "paddle-version",
        "skip-count",
        "user-agent",
        "x-transaction-id",
    ];
    const MAX_BODY_BYTES: usize = 1 << 20;
    const UNRECOGNIZED: Endpoint = Endpoint::Unrecognized;

    fn routes() -> impl Iterator<Item = &'static Route> {
        routes()
    }

    fn parse_body(_: &HeaderMap, body: Option<Bytes>) -> JsonBody {
        let value = body.and_then(|bytes| {
            if bytes.is_empty() {
                return Some(json!({}));
            }
            serde_json::from_slice(&bytes).ok()
        });
        let mut pairs = Vec::new();
        if let Some(value) = &value {
            add_leaves("", value, &mut pairs);
        }
        JsonBody { value, pairs }
    }

    fn answer(&self, world: &mut World, asked: PendingRequest<'_, Self>) -> (Answer, ()) {
        let id = identifier("", asked.number, 26).to_lowercase();
        let disturbed = match (asked.refused, asked.fault) {
            (Some(over), _) => Some(over_limit(over, &id)),
            (None, Some(fault)) => instead(fault, &id),
            (None, None) => None,
        };
        let answer = disturbed.unwrap_or_else(|| match respond(world, &asked) {
            Ok(shown) => shown.answer(&id),
            Err(error) => error.answer(&id),
        });
        (answer.with(HeaderName::from_static("request-id"), &id), ())
    }
}

impl ApiRoute for Route {
    type Endpoint = Endpoint;

    fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    fn method(&self) -> Method {
        match self.verb {
            "POST" => Method::POST,
            "PATCH" => Method::PATCH,
            _ => Method::GET,
        }
    }

    fn path(&self) -> &'static str {
        self.path
    }

    fn has_body(&self) -> bool {
        self.verb != "GET"
    }
}

fn respond(
    world: &mut World,
    asked: &PendingRequest<'_, PaddleApi>,
) -> Result<ResponseData, ApiError> {
    let request = &asked.incoming.parts;
    let base_url = admit(&request.headers, world.refuses_live)?;
    let (route, id) = asked.route.ok_or_else(ApiError::unknown_path)?;
    let body = &asked.incoming.body.value;
    let body = match body {
        Some(body) => body.clone(),
        None if !route.has_body() => json!({}),
        None => return Err(ApiError::bad_json()),
    };
    let mut call = Call {
        id,
        path: request.uri.path(),
        base_url,
        skips_count: request
            .headers
            .get("skip-count")
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true")),
        query: query_of(&request.uri),
        body,
        fault: asked.fault,
    };
    if !route.has_body() {
        return (route.handler)(&mut call, world);
    }
    // The application's own changes belong to the time and the namespace of the customer.
    let stage = world
        .customer_of(&call)
        .and_then(|customer| world.stage_of(&customer));
    match stage {
        Some(stage) => {
            world
                .on_stage(&stage, |world| (route.handler)(&mut call, world))
                .0
        }
        None => (route.handler)(&mut call, world),
    }
}

/// Checks the key. Returns the base URL that the client believes in: the redirect keeps the `Host` of the provider, and the
/// links of a page have to begin with what the client knows as its base URL.
fn admit(headers: &HeaderMap, refuses_live: bool) -> Result<String, ApiError> {
    let missing = || {
        let detail = "Authentication header not included with request";
        ApiError::forbidden("authentication_missing", detail)
    };
    let value = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let malformed = || {
        let detail = "Authentication header included, but incorrectly formatted";
        ApiError::forbidden("authentication_malformed", detail)
    };
    let value = value.to_str().map_err(|_not_text| malformed())?;
    let (scheme, key) = value.split_once(' ').ok_or_else(malformed)?;
    let key = key.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || key.is_empty() {
        return Err(malformed());
    }
    if refuses_live && key.starts_with("pdl_live_") {
        let detail = "This is a live key, and this is a fake Paddle: use a key of the sandbox";
        return Err(ApiError::forbidden("invalid_token", detail));
    }
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = host.unwrap_or_default();
    Ok(match host {
        "api.paddle.com" | "sandbox-api.paddle.com" => format!("https://{host}"),
        direct => format!("http://{direct}"),
    })
}

/// Adds the scalar values of a JSON body under their paths, such as `items[0][price_id]`.
fn add_leaves(path: &str, value: &Value, pairs: &mut Vec<Parameter>) {
    let below = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}[{key}]")
        }
    };
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                add_leaves(&below(key), value, pairs);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                add_leaves(&below(&index.to_string()), value, pairs);
            }
        }
        Value::String(text) => pairs.push((path.to_owned(), text.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            pairs.push((path.to_owned(), value.to_string()));
        }
    }
}

impl ResponseData {
    fn answer(self, request: &str) -> Answer {
        let mut meta = json!({"request_id": request});
        if let (Some(pagination), Some(meta)) = (self.pagination, meta.as_object_mut()) {
            meta.insert("pagination".to_owned(), pagination);
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let body = json!({"data": self.data, "meta": meta});
        Answer::json(status, body.to_string().into_bytes())
    }
}
