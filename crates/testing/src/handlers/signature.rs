//! Verifies `Stripe-Signature` as the official packages do.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const TOLERANCE_SECONDS: i64 = 300;

/// Returns true if a signature of the header fits the body and the secret and is not too old. Times in the future pass.
pub(super) fn is_valid(header: &str, body: &[u8], secret: &str, now: i64) -> bool {
    let parts = || header.split(',').filter_map(|part| part.split_once('='));
    let time = parts()
        .find(|(name, _)| *name == "t")
        .and_then(|(_, value)| value.parse::<i64>().ok());
    let Some(time) = time.filter(|time| now.saturating_sub(*time) <= TOLERANCE_SECONDS) else {
        return false;
    };
    parts()
        .filter(|(name, _)| *name == "v1")
        .filter_map(|(_, value)| from_hex(value))
        .any(|signature| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
            mac.update(format!("{time}.").as_bytes());
            mac.update(body);
            mac.verify_slice(&signature).is_ok()
        })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<_>>()?;
    Some(
        digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect(),
    )
}
