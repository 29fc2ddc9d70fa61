//! Renders diagnostics like rustc: the message, the line with the marked bytes, the help.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{diagnostics::Diagnostic, lines::LineIndex, secrets};

/// Maximum number of diagnostics to show: a hostile file can contain thousands of mistakes.
const MAX_SHOWN: usize = 50;

/// Renders the diagnostics of `load` for a terminal or a log, given the same text. Characters that would act on a
/// terminal are replaced, and secrets are masked.
pub fn render(diagnostics: &[Diagnostic], text: &str, path: &str, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let lines = LineIndex::new(text);
    let hidden = hidden_parts(diagnostics, text);
    let path = visible(path);
    let mut blocks: Vec<String> = diagnostics
        .iter()
        .take(MAX_SHOWN)
        .map(|diagnostic| block(diagnostic, &lines, &hidden, (&renderer, &path)))
        .collect();
    let more = diagnostics.len().saturating_sub(MAX_SHOWN);
    if more > 0 {
        blocks.push(format!("and {more} more problems"));
    }
    let mut output = blocks.join("\n\n");
    if !output.is_empty() {
        output.push('\n');
    }
    // GitHub's runner executes a command of its old form anywhere in a line.
    output.replace("##[", "#\u{200B}#[")
}

fn block(
    diagnostic: &Diagnostic,
    lines: &LineIndex<'_>,
    hidden: &[Range<usize>],
    (renderer, path): (&Renderer, &str),
) -> String {
    let number = lines.number(diagnostic.span.start);
    let shown = ShownLine::new(lines, number, hidden);
    let span = shown.offset(diagnostic.span.start)..shown.offset(diagnostic.span.end);
    let message = visible(&diagnostic.message);
    let help = visible(&diagnostic.help);
    let snippet = Snippet::source(shown.text.as_str())
        .path(path)
        .line_start(number)
        .annotation(AnnotationKind::Primary.span(span));
    let group = Level::ERROR
        .primary_title(message.as_str())
        .id(diagnostic.code.as_str())
        .element(snippet);
    let group = if help.is_empty() {
        group
    } else {
        group.element(Level::HELP.message(help.as_str()))
    };
    renderer.render(&[group])
}

/// A line of the file as it may be shown, with the new offsets of its bytes.
struct ShownLine {
    text: String,
    /// Offsets in the file and in `text`, ascending.
    offsets: Vec<(usize, usize)>,
}

impl ShownLine {
    fn new(lines: &LineIndex<'_>, number: usize, hidden: &[Range<usize>]) -> Self {
        let range = lines.range(number);
        let line = lines.text().get(range.clone()).unwrap_or_default();
        let mut shown = Self {
            text: String::with_capacity(line.len()),
            offsets: Vec::new(),
        };
        for (index, character) in line.char_indices() {
            let offset = range.start + index;
            shown.offsets.push((offset, shown.text.len()));
            // A byte order mark is invisible, and editors do not count it.
            if offset == 0 && character == '\u{feff}' {
                continue;
            }
            let next = hidden.partition_point(|part| part.end <= offset);
            let is_hidden = hidden.get(next).is_some_and(|part| part.start <= offset);
            shown.text.push(if is_hidden {
                '*'
            } else {
                visible_character(character)
            });
        }
        shown
    }

    fn offset(&self, in_file: usize) -> usize {
        let index = self
            .offsets
            .partition_point(|(offset, _)| *offset < in_file);
        self.offsets
            .get(index)
            .map_or(self.text.len(), |(_, shown)| *shown)
    }
}

/// Returns all parts of the text that must not be shown, in order.
fn hidden_parts(diagnostics: &[Diagnostic], text: &str) -> Vec<Range<usize>> {
    let marked = diagnostics
        .iter()
        .filter_map(|diagnostic| diagnostic.hidden.clone());
    let hidden = marked
        .chain(secrets::secrets_in(text))
        .chain(secrets::values_of_secret_keys(text));
    secrets::merged(hidden.collect())
}

fn visible(text: &str) -> String {
    text.chars().map(visible_character).collect()
}

/// Replaces a character that could move the cursor, or reorder or hide text.
fn visible_character(character: char) -> char {
    let invisible = matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    );
    if invisible || (character.is_control() && character != '\t') {
        '\u{fffd}'
    } else {
        character
    }
}
