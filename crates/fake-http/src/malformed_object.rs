//! Changes objects so that they deviate from the documentation.

use serde_json::{Value, json};

use super::faults::MalformedObject;

/// Returns the body with every object changed, or unchanged if it is not JSON.
pub(crate) fn with_malformed_objects(body: &[u8], how: MalformedObject) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice(body) else {
        return body.to_vec();
    };
    change(&mut value, how);
    value.to_string().into_bytes()
}

fn change(value: &mut Value, how: MalformedObject) {
    match value {
        Value::Number(number) if how == MalformedObject::NumbersAsText => {
            *value = Value::String(number.to_string());
        }
        Value::Array(values) => {
            for value in values {
                change(value, how);
            }
        }
        Value::Object(fields) => {
            for value in fields.values_mut() {
                change(value, how);
            }
            match how {
                MalformedObject::WithoutPrices => {
                    fields.remove("price");
                    fields.remove("plan");
                }
                MalformedObject::UnknownFields => {
                    let unheard_of =
                        json!({"object": "novelty", "id": 7, "data": [{"status": null}]});
                    fields.insert("a_novelty".to_owned(), unheard_of);
                }
                MalformedObject::NumbersAsText => {}
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
