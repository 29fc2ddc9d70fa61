//! The JSON Schema of `prodverdict.yml` for editors, generated from `RawConfig`, so that it cannot drift from the
//! reader.

use std::sync::LazyLock;

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Value, json};

use super::{
    document::{RawConfig, RawContract},
    skipped::OTHER_TYPES,
};
use crate::contract::Rule;

/// Returns the JSON Schema, formatted, with a line break at its end.
pub fn json_schema() -> String {
    format!("{:#}\n", generate())
}

/// Returns where a known but misplaced key belongs.
pub(super) fn home_of(key: &str) -> Option<&'static str> {
    const HOMES: [(&str, &str); 6] = [
        ("/properties", "at the top of the file"),
        ("/$defs/Contract/properties", "in a contract, beside `type`"),
        ("/$defs/Database/properties", "under `database`"),
        ("/$defs/Columns/properties", "under `columns` of `database`"),
        ("/$defs/Grace/properties", "under `grace`"),
        ("/$defs/Rehearsal/properties", "under `rehearsal`"),
    ];
    static SCHEMA: LazyLock<Value> = LazyLock::new(generate);
    HOMES
        .into_iter()
        .find(|(pointer, _)| {
            SCHEMA
                .pointer(pointer)
                .is_some_and(|keys| keys.get(key).is_some())
        })
        .map(|(_, home)| home)
}

fn generate() -> Value {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<RawConfig>()
        .into()
}

/// Returns the schema of `contracts`, which also accepts contracts of other types: they are skipped.
pub(super) fn contracts(generator: &mut SchemaGenerator) -> Schema {
    let access = generator.subschema_for::<RawContract>();
    json_schema!({
        "type": "array",
        "minItems": 1,
        "items": {
            "if": {
                "type": "object",
                "properties": {"type": {"enum": OTHER_TYPES}},
                "required": ["type"]
            },
            "then": {"type": "object", "description": "A contract of another type: it is skipped."},
            "else": access
        }
    })
}

/// Limits the keys of `rules` to rule ids.
pub(super) fn only_rule_ids(schema: &mut Schema) {
    let ids: Vec<_> = Rule::every().map(Rule::as_str).collect();
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
