//! Makes untrusted text safe for the places where a renderer puts it.

pub mod markdown;

use std::fmt::Write as _;

use super::count::{grouped, length};

/// An invisible character that breaks up a pattern. It neither breaks a line nor joins characters.
const ZERO_WIDTH_SPACE: char = '\u{200B}';

/// Maximum length of an id or a value that is not shortened.
pub(super) const NAME_CHARACTERS: usize = 120;

/// Maximum length of a line that is not shortened.
pub(super) const LINE_CHARACTERS: usize = 800;

/// Makes a line safe for a terminal and for a log that GitHub's runner reads: spells out hidden characters and breaks
/// up workflow commands. The runner recognizes `::` at the start of a line, after white space, and `##[` anywhere.
pub fn terminal(line: &str) -> String {
    let line = visible(line).replace("##[", "#\u{200B}#[");
    match line.trim_start().strip_prefix("::") {
        Some(rest) => format!(":\u{200B}:{rest}"),
        None => line,
    }
}

/// Makes a line safe where GitHub shows plain text: spells out hidden characters and breaks up mentions.
pub fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut before = ' ';
    for character in visible(line).chars() {
        out.push(character);
        // `name@example.com` is not a mention, and people copy it.
        if character == '@' && !before.is_alphanumeric() {
            out.push(ZERO_WIDTH_SPACE);
        }
        before = character;
    }
    out
}

/// Spells out every hidden character: controls, line breaks, escape sequences, and characters that change the text
/// direction or have no width.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            hidden if is_hidden(hidden) => {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(hidden));
            }
            seen => out.push(seen),
        }
    }
    out
}

/// Returns true if a character is invisible or changes others.
pub(super) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{AD}'
                | '\u{34F}'
                | '\u{61C}'
                | '\u{115F}'..='\u{1160}'
                | '\u{17B4}'..='\u{17B5}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{3164}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{1BCA0}'..='\u{1BCA3}'
                | '\u{1D173}'..='\u{1D17A}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}

/// Returns `text`, or its beginning and end with its length if it has more than `limit` characters.
pub fn shortened(text: &str, limit: usize) -> String {
    let characters = text.chars().count();
    if characters <= limit {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(limit / 2).collect();
    let end: String = text.chars().skip(characters - limit / 6).collect();
    format!(
        "{beginning}…{end} ({} characters)",
        grouped(length(characters))
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn harmless_text_stays_as_it_is() {
        let text = "Revenue leak — user `usr_ü` can't access C:\\paid #1 features: 100%.";
        assert_eq!(terminal(text), text);
        assert_eq!(plain(text), text);
    }

    #[test]
    fn escape_sequences_directions_and_line_ends_are_spelled_out() {
        assert_eq!(
            terminal("a\u{1b}[31m\u{9b}b\nc\r\td\u{202e}e\u{200b}"),
            "a\\u{1b}[31m\\u{9b}b\\nc\\r\\td\\u{202e}e\\u{200b}"
        );
    }

    #[test]
    fn workflow_commands_are_broken() {
        assert_eq!(terminal("::error::x"), ":\u{200B}:error::x");
        assert_eq!(terminal(" \u{3000}::add-mask::a"), ":\u{200B}:add-mask::a");
        assert_eq!(terminal("id ##[error]x"), "id #\u{200B}#[error]x");
        assert_eq!(terminal("###[error]x"), "##\u{200B}#[error]x");
        assert_eq!(terminal("a::b"), "a::b");
    }

    #[test]
    fn mentions_are_broken_and_addresses_are_not() {
        assert_eq!(plain("@org/team a@b.c"), "@\u{200B}org/team a@b.c");
    }

    #[test]
    fn long_text_keeps_both_ends_and_shows_its_length() {
        let id = format!("usr_{}_end", "é".repeat(69_992));
        let short = shortened(&id, NAME_CHARACTERS);
        assert!(short.starts_with("usr_éé"), "{short}");
        assert!(short.ends_with("_end (70,000 characters)"), "{short}");
        assert!(short.chars().count() <= NAME_CHARACTERS, "{short}");
        assert_eq!(shortened("usr_1", 5), "usr_1");
    }

    proptest! {
        #[test]
        fn a_line_stays_one_line_without_commands(text in r"([:# \n\r\t\[]|::|##\[|\PC|.)*") {
            let line = terminal(&text);
            prop_assert!(!line.trim_start().starts_with("::"));
            prop_assert!(!line.contains("##["));
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}
