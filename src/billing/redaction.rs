//! What a server said, made fit to be shown: no keys nor parts of them, no control characters, not too long.

use secrecy::{ExposeSecret as _, SecretString};

/// Characters of a server's text that are shown.
const SHOWN: usize = 300;

const REPLACEMENT: &str = "[key]";

/// What secrets of Stripe and Paddle begin with.
const BEGINNINGS: [&str; 6] = ["sk_", "rk_", "pk_", "rkcs_", "whsec_", "pdl_"];

/// What gives a secret away inside a longer word.
const INSIDE: [&str; 11] = [
    "sk_live_", "sk_test_", "sk_org_", "rk_live_", "rk_test_", "pk_live_", "pk_test_", "rkcs_",
    "whsec_", "pdl_", "_apikey_",
];

/// `text` with the key itself, and everything that looks like one whole or masked, replaced.
pub(crate) fn shown(text: &str, key: &SecretString) -> String {
    let key = key.expose_secret();
    // A secret of a few characters would turn every message into holes, and is no key of either provider.
    if key.len() < 8 {
        return presentable(text);
    }
    presentable(&text.replace(key, REPLACEMENT))
}

/// The same for text met where the key is not at hand.
pub(crate) fn presentable(text: &str) -> String {
    let mut clean = String::new();
    let mut word = String::new();
    for character in text.chars() {
        if belongs_to_a_word(character) {
            word.push(character);
            continue;
        }
        push_word(&mut clean, &mut word);
        clean.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    push_word(&mut clean, &mut word);
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if clean.chars().count() <= SHOWN {
        return clean;
    }
    clean.chars().take(SHOWN).chain(['…']).collect()
}

/// Masks are part of the word: `sk_test_****abcd`, `rk_live_…1234`.
fn belongs_to_a_word(character: char) -> bool {
    character.is_alphanumeric() || "_-*.•…".contains(character)
}

fn push_word(clean: &mut String, word: &mut String) {
    let lower = word.to_lowercase();
    let is_key = BEGINNINGS
        .iter()
        .any(|beginning| lower.starts_with(beginning))
        || INSIDE.iter().any(|part| lower.contains(part))
        || is_masked(&lower);
    clean.push_str(if is_key { REPLACEMENT } else { word });
    word.clear();
}

/// Whether letters stand beside a run of mask characters: of a key that begins with nothing known, the provider shows
/// the end alone.
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
    fn keys_go_whole_masked_or_embedded_and_ordinary_words_stay() {
        for (said, expected) in [
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
        ] {
            assert_eq!(presentable(said), expected);
        }
    }

    #[test]
    fn the_key_in_use_goes_even_when_it_looks_like_nothing() {
        let key = SecretString::from("0123456789abcdef");
        assert_eq!(
            shown("bad token 0123456789abcdef!", &key),
            "bad token [key]!"
        );
    }

    #[test]
    fn long_texts_are_cut_after_the_keys_are_gone() {
        let text = format!("{} sk_live_abcdef", "x".repeat(291));
        let shown = presentable(&text);
        assert_eq!(shown, format!("{} [key]", "x".repeat(291)));
        assert_eq!(presentable(&"é ".repeat(400)).chars().count(), 301);
    }
}
