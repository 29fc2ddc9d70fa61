//! Masks secrets. This is the last step before a text leaves the process.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use contract::Finding;

use super::{
    ContractOutcome, Outcome,
    find::longest_first,
    rewrite::{self, TextKind, TextRewriter},
};

/// Minimum length of a secret. Masking shorter values would mask ordinary words.
const MIN_SECRET_LENGTH: usize = 8;

/// Minimum length of a password in a URL. It is known to be a password, so masking an ordinary word is acceptable.
const MIN_PASSWORD_LENGTH: usize = 4;

const MASK: &str = "***";

/// Replaces secrets and their usual encodings by `***`.
///
/// A renderer that escapes text also changes the secrets in it. Therefore an outcome is masked before rendering, and
/// the rendered text again.
#[derive(Clone)]
pub struct Mask {
    /// The encodings of all secrets, longest first.
    forms: Vec<String>,
    /// True for each byte that begins a form.
    begins: [bool; 256],
}

impl Default for Mask {
    fn default() -> Self {
        Self::of_forms(Vec::new())
    }
}

impl std::fmt::Debug for Mask {
    /// Prints the number of forms, and none of them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask({} forms)", self.forms.len())
    }
}

impl Mask {
    /// Creates a mask for `secrets`. Values of fewer than eight characters are not masked.
    pub fn new(secrets: &[&str]) -> Self {
        let values = secrets.iter().flat_map(|secret| parts(secret));
        let forms = values.flat_map(|value| encodings(&value));
        let mut forms: Vec<_> = forms.filter(|form| !form.is_empty()).collect();
        longest_first(&mut forms, |form| form);
        Self::of_forms(forms)
    }

    fn of_forms(forms: Vec<String>) -> Self {
        let mut begins = [false; 256];
        for byte in forms.iter().filter_map(|form| form.bytes().next()) {
            if let Some(place) = begins.get_mut(usize::from(byte)) {
                *place = true;
            }
        }
        Self { forms, begins }
    }

    pub fn text(&self, text: &str) -> String {
        let mut out = Vec::with_capacity(text.len());
        self.mask(text.as_bytes(), 0, &mut out);
        // Forms begin and end at character boundaries, so nothing is lost.
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Masks every text in a JSON value, except below the keys `kept`.
    pub fn json(&self, value: &mut Value, kept: &[&str]) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.json(value, kept)),
            Value::Object(fields) => fields
                .iter_mut()
                .filter(|(name, _)| !kept.contains(&name.as_str()))
                .for_each(|(_, value)| self.json(value, kept)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Masks every text of the outcome. Returns the outcome itself if it contains no secret.
    pub fn outcome<'o>(&self, outcome: &'o Outcome) -> Cow<'o, Outcome> {
        let has_secret = |text: &str| self.found_in(text.as_bytes(), 0).is_some();
        if self.forms.is_empty() || !rewrite::any(outcome, &has_secret) {
            return Cow::Borrowed(outcome);
        }
        Cow::Owned(rewrite::outcome(outcome, &Masking(self)))
    }

    /// Returns a writer that masks its output, even if a secret is split between writes.
    pub fn writer<W: Write>(&self, out: W) -> MaskedWriter<'_, W> {
        MaskedWriter {
            mask: self,
            pending: Vec::new(),
            out,
        }
    }

    /// Returns the start and end of the first form in `bytes`.
    fn found_in(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        let mut at = from;
        loop {
            let rest = bytes.get(at..)?;
            let begins = |byte: &u8| self.begins.get(usize::from(*byte)).copied().unwrap_or(true);
            at += rest.iter().position(begins)?;
            let rest = bytes.get(at..)?;
            let mut forms = self.forms.iter();
            if let Some(form) = forms.find(|form| rest.starts_with(form.as_bytes())) {
                return Some((at, at + form.len()));
            }
            at += 1;
        }
    }

    /// Masks `bytes` without the last `undecided` ones, where a form may begin that more bytes complete. Returns the number
    /// of bytes that were written to `out`, masked or not.
    fn mask(&self, bytes: &[u8], undecided: usize, out: &mut Vec<u8>) -> usize {
        let decided = bytes.len().saturating_sub(undecided);
        let mut at = 0;
        while let Some((start, end)) = self.found_in(bytes, at) {
            if start >= decided {
                break;
            }
            out.extend_from_slice(bytes.get(at..start).unwrap_or_default());
            out.extend_from_slice(MASK.as_bytes());
            at = end;
        }
        let decided = decided.max(at);
        out.extend_from_slice(bytes.get(at..decided).unwrap_or_default());
        decided
    }
}

