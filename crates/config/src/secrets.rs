//! Recognizes secrets in the file, which must never be printed: provider keys, signing secrets and passwords.

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

/// Prefixes of keys of Stripe, Paddle and GitHub, and of signing secrets. Publishable keys count too, because whoever
/// pastes one is likely to paste the secret one as well.
const PREFIXES: [&str; 15] = [
    "sk_live_",
    "sk_test_",
    "sk_org_",
    "rk_live_",
    "rk_test_",
    "pk_live_",
    "pk_test_",
    "whsec_",
    "pdl_live_",
    "pdl_sdbx_",
    "pdl_ntfset_",
    "ghp_",
    "ghs_",
    "gho_",
    "github_pat_",
];

/// Words in the name of a configuration key that mark its value as a possible secret.
const SECRET_KEY_PARTS: [&str; 8] = [
    "secret", "key", "token", "password", "passwd", "url", "dsn", "_env",
];

/// Replacement for a secret.
const MASK: &str = "***";

/// Minimum length of a word with digits and without an underscore that counts as key material rather than a name.
const LONG_PART: usize = 20;

/// Returns true if the name of a configuration key marks its value as a possible secret.
pub(super) fn suggests_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    // A key of `plans`, which names a price.
    if key.starts_with("lookup_key") {
        return false;
    }
    SECRET_KEY_PARTS.iter().any(|word| key.contains(word))
}

/// Returns true if the text can be the name of an environment variable, and is not a secret of the same form.
pub(super) fn is_variable_name(text: &str) -> bool {
    let named = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let key_material = text
        .split('_')
        .any(|part| part.len() >= LONG_PART && part.bytes().any(|byte| byte.is_ascii_digit()));
    named && starts && !key_material && secrets_in(text).is_empty()
}

/// Replaces every secret in the text.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    let secrets = secrets_in(text);
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut shown = 0;
    for secret in secrets {
        masked.push_str(text.get(shown..secret.start).unwrap_or_default());
        masked.push_str(MASK);
        shown = secret.end;
    }
    masked.push_str(text.get(shown..).unwrap_or_default());
    Cow::Owned(masked)
}

/// Returns true if the text contains a secret, and not only made-up keys of a test mode.
pub(super) fn contains_secret(text: &str) -> bool {
    let mut found = secrets_in(text).into_iter();
    found.any(|range| !text.get(range).is_some_and(is_evident_dummy))
}

/// Prefixes of test keys, and of signing secrets, which are alike in both modes.
const TEST_PREFIXES: [&str; 6] = [
    "sk_test_",
    "rk_test_",
    "pk_test_",
    "whsec_",
    "pdl_sdbx_",
    "pdl_ntfset_",
];

/// Minimum length of what follows the prefix in a key of a provider.
const MIN_KEY_LENGTH: usize = 16;

/// Returns true for a key of a test mode that no provider has made: it is too short, or repeats one or two characters.
fn is_evident_dummy(secret: &str) -> bool {
    let mut prefixes = TEST_PREFIXES.iter();
    let Some(rest) = prefixes.find_map(|prefix| secret.strip_prefix(prefix)) else {
        return false;
    };
    let distinct: BTreeSet<_> = rest.chars().collect();
    rest.len() < MIN_KEY_LENGTH || distinct.len() <= 2
}

/// Finds the secrets in a text, in order and without overlap. Takes linear time, because the text is hostile.
pub(super) fn secrets_in(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for prefix in PREFIXES {
        let mut from = 0;
        while let Some(index) = text.get(from..).and_then(|rest| rest.find(prefix)) {
            let start = from + index;
            from = end_of_word(text, start);
            found.push(start..from);
        }
    }
    found.extend(credentials_in(text));
    merged(found)
}

/// Finds the values of keys whose name marks a secret, except names of variables. Used to show lines of a file that may
/// not even be YAML.
pub(super) fn values_of_secret_keys(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        let mut seen = 0;
        for (colon, _) in line.match_indices(':') {
            if colon < seen || !suggests_secret(word_before(line, colon)) {
                continue;
            }
            let value = value_after(line, colon + 1);
            let written = line.get(value.clone()).unwrap_or_default();
            if !is_variable_name(written.trim_matches(['"', '\''])) {
                seen = value.end;
                found.push(start + value.start..start + value.end);
            }
        }
        start += line.len() + 1;
    }
    found
}

/// Sorts the ranges, and merges those that touch.
pub(super) fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|later, earlier| {
        let touches = later.start <= earlier.end;
        if touches {
            earlier.end = earlier.end.max(later.end);
        }
        touches
    });
    ranges
}

