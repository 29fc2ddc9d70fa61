//! The HTTP clients of the process, the base URLs that secrets may be sent to, and the parts of a response that may
//! be shown.

pub mod scrub;

use std::time::Duration;

use url::Url;

use crate::config::host::is_local_or_private;

/// Timeout for connecting: long enough for a slow TLS handshake over a long distance, short enough for somebody who
/// watches.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Timeout of one request. Stripe's own SDKs wait 80 s, but no page of a list takes a tenth of that.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// Name and version of the program, sent with every request.
pub const USER_AGENT: &str = concat!("prodverdict/", env!("CARGO_PKG_VERSION"));

/// Starts a client whose TLS uses ring, which reqwest takes from the process.
pub fn client_builder() -> reqwest::ClientBuilder {
    // An error means that a provider is set already.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    reqwest::Client::builder()
}

/// Creates the client that all modules share: proxies from the environment, rustls, and no redirects, because a
/// redirect could send a key to another host.
pub fn client() -> reqwest::Result<reqwest::Client> {
    client_builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// Reason why a base URL is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// The text is not shown: it may be a misplaced secret.
    #[error("it is not a URL")]
    NotAUrl,
    #[error("`{0}` would send a secret over plain http to a public host")]
    PlainHttp(String),
    #[error("its scheme is `{0}`, which is neither https nor http")]
    Scheme(String),
}

/// Returns the base URL without a trailing slash if secrets may be sent to it: https to any host, http only to a
/// loopback or private address.
pub fn base_url(text: &str) -> Result<String, BaseUrlError> {
    let url = Url::parse(text).map_err(|_parse| BaseUrlError::NotAUrl)?;
    match url.scheme() {
        "https" => {}
        "http" if url.host().is_some_and(|host| is_local_or_private(&host)) => {}
        "http" => return Err(BaseUrlError::PlainHttp(url.origin().ascii_serialization())),
        scheme => return Err(BaseUrlError::Scheme(scrub::presentable(scheme))),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_allowed_anywhere_and_http_only_to_private_hosts() {
        for allowed in [
            "https://api.stripe.com",
            "http://127.0.0.1:12111",
            "http://172.17.0.1:1",
            "http://[::1]:1",
            "http://localhost:1",
            "http://fake-stripe:12111",
        ] {
            assert_eq!(base_url(allowed).as_deref(), Ok(allowed));
        }
        assert_eq!(
            base_url("https://host/api/v3/").as_deref(),
            Ok("https://host/api/v3")
        );
        for refused in [
            "http://api.stripe.com",
            "http://8.8.8.8",
            "http://localhost.evil.example",
        ] {
            assert_eq!(
                base_url(refused),
                Err(BaseUrlError::PlainHttp(refused.to_owned()))
            );
        }
        assert!(base_url("ftp://localhost").is_err());
        assert!(base_url("not a url").is_err());
    }

    #[test]
    fn a_refused_address_shows_no_more_than_its_host() {
        for text in [
            "hunter2hunter2",
            "postgres://dana:hunter2hunter2@db/app",
            "http://api.stripe.com/hunter2hunter2?key=hunter2hunter2",
        ] {
            let refused = base_url(text).unwrap_err();
            assert!(!format!("{refused} {refused:?}").contains("hunter2"));
        }
    }
}
