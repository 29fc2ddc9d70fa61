//! `Stripe-Signature`: `t=…,v1=…`, an HMAC-SHA256 over the time, a dot and the raw body.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// Signature of a delivery: a valid one, or a variant that only an attacker would send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    Right,
    /// Two `v1` signatures, the second of which is valid, as while a secret is rolled.
    Second,
    None,
    WrongSecret,
    /// The body is changed after signing.
    Tampered,
    /// The timestamp is ten minutes old, twice the tolerance of the SDKs.
    TooOld,
}

/// Another secret in the provider's format. It belongs to no endpoint.
const OTHER_SECRET: &str = "whsec_prodverdict_is_not_the_secret_of_this_endpoint";

const TEN_MINUTES: i64 = 600;

/// Returns the signature header, if any, and the body to send.
pub fn sign(
    body: &[u8],
    signature: Signature,
    secret: &SecretString,
    now: i64,
) -> (Option<String>, Vec<u8>) {
    let right = |time| v1(secret.expose_secret(), time, body);
    let wrong = |time| v1(OTHER_SECRET, time, body);
    let header = match signature {
        Signature::None => None,
        Signature::Right | Signature::Tampered => Some(format!("t={now},v1={}", right(now))),
        Signature::Second => Some(format!("t={now},v1={},v1={}", wrong(now), right(now))),
        Signature::WrongSecret => Some(format!("t={now},v1={}", wrong(now))),
        Signature::TooOld => {
            let then = now.saturating_sub(TEN_MINUTES);
            Some(format!("t={then},v1={}", right(then)))
        }
    };
    let mut sent = body.to_vec();
    if signature == Signature::Tampered {
        // Still the same JSON, so that only the signature can reveal the change.
        sent.push(b'\n');
    }
    (header, sent)
}

/// Returns the signature in lower-case hex. The key is the whole secret, including `whsec_`.
fn v1(secret: &str, time: i64, body: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    // HMAC accepts keys of any length, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return hex;
    };
    mac.update(time.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    for byte in mac.finalize().into_bytes() {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_812_800;

    fn signed(signature: Signature) -> (Option<String>, Vec<u8>) {
        let secret = SecretString::from("whsec_test");
        sign(b"{\"id\": \"evt_1\"}", signature, &secret, NOW)
    }

    #[test]
    fn the_signature_is_the_documented_one() {
        // printf '1790812800.{"id": "evt_1"}' | openssl dgst -sha256 -hmac whsec_test
        let (header, body) = signed(Signature::Right);
        assert_eq!(
            header.as_deref(),
            Some(
                "t=1790812800,v1=fbb01f470d7c05ae927cda703ef1a49edbf86ee35239a1d4a496cfd1d8820c15"
            )
        );
        assert_eq!(body, b"{\"id\": \"evt_1\"}");
    }

    #[test]
    fn only_the_second_of_two_signatures_is_right() {
        let right = signed(Signature::Right).0.expect("a header");
        let right = right.split_once("v1=").expect("a signature").1.to_owned();
        let both = signed(Signature::Second).0.expect("a header");
        let both: Vec<_> = both.split(",v1=").skip(1).map(str::to_owned).collect();
        let [first, second] = both.as_slice() else {
            panic!("two signatures: {both:?}");
        };
        assert_ne!(*first, right);
        assert_eq!(*second, right);
        let wrong = signed(Signature::WrongSecret).0.expect("a header");
        assert!(wrong.ends_with(first.as_str()));
    }

    #[test]
    fn forgeries_differ_in_one_thing_each() {
        let (right, body) = signed(Signature::Right);
        assert_eq!(signed(Signature::None), (None, body.clone()));
        let (header, tampered) = signed(Signature::Tampered);
        assert_eq!(header, right);
        assert_ne!(tampered, body);
        let (old, same) = signed(Signature::TooOld);
        assert!(old.expect("a header").starts_with("t=1790812200,v1="));
        assert_eq!(same, body);
    }
}
