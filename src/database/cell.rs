//! One value of a result row, from the server's text.

use std::borrow::Cow;

use super::{
    catalog::ColumnType,
    value::{Value, ValueForm},
};
use crate::contract::Field;

/// The value of one field.
#[derive(Debug)]
pub(super) struct Cell<'r> {
    pub(super) field: Field,
    text: Option<Cow<'r, str>>,
    kind: &'r str,
    form: ValueForm,
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

fn form(kind: &ColumnType) -> ValueForm {
    match kind.base.as_str() {
        _ if kind.is_array => ValueForm::Array,
        _ if kind.is_composite => ValueForm::Composite,
        "bytea" => ValueForm::Bytes,
        _ => ValueForm::Scalar,
    }
}

/// Reads a JSON value: a string without its quotes, anything else as it is spelled.
fn json(text: &str) -> (Option<Cow<'_, str>>, ValueForm) {
    let text = text.trim();
    match text.chars().next() {
        Some('[') => (Some(Cow::Borrowed(text)), ValueForm::JsonList),
        Some('{') => (Some(Cow::Borrowed(text)), ValueForm::Object),
        Some('"') => {
            // The server checked the JSON; a string that cannot be parsed here is still a text.
            let read = serde_json::from_str(text).map_or(Cow::Borrowed(text), Cow::Owned);
            (Some(read), ValueForm::Scalar)
        }
        Some(_) if text == "null" => (None, ValueForm::Scalar),
        _ => (Some(Cow::Borrowed(text)), ValueForm::Scalar),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_by_its_form() {
        for (text, read, form) in [
            (r#""cus_1""#, Some("cus_1"), ValueForm::Scalar),
            (r#" "a\"\u00fc" "#, Some("a\"ü"), ValueForm::Scalar),
            (
                "12345678901234567890.50",
                Some("12345678901234567890.50"),
                ValueForm::Scalar,
            ),
            ("true", Some("true"), ValueForm::Scalar),
            ("null", None, ValueForm::Scalar),
            (r#""null""#, Some("null"), ValueForm::Scalar),
            (r#"["a"]"#, Some(r#"["a"]"#), ValueForm::JsonList),
            (r#"{"a": 1}"#, Some(r#"{"a": 1}"#), ValueForm::Object),
            (r#""[1]""#, Some("[1]"), ValueForm::Scalar),
        ] {
            let (found, found_form) = json(text);
            assert_eq!((found.as_deref(), found_form), (read, form), "{text}");
        }
    }
}
