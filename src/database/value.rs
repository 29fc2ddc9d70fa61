//! Converts a stored value from its text and type name to a domain value, or to an error.

use std::fmt;

use jiff::{
    civil::DateTime,
    tz::{Disambiguation, TimeZone},
};

use crate::contract::{CustomerId, UnixSeconds};

/// A value of a row as its source, a database or a file, writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a> {
    /// `None` for null. A list is spelled as JSON.
    pub text: Option<&'a str>,
    /// Name of its type for messages: `integer`, `timestamp with time zone`, `a JSON number`.
    pub kind: &'a str,
    pub form: ValueForm,
}

/// Structure of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueForm {
    /// A single value.
    Scalar,
    /// The boolean result of an `in:`, if a recorded row has it instead of the word.
    Answer,
    /// An array type of Postgres.
    Array,
    /// A JSON array.
    JsonList,
    /// A JSON object.
    Object,
    /// A row type of Postgres.
    Composite,
    /// `bytea`.
    Bytes,
}

/// Error for a value that does not fit its column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found} is not {expected}")]
pub struct UnreadableValue {
    pub expected: ValueKind,
    /// Type of the value, and the value itself if it is short and plain.
    pub found: String,
    pub form: ValueForm,
}

/// Kind of value that a column needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    Word,
    Customers,
    Boolean,
    Integer,
    Moment,
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Word => "one value or null",
            Self::Customers => "an id, a list of ids or null",
            Self::Boolean => {
                "one of true/false, t/f, yes/no, y/n, on/off, 1/0 (in any case) or null"
            }
            Self::Integer => "a whole number or null",
            Self::Moment => {
                "a time (a timestamp, a date, RFC 3339 text, or seconds since 1970) or null"
            }
        })
    }
}

/// The customers of one account: the first, and the others of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountCustomers {
    pub first: Option<CustomerId>,
    pub others: Vec<CustomerId>,
}

/// Larger epoch numbers count milliseconds: as seconds, this is in the year 5138, as milliseconds in 1973.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

