//! How the JSON of objects that there are few of is put together.

use serde_json::{Map, Value};

/// An object of several parts, and keys that are always null.
pub(super) fn object<const PARTS: usize>(parts: [Value; PARTS], nulls: &[&str]) -> Value {
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

/// An address of which nothing is known.
pub(super) fn address() -> Value {
    object(
        [],
        &["city", "country", "line1", "line2", "postal_code", "state"],
    )
}
