//! Escapes text for Slack's mrkdwn, and for the Markdown of chats that accept Slack's messages. Pure.

use crate::report::neutral::{shortened, visible};

/// Maximum length of a name that is not shortened.
const NAME_CHARACTERS: usize = 120;

const ZERO_WIDTH_SPACE: char = '\u{200B}';

/// Formats a name or value as inline code that cannot be ended early, mention anybody or become a link.
pub(super) fn code(text: &str) -> String {
    let text = shortened(&visible(text), NAME_CHARACTERS);
    if text.trim().is_empty() {
        return "(empty)".to_owned();
    }
    let mut out = String::from("`");
    let mut lowercase = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // No chat supports an escaped backtick inside code.
            '`' => out.push('\''),
            _ => out.push(character),
        }
        lowercase.push(character.to_ascii_lowercase());
        // Break up `@here`, `https://…` and `www.…`.
        let begins_address = character == ':' && characters.peek() == Some(&'/');
        if character == '@' || begins_address || lowercase.ends_with("www") {
            out.push(ZERO_WIDTH_SPACE);
        }
    }
    out.push('`');
    out
}

/// Formats amounts. A currency comes from the provider and may be any text, so anything unusual becomes code.
pub(super) fn format_amounts(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | ',' | '-');
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        code(text)
    }
}

/// Returns a named link in Slack's syntax, or `None` if the URL could break out of it.
pub(super) fn link(url: &str, name: &str) -> Option<String> {
    is_safe_url(url).then(|| format!("<{url}|{name}>"))
}

/// Returns true if a URL needs no escaping in a message.
pub(super) fn is_safe_url(url: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_graphic() && !"<>|&`\"\\".contains(c);
    (url.starts_with("https://") || url.starts_with("http://")) && url.chars().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_readable_and_markup_is_not_markup() {
        assert_eq!(code("user:usr_alice"), "`user:usr_alice`");
        assert_eq!(code("<!channel> & `x`"), "`&lt;!channel&gt; &amp; 'x'`");
        assert_eq!(code("@here"), "`@\u{200b}here`");
        assert_eq!(code("https://e.x"), "`https:\u{200b}//e.x`");
        assert_eq!(code("www.e.x"), "`www\u{200b}.e.x`");
        assert_eq!(code("a\nb"), "`a\\nb`");
        assert_eq!(code(" "), "(empty)");
        assert_eq!(
            format_amounts("1,200.00 USD, 30 JPY"),
            "1,200.00 USD, 30 JPY"
        );
        assert_eq!(format_amounts("1.00 <!HERE>"), "`1.00 &lt;!HERE&gt;`");
    }

    #[test]
    fn an_address_that_could_leave_its_link_is_not_linked() {
        assert_eq!(
            link("https://github.test/acme/shop/issues/1", "Issue").as_deref(),
            Some("<https://github.test/acme/shop/issues/1|Issue>")
        );
        for odd in [
            "javascript:alert(1)",
            "https://x|y",
            "https://x> <!channel",
            "https://x\n",
            "",
        ] {
            assert_eq!(link(odd, "Issue"), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn nothing_of_a_name_is_markup(
            text in "([<>&@#!|*_~` ]|://|www\\.|https|<!channel>|@everyone|\\PC|.){0,40}"
        ) {
            let shown = code(&text);
            prop_assert!(!shown.contains(['<', '>', '\n']), "{}", shown);
            if shown != "(empty)" {
                prop_assert_eq!(shown.matches('`').count(), 2);
            }
            prop_assert!(!shown.to_lowercase().contains("://") && !shown.to_lowercase().contains("www."));
            for (index, _) in shown.match_indices('@') {
                prop_assert!(shown.split_at(index + 1).1.starts_with(ZERO_WIDTH_SPACE));
            }
            for (index, _) in shown.match_indices('&') {
                let rest = shown.split_at(index + 1).1;
                prop_assert!(["amp;", "lt;", "gt;"].iter().any(|entity| rest.starts_with(entity)));
            }
        }
    }
}
