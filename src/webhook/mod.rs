//! Deliveries as Stripe makes them: signed at the moment of sending, with the documented headers, the body byte for byte.

mod signature;

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use secrecy::SecretString;
use url::Url;

pub use signature::{Signature, sign};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How much of an answer is looked at.
const MAX_BODY: usize = 400;

/// The endpoint of an application.
#[derive(Debug)]
pub struct Endpoint {
    url: Url,
    secret: SecretString,
    client: reqwest::Client,
}

/// What a delivery came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Status {
        code: u16,
        /// The beginning of the body.
        body: String,
    },
    /// Nothing in the time that it had.
    Silence,
    /// Nothing, for this reason.
    Nothing(String),
}

impl Endpoint {
    /// The handler at this address, which verifies with this secret. Redirects are not followed and proxies not used.
    pub fn new(url: Url, secret: SecretString) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self {
            url,
            secret,
            client,
        })
    }

    /// Delivers a body once and waits so long for the answer; `now` is the real time in seconds since 1970, whatever
    /// time the scenario has.
    pub async fn deliver(
        &self,
        body: &[u8],
        signature: Signature,
        (now, patience): (i64, Duration),
    ) -> Reply {
        let (header, sent) = sign(body, signature, &self.secret, now);
        let mut request = self
            .client
            .post(self.url.clone())
            .timeout(patience)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header(USER_AGENT, "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header(ACCEPT, "*/*; q=0.5, application/xml")
            .header("cache-control", "no-cache");
        if let Some(header) = header {
            request = request.header("stripe-signature", header);
        }
        match request.body(sent).send().await {
            Ok(response) => {
                let code = response.status().as_u16();
                let body = response.bytes().await.unwrap_or_default();
                let beginning = body.get(..MAX_BODY).unwrap_or(&body);
                Reply::Status {
                    code,
                    body: String::from_utf8_lossy(beginning).trim().to_owned(),
                }
            }
            Err(error) if error.is_timeout() && !error.is_connect() => Reply::Silence,
            Err(error) => Reply::Nothing(reason(&error)),
        }
    }
}

/// Why there is no answer, without the address: the report names it once.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
