//! Readable text from untrusted input: spells out hidden characters, and shows names and text between backticks as
//! code. The markup does the escaping.

use maud::{Markup, html};

use crate::{
    find::{TextPart, pieces},
    neutral::{LINE_CHARACTERS, shortened, visible},
};

/// Returns one visible line of limited length.
pub(super) fn line(text: &str) -> String {
    shortened(&visible(text.trim()), LINE_CHARACTERS)
}

/// Formats an id or a value as code.
pub(super) fn code(text: &str) -> Markup {
    let text = line(text);
    html! {
        @if text.is_empty() { em { "(empty)" } } @else { code { (text) } }
    }
}

/// Formats prose. `names`, sorted longest first, and text between single backticks become code.
pub(super) fn prose(text: &str, names: &[String]) -> Markup {
    let text = line(text);
    let parts: Vec<&str> = text.split('`').collect();
    let last = parts.len().saturating_sub(1);
    html! {
        @for (index, part) in parts.iter().enumerate() {
            @if index % 2 == 0 {
                (with_names(part, names))
            } @else if index == last {
                // The last backtick has no partner.
                "`" (with_names(part, names))
            } @else if part.is_empty() {
                "``"
            } @else {
                (code(part))
            }
        }
    }
}

/// Joins lines of prose with line breaks.
pub(super) fn lines(texts: &[String], names: &[String]) -> Markup {
    html! {
        @for (index, text) in texts.iter().enumerate() {
            @if index > 0 { br; }
            (prose(text, names))
        }
    }
}

fn with_names(text: &str, names: &[String]) -> Markup {
    let joins = |neighbour: Option<char>| {
        neighbour.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'))
    };
    let is_word = |_: &str, before, after| !joins(before) && !joins(after);
    html! {
        @for piece in pieces(text, names, is_word) {
            @match piece {
                TextPart::Text(text) => (text),
                TextPart::Name(index) => @if let Some(name) = names.get(index) { (code(name)) },
            }
        }
    }
}
