//! What a stored value means: its text and the word for its type in, a domain value or why it has no meaning out.

use crate::contract::UnixSeconds;

/// A value of a row as its source spells it, from a database or from a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a> {
    /// None: null.
    pub text: Option<&'a str>,
    /// The word for its type, for messages: `integer`, `timestamp with time zone`, `a JSON number`.
    pub kind: &'a str,
}

/// A value that does not mean what its column is for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found} is not {}", .expected.described())]
pub struct Meaningless {
    pub expected: Expected,
    /// The kind of the value, and the value where it is short and plain.
    pub found: String,
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Boolean,
    Integer,
    Moment,
}

impl Expected {
    fn described(self) -> &'static str {
        match self {
            Self::Boolean => {
                "one of true/false, t/f, yes/no, y/n, on/off, 1/0 (in any case) or null"
            }
            Self::Integer => "a whole number or null",
            Self::Moment => {
                "a time (a timestamp, a date, RFC 3339 text with an offset, or seconds since 1970) or null"
            }
        }
    }
}

/// Above this an epoch number counts milliseconds: as seconds it lies after the year 5138, as milliseconds in 1973.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

impl<'a> Value<'a> {
    /// The text of an id or a word; blank is none.
    pub fn word(self) -> Option<&'a str> {
        self.text.filter(|text| !text.trim().is_empty())
    }

    /// A boolean word of any type; null is false.
    pub fn boolean(self) -> Result<bool, Meaningless> {
        let Some(text) = self.text else {
            return Ok(false);
        };
        match whole(text.trim()).to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
            "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
            _ => Err(self.meaningless(Expected::Boolean)),
        }
    }

    /// A whole number, also one that a decimal type holds.
    pub fn integer(self) -> Result<Option<i64>, Meaningless> {
        self.text
            .map(|text| {
                whole(text.trim())
                    .parse()
                    .ok()
                    .ok_or_else(|| self.meaningless(Expected::Integer))
            })
            .transpose()
    }

    /// A point in time: seconds or milliseconds since 1970, or RFC 3339 with an offset. `infinity` is the end of time.
    pub fn moment(self) -> Result<Option<UnixSeconds>, Meaningless> {
        self.text
            .map(|text| moment(text.trim()).ok_or_else(|| self.meaningless(Expected::Moment)))
            .transpose()
    }

    fn meaningless(self, expected: Expected) -> Meaningless {
        Meaningless {
            expected,
            found: self.described(),
        }
    }

    /// The kind, and the value itself only where it is a short plain word: a row can hold anybody's address.
    fn described(self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        match self.text.map(str::trim) {
            Some("") => format!("an empty value ({})", self.kind),
            Some(text) if text.len() <= 24 && text.chars().all(plain) => {
                format!("`{text}` ({})", self.kind)
            }
            Some(_) => format!("a value of type {}", self.kind),
            None => "null".to_owned(),
        }
    }
}

/// The text without a fraction that is all zeros: `numeric` and JSON spell one as `1.0`.
fn whole(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.chars().all(|c| c == '0') => whole,
        Some(_) | None => text,
    }
}

fn moment(text: &str) -> Option<UnixSeconds> {
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
    text.parse::<jiff::Timestamp>().ok().map(UnixSeconds::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(text: &'a str, kind: &'a str) -> Value<'a> {
        Value {
            text: Some(text),
            kind,
        }
    }

    const NULL: Value<'_> = Value {
        text: None,
        kind: "text",
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
    fn what_was_found_is_named_without_giving_the_row_away() {
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

    #[test]
    fn times_are_read_from_numbers_and_text_with_an_offset() {
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
            ("infinity", i64::MAX),
            ("-Infinity", i64::MIN),
        ] {
            assert_eq!(
                value(text, "text").moment(),
                Ok(Some(UnixSeconds(seconds))),
                "{text}"
            );
        }
        assert_eq!(NULL.moment(), Ok(None));
        for other in [
            "",
            "soon",
            "2026-08-01T00:00:00",
            "2026-08-01",
            "NaN",
            "1.x",
        ] {
            assert!(value(other, "text").moment().is_err(), "{other}");
        }
    }

    #[test]
    fn a_blank_word_is_none() {
        assert_eq!(value(" cus_1", "text").word(), Some(" cus_1"));
        assert_eq!(value("  ", "text").word(), None);
        assert_eq!(NULL.word(), None);
    }
}
