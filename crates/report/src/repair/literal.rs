//! Quotes identifiers and values as SQL.

use super::{CellKind, CellValue, RepairCell};
use crate::neutral::is_hidden;

/// Quotes an identifier.
pub(super) fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a string on one line. A string with a backslash or hidden characters is written as `E'…'`, whose meaning does
/// not depend on settings.
pub(super) fn text(text: &str) -> String {
    if !text.contains(|c: char| c == '\\' || is_hidden(c)) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("E'");
    for character in text.chars() {
        match character {
            '\'' => out.push_str("''"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            hidden if is_hidden(hidden) => {
                out.push_str(&format!("\\U{:08X}", u32::from(hidden)));
            }
            seen => out.push(seen),
        }
    }
    out.push('\'');
    out
}

/// Writes a value for a column of the given kind.
pub(super) fn value(kind: CellKind, value: &CellValue) -> String {
    match value {
        CellValue::Moment(seconds) => format!("to_timestamp({seconds})"),
        CellValue::Text(value) => literal(kind, value),
    }
}

/// Returns the condition that the column still has the value that was read.
pub(super) fn guard(cell: &RepairCell) -> String {
    let column = name(&cell.column);
    let Some(value) = &cell.value else {
        return format!("{column} IS NULL");
    };
    match cell.kind {
        CellKind::Json => format!("{column}::text = {}", text(value)),
        CellKind::Boolean | CellKind::Number | CellKind::Text => {
            format!("{column} = {}", literal(cell.kind, value))
        }
    }
}

/// Writes a literal. Postgres gives a quoted literal the type of the column.
fn literal(kind: CellKind, value: &str) -> String {
    let is_bare = match kind {
        CellKind::Boolean => matches!(value, "true" | "false"),
        CellKind::Number => {
            let digits = value.strip_prefix('-').unwrap_or(value);
            !digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit())
        }
        CellKind::Json | CellKind::Text => false,
    };
    if is_bare {
        value.to_owned()
    } else {
        text(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_end_its_quotes() {
        for (value, expected) in [
            ("usr_1", "'usr_1'"),
            ("o'neil", "'o''neil'"),
            ("$$; drop", "'$$; drop'"),
            ("a\\'b", "E'a\\\\''b'"),
            ("a\nb", "E'a\\nb'"),
            ("\u{202e}x", "E'\\U0000202Ex'"),
            ("*/ --", "'*/ --'"),
            ("", "''"),
        ] {
            assert_eq!(text(value), expected);
        }
        assert_eq!(name("a\"b"), "\"a\"\"b\"");
    }

    #[test]
    fn the_kind_decides_if_quotes_are_needed() {
        for (kind, value, expected) in [
            (CellKind::Boolean, "true", "true"),
            (CellKind::Boolean, "t", "'t'"),
            (CellKind::Number, "-12", "-12"),
            (CellKind::Number, "1e5", "'1e5'"),
            (CellKind::Number, "1); drop", "'1); drop'"),
            (CellKind::Text, "12", "'12'"),
        ] {
            assert_eq!(literal(kind, value), expected);
        }
    }

    #[test]
    fn a_null_value_must_still_be_null() {
        let cell = |kind, value: Option<&str>| RepairCell {
            column: "plan".to_owned(),
            kind,
            value: value.map(str::to_owned),
        };
        assert_eq!(guard(&cell(CellKind::Text, None)), "\"plan\" IS NULL");
        assert_eq!(
            guard(&cell(CellKind::Text, Some("pro"))),
            "\"plan\" = 'pro'"
        );
        assert_eq!(
            guard(&cell(CellKind::Json, Some("\"pro\""))),
            "\"plan\"::text = '\"pro\"'"
        );
    }
}
