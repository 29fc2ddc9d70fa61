//! Checks if an application is ready, by an open port or the response of a URL.

use std::{fmt, time::Duration};

use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use url::Url;

use crate::http::client_builder;

const PAUSE: Duration = Duration::from_millis(100);

/// Timeout of one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// The sign by which an application counts as ready.
#[derive(Debug, Clone)]
pub enum ReadyCheck {
    /// The port accepts connections.
    Port { host: String, port: u16 },
    /// The URL responds with success or a redirect.
    Url { url: Url, client: reqwest::Client },
}

impl ReadyCheck {
    /// The port of a URL accepts connections.
    pub fn open_port(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        Self::Port {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port_or_known_default().unwrap_or(80),
        }
    }

    /// A URL responds, requested without a proxy.
    pub fn response(url: Url) -> reqwest::Result<Self> {
        let client = client_builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ATTEMPT_TIMEOUT)
            .no_proxy()
            .build()?;
        Ok(Self::Url { url, client })
    }

    pub(super) async fn wait(&self) {
        while !self.is_met().await {
            sleep(PAUSE).await;
        }
    }

    pub async fn is_met(&self) -> bool {
        let tried = async {
            match self {
                Self::Port { host, port } => {
                    TcpStream::connect((host.as_str(), *port)).await.is_ok()
                }
                Self::Url { url, client } => match client.get(url.clone()).send().await {
                    Ok(answer) => answer.status().is_success() || answer.status().is_redirection(),
                    Err(_) => false,
                },
            }
        };
        timeout(ATTEMPT_TIMEOUT, tried).await.unwrap_or(false)
    }
}

impl fmt::Display for ReadyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port { host, port } => write!(f, "{host}:{port}"),
            Self::Url { url, .. } => write!(f, "{url}"),
        }
    }
}