/// Masks every text of an outcome, whatever its kind.
struct Masking<'m>(&'m Mask);

impl TextRewriter for Masking<'_> {
    fn text(&self, _: TextKind, text: &str) -> String {
        self.0.text(text)
    }

    fn for_contract(&self, _: &ContractOutcome) -> Self {
        Self(self.0)
    }

    fn for_finding(&self, _: &Finding) -> Self {
        Self(self.0)
    }
}

/// Number of bytes that are collected before masking.
const BUFFER_BYTES: usize = 64 * 1024;

/// A masking writer. It holds back bytes that may be the beginning of a secret until more follow.
#[derive(Debug)]
pub struct MaskedWriter<'m, W: Write> {
    mask: &'m Mask,
    pending: Vec<u8>,
    out: W,
}

impl<W: Write> MaskedWriter<'_, W> {
    /// Writes the remaining bytes. Nothing may be written afterwards.
    pub fn finish(mut self) -> io::Result<()> {
        self.write_decided(0)?;
        self.out.flush()
    }

    fn write_decided(&mut self, undecided: usize) -> io::Result<()> {
        let mut masked = Vec::with_capacity(self.pending.len());
        let decided = self.mask.mask(&self.pending, undecided, &mut masked);
        self.pending.drain(..decided);
        self.out.write_all(&masked)
    }
}

impl<W: Write> Write for MaskedWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        let longest = self.mask.forms.first().map_or(0, String::len);
        if self.pending.len() >= BUFFER_BYTES.max(longest.saturating_mul(2)) {
            self.write_decided(longest)?;
        }
        Ok(bytes.len())
    }

    /// Flushes only what was already written; the bytes held back may be half a secret.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Returns the parts of a secret to mask: the whole text, each line, and the password if it is a URL. Parts that are
/// short enough to be words are left out.
pub fn parts(secret: &str) -> Vec<String> {
    let lines = secret.lines().map(str::trim);
    let whole = std::iter::once(secret).chain(lines).map(str::to_owned);
    let mut parts: Vec<_> = whole
        .filter(|value| value.chars().count() >= MIN_SECRET_LENGTH)
        .collect();
    let passwords = passwords(secret).into_iter();
    parts.extend(passwords.filter(|password| password.chars().count() >= MIN_PASSWORD_LENGTH));
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// Returns the password of a connection URL, raw and decoded.
fn passwords(secret: &str) -> Vec<String> {
    let Some(password) = url::Url::parse(secret.trim())
        .ok()
        .and_then(|url| url.password().map(str::to_owned))
    else {
        return Vec::new();
    };
    let decoded = percent_encoding::percent_decode_str(&password)
        .decode_utf8_lossy()
        .into_owned();
    vec![password, decoded]
}

/// Returns the value itself and its forms in JSON, URLs, HTML forms and base64 at any offset.
fn encodings(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    let json = Value::from(value).to_string();
    forms.push(json.trim_matches('"').to_owned());

    let encoded: Cow<'_, str> = utf8_percent_encode(value, NON_ALPHANUMERIC).into();
    // The set of unescaped characters differs: URLs keep more than forms do.
    for kept in [&[][..], &["-", "_", ".", "~"], &["-", "_", ".", "*"]] {
        let form = kept
            .iter()
            .fold(encoded.clone().into_owned(), |form, kept| {
                let code = utf8_percent_encode(kept, NON_ALPHANUMERIC).to_string();
                form.replace(&code, kept)
            });
        forms.push(form.replace("%20", "+"));
        forms.push(lower_case_escapes(&form));
        forms.push(form);
    }
    for offset in 0..3 {
        forms.extend(base64_inside(value, offset));
    }
    forms
}

/// Lower-cases the percent escapes: `%2F` becomes `%2f`.
fn lower_case_escapes(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push('%');
        match part.split_at_checked(2) {
            Some((code, rest)) => {
                out.push_str(&code.to_lowercase());
                out.push_str(rest);
            }
            None => out.push_str(part),
        }
    }
    out
}

