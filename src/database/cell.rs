//! One value of a result row, from the server's text.

use std::borrow::Cow;

use super::{
    catalog::ColumnType,
    value::{Form, Value},
};
use crate::contract::Field;

/// The value of one field.
#[derive(Debug)]
pub(super) struct Cell<'r> {
    pub(super) field: Field,
    text: Option<Cow<'r, str>>,
    kind: &'r str,
    form: Form,
}

impl<'r> Cell<'r> {
    pub(super) fn new(field: Field, kind: &'r ColumnType, text: Option<&'r str>) -> Self {
        let is_json = matches!(kind.base.as_str(), "json" | "jsonb");
        let (text, form) = match text {
            Some(text) if is_json => json(text),
            text => (text.map(Cow::Borrowed), form(kind)),
        };
        Self {
            field,
            text,
            kind: &kind.shown,
            form,
        }
    }

    pub(super) fn value(&self) -> Value<'_> {
        Value {
            text: self.text.as_deref(),
            kind: self.kind,
            form: self.form,
        }
    }
}

fn form(kind: &ColumnType) -> Form {
    match kind.base.as_str() {
        _ if kind.is_array => Form::Array,
        _ if kind.is_composite => Form::Composite,
        "bytea" => Form::Bytes,
        _ => Form::Scalar,
    }
}

/// Reads a JSON value: a string without its quotes, anything else as it is spelled.
fn json(text: &str) -> (Option<Cow<'_, str>>, Form) {
    let text = text.trim();
    match text.chars().next() {
        Some('[') => (Some(Cow::Borrowed(text)), Form::JsonList),
        Some('{') => (Some(Cow::Borrowed(text)), Form::Object),
        Some('"') => {
            // The server checked the JSON; a string that cannot be parsed here is still a text.
            let read = serde_json::from_str(text).map_or(Cow::Borrowed(text), Cow::Owned);
            (Some(read), Form::Scalar)
        }
        Some(_) if text == "null" => (None, Form::Scalar),
        _ => (Some(Cow::Borrowed(text)), Form::Scalar),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_by_its_form() {
        for (text, read, form) in [
            (r#""cus_1""#, Some("cus_1"), Form::Scalar),
            (r#" "a\"\u00fc" "#, Some("a\"ü"), Form::Scalar),
            (
                "12345678901234567890.50",
                Some("12345678901234567890.50"),
                Form::Scalar,
            ),
            ("true", Some("true"), Form::Scalar),
            ("null", None, Form::Scalar),
            (r#""null""#, Some("null"), Form::Scalar),
            (r#"["a"]"#, Some(r#"["a"]"#), Form::JsonList),
            (r#"{"a": 1}"#, Some(r#"{"a": 1}"#), Form::Object),
            (r#""[1]""#, Some("[1]"), Form::Scalar),
        ] {
            let (found, found_form) = json(text);
            assert_eq!((found.as_deref(), found_form), (read, form), "{text}");
        }
    }
}
