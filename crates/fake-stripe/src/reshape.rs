//! Changes objects so that they deviate from the documentation.

use serde_json::{Value, json};

use super::faults::Reshape;

/// Returns the body with every object changed, or unchanged if it is not JSON.
pub(crate) fn reshaped(body: &[u8], reshape: Reshape) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice(body) else {
        return body.to_vec();
    };
    change(&mut value, reshape);
    value.to_string().into_bytes()
}

fn change(value: &mut Value, reshape: Reshape) {
    match value {
        Value::Number(number) if reshape == Reshape::NumbersAsText => {
            *value = Value::String(number.to_string());
        }
        Value::Array(values) => {
            for value in values {
                change(value, reshape);
            }
        }
        Value::Object(fields) => {
            for value in fields.values_mut() {
                change(value, reshape);
            }
            match reshape {
                Reshape::WithoutPrices => {
                    fields.remove("price");
                    fields.remove("plan");
                }
                Reshape::UnknownFields => {
                    let unheard_of =
                        json!({"object": "novelty", "id": 7, "data": [{"status": null}]});
                    fields.insert("a_novelty".to_owned(), unheard_of);
                }
                Reshape::NumbersAsText => {}
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
