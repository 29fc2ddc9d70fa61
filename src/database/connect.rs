//! Connects to the server, and explains each kind of failure.

use std::{io, net::IpAddr, time::Duration};

use sqlx::{Connection as _, PgConnection, postgres::PgSslMode};
use tokio::{net::lookup_host, time::timeout};
use url::Host;

use super::{
    foreign_protocol::{ForeignProtocol, foreign_protocol, probe},
    tls::CertificateRefusal,
    url::Target,
    url_error::UrlError,
};
use crate::{config::host::is_local_or_private, problem::ErrorCode};

/// Timeout for connecting: long enough for a database that wakes up, short enough for somebody who watches.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Reason why there is no connection.
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
    #[error("its TLS certificate is not trusted")]
    Certificate(#[source] CertificateRefusal),
    #[error("the server there is not Postgres{}", .0.described())]
    NotPostgres(ForeignProtocol),
    #[error("the password of user `{user}` is wrong, or there is no such user")]
    Password { user: String },
    #[error("it has no database `{database}`")]
    NoDatabase { database: String },
    #[error("it does not allow this connection: {message}")]
    NotAllowed { message: String },
    #[error("it has no free connection")]
    TooManyConnections,
    #[error("it is starting up, shutting down or recovering")]
    NotReady,
    #[error("it refused the connection ({code}): {message}")]
    Rejected { code: String, message: String },
    #[error("the connection broke while it was opened")]
    Broken(#[source] sqlx::Error),
    #[error(transparent)]
    Url(#[from] UrlError),
}

/// A connection, and whether it crosses a public network without TLS.
#[derive(Debug)]
pub(super) struct NewConnection {
    pub(super) connection: PgConnection,
    pub(super) is_exposed: bool,
}

pub(super) async fn connect(target: &Target) -> Result<NewConnection, ConnectError> {
    let options = target.options()?;
    let attempt = async {
        let mut is_remote = false;
        if !target.uses_socket {
            // The driver's own lookup fails with an error that cannot be distinguished from others.
            let addresses = lookup_host((target.host.as_str(), target.port))
                .await
                .map_err(ConnectError::UnknownHost)?;
            is_remote = !target.is_local_or_private()
                && addresses.map(|address| address.ip()).any(is_remote_address);
        }
        let mut is_exposed = is_remote && matches!(target.tls().mode, PgSslMode::Disable);
        let options = if is_remote && matches!(target.tls().mode, PgSslMode::Prefer) {
            // The driver does not report if it used TLS.
            match PgConnection::connect_with(&options.clone().ssl_mode(PgSslMode::Require)).await {
                Ok(connection) => {
                    return Ok(NewConnection {
                        connection,
                        is_exposed: false,
                    });
                }
                Err(error) if offers_no_tls(&error) => {
                    is_exposed = true;
                    options.ssl_mode(PgSslMode::Disable)
                }
                Err(error) => return Err(failure(error, target)),
            }
        } else {
            options
        };
        let connection = PgConnection::connect_with(&options).await;
        Ok(NewConnection {
            connection: connection.map_err(|error| failure(error, target))?,
            is_exposed,
        })
    };
    let connected = timeout(CONNECT_TIMEOUT, attempt).await;
    let connected = connected.unwrap_or(Err(ConnectError::NoAnswer));
    if let Err(ConnectError::NoAnswer | ConnectError::Broken(_)) = &connected
        && matches!(target.tls().mode, PgSslMode::Disable)
        && !target.uses_socket
        && let Some(protocol) = probe(&target.host, target.port).await
    {
        return Err(ConnectError::NotPostgres(protocol));
    }
    connected
}

fn is_remote_address(address: IpAddr) -> bool {
    let host: Host<&str> = match address {
        IpAddr::V4(address) => Host::Ipv4(address),
        IpAddr::V6(address) => Host::Ipv6(address),
    };
    !is_local_or_private(&host)
}

fn offers_no_tls(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Tls(error) if error.to_string().contains("does not support TLS"))
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
            io::ErrorKind::InvalidData => {
                ConnectError::Certificate(CertificateRefusal::new(&error, target.tls()))
            }
            io::ErrorKind::TimedOut => ConnectError::NoAnswer,
            _ => ConnectError::Broken(sqlx::Error::Io(error)),
        },
        error if offers_no_tls(&error) => ConnectError::NoTls,
        sqlx::Error::Tls(error) => {
            let error = io::Error::other(error);
            ConnectError::Certificate(CertificateRefusal::new(&error, target.tls()))
        }
        sqlx::Error::Protocol(message) => match foreign_protocol(&message) {
            Some(protocol) => ConnectError::NotPostgres(protocol),
            None => ConnectError::Broken(sqlx::Error::Protocol(message)),
        },
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default().into_owned();
            rejection(&code, error.message(), target)
        }
        other => ConnectError::Broken(other),
    }
}