impl<'a> Value<'a> {
    /// Returns the text of a single value.
    pub fn scalar(self) -> Result<Option<&'a str>, UnreadableValue> {
        self.text_for(ValueKind::Word)
    }

    /// Returns the text of an id or a word; `None` if it is blank.
    pub fn word(self) -> Result<Option<&'a str>, UnreadableValue> {
        Ok(self.scalar()?.filter(|text| !text.trim().is_empty()))
    }

    /// Returns an id, or the ids of a list, without null, blank and repeated ones.
    pub fn customers(self) -> Result<AccountCustomers, UnreadableValue> {
        if !matches!(self.form, ValueForm::Array | ValueForm::JsonList) {
            let first = self.text_for(ValueKind::Customers)?;
            let first = first.filter(|text| !text.trim().is_empty());
            return Ok(AccountCustomers {
                first: first.map(CustomerId::from),
                others: Vec::new(),
            });
        }
        let mut ids: Vec<CustomerId> = Vec::new();
        for id in self.elements()?.iter().flatten() {
            let is_new = ids.iter().all(|known| known.as_str() != id);
            if is_new && !id.trim().is_empty() {
                ids.push(CustomerId::from(id.as_str()));
            }
        }
        let mut ids = ids.into_iter();
        Ok(AccountCustomers {
            first: ids.next(),
            others: ids.collect(),
        })
    }

    fn elements(self) -> Result<Vec<Option<String>>, UnreadableValue> {
        let text = self.text.unwrap_or("[]");
        serde_json::from_str(text)
            .ok()
            .ok_or_else(|| UnreadableValue {
                expected: ValueKind::Customers,
                found: format!("a list ({}) with an element that is not text", self.kind),
                form: self.form,
            })
    }

    /// Parses a boolean word of any type; null is false.
    pub fn boolean(self) -> Result<bool, UnreadableValue> {
        let Some(text) = self.text_for(ValueKind::Boolean)? else {
            return Ok(false);
        };
        match whole(text.trim()).to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
            "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
            _ => Err(self.unreadable(ValueKind::Boolean)),
        }
    }

    /// Parses a whole number, also one in a decimal type.
    pub fn integer(self) -> Result<Option<i64>, UnreadableValue> {
        self.text_for(ValueKind::Integer)?
            .map(|text| {
                whole(text.trim())
                    .parse()
                    .ok()
                    .ok_or_else(|| self.unreadable(ValueKind::Integer))
            })
            .transpose()
    }

    /// Parses a point in time: seconds or milliseconds since 1970, RFC 3339, or date and time in `zone`. `infinity` is
    /// the end of time.
    pub fn moment(self, zone: Option<&TimeZone>) -> Result<Option<UnixSeconds>, UnreadableValue> {
        self.text_for(ValueKind::Moment)?
            .map(|text| moment(text.trim(), zone).ok_or_else(|| self.unreadable(ValueKind::Moment)))
            .transpose()
    }

    fn text_for(self, expected: ValueKind) -> Result<Option<&'a str>, UnreadableValue> {
        match self.form {
            ValueForm::Scalar | ValueForm::Answer => Ok(self.text),
            ValueForm::Array
            | ValueForm::JsonList
            | ValueForm::Object
            | ValueForm::Composite
            | ValueForm::Bytes => match self.text {
                Some(_) => Err(self.unreadable(expected)),
                None => Ok(None),
            },
        }
    }

    fn unreadable(self, expected: ValueKind) -> UnreadableValue {
        UnreadableValue {
            expected,
            found: self.described(),
            form: self.form,
        }
    }

    /// Describes the value by its type. The value itself is shown only if it is a short plain word: rows can hold
    /// personal data.
    fn described(self) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let built = match self.form {
            ValueForm::Scalar | ValueForm::Answer => None,
            ValueForm::Array | ValueForm::JsonList => Some("a list"),
            ValueForm::Object => Some("an object"),
            ValueForm::Composite => Some("a composite value"),
            ValueForm::Bytes => Some("bytes"),
        };
        if let Some(built) = built {
            return format!("{built} ({})", self.kind);
        }
        match self.text.map(str::trim) {
            Some("") => format!("an empty value ({})", self.kind),
            Some(text) if text.len() <= 24 && text.chars().all(is_plain) => {
                format!("`{text}` ({})", self.kind)
            }
            Some(_) => format!("a value of type {}", self.kind),
            None => "null".to_owned(),
        }
    }
}

/// Removes a fraction of zeros, as in `1.0` from `numeric` and JSON.
fn whole(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.chars().all(|c| c == '0') => whole,
        Some(_) | None => text,
    }
}

fn moment(text: &str, zone: Option<&TimeZone>) -> Option<UnixSeconds> {
    match text.to_ascii_lowercase().as_str() {
        "infinity" => return Some(UnixSeconds(i64::MAX)),
        "-infinity" => return Some(UnixSeconds(i64::MIN)),
        _ => {}
    }
    let seconds = match text.split_once('.') {
        Some((seconds, fraction)) if fraction.chars().all(|c| c.is_ascii_digit()) => seconds,
        Some(_) | None => text,
    };
    if let Ok(number) = seconds.parse::<i64>() {
        let is_milliseconds = number.unsigned_abs() > FIRST_MILLISECONDS.unsigned_abs();
        let seconds = if is_milliseconds {
            number.div_euclid(1000)
        } else {
            number
        };
        return Some(UnixSeconds(seconds));
    }
    let instant = text.parse::<jiff::Timestamp>().ok();
    instant
        .or_else(|| local(text, zone?))
        .map(UnixSeconds::from)
}

