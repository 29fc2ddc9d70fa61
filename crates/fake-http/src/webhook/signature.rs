//! Signature headers: an HMAC-SHA256 over the time and the raw body, in each provider's form.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use super::scheme::Scheme;

/// Signature of a delivery: a valid one, or a variant that only an attacker would send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    Right,
    /// Two signatures, the second of which is valid, as while a secret is rolled.
    Second,
    None,
    WrongSecret,
    /// The body is changed after signing.
    Tampered,
    /// The timestamp is ten minutes old, at least twice the tolerance of the SDKs.
    TooOld,
}

const TEN_MINUTES: i64 = 600;

/// Returns the signature header, if any, and the body to send. `now` is in seconds since 1970.
pub fn sign(
    scheme: Scheme,
    body: &[u8],
    signature: Signature,
    (secret, now): (&SecretString, i64),
) -> (Option<String>, Vec<u8>) {
    let right = |time| hex(scheme, secret.expose_secret(), time, body);
    let wrong = || hex(scheme, scheme.other_secret(), now, body);
    let header = match signature {
        Signature::None => None,
        Signature::Right | Signature::Tampered => Some(scheme.render(now, &[right(now)])),
        Signature::Second => Some(scheme.render(now, &[wrong(), right(now)])),
        Signature::WrongSecret => Some(scheme.render(now, &[wrong()])),
        Signature::TooOld => {
            let then = now.saturating_sub(TEN_MINUTES);
            Some(scheme.render(then, &[right(then)]))
        }
    };
    let mut sent = body.to_vec();
    if signature == Signature::Tampered {
        // Still the same JSON, so that only the signature can reveal the change.
        sent.push(b'\n');
    }
    (header, sent)
}

/// Returns the signature in lower-case hex. The key is the whole secret, including its prefix.
fn hex(scheme: Scheme, secret: &str, time: i64, body: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    // HMAC accepts keys of any length, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return hex;
    };
    mac.update(time.to_string().as_bytes());
    mac.update(scheme.separator());
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
        sign(
            Scheme::Stripe,
            b"{\"id\": \"evt_1\"}",
            signature,
            (&secret, NOW),
        )
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
    fn paddle_signs_with_a_colon_and_writes_semicolons() {
        // printf '1790812800:{"id": "evt_1"}' | openssl dgst -sha256 -hmac pdl_ntfset_test
        let secret = SecretString::from("pdl_ntfset_test");
        let signed = |signature| {
            let body = b"{\"id\": \"evt_1\"}";
            let (header, _) = sign(Scheme::Paddle, body, signature, (&secret, NOW));
            header.expect("a header")
        };
        let right = "51c1000293b7fa2235cc2aadee5d1e55dc39ed59a0d8cbf10a3de28017c2ff6b";
        assert_eq!(
            signed(Signature::Right),
            format!("ts=1790812800;h1={right}")
        );
        let both = signed(Signature::Second);
        assert!(both.ends_with(&format!(";h1={right}")), "{both}");
        assert_eq!(both.matches(";h1=").count(), 2);
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
