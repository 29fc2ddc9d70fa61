//! Explains why a server's certificate is not trusted, with hints.

use std::{fmt, io};

use tokio_rustls::rustls::{self, CertificateError, pki_types::UnixTime};

use super::url_parameters::Tls;

/// Reason why a certificate is refused.
#[derive(Debug)]
pub struct Untrusted {
    reason: Refusal,
    /// `sslrootcert` of the URL.
    authority: Authority,
}

#[derive(Debug, PartialEq, Eq)]
enum Refusal {
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
            reason: cause.map_or_else(|| Refusal::Other(error.to_string()), refusal),
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
            (Refusal::Expired(_), _) => {
                format!("renew it at the server: `sslrootcert=` does not help; {ANYBODY}")
            }
            (Refusal::NotYetValid(_), _) => {
                "check the clocks of this machine and of the server".to_owned()
            }
            (Refusal::AuthorityAsServer, _) => format!(
                "make a certificate for the server that is none of an authority (`openssl req -x509 … -addext \
                 basicConstraints=critical,CA:FALSE`), and write its file, or the file of the authority that signs it, as \
                 `sslrootcert=` in `{env}`; {ANYBODY}"
            ),
            (Refusal::UnknownIssuer, Authority::File) => format!(
                "the file of `sslrootcert=` in `{env}` has to hold the authority that issued it, and whatever stands \
                 between the two: fetch it anew from where the database is hosted; {ANYBODY}"
            ),
            (Refusal::UnknownIssuer, Authority::System) => format!(
                "it was not issued by a public authority: write the path of its authority's file in place of `system` as \
                 `sslrootcert=` in `{env}`; {ANYBODY}"
            ),
            (Refusal::WrongName(_), _) => format!(
                "write the host name that the certificate was made for in `{env}`, or `sslmode=verify-ca` with \
                 `sslrootcert=` to ask for no name; {ANYBODY}"
            ),
            (Refusal::UnknownIssuer | Refusal::Other(_), _) => format!(
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
fn refusal(error: &rustls::Error) -> Refusal {
    let rustls::Error::InvalidCertificate(refused) = error else {
        return Refusal::Other(error.to_string());
    };
    match refused {
        CertificateError::ExpiredContext { not_after, .. } => Refusal::Expired(day(*not_after)),
        CertificateError::NotValidYetContext { not_before, .. } => {
            Refusal::NotYetValid(day(*not_before))
        }
        CertificateError::UnknownIssuer => Refusal::UnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Refusal::WrongName(refused.to_string())
        }
        // The library reports this in no other way.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            Refusal::AuthorityAsServer
        }
        other => Refusal::Other(other.to_string()),
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
            Refusal::Expired(day) => write!(f, "it expired on {day}"),
            Refusal::NotYetValid(day) => write!(f, "it is not valid before {day}"),
            Refusal::UnknownIssuer => {
                f.write_str("no authority that is trusted here issued it (UnknownIssuer)")
            }
            Refusal::AuthorityAsServer => f.write_str(
                "it is the certificate of an authority itself (CA:TRUE), which cannot be a server's",
            ),
            Refusal::WrongName(why) | Refusal::Other(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Untrusted {}
