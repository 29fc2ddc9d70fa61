//! Sends requests to GitHub with octocrab, on a given HTTP client.
//!
//! It is a package because of the building time: octocrab compiles longer than anything else, and cargo starts a package
//! earlier if others depend on its dependents.

use http::{Request, Response};
use http_body_util::{BodyExt as _, Limited};
use octocrab::{
    AuthState, OctoBody, Octocrab, OctocrabBuilder,
    service::middleware::reqwest_connector::ReqwestConnector,
};

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Sends requests. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Transport {
    octocrab: Octocrab,
}

/// Reason why there is no response.
#[derive(Debug)]
pub enum TransportError {
    /// The HTTP client's own error, without the URL.
    Http(reqwest::Error),
    Other(BoxError),
}

/// A body, or the reason why it could not be read.
pub type Body = Result<Vec<u8>, BoxError>;

impl Transport {
    /// Must be called inside a tokio runtime.
    pub fn new(http: reqwest::Client) -> Self {
        // The default builder would add a second `User-Agent`, and would join paths wrongly with a base such as
        // `/api/v3`.
        let builder = OctocrabBuilder::new_empty()
            .with_service(ReqwestConnector::new(http))
            .with_auth(AuthState::None);
        let octocrab = match builder.build() {
            Ok(octocrab) => octocrab,
            Err(never) => match never {},
        };
        Self { octocrab }
    }

    /// Sends a request and reads at most `max_bytes` of the body.
    pub async fn send(
        &self,
        request: Request<Option<String>>,
        max_bytes: usize,
    ) -> Result<Response<Body>, TransportError> {
        let request = request.map(|body| body.map_or_else(OctoBody::empty, OctoBody::from));
        let response = self.octocrab.execute(request).await;
        let (parts, body) = response.map_err(unwrapped)?.into_parts();
        let body = Limited::new(body, max_bytes).collect().await;
        let body = body.map(|body| body.to_bytes().to_vec());
        Ok(Response::from_parts(parts, body))
    }
}

/// Extracts the HTTP client's own error from the wrappers that repeat its text.
fn unwrapped(error: octocrab::Error) -> TransportError {
    if let octocrab::Error::Reqwest { source, .. } = error {
        TransportError::Http(source.without_url())
    } else if let octocrab::Error::Service { source, .. } = error {
        match source.downcast::<octocrab::Error>() {
            Ok(error) => unwrapped(*error),
            Err(source) => TransportError::Other(source),
        }
    } else {
        TransportError::Other(error.into())
    }
}