/// Converts a rejection by its SQLSTATE, from appendix A of the manual.
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
    pub(super) fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownHost(_)
            | Self::Refused(_)
            | Self::NoAnswer
            | Self::NotPostgres(_)
            | Self::TooManyConnections
            | Self::NotReady
            | Self::Broken(_) => ErrorCode::DatabaseUnreachable,
            Self::NoTls | Self::Certificate(_) => ErrorCode::DatabaseTls,
            Self::Password { .. }
            | Self::NoDatabase { .. }
            | Self::NotAllowed { .. }
            | Self::Rejected { .. } => ErrorCode::DatabaseLogin,
            Self::Url(_) => ErrorCode::DatabaseUrl,
        }
    }

    /// Returns the hint; `env` is the variable that holds the URL.
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
                "enable TLS on the server, or, if the network is trusted, write `sslmode=prefer` or `sslmode=disable` \
                 in `{env}`"
            ),
            Self::Certificate(untrusted) => untrusted.hint(env),
            Self::NotPostgres(_) => format!(
                "check host and port in `{env}`: Postgres listens on 5432 by default"
            ),
            Self::Password { .. } => format!(
                "check user and password in `{env}`; special characters in them are percent-encoded in a URL"
            ),
            Self::NoDatabase { .. } => format!("check the database name at the end of `{env}`"),
            Self::NotAllowed { .. } => format!(
                "if the server accepts only encrypted connections, write `sslmode=require` in `{env}`; otherwise the \
                 role needs LOGIN and a line in pg_hba.conf"
            ),
            Self::TooManyConnections => "the check needs one connection: raise the limit of the role or the server, or \
                                         use the pooler's URL"
                .to_owned(),
            Self::NotReady => "run the check again in a minute".to_owned(),
            Self::Rejected { .. } | Self::Broken(_) => format!("check `{env}` with psql"),
            Self::Url(error) => error.hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_remote_unless_it_is_of_a_network_of_our_own() {
        for (address, is_remote) in [
            ("127.0.0.1", false),
            ("::1", false),
            ("10.0.0.7", false),
            ("172.17.0.1", false),
            ("fd12:3456::1", false),
            ("::ffff:192.168.1.1", false),
            ("203.0.113.7", true),
            ("2001:db8::1", true),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(is_remote_address(address), is_remote, "{address}");
        }
    }

    #[test]
    fn a_host_is_local_if_its_name_shows_it() {
        let target = |host: &str| {
            let url = format!("postgres://u:p@{host}/d");
            Target::parse(&secrecy::SecretString::from(url)).unwrap()
        };
        for host in [
            "localhost",
            "postgres",
            "127.0.0.1",
            "0.0.0.0",
            "[::1]",
            "%2Ftmp",
        ] {
            assert!(target(host).is_local_or_private(), "{host}");
        }
        for host in ["db.example.com", "203.0.113.7", "[2001:db8::1]"] {
            assert!(!target(host).is_local_or_private(), "{host}");
        }
    }
}
