//! Webhook delivery as the providers do it: signed when sent, with the documented headers and the body byte for byte.

mod scheme;
mod signature;

use std::{net::IpAddr, time::Duration};

use secrecy::SecretString;
use url::Url;

use crate::application_client_builder;

pub use self::{
    scheme::Scheme,
    signature::{Signature, sign},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum number of bytes of a response body that are kept.
const MAX_BODY: usize = 400;

/// The webhook endpoint of an application.
#[derive(Debug)]
pub struct Endpoint {
    scheme: Scheme,
    url: Url,
    secret: SecretString,
    /// Sender's address to name in `X-Forwarded-For`.
    source_ip: Option<IpAddr>,
    client: reqwest::Client,
}

/// The response to a delivery, or the lack of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Status {
        code: u16,
        /// Beginning of the body.
        body: String,
    },
    /// No response within the timeout.
    Silence,
    /// No response, for this reason.
    Nothing(String),
}

impl Endpoint {
    /// Creates a client for the handler at this URL and its signing secret. It follows no redirects and uses no proxy.
    pub fn new(scheme: Scheme, url: Url, secret: SecretString) -> reqwest::Result<Self> {
        let client = application_client_builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            scheme,
            url,
            secret,
            source_ip: None,
            client,
        })
    }

    /// Names this address in `X-Forwarded-For`, as a proxy in front of the handler would.
    #[must_use]
    pub fn with_source_ip(self, source_ip: Option<IpAddr>) -> Self {
        Self { source_ip, ..self }
    }

    /// Delivers a body once and waits up to `timeout` for the response; `now` is the real time in seconds since 1970,
    /// not the scenario's.
    pub async fn deliver(
        &self,
        body: &[u8],
        signature: Signature,
        (now, timeout): (i64, Duration),
    ) -> Reply {
        let (header, sent) = sign(self.scheme, body, signature, (&self.secret, now));
        let mut request = self.client.post(self.url.clone()).timeout(timeout);
        for (name, value) in self.scheme.headers() {
            request = request.header(name, value);
        }
        if let Some(address) = self.source_ip {
            request = request.header("X-Forwarded-For", address.to_string());
        }
        if let Some(header) = header {
            request = request.header(self.scheme.signature_header(), header);
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

/// Returns the root cause, without the URL: the report shows it once.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    /// Responds to the first request of a connection, and closes it when the next one comes.
    async fn respond_once(mut connection: TcpStream) {
        let mut request = Vec::with_capacity(4096);
        let length = connection.read_buf(&mut request).await.expect("a request");
        assert!(length > 0);
        let response = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        connection.write_all(response).await.expect("a connection");
        connection.read_buf(&mut request).await.ok();
    }

    #[tokio::test]
    async fn a_handler_may_close_a_connection_after_its_response() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let server = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(respond_once(connection));
            }
        });
        let url = url.parse().expect("a URL");
        let secret = SecretString::from("whsec_test");
        let endpoint = Endpoint::new(Scheme::Stripe, url, secret).expect("a client");
        for _ in 0..2 {
            let timing = (0, Duration::from_secs(5));
            let reply = endpoint.deliver(b"{}", Signature::Right, timing).await;
            assert!(
                matches!(reply, Reply::Status { code: 200, .. }),
                "{reply:?}"
            );
        }
        server.abort();
    }
}
