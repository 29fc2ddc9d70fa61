//! Changes to generated schemas that no attribute of schemars can express.

use schemars::Schema;
use serde_json::{Value, json};

use contract::Rule;

/// Limits the keys of `rules` to rule ids.
pub(super) fn only_rule_ids(schema: &mut Schema) {
    let ids: Vec<_> = Rule::all_with_handler_rules().map(Rule::as_str).collect();
    schema.insert("propertyNames".to_owned(), json!({ "enum": ids }));
}

/// Makes a list of words also accept `false`, which is what YAML 1.1 reads for a bare `off`.
pub(super) fn or_false(schema: &mut Schema) {
    also_accept(schema, &[false]);
}

/// Makes a list of words also accept booleans, which are what YAML 1.1 reads for bare `on` and `off`.
pub(super) fn or_boolean(schema: &mut Schema) {
    also_accept(schema, &[true, false]);
}

fn also_accept(schema: &mut Schema, values: &[bool]) {
    // The type is `string`, which the booleans are not.
    schema.remove("type");
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.extend(values.iter().copied().map(Value::Bool));
    }
}