/// Parses a date, or a date and a time, without an offset. A time that the clock skips or repeats is resolved as in
/// Postgres.
fn local(text: &str, zone: &TimeZone) -> Option<jiff::Timestamp> {
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | ' ' | 'T' | 't');
    if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(allowed) {
        return None;
    }
    let local: DateTime = text.parse().ok()?;
    let ambiguous = zone.to_ambiguous_timestamp(local);
    ambiguous.disambiguate(Disambiguation::Later).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(text: &'a str, kind: &'a str) -> Value<'a> {
        Value {
            text: Some(text),
            kind,
            form: ValueForm::Scalar,
        }
    }

    const NULL: Value<'_> = Value {
        text: None,
        kind: "text",
        form: ValueForm::Scalar,
    };

    #[test]
    fn boolean_words_mean_the_same_in_any_case_and_type() {
        for yes in ["true", "T", "Yes", "y", "ON", "1", "1.0", "1.00", " yes  "] {
            assert_eq!(value(yes, "text").boolean(), Ok(true), "{yes}");
        }
        for no in ["false", "F", "No", "n", "OFF", "0", "0.0", "no        "] {
            assert_eq!(value(no, "text").boolean(), Ok(false), "{no}");
        }
        assert_eq!(NULL.boolean(), Ok(false));
    }

    #[test]
    fn anything_else_has_no_boolean_meaning() {
        for other in [
            "",
            " ",
            "canceled",
            "7",
            "-1",
            "1.5",
            "1.",
            ".0",
            "tr",
            "null",
            "10",
            "{}",
            "ＴＲＵＥ",
        ] {
            assert!(value(other, "text").boolean().is_err(), "{other}");
        }
    }

    #[test]
    fn the_found_value_is_described_without_personal_data() {
        let found = |text, kind| value(text, kind).boolean().expect_err("no boolean").found;
        assert_eq!(found("canceled", "text"), "`canceled` (text)");
        assert_eq!(found("7", "integer"), "`7` (integer)");
        assert_eq!(found("", "text"), "an empty value (text)");
        assert_eq!(found("alice@example.com", "text"), "a value of type text");
        assert_eq!(
            found("2026-01-01 00:00:00+00", "timestamp with time zone"),
            "a value of type timestamp with time zone"
        );
        assert_eq!(
            found(&"x".repeat(1_000_000), "text"),
            "a value of type text"
        );
        assert_eq!(
            value("x", "text")
                .integer()
                .expect_err("no number")
                .to_string(),
            "`x` (text) is not a whole number or null"
        );
    }

    #[test]
    fn whole_numbers_are_read_from_any_type_that_holds_them() {
        for (text, number) in [("5", 5), ("5.0", 5), ("-3", -3), (" 12 ", 12)] {
            assert_eq!(value(text, "numeric").integer(), Ok(Some(number)), "{text}");
        }
        assert_eq!(NULL.integer(), Ok(None));
        for other in ["", "5.5", "five", "99999999999999999999", "1e3", "Infinity"] {
            assert!(value(other, "text").integer().is_err(), "{other}");
        }
    }

    fn moment(text: &str, zone: &TimeZone) -> Result<Option<UnixSeconds>, UnreadableValue> {
        value(text, "text").moment(Some(zone))
    }

    #[test]
    fn times_are_read_from_numbers_and_text() {
        for (text, seconds) in [
            ("1785542400", 1_785_542_400),
            ("1785542400.75", 1_785_542_400),
            ("1785542400123", 1_785_542_400),
            ("100000000000", 100_000_000_000),
            ("100000000001", 100_000_000),
            ("0", 0),
            ("-1", -1),
            ("2026-08-01T00:00:00Z", 1_785_542_400),
            ("2026-08-01 02:00:00+02", 1_785_542_400),
            ("2026-08-01T00:00:00", 1_785_542_400),
            ("2026-08-01 00:00:00.123456", 1_785_542_400),
            ("2026-08-01", 1_785_542_400),
            ("infinity", i64::MAX),
            ("-Infinity", i64::MIN),
        ] {
            assert_eq!(
                moment(text, &TimeZone::UTC),
                Ok(Some(UnixSeconds(seconds))),
                "{text}"
            );
        }
        assert_eq!(NULL.moment(None), Ok(None));
        for other in [
            "",
            "soon",
            "2026-13-01",
            "2026-08-01T25:00:00",
            "12:00:00",
            "2026-08-01 00:00:00 BC",
            "2026-08-01T00:00:00[Europe/Berlin]",
            "NaN",
            "1.x",
        ] {
            assert!(moment(other, &TimeZone::UTC).is_err(), "{other}");
        }
    }

    #[test]
    fn a_time_without_an_offset_is_one_of_the_zone() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        for (text, instant) in [
            ("2026-08-01 02:00:00", "2026-08-01T00:00:00Z"),
            ("2026-08-01", "2026-07-31T22:00:00Z"),
            ("2026-08-01T02:00:00Z", "2026-08-01T02:00:00Z"),
            // Times that the clock skips or repeats are resolved as in Postgres.
            ("2026-03-29 02:30:00", "2026-03-29T01:30:00Z"),
            ("2026-10-25 02:30:00", "2026-10-25T01:30:00Z"),
        ] {
            let instant: jiff::Timestamp = instant.parse().unwrap();
            assert_eq!(
                moment(text, &berlin),
                Ok(Some(UnixSeconds::from(instant))),
                "{text}"
            );
        }
    }

    #[test]
    fn a_blank_word_is_missing() {
        assert_eq!(value(" cus_1", "text").word(), Ok(Some(" cus_1")));
        assert_eq!(value("  ", "text").word(), Ok(None));
        assert_eq!(NULL.word(), Ok(None));
    }

    fn customers(text: &str, form: ValueForm) -> Result<Vec<String>, String> {
        let value = Value {
            text: Some(text),
            kind: "jsonb",
            form,
        };
        let customers = value.customers().map_err(|error| error.to_string())?;
        let all = customers.first.into_iter().chain(customers.others);
        Ok(all.map(|id| id.as_str().to_owned()).collect())
    }

    #[test]
    fn a_list_of_customers_is_read_without_blanks_and_repeats() {
        for (text, ids) in [
            (r#"["cus_2","cus_1"]"#, vec!["cus_2", "cus_1"]),
            (r#"[null,""," ","cus_1","cus_1"]"#, vec!["cus_1"]),
            ("[]", vec![]),
            ("[null]", vec![]),
            (r#"["a\u00fc "]"#, vec!["aü "]),
        ] {
            let expected: Vec<String> = ids.into_iter().map(str::to_owned).collect();
            for form in [ValueForm::Array, ValueForm::JsonList] {
                assert_eq!(customers(text, form), Ok(expected.clone()), "{text}");
            }
        }
        for text in [r#"[["cus_1"]]"#, "[1]", "[true]", r#"[{"id":"cus_1"}]"#] {
            let error = customers(text, ValueForm::JsonList).unwrap_err();
            assert_eq!(
                error,
                "a list (jsonb) with an element that is not text is not an id, a list of ids or null"
            );
        }
    }

    #[test]
    fn a_value_that_is_not_a_scalar_is_not_a_word() {
        for (form, found) in [
            (ValueForm::Array, "a list (x)"),
            (ValueForm::JsonList, "a list (x)"),
            (ValueForm::Object, "an object (x)"),
            (ValueForm::Composite, "a composite value (x)"),
            (ValueForm::Bytes, "bytes (x)"),
        ] {
            let value = Value {
                text: Some("1"),
                kind: "x",
                form,
            };
            assert_eq!(value.word().unwrap_err().found, found);
            assert_eq!(value.boolean().unwrap_err().found, found);
            assert_eq!(value.integer().unwrap_err().found, found);
            assert_eq!(value.moment(None).unwrap_err().found, found);
            let null = Value {
                text: None,
                ..value
            };
            assert_eq!(null.word(), Ok(None));
        }
    }
}
