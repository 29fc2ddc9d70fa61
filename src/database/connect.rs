//! Making the connection, and what each way of failing means.

use std::{io, time::Duration};

use sqlx::{Connection as _, PgConnection};
use tokio::{net::lookup_host, time::timeout};

use super::url::{Target, UrlError};

/// Long enough for a database that wakes up, short enough to fail while somebody watches.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("its host has no address")]
    UnknownHost(#[source] io::Error),
    #[error("nothing accepts connections there")]
    Refused(#[source] io::Error),
    #[error("it did not answer within {} seconds", CONNECT_TIMEOUT.as_secs())]
    NoAnswer,
    #[error("`sslmode` asks for TLS, which the server does not offer")]
    NoTls,
    #[error("its TLS certificate cannot be trusted")]
    Certificate(#[source] io::Error),
    #[error("the password of user `{user}` is wrong, or there is no such user")]
    Password { user: String },
    #[error("it has no database `{database}`")]
    NoDatabase { database: String },
    #[error("it lets nobody in like this: {message}")]
    NotAllowed { message: String },
    #[error("it has no connection left")]
    TooManyConnections,
    #[error("it is starting up, shutting down or recovering")]
    NotReady,
    #[error("it refused the connection ({code}): {message}")]
    Rejected { code: String, message: String },
    #[error("the connection broke while it was being made")]
    Broken(#[source] sqlx::Error),
    #[error(transparent)]
    Url(#[from] UrlError),
}

pub(super) async fn connect(target: &Target) -> Result<PgConnection, ConnectError> {
    let options = target.options()?;
    let attempt = async {
        if !target.uses_socket {
            // The driver's own look-up fails with an error that cannot be told from others.
            let _addresses = lookup_host((target.host.as_str(), target.port))
                .await
                .map_err(ConnectError::UnknownHost)?;
        }
        PgConnection::connect_with(&options)
            .await
            .map_err(|error| failure(error, target))
    };
    timeout(CONNECT_TIMEOUT, attempt)
        .await
        .unwrap_or(Err(ConnectError::NoAnswer))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the driver's errors and the system's kinds are open lists"
)]
fn failure(error: sqlx::Error, target: &Target) -> ConnectError {
    match error {
        sqlx::Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => {
                ConnectError::Refused(error)
            }
            io::ErrorKind::InvalidData => ConnectError::Certificate(error),
            io::ErrorKind::TimedOut => ConnectError::NoAnswer,
            _ => ConnectError::Broken(sqlx::Error::Io(error)),
        },
        sqlx::Error::Tls(error) if target.demands_tls() => {
            if error.to_string().contains("does not support TLS") {
                ConnectError::NoTls
            } else {
                ConnectError::Certificate(io::Error::other(error))
            }
        }
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default().into_owned();
            rejection(&code, error.message(), target)
        }
        other => ConnectError::Broken(other),
    }
}

/// Codes of the manual's appendix A.
fn rejection(code: &str, message: &str, target: &Target) -> ConnectError {
    match code {
        "28P01" => ConnectError::Password {
            user: target.user.clone(),
        },
        "28000" => ConnectError::NotAllowed {
            message: message.to_owned(),
        },
        "3D000" => ConnectError::NoDatabase {
            database: target.database.clone(),
        },
        "53300" => ConnectError::TooManyConnections,
        "57P01" | "57P02" | "57P03" => ConnectError::NotReady,
        _ => ConnectError::Rejected {
            code: code.to_owned(),
            message: message.to_owned(),
        },
    }
}

impl ConnectError {
    /// What to do; `env` is the variable that holds the URL.
    pub(super) fn hint(&self, env: &str) -> String {
        match self {
            Self::UnknownHost(_) => format!(
                "check the host in `{env}`; a private host name resolves only inside its own network"
            ),
            Self::Refused(_) => format!("check host and port in `{env}`, and that Postgres runs there"),
            Self::NoAnswer => "a firewall or an allow list is likely in the way: let the machine that runs this check in, \
                 or run the check on a runner inside the network"
                .to_owned(),
            Self::NoTls => format!(
                "turn TLS on at the server, or write `sslmode=prefer` or `sslmode=disable` in `{env}` where the network \
                 is trusted"
            ),
            Self::Certificate(_) => format!(
                "write `sslrootcert=` with the path of the certificate authority's file in `{env}`, and the host name \
                 that the certificate was made for; `sslmode=require` encrypts without asking who answers"
            ),
            Self::Password { .. } => format!(
                "check user and password in `{env}`; special characters in them are percent-encoded in a URL"
            ),
            Self::NoDatabase { .. } => format!("check the database name at the end of `{env}`"),
            Self::NotAllowed { .. } => format!(
                "where the server takes encrypted connections only, write `sslmode=require` in `{env}`; otherwise the \
                 role needs LOGIN and a line in pg_hba.conf"
            ),
            Self::TooManyConnections => "one connection is needed: raise the limit of the role or the server, or use \
                 the pooler's URL"
                .to_owned(),
            Self::NotReady => "run the check again in a minute".to_owned(),
            Self::Rejected { .. } | Self::Broken(_) => format!("check `{env}` with psql"),
            Self::Url(error) => error.hint(),
        }
    }
}

impl UrlError {
    pub(super) fn hint(&self) -> String {
        match self {
            Self::Empty => "set it to `postgres://user:password@host:5432/database`, from a secret".to_owned(),
            Self::Form | Self::Missing(_) => {
                "write it as `postgres://user:password@host:5432/database`; `/`, `?`, `#`, `@` and `%` in the password \
                 are percent-encoded (`%2F`, `%3F`, `%23`, `%40`, `%25`)"
                    .to_owned()
            }
            Self::Unencoded => "`/`, `?`, `#`, `@` and `%` in the password are written as `%2F`, `%3F`, `%23`, `%40`, `%25`"
                .to_owned(),
            Self::Parameter(_) => "`sslmode` is one of disable, prefer, require, verify-ca, verify-full; `sslcert` and \
                 `sslkey` go together; `port` is a number"
                .to_owned(),
            Self::RootCertificate(_) => "give the path as the program sees it: inside a container action the repository \
                 is at `/github/workspace`"
                .to_owned(),
        }
    }
}
