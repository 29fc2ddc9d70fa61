//! Explains why a server's certificate is not trusted, with hints.

use std::{fmt, io};

use tokio_rustls::rustls::{self, CertificateError, pki_types::UnixTime};

use super::url_parameters::Tls;

/// Reason why a certificate is refused.
#[derive(Debug)]
pub struct Untrusted {
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

impl Untrusted {
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
        const ANYBODY: &str = "`sslmode=require` encrypts without asking who answers";
        match (&self.reason, self.authority) {
            (TlsRefusal::Expired(_), _) => {
                format!("renew it at the server: `sslrootcert=` does not help; {ANYBODY}")
            }
            (TlsRefusal::NotYetValid(_), _) => {
                "check the clocks of this machine and of the server".to_owned()
            }
            (TlsRefusal::AuthorityAsServer, _) => format!(
                "make a certificate for the server that is none of an authority (`openssl req -x509 … -addext \
                 basicConstraints=critical,CA:FALSE`), and write its file, or the file of the authority that signs it, as \
                 `sslrootcert=` in `{env}`; {ANYBODY}"
            ),
            (TlsRefusal::UnknownIssuer, Authority::File) => format!(
                "the file of `sslrootcert=` in `{env}` has to hold the authority that issued it, and whatever stands \
                 between the two: fetch it anew from where the database is hosted; {ANYBODY}"
            ),
            (TlsRefusal::UnknownIssuer, Authority::System) => format!(
                "it was not issued by a public authority: write the path of its authority's file in place of `system` as \
                 `sslrootcert=` in `{env}`; {ANYBODY}"
            ),
            (TlsRefusal::WrongName(_), _) => format!(
                "write the host name that the certificate was made for in `{env}`, or `sslmode=verify-ca` with \
                 `sslrootcert=` to ask for no name; {ANYBODY}"
            ),
            (TlsRefusal::UnknownIssuer | TlsRefusal::Other(_), _) => format!(
                "write `sslrootcert=` with the path of the certificate authority's file in `{env}`, and the host name \
                 that the certificate was made for; {ANYBODY}"
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
        CertificateError::ExpiredContext { not_after, .. } => TlsRefusal::Expired(day(*not_after)),
        CertificateError::NotValidYetContext { not_before, .. } => {
            TlsRefusal::NotYetValid(day(*not_before))
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

fn day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_second(seconds);
    time.map_or_else(
        |_| "a day long ago".to_owned(),
        |time| time.strftime("%Y-%m-%d").to_string(),
    )
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            TlsRefusal::Expired(day) => write!(f, "it expired on {day}"),
            TlsRefusal::NotYetValid(day) => write!(f, "it is not valid before {day}"),
            TlsRefusal::UnknownIssuer => {
                f.write_str("no authority that is trusted here issued it (UnknownIssuer)")
            }
            TlsRefusal::AuthorityAsServer => f.write_str(
                "it is the certificate of an authority itself (CA:TRUE), which cannot be a server's",
            ),
            TlsRefusal::WrongName(why) | TlsRefusal::Other(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Untrusted {}
