//! Explains why a server's certificate is not trusted, with hints.

use std::{fmt, io};

use rustls::{CertificateError, pki_types::UnixTime};

use super::url_parameters::Tls;

/// Reason why a certificate is refused.
#[derive(Debug)]
pub struct CertificateRefusal {
    reason: TlsRefusal,
    /// `sslrootcert` of the URL.
    authority: Authority,
}

#[derive(Debug, PartialEq, Eq)]
enum TlsRefusal {
    /// The last valid day.
    Expired(String),
    /// The first valid day.
    NotYetValid(String),
    UnknownIssuer,
    WrongName(String),
    /// The server presents the certificate of an authority as its own.
    AuthorityAsServer,
    Other(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Authority {
    /// No `sslrootcert`: only public authorities are trusted.
    Unwritten,
    System,
    File,
}

impl CertificateRefusal {
    pub(super) fn new(error: &io::Error, tls: &Tls) -> Self {
        let cause = error.get_ref();
        let cause = cause.and_then(|cause| cause.downcast_ref::<rustls::Error>());
        Self {
            reason: cause.map_or_else(|| TlsRefusal::Other(error.to_string()), refusal),
            authority: match &tls.root_certificate {
                Some(_) => Authority::File,
                None if tls.is_system => Authority::System,
                None => Authority::Unwritten,
            },
        }
    }

    /// Returns the hint; `env` is the variable that holds the URL.
    pub(super) fn hint(&self, env: &str) -> String {
        const ANYBODY: &str = "`sslmode=require` encrypts without verifying the server";
        match (&self.reason, self.authority) {
            (TlsRefusal::Expired(_), _) => {
                format!("renew it at the server: `sslrootcert=` does not help; {ANYBODY}")
            }
            (TlsRefusal::NotYetValid(_), _) => {
                "check the clocks of this machine and of the server".to_owned()
            }
            (TlsRefusal::AuthorityAsServer, _) => format!(
                "create a server certificate that is not a CA certificate (`openssl req -x509 … -addext \
                 basicConstraints=critical,CA:FALSE`), and set `sslrootcert=` in `{env}` to its file, or to the file \
                 of the authority that signs it; {ANYBODY}"
            ),
            (TlsRefusal::UnknownIssuer, Authority::File) => format!(
                "the file of `sslrootcert=` in `{env}` must contain the authority that issued it and any intermediate \
                 certificates: download it again from the database's host; {ANYBODY}"
            ),
            (TlsRefusal::UnknownIssuer, Authority::System) => format!(
                "no public authority issued it: replace `system` in `sslrootcert=` in `{env}` with the path of its \
                 authority's file; {ANYBODY}"
            ),
            (TlsRefusal::WrongName(_), _) => format!(
                "use the host name of the certificate in `{env}`, or `sslmode=verify-ca` with `sslrootcert=` to skip \
                 the name check; {ANYBODY}"
            ),
            (TlsRefusal::UnknownIssuer | TlsRefusal::Other(_), _) => format!(
                "set `sslrootcert=` in `{env}` to the path of the certificate authority's file, and use the host name \
                 of the certificate; {ANYBODY}"
            ),
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's errors are an open list"
)]
fn refusal(error: &rustls::Error) -> TlsRefusal {
    let rustls::Error::InvalidCertificate(refused) = error else {
        return TlsRefusal::Other(error.to_string());
    };
    match refused {
        CertificateError::ExpiredContext { not_after, .. } => {
            TlsRefusal::Expired(format_day(*not_after))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            TlsRefusal::NotYetValid(format_day(*not_before))
        }
        CertificateError::UnknownIssuer => TlsRefusal::UnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsRefusal::WrongName(refused.to_string())
        }
        // The library reports this in no other way.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            TlsRefusal::AuthorityAsServer
        }
        other => TlsRefusal::Other(other.to_string()),
    }
}

fn format_day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_second(seconds);
    time.map_or_else(
        |_| "a day long ago".to_owned(),
        |time| time.strftime("%Y-%m-%d").to_string(),
    )
}

impl fmt::Display for CertificateRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            TlsRefusal::Expired(day) => write!(f, "it expired on {day}"),
            TlsRefusal::NotYetValid(day) => write!(f, "it is not valid before {day}"),
            TlsRefusal::UnknownIssuer => {
                f.write_str("its issuer is not trusted here (UnknownIssuer)")
            }
            TlsRefusal::AuthorityAsServer => {
                f.write_str("it is a CA certificate (CA:TRUE), which a server cannot use")
            }
            TlsRefusal::WrongName(why) | TlsRefusal::Other(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for CertificateRefusal {}