fn word_before(line: &str, end: usize) -> &str {
    let before = line.get(..end).unwrap_or_default();
    let before = before.trim_end_matches(['"', '\'', ' ']);
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, character)| character.is_alphanumeric() || "_-".contains(*character))
        .last()
        .map_or(before.len(), |(index, _)| index);
    before.get(start..).unwrap_or_default()
}

/// Returns the bytes of a value after its key: a quoted text, or what a flow mapping would read as a value.
fn value_after(line: &str, from: usize) -> Range<usize> {
    let rest = line.get(from..).unwrap_or_default();
    let value = rest.trim_start();
    let start = line.len() - value.len();
    let quote = value.chars().next().filter(|first| "\"'".contains(*first));
    let length = match quote {
        Some(quote) => value
            .get(1..)
            .and_then(|inside| inside.find(quote))
            .map(|length| length + 2),
        None => value.find(", ").or_else(|| value.find('}')),
    };
    let value = value
        .get(..length.unwrap_or(value.len()))
        .unwrap_or_default();
    start..start + value.trim_end().len()
}

/// Finds the text between `://` and the last `@` of each word.
fn credentials_in(text: &str) -> impl Iterator<Item = Range<usize>> {
    let ends = |character: char| character.is_whitespace() || "\"'`".contains(character);
    let mut offset = 0;
    text.split_inclusive(ends).filter_map(move |word| {
        let begin = offset;
        offset += word.len();
        let start = word.find("://")? + "://".len();
        let length = word.get(start..)?.rfind('@')?;
        Some(begin + start..begin + start + length)
    })
}

fn end_of_word(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let length = rest
        .find(|character: char| !character.is_ascii_alphanumeric() && !"_-+/=".contains(character))
        .unwrap_or(rest.len());
    start + length
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn variable_names_are_accepted_and_keys_are_not() {
        for name in [
            "STRIPE_SECRET_KEY",
            "DATABASE_URL",
            "stripe_key",
            "_X1",
            "SK_LIVE_KEY",
        ] {
            assert!(is_variable_name(name), "{name}");
        }
        for other in [
            "",
            "1A",
            "sk_live_abc",
            "rk_test_abc",
            "pdl_live_apikey_01abc",
            "a5f0c1d2e3b4a5f0c1d2e3b4a5f0c1d2",
            "postgres://user:password@host/db",
            "$STRIPE",
            "${{ secrets.STRIPE }}",
            "MY KEY",
            "KLÜSSEL",
        ] {
            assert!(!is_variable_name(other), "{other}");
        }
    }

    #[test]
    fn values_of_suspicious_keys_are_found_and_names_are_not() {
        let text =
            "{ secret_env: A_B, api_key: x y }\nurl: 'a, b' # c\n\"token\" : &hush q\nname: y z";
        let found: Vec<_> = values_of_secret_keys(text)
            .into_iter()
            .map(|range| &text[range])
            .collect();
        assert_eq!(found, ["x y", "'a, b'", "&hush q"]);
    }

    #[test]
    fn a_key_inside_a_value_counts_only_after_the_value() {
        let found = values_of_secret_keys("url: 'key: a token': d e");
        assert_eq!(found, [5..19, 21..24]);
    }

    #[test]
    fn made_up_keys_of_a_test_mode_are_no_secrets() {
        for dummy in [
            "sk_test_dummy",
            "sk_test_123",
            "whsec_test",
            "sk_test_xxxxxxxxxxxxxxxxxxxxxxxx",
            "whsec_00000000000000000000000000000000",
            "pdl_sdbx_dummy",
            "KEY=sk_test_dummy npm start",
        ] {
            assert!(!contains_secret(dummy), "{dummy}");
        }
        for secret in [
            "sk_live_dummy",
            "rk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
            "ghp_dummy",
            "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
            "sk_test_4eC39HqLyjWDarjt",
            "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH",
            "pdl_sdbx_apikey_01gtgztp8f4kek3yd4g1wrksa3",
            "postgres://user:password@localhost/app",
            "sk_test_123 sk_live_123",
        ] {
            assert!(contains_secret(secret), "{secret}");
        }
    }

    #[test]
    fn secrets_are_masked_anywhere_in_a_text() {
        assert_eq!(
            mask("use sk_live_abc123, whsec_x== and postgres://me:p@ss@host/db."),
            "use ***, *** and postgres://***@host/db."
        );
        assert_eq!(
            mask("https://me:p@host 'me@host'"),
            "https://***@host 'me@host'"
        );
        assert_eq!(mask("price_1ProMonthly"), "price_1ProMonthly");
    }
}