/// Returns the base64 digits that depend only on `value` if it follows `offset` other bytes.
fn base64_inside(value: &str, offset: usize) -> Vec<String> {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(value.as_bytes());
    let first = (offset * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    [
        STANDARD_NO_PAD.encode(&bytes),
        URL_SAFE_NO_PAD.encode(&bytes),
    ]
    .into_iter()
    .filter_map(|digits| digits.get(first..last).map(str::to_owned))
    .collect()
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use crate::{
        Repair,
        sample::{self, rehearsal_full_of},
    };

    use super::*;

    const SECRET: &str = "sk_live_51/Canary+\"key\" ü";

    #[test]
    fn a_password_is_masked_without_its_url_and_decoded() {
        let mask = Mask::new(&["postgres://app:p%40ss%2Fword@db:5432/app"]);
        assert_eq!(mask.text("FATAL: p@ss/word"), "FATAL: ***");
        assert_eq!(mask.text("p%40ss%2Fword"), "***");
    }

    #[test]
    fn a_secret_is_masked_in_every_encoding() {
        let mask = Mask::new(&[SECRET]);
        let url = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect::<String>();
        let query = utf8_percent_encode(SECRET, NON_ALPHANUMERIC).to_string();
        for form in [
            SECRET.to_owned(),
            serde_json::json!(SECRET).to_string(),
            url,
            query.to_lowercase().replace("canary", "Canary"),
            query,
            STANDARD.encode(format!("{SECRET}:")),
            STANDARD.encode(format!("u:{SECRET}:")),
            STANDARD.encode(format!("us:{SECRET}:")),
        ] {
            let masked = mask.text(&format!("before {form} after"));
            assert!(masked.contains("***"), "{form} → {masked}");
            assert!(masked.len() < 30, "{form} → {masked}");
        }
    }

    #[test]
    fn short_values_are_not_secrets_and_lines_are() {
        assert_eq!(Mask::new(&["", "postgr", "e"]).text("postgres"), "postgres");
        let key = "-----BEGIN-----\nMIIEvQIBADAN\n-----END-----";
        assert_eq!(Mask::new(&[key]).text("at MIIEvQIBADAN:"), "at ***:");
    }

    #[test]
    fn the_longer_of_two_secrets_is_masked_whole() {
        let mask = Mask::new(&["hunter2hunter2", "postgres://app:hunter2hunter2@db/app"]);
        let masked = mask.text("postgres://app:hunter2hunter2@db/app");
        assert_eq!(masked, "***");
        let prefixes = ["sk_live_1", "sk_live_12"];
        assert_eq!(Mask::new(&prefixes).text("sk_live_12"), "***");
    }

    #[test]
    fn the_debug_form_of_a_mask_shows_no_secret() {
        assert!(!format!("{:?}", Mask::new(&[SECRET])).contains("Canary"));
    }

    #[test]
    fn no_text_of_an_outcome_keeps_a_secret() {
        let canary = "sk_live_canary";
        let mut by_hand = rehearsal_full_of(canary);
        by_hand.contracts[0].findings[0].repair = Some(Repair::ByHand(canary.into()));
        for outcome in [sample::full_of(canary), by_hand] {
            assert!(format!("{outcome:?}").contains(canary));
            let masked = Mask::new(&[canary]).outcome(&outcome);
            assert!(!format!("{masked:?}").contains(canary), "{masked:?}");
            for text in sample::rendered(&masked) {
                assert!(!text.contains(canary), "{text}");
            }
        }
    }

    #[test]
    fn an_outcome_without_a_secret_is_not_copied() {
        let mask = Mask::new(&["sk_live_canary"]);
        assert!(matches!(mask.outcome(&sample::failing()), Cow::Borrowed(_)));
        assert!(matches!(
            Mask::default().outcome(&sample::full_of("sk_live_canary")),
            Cow::Borrowed(_)
        ));
    }

    proptest! {
        #[test]
        fn a_secret_in_parts_is_masked_as_in_a_whole_text(
            words in prop::collection::vec("(sk_live_canary|sk_live|canary|sk_|[a-zé ]{0,9})", 0..30),
            part in 1..30_usize, repeated in 1..4000_usize
        ) {
            let mask = Mask::new(&["sk_live_canary", "sk_live_canary_and_more"]);
            let text = words.concat().repeat(repeated);
            let mut out = Vec::new();
            let mut writer = mask.writer(&mut out);
            for part in text.as_bytes().chunks(part) {
                writer.write_all(part).unwrap();
            }
            writer.finish().unwrap();
            prop_assert!(String::from_utf8(out).unwrap() == mask.text(&text));
        }

        #[test]
        fn no_part_of_a_secret_remains(secret in "[!-~]{8,40}", before in ".{0,9}", after in ".{0,9}") {
            let masked = Mask::new(&[&secret]).text(&format!("{before}{secret}{after}"));
            prop_assert!(!masked.contains(&secret));
        }
    }
}
