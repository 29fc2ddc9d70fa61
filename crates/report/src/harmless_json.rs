//! JSON that is safe to print. Characters that a terminal or GitHub's runner would interpret are written
//! as JSON escapes, so that the values stay exact.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::neutral::is_hidden;

/// Returns a value as indented text.
pub(super) fn indented(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    // NOTE: serializing structs of texts, numbers and lists with text keys to memory cannot fail.
    drop(write(value, &mut bytes));
    String::from_utf8(bytes).unwrap_or_default()
}

/// Returns a value as text on one line.
pub(super) fn compact(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    // NOTE: as in `indented`.
    drop(write_with(CompactFormatter, value, &mut bytes));
    String::from_utf8(bytes).unwrap_or_default()
}

/// Streams a value, indented, to `out`.
pub(super) fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    write_with(PrettyFormatter::new(), value, out)
}

fn write_with(
    formatter: impl Formatter,
    value: &impl Serialize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let formatter = Harmless(formatter);
    value.serialize(&mut Serializer::with_formatter(&mut *out, formatter))?;
    out.write_all(b"\n")
}

/// A formatter that escapes such characters in strings.
struct Harmless<F>(F);

impl<F: Formatter> Formatter for Harmless<F> {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        text: &str,
    ) -> io::Result<()> {
        let mut start = 0;
        for (at, character) in text.char_indices() {
            let rest = || text.get(at..).unwrap_or_default();
            let is_command = || {
                text.get(..at).is_some_and(|before| before.ends_with('#'))
                    && rest().starts_with("#[")
            };
            let is_harmless = match character {
                '#' => !is_command(),
                ' '..='~' => true,
                _ => !is_hidden(character),
            };
            if is_harmless {
                continue;
            }
            out.write_all(text.get(start..at).unwrap_or_default().as_bytes())?;
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                write!(out, "\\u{unit:04x}")?;
            }
            start = at + character.len_utf8();
        }
        out.write_all(text.get(start..).unwrap_or_default().as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_hidden_characters_are_escaped_and_exact() {
        for (text, expected) in [
            ("##[error]", r##""#\u0023[error]""##),
            ("###[x]##[", r###""##\u0023[x]#\u0023[""###),
            ("a\u{202e}b\u{7f}", r#""a\u202eb\u007f""#),
            ("\u{e0001}é##", "\"\\udb40\\udc01é##\""),
            ("\"\\\n", r#""\"\\\n""#),
        ] {
            assert_eq!(indented(&text), format!("{expected}\n"));
            assert_eq!(
                serde_json::from_str::<String>(&indented(&text)).unwrap(),
                text
            );
        }
    }
}
