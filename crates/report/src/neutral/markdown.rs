//! Makes untrusted text safe in GitHub's Markdown, by escaping it or formatting it as code.

use crate::find::{TextPart, pieces};

use super::{NAME_CHARACTERS, ZERO_WIDTH_SPACE, shortened, visible};

/// Escapes a line of text: no emphasis, link, image, HTML, entity, mention, reference or emoji, and no marker that
/// would start a block.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(text, &mut out);
    out
}

/// Appends escaped text to a line. Block markers are escaped only at its beginning.
fn escape(text: &str, out: &mut String) {
    let is_first = out.is_empty();
    let characters: Vec<char> = visible(text).chars().collect();
    let mut number_before = is_first;
    for (index, &character) in characters.iter().enumerate() {
        let before = characters.get(..index).unwrap_or_default();
        let after = characters.get(index + 1..).unwrap_or_default();
        let next = after.first();
        let starts_a_block = match character {
            '-' | '+' | '=' => is_first && index == 0,
            // The delimiter row of a table.
            ':' => is_first && index == 0 && next == Some(&'-'),
            '.' | ')' => index > 0 && number_before && next.is_none_or(|c| c.is_whitespace()),
            _ => false,
        };
        number_before = number_before && character.is_ascii_digit();
        if ends_in_www(before) && character == '.' {
            out.push(ZERO_WIDTH_SPACE);
        }
        if starts_a_block || is_special(character) {
            out.push('\\');
        }
        out.push(character);
        if starts_a_reference(character, before, after) {
            out.push(ZERO_WIDTH_SPACE);
        }
    }
}

/// Escapes prose. `names`, identifiers, times and text between single backticks become code.
pub fn prose(text: &str, names: &[String]) -> String {
    prose_with(text, names, code)
}

/// Escapes prose like [`prose`], for a table cell.
pub fn prose_cell(text: &str, names: &[String]) -> String {
    prose_with(text, names, code_cell)
}

/// Formats text as code.
type AsCode = fn(&str) -> String;

fn prose_with(text: &str, names: &[String], code: AsCode) -> String {
    let text = text.trim();
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::new();
    let last = parts.len() - 1;
    for (index, part) in parts.into_iter().enumerate() {
        if index % 2 == 0 {
            add_with_names(part, names, code, &mut out);
        } else if index == last {
            // The last backtick has no partner.
            out.push_str("\\`");
            add_with_names(part, names, code, &mut out);
        } else if part.is_empty() {
            out.push_str("\\`\\`");
        } else {
            push_code(&code(part), &mut out);
        }
    }
    out
}

/// Formats an id or a value as code, which GitHub shows unchanged.
pub fn code(text: &str) -> String {
    let text = shortened(&visible(text), NAME_CHARACTERS);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run_of_backticks(&text) + 1);
    // Rendering removes one space on each side.
    let touches = |character: Option<char>| matches!(character, Some('`' | ' '));
    let is_padded = touches(text.chars().next()) || touches(text.chars().next_back());
    // Nothing is removed from a text of spaces only.
    let pad = if is_padded && !text.trim_matches(' ').is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Formats text like [`code`], for a table cell, which a pipe would end even inside code.
pub fn code_cell(text: &str) -> String {
    // Parsers disagree about `\\|`: an escaped pipe, or an escaped backslash and the end of the cell.
    code(text).replace("\\|", "\\\u{200B}|").replace('|', "\\|")
}

/// Formats lines as a code block with a fence that no line can close.
pub fn fenced(language: &str, lines: &[String]) -> String {
    let longest = lines
        .iter()
        .map(|line| longest_run_of_backticks(line))
        .max();
    let fence = "`".repeat(3.max(longest.unwrap_or_default() + 1));
    let lines: Vec<_> = lines.iter().map(|line| visible(line)).collect();
    format!("{fence}{language}\n{}\n{fence}", lines.join("\n"))
}

/// Appends code, separated from code just before it, because the two spans would merge.
fn push_code(code: &str, out: &mut String) {
    if out.ends_with('`') {
        out.push(ZERO_WIDTH_SPACE);
    }
    out.push_str(code);
}

