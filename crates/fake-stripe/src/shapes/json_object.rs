//! Helpers to build the JSON of the less numerous objects.

use serde_json::{Map, Value};

/// Merges several parts and keys that are always null into one object.
pub(super) fn json_object<const PARTS: usize>(parts: [Value; PARTS], nulls: &[&str]) -> Value {
    let mut object: Map<String, Value> = nulls
        .iter()
        .map(|key| ((*key).to_owned(), Value::Null))
        .collect();
    for part in parts {
        if let Value::Object(part) = part {
            object.extend(part);
        }
    }
    Value::Object(object)
}

/// Returns an address without any data.
pub(super) fn address() -> Value {
    json_object(
        [],
        &["city", "country", "line1", "line2", "postal_code", "state"],
    )
}
