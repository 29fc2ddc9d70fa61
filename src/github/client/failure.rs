//! Errors of calls to GitHub, and their consequences for a retry.

use std::time::Duration;

use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    http::{BaseUrlError, scrub},
    problem::Explain,
};

/// Maximum length of a server's message. The first sentence says enough.
const SHOWN_CHARACTERS: usize = 300;

/// The reason why a call to GitHub failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("the address of GitHub's API is refused")]
    Address(#[source] BaseUrlError),
    #[error("there is no token for GitHub")]
    NoToken,
    #[error("the token for GitHub holds characters that a header cannot carry")]
    Token,
    #[error("`{call}` is not a request that can be sent")]
    Request {
        call: String,
        #[source]
        source: http::Error,
    },
    #[error("GitHub answered {status} to `{call}`: {message}")]
    Refused {
        call: String,
        status: u16,
        message: String,
        /// Set if the response is a rate limit.
        limit: Option<Limit>,
    },
    /// Nothing was sent.
    #[error("GitHub cannot be reached for `{call}`")]
    Unreachable {
        call: String,
        #[source]
        source: reqwest::Error,
    },
    /// The request may have been processed.
    #[error("the connection to GitHub broke during `{call}`")]
    Broken {
        call: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The request may have been processed.
    #[error("GitHub did not answer `{call}` in time")]
    TimedOut { call: String },
    #[error("the answer to `{call}` is not what GitHub documents")]
    Unreadable {
        call: String,
        #[source]
        source: serde_json::Error,
    },
    /// Nothing was sent.
    #[error(
        "`{call}` was not sent: GitHub asked for no further request for {} s, and that is longer than the time left",
        .wait.as_secs()
    )]
    Closed { call: String, wait: Duration },
    #[error("GitHub accepted `{call}` and did not do it")]
    Ignored { call: String },
    #[error("no time is left for `{call}`")]
    OutOfTime { call: String },
    #[error("`{path}` is not a path inside the repository")]
    Path { path: String },
    #[error("`{path}` is not a file")]
    NotAFile { path: String },
    #[error("`{path}` is not UTF-8 text")]
    NotText { path: String },
    #[error("`{path}` is longer than {max} bytes")]
    TooLong { path: String, max: usize },
}

/// A rate limit and the time until it ends, if known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub wait: Option<Duration>,
}

impl ClientError {
    /// Builds the error for an unsuccessful response. The status is kept whatever the body contains.
    pub(super) fn refused(
        call: String,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        token: &SecretString,
    ) -> Self {
        let message = message_of(body, token);
        let limit = limit_of(status, headers, &message);
        Self::Refused {
            call,
            status,
            message,
            limit,
        }
    }

    pub(in crate::github) fn status(&self) -> Option<u16> {
        if let Self::Refused { status, .. } = self {
            Some(*status)
        } else {
            None
        }
    }

    /// Returns true if the request may have been processed nevertheless, so that a retry could repeat a write.
    pub(in crate::github) fn is_ambiguous(&self) -> bool {
        self.status().is_some_and(|status| status >= 500)
            || matches!(
                self,
                Self::Broken { .. } | Self::TimedOut { .. } | Self::Unreadable { .. }
            )
    }

    /// Returns true if GitHub does not know the commit. This happens with the id of an annotated tag.
    pub(in crate::github) fn is_unknown_commit(&self) -> bool {
        matches!(self, Self::Refused { status: 422, message, .. } if message.contains("No commit found for SHA"))
    }

    /// Returns true for a rate limit, which says nothing about the token's permissions.
    pub(in crate::github) fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::Refused { limit: Some(_), .. } | Self::Closed { .. }
        )
    }

    /// Returns true if the token lacks the permission, or does not see the object.
    pub fn is_missing_permission(&self) -> bool {
        !self.is_limit() && matches!(self.status(), Some(403 | 404))
    }

    /// Returns true if a retry would fail in the same way.
    pub(in crate::github) fn is_final(&self) -> bool {
        matches!(self, Self::NoToken | Self::Token | Self::Address(_))
            || matches!(self, Self::Refused { status, limit: None, .. } if *status < 500)
    }
}

impl Explain for ClientError {
    fn hint(&self) -> String {
        let hint = match self {
            Self::Address(_) => "set `GITHUB_API_URL` to an https address",
            Self::NoToken => "leave `github_token` at its default, `${{ github.token }}`",
            Self::Token => "check `github_token` for line breaks and other stray characters",
            Self::Refused { limit: Some(_), .. } | Self::Closed { .. } => {
                "too many requests were made with this token; the next run will report again"
            }
            Self::Refused { status: 401, .. } => {
                "the token is not valid; leave `github_token` at its default, `${{ github.token }}`"
            }
            Self::Refused {
                status: 403 | 404, ..
            } => {
                "give the job `permissions: { contents: read, checks: write, pull-requests: write }`; on pull requests \
                 from forks and by Dependabot GitHub allows reading only"
            }
            Self::Refused { status, .. } if *status >= 500 => {
                "GitHub has trouble; see https://www.githubstatus.com"
            }
            Self::Unreachable { .. } | Self::Broken { .. } | Self::TimedOut { .. } => {
                "check that the runner reaches GitHub's API, through its proxy if it has one"
            }
            Self::TooLong { .. }
            | Self::NotText { .. }
            | Self::NotAFile { .. }
            | Self::Path { .. } => "name a configuration file of the repository",
            Self::Refused { .. }
            | Self::Request { .. }
            | Self::Unreadable { .. }
            | Self::Ignored { .. }
            | Self::OutOfTime { .. } => "",
        };
        hint.to_owned()
    }
}

