//! Delivers a message to the chat's webhook: one POST and at most one retry, within ten seconds.

use std::time::Duration;

use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};
use url::{Host, Url};

use crate::{problem::Explain, report::neutral::shortened};

/// Time for the whole delivery. The verdict is already known and somebody is waiting for it.
const BUDGET: Duration = Duration::from_secs(10);

/// Pause before the retry if the response names none.
const PAUSE: Duration = Duration::from_secs(1);

/// Minimum length of a path segment or query value that counts as secret.
const SECRET_CHARACTERS: usize = 16;

const ANSWER_CHARACTERS: usize = 200;

/// The address that messages are posted to. It is a secret, because anyone who knows it can post; it is never printed.
#[derive(Debug, Clone)]
pub struct Webhook(SecretString);

/// The reason why a webhook address is rejected. The text never contains the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    #[error("the address of the chat's webhook is not a URL")]
    NotAUrl,
    #[error("the address of the chat's webhook is not https")]
    NotHttps,
}

/// The reason why a message was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    #[error("the chat's webhook cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("the chat's webhook did not answer in {} s", BUDGET.as_secs())]
    TimedOut,
    #[error("the chat's webhook answered {status}: {answer}")]
    Refused {
        status: u16,
        answer: String,
        /// Value of `Retry-After` in seconds, if there is one.
        wait: Option<Duration>,
    },
    #[error("the chat's webhook answered {status}, and redirects are not followed")]
    Redirect { status: u16 },
}

impl Webhook {
    /// Accepts https URLs, and http URLs of the loopback interface only.
    pub fn new(address: &SecretString) -> Result<Self, WebhookError> {
        let text = address.expose_secret().trim();
        let url = Url::parse(text).map_err(|_address| WebhookError::NotAUrl)?;
        let is_allowed = match url.scheme() {
            "https" => true,
            "http" => url.host().is_some_and(|host| is_loopback(&host)),
            _ => false,
        };
        if is_allowed {
            Ok(Self(SecretString::from(text)))
        } else {
            Err(WebhookError::NotHttps)
        }
    }

    /// Returns the secret parts of the address that a response or an error could repeat: its path and its long values.
    pub fn secrets(&self) -> Vec<SecretString> {
        let Ok(url) = Url::parse(self.0.expose_secret()) else {
            return Vec::new();
        };
        let path = url.path().trim_matches('/').to_owned();
        let segments = path.split('/').map(str::to_owned);
        let values = url.query_pairs().map(|(_, value)| value.into_owned());
        let parts: Vec<_> = segments.chain(values).chain([path.clone()]).collect();
        parts
            .into_iter()
            .filter(|part| part.chars().count() >= SECRET_CHARACTERS)
            .map(SecretString::from)
            .collect()
    }

    /// Posts the message, and retries once after a 429 or a 5xx response.
    pub async fn send(&self, http: &reqwest::Client, message: &Value) -> Result<(), DeliveryError> {
        let deadline = Instant::now() + BUDGET;
        let first = self.within(deadline, http, message).await;
        let pause = match &first {
            Err(DeliveryError::Refused { status, wait, .. })
                if *status == 429 || *status >= 500 =>
            {
                wait.unwrap_or(PAUSE)
            }
            _ => return first,
        };
        if pause >= deadline.saturating_duration_since(Instant::now()) {
            return first;
        }
        sleep(pause).await;
        self.within(deadline, http, message).await
    }

    async fn within(
        &self,
        deadline: Instant,
        http: &reqwest::Client,
        message: &Value,
    ) -> Result<(), DeliveryError> {
        let attempt = timeout_at(deadline, self.once(http, message));
        attempt.await.unwrap_or(Err(DeliveryError::TimedOut))
    }

    async fn once(&self, http: &reqwest::Client, message: &Value) -> Result<(), DeliveryError> {
        // The error's text would contain the address otherwise.
        let unreachable = |error: reqwest::Error| DeliveryError::Unreachable(error.without_url());
        let answer = http
            .post(self.0.expose_secret())
            .header(CONTENT_TYPE, "application/json")
            .body(message.to_string())
            .send()
            .await
            .map_err(unreachable)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        if status.is_redirection() {
            return Err(DeliveryError::Redirect {
                status: status.as_u16(),
            });
        }
        let wait = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        Err(DeliveryError::Refused {
            status: status.as_u16(),
            answer: first_of(answer, status).await,
            wait,
        })
    }
}

/// Returns the beginning of the response body, or the status text if the body is empty.
async fn first_of(mut answer: reqwest::Response, status: StatusCode) -> String {
    let chunk = answer.chunk().await.ok().flatten().unwrap_or_default();
    let text = String::from_utf8_lossy(&chunk).trim().to_owned();
    if text.is_empty() {
        status.canonical_reason().unwrap_or("no message").to_owned()
    } else {
        shortened(&text, ANSWER_CHARACTERS)
    }
}

fn is_loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => name.as_ref() == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

impl Explain for WebhookError {
    fn hint(&self) -> String {
        "store the address as a secret and pass it whole, such as `SLACK_WEBHOOK_URL: ${{ secrets.SLACK_WEBHOOK_URL }}`"
            .to_owned()
    }
}

impl Explain for DeliveryError {
    fn hint(&self) -> String {
        match self {
            Self::Refused {
                status: 400..=499,
                wait: None,
                ..
            } => "make a new incoming webhook if this one was revoked, and store its address anew",
            Self::Redirect { .. } => {
                "store the address that it redirects to, if that is the chat's"
            }
            Self::Unreachable(_) | Self::TimedOut => {
                "check that the runner reaches the chat, through its proxy if it has one"
            }
            Self::Refused { .. } => "",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(address: &str) -> Result<Webhook, WebhookError> {
        Webhook::new(&SecretString::from(address))
    }

    #[test]
    fn https_is_allowed_anywhere_and_http_only_on_this_machine() {
        for allowed in [
            "https://hooks.slack.com/services/T0/B0/x",
            "http://127.0.0.1:1/x",
            "http://[::1]:1/x",
            "http://localhost/x",
        ] {
            assert!(webhook(allowed).is_ok(), "{allowed}");
        }
        for refused in [
            "http://hooks.slack.com/x",
            "http://10.0.0.1/x",
            "http://localhost.example/x",
            "file:///x",
        ] {
            assert_eq!(
                webhook(refused).err(),
                Some(WebhookError::NotHttps),
                "{refused}"
            );
        }
        assert_eq!(webhook("hooks").err(), Some(WebhookError::NotAUrl));
    }

    #[test]
    fn the_secret_parts_of_an_address_are_known_and_not_shown() {
        let webhook = webhook(
            "https://hooks.slack.com/services/T000/B000/canaryCanaryCanary24?sig=canaryOfTheQuery1",
        )
        .unwrap();
        let secrets = webhook.secrets();
        let secrets: Vec<_> = secrets.iter().map(SecretString::expose_secret).collect();
        assert_eq!(
            secrets,
            [
                "canaryCanaryCanary24",
                "canaryOfTheQuery1",
                "services/T000/B000/canaryCanaryCanary24"
            ]
        );
        assert!(!format!("{webhook:?}").contains("canary"));
    }
}
