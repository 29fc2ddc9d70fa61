//! The last line of defence: secrets in whatever is about to leave, in every form that text commonly takes.

use std::fmt;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::{Url, form_urlencoded};

const MASKED: &str = "***";

/// A shorter secret would blank out ordinary words without hiding anything worth hiding.
const SHORTEST: usize = 4;

/// A shorter piece of base64 occurs by chance.
const SHORTEST_ENCODED: usize = 8;

/// What JavaScript's `encodeURIComponent` leaves alone.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What GitHub's API understands by name; a database password `completed` must not break the report.
const NAMES_OF_THE_API: &[&str] = &[
    "status",
    "conclusion",
    "annotation_level",
    "head_sha",
    "started_at",
    "completed_at",
    "query",
];

/// The texts to blank out.
#[derive(Clone, Default)]
pub struct Mask {
    /// The longest first, so that no part of a secret hides the whole of it.
    patterns: Vec<String>,
}

impl Mask {
    /// Each secret whole, line by line and, when it is a URL, its password alone; raw and encoded.
    pub fn new(secrets: &[SecretString]) -> Self {
        let mut patterns = Vec::new();
        for secret in secrets {
            let secret = secret.expose_secret();
            for text in std::iter::once(secret).chain(secret.lines()).map(str::trim) {
                add(&mut patterns, text);
            }
            if let Some(password) = password(secret) {
                add(
                    &mut patterns,
                    &percent_encoding::percent_decode_str(&password).decode_utf8_lossy(),
                );
                add(&mut patterns, &password);
            }
        }
        patterns.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        patterns.dedup();
        Self { patterns }
    }

    pub fn apply(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for pattern in &self.patterns {
            if masked.contains(pattern.as_str()) {
                masked = masked.replace(pattern.as_str(), MASKED);
            }
        }
        masked
    }

    /// Every text in a body, but for the words of the API.
    pub(super) fn apply_to(&self, body: &mut Value) {
        match body {
            Value::String(text) => *text = self.apply(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.apply_to(value)),
            Value::Object(fields) => fields
                .iter_mut()
                .filter(|(name, _)| !NAMES_OF_THE_API.contains(&name.as_str()))
                .for_each(|(_, value)| self.apply_to(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mask")
            .field("patterns", &self.patterns.len())
            .finish()
    }
}

fn add(patterns: &mut Vec<String>, secret: &str) {
    if secret.len() < SHORTEST {
        return;
    }
    let encoded = [
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        utf8_percent_encode(secret, COMPONENT).to_string(),
        form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        Value::from(secret).to_string().trim_matches('"').to_owned(),
    ];
    for form in encoded {
        patterns.push(lower_hexadecimal(&form));
        patterns.push(form);
    }
    patterns.push(secret.to_owned());
    for skipped in 0..3 {
        add_base64(
            patterns,
            secret.as_bytes().get(skipped..).unwrap_or_default(),
        );
    }
}

/// Inside a longer text a secret begins at any of the three places of a base64 group, and its last bytes share a group
/// with what follows; only whole groups always look the same.
fn add_base64(patterns: &mut Vec<String>, bytes: &[u8]) {
    let whole = bytes.get(..bytes.len() / 3 * 3).unwrap_or_default();
    for form in [STANDARD_NO_PAD.encode(whole), URL_SAFE_NO_PAD.encode(whole)] {
        if form.len() >= SHORTEST_ENCODED {
            patterns.push(form);
        }
    }
}

/// `%2F` as `%2f`.
fn lower_hexadecimal(encoded: &str) -> String {
    let mut digits = 0;
    encoded
        .chars()
        .map(|character| {
            if character == '%' {
                digits = 2;
            } else if digits > 0 {
                digits -= 1;
                return character.to_ascii_lowercase();
            }
            character
        })
        .collect()
}

fn password(secret: &str) -> Option<String> {
    Url::parse(secret.trim())
        .ok()?
        .password()
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn mask(secrets: &[&str]) -> Mask {
        let secrets: Vec<_> = secrets.iter().map(|it| SecretString::from(*it)).collect();
        Mask::new(&secrets)
    }

    #[test]
    fn a_secret_is_masked_in_every_form() {
        let mask = mask(&["rk_live_c4n/ry+\"one"]);
        for text in [
            "x rk_live_c4n/ry+\"one y",
            "rk%5Flive%5Fc4n%2Fry%2B%22one",
            "rk_live_c4n%2Fry%2B%22one",
            "rk_live_c4n%2fry%2b%22one",
            r#"rk_live_c4n/ry+\"one"#,
        ] {
            let masked = mask.apply(text);
            assert!(
                masked.contains("***") && !masked.contains("c4n"),
                "{masked}"
            );
        }
    }

    #[test]
    fn a_password_is_masked_without_its_url_and_decoded() {
        let mask = mask(&["postgres://app:p%40ss%2Fword@db:5432/app"]);
        assert_eq!(mask.apply("FATAL: p@ss/word"), "FATAL: ***");
        assert_eq!(mask.apply("p%40ss%2Fword"), "***");
    }

    #[test]
    fn a_short_secret_leaves_words_alone() {
        assert_eq!(mask(&["app", ""]).apply("happen"), "happen");
    }

    #[test]
    fn words_of_the_api_stay() {
        let mut body = serde_json::json!({"status": "completed", "output": {"title": "completed"}});
        mask(&["completed"]).apply_to(&mut body);
        assert_eq!(
            body,
            serde_json::json!({"status": "completed", "output": {"title": "***"}})
        );
    }

    proptest! {
        #[test]
        fn base64_hides_nothing(before in "[ -~]{0,7}", after in "[ -~]{0,7}") {
            let secret = "whsec_4f9a8c7d6e5b4a3f2e1d";
            let encoded = STANDARD.encode(format!("{before}{secret}{after}"));
            let masked = mask(&[secret]).apply(&encoded);
            prop_assert!(masked.contains(MASKED), "{} stayed {}", encoded, masked);
            prop_assert!(masked.len() < encoded.len() - 20);
        }
    }
}
