//! Makes texts of servers safe to show: without keys or parts of them, without control characters, and shortened.

use secrecy::{ExposeSecret as _, SecretString};

/// Maximum number of characters of a server's text to show.
const MAX_SHOWN: usize = 300;

const REPLACEMENT: &str = "[key]";

/// Prefixes of secrets: keys of Stripe, Paddle and GitHub, and JSON Web Tokens.
const PREFIXES: [&str; 14] = [
    "sk_",
    "rk_",
    "pk_",
    "rkcs_",
    "whsec_",
    "pdl_",
    "ghs_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghr_",
    "github_pat_",
    "xox",
    "eyj",
];

/// Words of an `Authorization` header before the secret.
const SCHEMES: [&str; 2] = ["bearer", "basic"];

/// Parts that identify a secret inside a longer word.
const INFIXES: [&str; 14] = [
    "sk_live_",
    "sk_test_",
    "sk_org_",
    "rk_live_",
    "rk_test_",
    "pk_live_",
    "pk_test_",
    "rkcs_",
    "whsec_",
    "pdl_",
    "_apikey_",
    "ghs_",
    "ghp_",
    "github_pat_",
];

/// Minimum length of a token. Shorter words are ordinary text, as in `the bearer of`.
const MIN_TOKEN_LENGTH: usize = 12;

/// Returns the text with this key, and everything that looks like a whole or a masked key, replaced.
pub fn without_key(text: &str, key: &SecretString) -> String {
    let key = key.expose_secret();
    // Replacing a secret of a few characters would make messages unreadable, and no provider has keys that short.
    if key.len() < 8 {
        return presentable(text);
    }
    presentable(&text.replace(key, REPLACEMENT))
}

/// Returns the text with everything that looks like a key replaced, for callers that do not have the key.
pub fn presentable(text: &str) -> String {
    let mut clean = String::new();
    let mut words = WordScanner::default();
    for character in text.chars() {
        if words.take(character) {
            continue;
        }
        words.end(&mut clean);
        clean.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    words.end(&mut clean);
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if clean.chars().count() <= MAX_SHOWN {
        return clean;
    }
    clean.chars().take(MAX_SHOWN).chain(['…']).collect()
}

/// Returns true for characters of a word, including those that mask a key: `sk_test_****abcd`, `rk_live_…1234`.
fn belongs_to_a_word(character: char) -> bool {
    character.is_alphanumeric() || "_-*.•…".contains(character)
}

/// Returns true if the word looks like a token, unlike the second one of `Basic authentication`.
fn is_random(word: &str) -> bool {
    let has = |is: fn(char) -> bool| word.contains(is);
    let is_mixed = word.chars().skip(1).any(char::is_uppercase) && has(char::is_lowercase);
    word.len() >= MIN_TOKEN_LENGTH && (is_mixed || has(|character| !character.is_alphabetic()))
}

/// Splits a text into words, and replaces those that look like keys.
#[derive(Debug, Default)]
struct WordScanner {
    word: String,
    /// True if the last word is one of [`SCHEMES`], so that a secret may follow.
    follows_a_scheme: bool,
}

impl WordScanner {
    /// Adds the character to the current word. Returns false if it is not part of a word. After a scheme, base64 counts
    /// too.
    fn take(&mut self, character: char) -> bool {
        let is_part =
            belongs_to_a_word(character) || (self.follows_a_scheme && "+/=~".contains(character));
        if is_part {
            self.word.push(character);
        }
        is_part
    }

    /// Ends the current word, and appends it to `clean`.
    fn end(&mut self, clean: &mut String) {
        if self.word.is_empty() {
            return;
        }
        let lower = self.word.to_lowercase();
        let is_token = self.follows_a_scheme && is_random(&self.word);
        let is_key = is_token
            || PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
            || INFIXES.iter().any(|part| lower.contains(part))
            || is_masked(&lower);
        clean.push_str(if is_key { REPLACEMENT } else { &self.word });
        self.follows_a_scheme = SCHEMES.contains(&lower.as_str());
        self.word.clear();
    }
}

/// Returns true if the word has mask characters next to letters or digits, as a provider shows the end of a key without
/// a known prefix.
fn is_masked(word: &str) -> bool {
    let masks = word.contains("**") || word.contains("••") || word.contains('…');
    masks
        && word.trim_end_matches('…').contains(['*', '•', '…'])
        && word.contains(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_masked_and_embedded_keys_are_removed_and_words_stay() {
        for (text, expected) in [
            (
                "Invalid API Key provided: sk_test_****1234",
                "Invalid API Key provided: [key]",
            ),
            (
                "The provided key 'rk_live_…abcd' does not have 'rak_subscription_read'",
                "The provided key '[key]' does not have 'rak_subscription_read'",
            ),
            ("key=pdl_sdbx_apikey_01abc, next", "key=[key], next"),
            ("xsk_live_abc", "[key]"),
            (
                "Invalid API Key provided: ********1234",
                "Invalid API Key provided: [key]",
            ),
            ("ends with …1234 or ••••1234", "ends with [key] or [key]"),
            ("too long… 2 * 3 ***", "too long… 2 * 3 ***"),
            ("(sk_0123abc)", "([key])"),
            (
                "No such customer: 'cus_1' (task_id, risk_level)",
                "No such customer: 'cus_1' (task_id, risk_level)",
            ),
            ("a\u{1b}[31mb\r\nc", "a [31mb c"),
            (
                "you sent Bearer ghs_abc and github_pat_11AB",
                "you sent Bearer [key] and [key]",
            ),
            (
                "authorization: Basic dXNlcjpwYXNz/d29yZA==, bearer: hunter2hunter2",
                "authorization: Basic [key], bearer: [key]",
            ),
            ("Basic authentication is off", "Basic authentication is off"),
            ("a JWT eyJhbGciOi.eyJz.c2ln", "a JWT [key]"),
        ] {
            assert_eq!(presentable(text), expected);
        }
    }

    #[test]
    fn the_key_in_use_is_removed_whatever_it_looks_like() {
        let key = SecretString::from("0123456789abcdef");
        assert_eq!(
            without_key("bad token 0123456789abcdef!", &key),
            "bad token [key]!"
        );
    }

    #[test]
    fn a_key_in_use_of_fewer_than_eight_bytes_stays() {
        for (key, shown) in [("token", "bad token"), ("bad toke", "[key]n")] {
            assert_eq!(without_key("bad token", &SecretString::from(key)), shown);
        }
    }

    #[test]
    fn long_texts_are_cut_after_the_keys_are_gone() {
        let text = format!("{} sk_live_abcdef", "x".repeat(291));
        let shown = presentable(&text);
        assert_eq!(shown, format!("{} [key]", "x".repeat(291)));
        assert_eq!(presentable(&"é ".repeat(400)).chars().count(), 301);
    }
}
