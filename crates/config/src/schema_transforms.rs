//! Changes of generated schemas that no attribute of schemars can express.

use schemars::Schema;
use serde_json::{Value, json};

use contract::Rule;

/// Limits the keys of `rules` to rule ids.
pub(super) fn only_rule_ids(schema: &mut Schema) {
    let ids: Vec<_> = Rule::all_with_handler_rules().map(Rule::as_str).collect();
    schema.insert("propertyNames".to_owned(), json!({ "enum": ids }));
}

/// Also accepts `false`, which is how YAML 1.1 reads a bare `off`.
pub(super) fn or_false(schema: &mut Schema) {
    also(schema, &[false]);
}

/// Also accepts booleans, which is how YAML 1.1 reads bare `on` and `off`.
pub(super) fn or_boolean(schema: &mut Schema) {
    also(schema, &[true, false]);
}

fn also(schema: &mut Schema, values: &[bool]) {
    schema.remove("type");
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.extend(values.iter().copied().map(Value::Bool));
    }
}
