//! A database URL: understood here from its text alone, so that no ambient setting and no message gets at its parts.

use std::{net::IpAddr, path::PathBuf, str::FromStr as _};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgSslMode},
};
use url::Url;

/// Why a database URL cannot be used. None of them shows any of it.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    #[error("it is empty")]
    Empty,
    #[error("it is not of the form `postgres://user:password@host:5432/database`")]
    Form,
    #[error("a character of its password has to be percent-encoded")]
    Unencoded,
    #[error("it names no {0}")]
    Missing(&'static str),
    #[error("its `{0}` cannot be used")]
    Parameter(&'static str),
    #[error("the file of its `sslrootcert` cannot be read")]
    RootCertificate(#[source] std::io::Error),
}

/// Where and how to connect.
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
}

#[derive(Debug)]
struct Tls {
    mode: PgSslMode,
    root_certificate: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl Target {
    pub(crate) fn parse(url: &SecretString) -> Result<Self, UrlError> {
        let text = url.expose_secret().trim();
        if text.is_empty() {
            return Err(UrlError::Empty);
        }
        // The parser's own words could quote the text.
        let Ok(url) = Url::parse(text) else {
            return Err(UrlError::Form);
        };
        if !matches!(url.scheme(), "postgres" | "postgresql") || url.cannot_be_a_base() {
            return Err(UrlError::Form);
        }
        let parameters = Parameters::of(&url);
        // An unencoded `/`, `?` or `#` ends the host early: the rest of the password would be looked up as a host, and
        // shown. What should have been the host then comes after an `@` further on.
        if url.fragment().is_some() || url.path().contains('@') || parameters.has_stray_at {
            return Err(UrlError::Unencoded);
        }
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
            // As libpq has it.
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
        })
    }

    /// Whether it names the machine itself, which inside a container is the container.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback() || address.is_unspecified())
    }

    /// `host:port`, or the socket's directory.
    pub(crate) fn server(&self) -> String {
        if self.uses_socket {
            self.host.clone()
        } else if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Whether the connection is refused rather than made without TLS.
    pub(crate) fn demands_tls(&self) -> bool {
        matches!(
            self.tls.mode,
            PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull
        )
    }

    /// The driver's options. It starts from PGHOST and its like, so every one of them is set.
    pub(crate) fn options(&self) -> Result<PgConnectOptions, UrlError> {
        let base = match &self.startup_options {
            // The driver takes them as they are in a URL only.
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
            // PgBouncer refuses the startup parameters that it does not know, such as this one.
            .extra_float_digits(None)
            .disable_statement_logging();
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

/// What the URL's query says; parameters of other drivers, such as Prisma's `schema`, are not ours to judge.
#[derive(Default)]
struct Parameters {
    host: Option<String>,
    port: Option<String>,
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
    options: Option<String>,
    ssl: Option<String>,
    ssl_mode: Option<String>,
    root_certificate: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
    /// An `@` in a parameter that is none of these.
    has_stray_at: bool,
}

impl Parameters {
    fn of(url: &Url) -> Self {
        let mut parameters = Self::default();
        for (key, value) in url.query_pairs() {
            let slot = match key.as_ref() {
                "host" | "hostaddr" => &mut parameters.host,
                "port" => &mut parameters.port,
                "user" => &mut parameters.user,
                "password" => &mut parameters.password,
                "dbname" => &mut parameters.database,
                "options" => &mut parameters.options,
                "ssl" => &mut parameters.ssl,
                "sslmode" | "ssl-mode" => &mut parameters.ssl_mode,
                "sslrootcert" | "ssl-root-cert" | "ssl-ca" => &mut parameters.root_certificate,
                "sslcert" | "ssl-cert" => &mut parameters.certificate,
                "sslkey" | "ssl-key" => &mut parameters.key,
                _ => {
                    parameters.has_stray_at |= key.contains('@') || value.contains('@');
                    continue;
                }
            };
            *slot = Some(value.into_owned());
        }
        parameters
    }

    fn tls(&self) -> Result<Tls, UrlError> {
        // libpq 16: the public authorities, and then nothing less than verify-full.
        let is_system = self.root_certificate.as_deref() == Some("system");
        let root_certificate = self
            .root_certificate
            .as_ref()
            .filter(|_| !is_system)
            .map(PathBuf::from);
        let has_root = root_certificate.is_some();
        let mode = match (self.ssl_mode.as_deref(), self.ssl.as_deref()) {
            (None | Some("verify-full"), _) if is_system => PgSslMode::VerifyFull,
            (Some(_), _) if is_system => return Err(UrlError::Parameter("sslmode")),
            (Some("disable"), _) => PgSslMode::Disable,
            // The driver's `allow` never tries TLS, while libpq's takes it where the server insists.
            (Some("allow" | "prefer"), _) => PgSslMode::Prefer,
            // As libpq: with an authority at hand, `require` asks it.
            (Some("require"), _) if has_root => PgSslMode::VerifyCa,
            // `no-verify` is node-postgres's word for it.
            (Some("require" | "no-verify"), _) | (None, Some("true" | "1")) => PgSslMode::Require,
            (Some("verify-ca"), _) => PgSslMode::VerifyCa,
            (Some("verify-full"), _) => PgSslMode::VerifyFull,
            (Some(_), _) => return Err(UrlError::Parameter("sslmode")),
            (None, _) => PgSslMode::Prefer,
        };
        if self.certificate.is_some() != self.key.is_some() {
            return Err(UrlError::Parameter("sslcert` without `sslkey"));
        }
        Ok(Tls {
            mode,
            root_certificate,
            certificate: self.certificate.as_ref().map(PathBuf::from),
            key: self.key.as_ref().map(PathBuf::from),
        })
    }
}

/// The text without its percent-encoding; none when that is no text.
fn decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}
