//! The JSON Schema of `prodverdict.yml`, for editors: made from `Document`, so it cannot drift from what is read.

use schemars::{Schema, generate::SchemaSettings};
use serde_json::{Value, json};

use super::document::Document;
use crate::contract::Rule;

/// The JSON Schema, formatted, with a line break at its end.
pub fn json_schema() -> String {
    let schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Document>();
    format!("{:#}\n", Value::from(schema))
}

/// `rules` takes the ids of rules.
pub(super) fn only_rule_ids(schema: &mut Schema) {
    let ids: Vec<_> = Rule::ALL.into_iter().map(Rule::as_str).collect();
    schema.insert("propertyNames".to_owned(), json!({ "enum": ids }));
}

/// A bare `off` is `false` to a reader of YAML 1.1.
pub(super) fn or_false(schema: &mut Schema) {
    schema.remove("type");
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Bool(false));
    }
}