#[derive(Deserialize)]
struct ErrorBody {
    message: Option<String>,
    errors: Option<Value>,
}

fn message_of(body: &[u8], token: &SecretString) -> String {
    let text = match serde_json::from_slice::<ErrorBody>(body) {
        Ok(ErrorBody {
            message: Some(message),
            errors: Some(errors),
        }) => format!("{message} {errors}"),
        Ok(ErrorBody {
            message: Some(message),
            errors: None,
        }) => message,
        _ => String::from_utf8_lossy(body).trim().to_owned(),
    };
    if text.is_empty() {
        return "no message".to_owned();
    }
    // A server or a proxy may echo the request.
    let text = scrub::without_key(&text, token);
    text.chars().take(SHOWN_CHARACTERS).collect()
}

/// Detects a rate limit. A missing permission also has status 403; the headers or the message tell them apart.
fn limit_of(status: u16, headers: &HeaderMap, message: &str) -> Option<Limit> {
    if !matches!(status, 403 | 429) {
        return None;
    }
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    if let Some(seconds) = number("retry-after") {
        return Some(Limit {
            wait: Some(Duration::from_secs(seconds)),
        });
    }
    if number("x-ratelimit-remaining") == Some(0) {
        return Some(Limit {
            wait: until(number("x-ratelimit-reset"), headers),
        });
    }
    let words = message.to_ascii_lowercase();
    let is_limit = status == 429 || words.contains("rate limit") || words.contains("abuse");
    is_limit.then_some(Limit { wait: None })
}

/// Computes the time until the reset by the server's clock, because ours may be wrong.
fn until(reset: Option<u64>, headers: &HeaderMap) -> Option<Duration> {
    let date = headers.get("date")?.to_str().ok()?;
    let now = jiff::fmt::rfc2822::parse(date)
        .ok()?
        .timestamp()
        .as_second();
    let seconds = reset?.saturating_sub(u64::try_from(now).ok()?);
    Some(Duration::from_secs(seconds.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> ClientError {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let token = SecretString::from("proxytoken-hunter2");
        ClientError::refused(
            "GET /x".to_owned(),
            status,
            &headers,
            body.as_bytes(),
            &token,
        )
    }

    fn limit(error: &ClientError) -> Option<Limit> {
        let ClientError::Refused { limit, .. } = error else {
            panic!("not refused: {error}");
        };
        *limit
    }

    #[test]
    fn a_body_that_is_not_json_keeps_its_status() {
        let error = refused(502, &[], "<html>Bad gateway</html>");
        assert_eq!(error.status(), Some(502));
        assert!(error.is_ambiguous());
        assert_eq!(refused(500, &[], "{}").status(), Some(500));
        assert_eq!(refused(500, &[], "").status(), Some(500));
    }

    #[test]
    fn a_token_repeated_by_the_server_is_not_shown() {
        for body in [
            "you sent Bearer proxytoken-hunter2",
            r#"{"message":"bad token proxytoken-hunter2"}"#,
            r#"{"message":"no","errors":["ghs_hunter2"]}"#,
        ] {
            for status in [401, 500] {
                let error = refused(status, &[], body);
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains("hunter2"), "{shown}");
            }
        }
    }

    #[test]
    fn a_missing_permission_is_not_a_rate_limit() {
        let error = refused(
            403,
            &[("x-ratelimit-remaining", "970")],
            r#"{"message":"Resource not accessible by integration"}"#,
        );
        assert_eq!(limit(&error), None);
        assert!(error.is_final());
    }

    #[test]
    fn a_rate_limit_has_the_time_to_wait() {
        let seconds = |seconds| {
            Some(Limit {
                wait: Some(Duration::from_secs(seconds)),
            })
        };
        assert_eq!(
            limit(&refused(429, &[("retry-after", "7")], "")),
            seconds(7)
        );
        assert_eq!(
            limit(&refused(403, &[("retry-after", "7")], "")),
            seconds(7)
        );
        let headers = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795426810"),
            ("date", "Mon, 23 Nov 2026 09:40:00 GMT"),
        ];
        assert_eq!(limit(&refused(403, &headers, "")), seconds(11));
        let secondary = r#"{"message":"You have exceeded a secondary rate limit."}"#;
        assert_eq!(
            limit(&refused(403, &[], secondary)),
            Some(Limit { wait: None })
        );
        assert_eq!(limit(&refused(429, &[], "")), Some(Limit { wait: None }));
        assert_eq!(limit(&refused(500, &[("retry-after", "7")], "")), None);
    }
}