fn add_with_names(text: &str, names: &[String], code: AsCode, out: &mut String) {
    let is_word = |_: &str, before, after| !joins(before) && !joins(after);
    for piece in pieces(text, names, is_word) {
        match piece {
            TextPart::Text(text) => add_with_values(text, code, out),
            TextPart::Name(index) => {
                if let Some(name) = names.get(index) {
                    push_code(&code(name), out);
                }
            }
        }
    }
}

/// Appends text with identifiers and times as code, so that they can be copied exactly.
fn add_with_values(text: &str, code: AsCode, out: &mut String) {
    let (mut plain, mut rest) = (text, text);
    while let Some(character) = rest.chars().next() {
        let value = value_at_start(rest);
        let length = value.map_or(character.len_utf8(), |(length, _)| length);
        let (this, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if value.is_some_and(|(_, is_code)| is_code) {
            let before = plain.len().saturating_sub(rest.len());
            escape(plain.get(..before).unwrap_or_default(), out);
            push_code(&code(this), out);
            plain = after;
        }
        rest = after;
    }
    escape(plain, out);
}

/// Returns the length of the word or time at the start of the text, and true if it becomes code. Returns `None` if the
/// text starts with something else.
fn value_at_start(text: &str) -> Option<(usize, bool)> {
    if let Some(length) = time_at_start(text) {
        return Some((length, true));
    }
    let belongs = |character: char| character.is_alphanumeric() || character == '_';
    let length = text
        .find(|character| !belongs(character))
        .unwrap_or(text.len());
    let word = text.get(..length).filter(|word| !word.is_empty())?;
    let is_identifier = word.contains('_') && word.contains(char::is_alphanumeric);
    Some((
        length,
        is_identifier && word.chars().count() <= NAME_CHARACTERS,
    ))
}

/// Formats of a time, in which each `0` is a digit: ISO 8601, and Postgres.
const TIMES: [&str; 2] = ["0000-00-00T00:00:00", "0000-00-00 00:00:00"];

/// Returns the length of the time at the start of the text, with its fraction and its offset.
fn time_at_start(text: &str) -> Option<usize> {
    let is_alike = |(found, form): (char, char)| match form {
        '0' => found.is_ascii_digit(),
        _ => found == form,
    };
    let begins =
        |form: &&&str| text.len() >= form.len() && text.chars().zip(form.chars()).all(is_alike);
    let length = TIMES.iter().find(begins)?.len();
    let rest = text.get(length..)?;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let fraction = rest.strip_prefix('.').map_or(0, digits);
    let length = if fraction > 0 {
        length + 1 + fraction
    } else {
        length
    };
    let zone = text.get(length..)?;
    let is_of_offset = |byte: &u8| byte.is_ascii_digit() || *byte == b':';
    let offset = match zone.as_bytes() {
        [b'Z', ..] => 1,
        [b'+' | b'-', b'0'..=b'9', b'0'..=b'9', rest @ ..] => {
            let minutes = rest.iter().take_while(|byte| is_of_offset(byte)).count();
            // Not the colon of the sentence.
            if matches!(rest.get(..minutes), Some([b':', _, _] | [_, _])) {
                3 + minutes
            } else {
                3
            }
        }
        _ => 0,
    };
    Some(length + offset)
}

/// Returns true if a character next to a name makes it part of a longer word.
fn joins(neighbour: Option<char>) -> bool {
    neighbour.is_some_and(|character| character.is_alphanumeric() || matches!(character, '_' | '-'))
}

fn is_special(character: char) -> bool {
    matches!(
        character,
        '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' | '!' | '#'
    )
}

/// Returns true if GitHub, which links the rendered text, would start a link, a mention or an emoji here.
fn starts_a_reference(character: char, before: &[char], after: &[char]) -> bool {
    match character {
        '#' => after.first().is_some_and(|next| next.is_alphanumeric()),
        // The domain of an address may begin with any of these.
        '@' => after
            .first()
            .is_some_and(|next| next.is_alphanumeric() || matches!(next, '.' | '-' | '_')),
        ':' => after.starts_with(&['/', '/']) || starts_a_shortcode(after),
        '-' => after.first().is_some_and(|next| next.is_alphanumeric()) && ends_in_prefix(before),
        _ => continues_a_commit(character, before, after),
    }
}

fn starts_a_shortcode(after: &[char]) -> bool {
    let in_name = |c: &&char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
    let name = after.iter().take_while(in_name).count();
    name > 0 && after.get(name) == Some(&':')
}

/// Returns true for the prefix of a reference: `GH-1` is an issue, `GHSA-…` and `CVE-…` are advisories.
fn ends_in_prefix(before: &[char]) -> bool {
    let word = last_word(before);
    ["gh", "ghsa", "cve"].contains(&word.as_str())
}

fn ends_in_www(before: &[char]) -> bool {
    last_word(before) == "www"
}

fn last_word(text: &[char]) -> String {
    let word: Vec<_> = text
        .iter()
        .rev()
        .take(5)
        .take_while(|c| c.is_ascii_alphabetic())
        .collect();
    word.into_iter()
        .rev()
        .map(char::to_ascii_lowercase)
        .collect()
}

/// Returns true after every sixth digit of a possible commit id, to break it up. GitHub links 7 to 40 hexadecimal digits
/// if such a commit exists.
fn continues_a_commit(last: char, before: &[char], after: &[char]) -> bool {
    let in_word = |c: &&char| c.is_alphanumeric();
    let begun: Vec<_> = before.iter().rev().take_while(in_word).take(41).collect();
    let word = || {
        let begun = begun.iter().rev().copied();
        begun
            .chain([&last])
            .chain(after.iter().take_while(in_word).take(41))
    };
    last.is_ascii_hexdigit()
        && (begun.len() + 1).is_multiple_of(6)
        && (7..=40).contains(&word().count())
        && word().all(char::is_ascii_hexdigit)
        && word().any(char::is_ascii_digit)
        && word().any(char::is_ascii_alphabetic)
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{oracle, sample};

    use super::*;

    #[test]
    fn our_own_sentences_stay_readable() {
        let names = ["usr_alice".to_owned()];
        assert_eq!(
            prose(
                "Set `has_paid_access` of usr_alice (plan: pro); 5% off — twice.",
                &names
            ),
            "Set `has_paid_access` of `usr_alice` (plan: pro); 5% off — twice."
        );
    }

    #[test]
    fn identifiers_and_times_are_code_wherever_they_stand() {
        for (text, expected) in [
            (
                "price_1Pro, then (price_1Team)",
                "`price_1Pro`, then (`price_1Team`)",
            ),
            ("Set has_paid_access=true", "Set `has_paid_access`=true"),
            (
                "ended 2026-11-01T00:00:00Z.",
                "ended `2026-11-01T00:00:00Z`.",
            ),
            (
                "2030-01-21 09:46:40.25+00: late, not 2030-01-21T09:46:40+01:00",
                "`2030-01-21 09:46:40.25+00`: late, not `2030-01-21T09:46:40+01:00`",
            ),
            ("`a`b_c`d`", "`a`\u{200b}`b_c`\u{200b}`d`"),
            ("_ is __ no name", "\\_ is \\_\\_ no name"),
        ] {
            assert_eq!(prose(text, &[]), expected);
        }
    }

    #[test]
    fn backticks_that_pair_are_code_and_others_are_characters() {
        assert_eq!(prose("a `b_c` d` *e*", &[]), "a `b_c` d\\` \\*e\\*");
        assert_eq!(prose("``x``", &[]), "\\`\\`x\\`\\`");
        assert_eq!(prose("", &[]), "");
    }

    #[test]
    fn a_name_inside_a_longer_word_is_not_code() {
        let names = ["user1".to_owned()];
        assert_eq!(prose("user12 user1.", &names), "user12 `user1`.");
    }

    #[test]
    fn code_has_a_fence_that_its_text_cannot_close() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code(" a "), "`  a  `");
        assert_eq!(code("a\nb"), "`a\\nb`");
        assert_eq!(code(""), "(empty)");
    }

    #[test]
    fn references_that_github_links_are_broken() {
        for (text, escaped_text) in [
            ("@octocat", "@\u{200b}octocat"),
            ("a@.b", "a@\u{200b}.b"),
            ("a@-b.c", "a@\u{200b}-b.c"),
            ("org/repo#12", "org/repo\\#\u{200b}12"),
            ("GH-12", "GH-\u{200b}12"),
            ("GHSA-x", "GHSA-\u{200b}x"),
            ("https://e.x", "https:\u{200b}//e.x"),
            ("WWW.e.x", "WWW\u{200b}.e.x"),
            ("a :tada: b", "a :\u{200b}tada: b"),
            ("0123abc", "0123ab\u{200b}c"),
        ] {
            assert_eq!(escaped(text), escaped_text);
        }
        for text in ["1234567", "acceded", "12:30", "a-b", "id:x"] {
            assert_eq!(escaped(text), text);
        }
    }

    #[test]
    fn a_line_is_never_the_rule_below_a_table_head_or_title() {
        for rule in [
            ":-", ":-:", "-", "---", "--:", "=", "===", "|-|", "+", "1.", "1)", "#", ">",
        ] {
            let markdown = format!("- title\\\n  {}", prose(rule, &[]));
            assert_eq!(
                oracle::foreign_markup(&markdown),
                Vec::<String>::new(),
                "{markdown}"
            );
            assert_eq!(oracle::headings(&markdown), 0, "{markdown}");
            assert_eq!(oracle::cells(&markdown), 0, "{markdown}");
            let read = oracle::text(&markdown).replace('\u{200b}', "");
            assert_eq!(read, format!("title{rule}"));
        }
    }

    proptest! {
        #[test]
        fn escaped_text_is_read_back_as_it_was_written(text in sample::hostile()) {
            let text = visible(&text).trim().to_owned();
            // At the beginning of a line, and after other text.
            for before in ["", "x "] {
                let markdown = format!("- {before}{}", escaped(&text));
                prop_assert_eq!(oracle::foreign_markup(&markdown), Vec::<String>::new(), "{}", markdown);
                let read = oracle::text(&markdown).replace('\u{200b}', "");
                let written = format!("{before}{text}");
                prop_assert_eq!(read.trim(), written.trim(), "{}", markdown);
            }
        }

        #[test]
        fn prose_is_text_and_code_only(text in sample::hostile(), name in sample::hostile()) {
            let markdown = format!("**Fix:** {}\\\n{}", prose(&text, std::slice::from_ref(&name)), prose(&name, &[]));
            prop_assert_eq!(oracle::foreign_markup(&markdown), Vec::<String>::new(), "{}", markdown);
        }

        #[test]
        fn code_is_read_back_unchanged(text in sample::hostile()) {
            let markdown = format!("- {}", code(&text));
            let expected = match visible(&text) {
                empty if empty.is_empty() => "(empty)".to_owned(),
                text => shortened(&text, NAME_CHARACTERS),
            };
            prop_assert_eq!(oracle::text(&markdown), expected);
        }

        #[test]
        fn prose_in_a_cell_never_changes_the_columns(text in sample::hostile(), name in sample::hostile()) {
            let cell = prose_cell(&text, std::slice::from_ref(&name));
            let markdown = format!("| a | b |\n|---|---|\n| {cell} | end |");
            prop_assert_eq!(oracle::foreign_markup(&markdown), Vec::<String>::new(), "{}", markdown);
            prop_assert_eq!(oracle::cells(&markdown), 4);
        }

        #[test]
        fn a_cell_never_changes_the_columns(first in sample::hostile(), second in sample::hostile()) {
            let markdown = format!("| a | b | c |\n|---|---|---|\n| {} | {} | end |", code_cell(&first), code_cell(&second));
            prop_assert_eq!(oracle::foreign_markup(&markdown), Vec::<String>::new(), "{}", markdown);
            prop_assert_eq!(oracle::cells(&markdown), 6);
            let head = "| a | b | c |\n|---|---|---|";
            let same_outside = format!("{head}\n\n{}\n\n{}\n\nend", code(&first), code(&second));
            let read = oracle::text(&markdown).replace('\u{200b}', "");
            prop_assert_eq!(read, oracle::text(&same_outside));
        }

        #[test]
        fn a_fence_cannot_be_closed_from_inside(text in sample::hostile(), other in sample::hostile()) {
            let markdown = format!("{}\n\nend", fenced("text", &[text, other]));
            prop_assert_eq!(oracle::foreign_markup(&markdown), Vec::<String>::new(), "{}", markdown);
            prop_assert_eq!(oracle::text(&markdown), "end");
        }
    }
}
