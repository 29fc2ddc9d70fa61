//! A response, the effect of faults on it, and its delivery.

use std::{io, time::Duration};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use futures::{StreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    connection::ConnectionReset,
    faults::{Fault, MalformedObject},
    malformed_object,
    unsupported::Unsupported,
};

/// A complete response.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// Gap of the fake that caused the response; the provider may have answered the request otherwise.
    pub unsupported: Option<Unsupported>,
    pub body: Bytes,
    headers: HeaderMap,
}

/// The delivery of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    Reset,
    ResetInBody,
    Trickle { bytes: usize, pause: Duration },
}

/// A marker of responses that are sent exactly as they are, without compression.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Uncompressed;

impl Answer {
    pub fn json(status: StatusCode, body: Vec<u8>) -> Self {
        let answer = Self {
            status,
            unsupported: None,
            headers: HeaderMap::new(),
            body: body.into(),
        };
        answer.with(header::CONTENT_TYPE, "application/json")
    }

    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Returns the response of an intermediate server that a fault puts in place of the provider's, if it does.
    pub fn of_intermediary(fault: &Fault) -> Option<Self> {
        match fault {
            Fault::HtmlBody(status) => {
                let body = "<html>\r\n<head><title>Bad Gateway</title></head>\r\n<body><center><h1>Bad Gateway</h1></center>\
                            <hr><center>nginx</center></body>\r\n</html>\r\n";
                Some(
                    Self::json(status_of(*status), body.into())
                        .with(header::CONTENT_TYPE, "text/html"),
                )
            }
            Fault::EmptyBody(status) => Some(Self::json(status_of(*status), Vec::new())),
            Fault::RateLimited(_)
            | Fault::RetryAfter(_)
            | Fault::LockTimeout
            | Fault::ServerError { .. }
            | Fault::KeyRevoked
            | Fault::ResetBeforeAnswer
            | Fault::ResetInBody
            | Fault::TruncatedJson
            | Fault::SlowFirstByte(_)
            | Fault::SlowTrickle { .. }
            | Fault::MalformedList(_)
            | Fault::MalformedObject(_) => None,
        }
    }

    /// Cuts off the second half of the body.
    pub(crate) fn halved(mut self) -> Self {
        self.body.truncate(self.body.len() / 2);
        self
    }

    /// Changes the objects in the body.
    pub(crate) fn with_malformed_objects(mut self, how: MalformedObject) -> Self {
        self.body = malformed_object::with_malformed_objects(&self.body, how).into();
        self
    }

    /// Sends the response.
    pub(crate) fn send(self, delivery: Delivery, reset: ConnectionReset) -> Response {
        let length = self.body.len();
        let body = match delivery {
            Delivery::Whole => Body::from(self.body),
            Delivery::Reset => {
                reset.trigger();
                Body::empty()
            }
            Delivery::ResetInBody => half_and_reset(&self.body, reset),
            Delivery::Trickle { bytes, pause } => trickle(self.body, bytes.max(1), pause),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if delivery != Delivery::Whole {
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            response.extensions_mut().insert(Uncompressed);
        }
        response
    }
}

/// Returns the status, or 500 for an invalid one.
fn status_of(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn half_and_reset(body: &Bytes, reset: ConnectionReset) -> Body {
    /// Long enough for the first half to leave this machine's buffers.
    const FLUSH_TIME: Duration = Duration::from_millis(20);
    let half = body.slice(..body.len() / 2);
    let first = stream::once(async move { Ok(half) });
    let reset = stream::once(async move {
        tokio::time::sleep(FLUSH_TIME).await;
        reset.trigger();
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Body::from_stream(first.chain(reset))
}

fn trickle(body: Bytes, bytes: usize, pause: Duration) -> Body {
    Body::from_stream(stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(bytes.min(rest.len()));
        Some((Ok::<_, io::Error>(piece), rest))
    }))
}
