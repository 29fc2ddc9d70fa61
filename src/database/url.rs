//! A database URL, parsed from its text alone: no environment setting applies, and no message shows its parts.

use std::{net::IpAddr, str::FromStr as _};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};
use url::{Host, Url};

use super::{
    url_error::UrlError,
    url_mistake::Mistake,
    url_parameters::{Parameters, Tls},
};
use crate::config::host::is_local_or_private;

/// Address and options of a connection.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) uses_socket: bool,
    password: SecretString,
    tls: Tls,
    startup_options: Option<String>,
    startup_settings: Vec<(String, String)>,
    search_path: Option<String>,
}

impl Target {
    pub(crate) fn parse(url: &SecretString) -> Result<Self, UrlError> {
        let text = url.expose_secret().trim();
        if text.is_empty() {
            return Err(UrlError::Empty);
        }
        if let Some(mistake) = Mistake::find_in(text) {
            return Err(UrlError::Mistake(mistake));
        }
        // The parser's error could quote the text.
        let Ok(url) = Url::parse(text) else {
            return Err(UrlError::Form);
        };
        if !matches!(url.scheme(), "postgres" | "postgresql") || url.cannot_be_a_base() {
            return Err(UrlError::Form);
        }
        // An unencoded `/`, `?` or `#` in the password ends the host early: the rest of the password would be looked up
        // as a host, and shown. The intended host then follows an `@` further on.
        if url.fragment().is_some() || url.path().contains('@') {
            return Err(UrlError::Unencoded);
        }
        let parameters = Parameters::from_url(&url)?;
        let host = parameters
            .host
            .clone()
            .or_else(|| decoded(url.host_str().unwrap_or_default()))
            .filter(|host| !host.is_empty())
            .ok_or(UrlError::Missing("host"))?;
        let user = parameters
            .user
            .clone()
            .or_else(|| decoded(url.username()))
            .filter(|user| !user.is_empty())
            .ok_or(UrlError::Missing("user"))?;
        let database = parameters
            .database
            .clone()
            .or_else(|| decoded(url.path().trim_start_matches('/')))
            .filter(|database| !database.is_empty())
            // The same default as libpq's.
            .unwrap_or_else(|| user.clone());
        let password = match &parameters.password {
            Some(password) => password.clone(),
            None => decoded(url.password().unwrap_or_default()).ok_or(UrlError::Form)?,
        };
        let port = match &parameters.port {
            Some(port) => port.parse().ok().ok_or(UrlError::Parameter("port"))?,
            None => url.port().unwrap_or(5432),
        };
        Ok(Self {
            uses_socket: host.starts_with('/'),
            host: host
                .trim_start_matches('[')
                .trim_end_matches(']')
                .to_owned(),
            port,
            database,
            user,
            password: SecretString::from(password),
            tls: parameters.tls()?,
            startup_options: parameters.options,
            startup_settings: parameters.settings,
            search_path: parameters.search_path,
        })
    }

    /// Returns true if the host is the machine itself, which inside a container is the container.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback() || address.is_unspecified())
    }

    /// Returns `host:port`, or the socket's directory.
    pub(crate) fn server(&self) -> String {
        if self.uses_socket {
            self.host.clone()
        } else if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Returns true if the name alone shows that it is this machine or in its network.
    pub(super) fn is_local_or_private(&self) -> bool {
        let host = match self.host.parse() {
            Ok(IpAddr::V4(address)) => Host::Ipv4(address),
            Ok(IpAddr::V6(address)) => Host::Ipv6(address),
            Err(_) => Host::Domain(self.host.as_str()),
        };
        self.uses_socket || self.is_loopback() || is_local_or_private(&host)
    }

    /// Returns the URL's search path, in the syntax of `set search_path`.
    pub(super) fn search_path(&self) -> Option<&str> {
        self.search_path.as_deref()
    }

    /// Returns the TLS settings of the URL.
    pub(super) fn tls(&self) -> &Tls {
        &self.tls
    }

    /// Returns the driver's options, including the search path, for connections that need no further settings.
    pub(crate) fn options_with_search_path(&self) -> Result<PgConnectOptions, UrlError> {
        let path = self.search_path.as_ref();
        let options = self.options()?;
        Ok(options.options(path.map(|path| ("search_path", path))))
    }

    /// Returns the driver's options. The driver starts from PGHOST and similar variables, so every option is set here.
    pub(super) fn options(&self) -> Result<PgConnectOptions, UrlError> {
        let base = match &self.startup_options {
            // The driver takes raw options only from a URL.
            Some(options) => {
                let mut url = Url::parse("postgres://host").ok().ok_or(UrlError::Form)?;
                url.query_pairs_mut().append_pair("options", options);
                PgConnectOptions::from_str(url.as_str())
                    .ok()
                    .ok_or(UrlError::Parameter("options"))?
            }
            None => PgConnectOptions::new_without_pgpass(),
        };
        let mut options = base
            .host(&self.host)
            .port(self.port)
            .username(&self.user)
            .password(self.password.expose_secret())
            .database(&self.database)
            .ssl_mode(self.tls.mode)
            .application_name("prodverdict")
            // PgBouncer rejects startup parameters that it does not know, such as this one.
            .extra_float_digits(None)
            .disable_statement_logging();
        if !self.startup_settings.is_empty() {
            let settings = self.startup_settings.iter();
            options = options.options(settings.map(|(name, value)| (name, value)));
        }
        if self.uses_socket {
            options = options.socket(&self.host);
        }
        let root = match &self.tls.root_certificate {
            Some(path) => std::fs::read(path).map_err(UrlError::RootCertificate)?,
            None => Vec::new(),
        };
        options = options.ssl_root_cert_from_pem(root);
        if let (Some(certificate), Some(key)) = (&self.tls.certificate, &self.tls.key) {
            options = options.ssl_client_cert(certificate).ssl_client_key(key);
        }
        Ok(options)
    }
}

/// Decodes percent-encoding; `None` if the result is not UTF-8.
fn decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}
