//! Completes a response with the fields that GitHub always sends and that no test sets.

use serde_json::{Map, Value, json};

use super::schema::Schemas;

/// Adds the required fields that the value lacks, at every depth.
pub(super) fn complete(schemas: &Schemas, schema: &Value, value: &mut Value) {
    let schema = variant(schemas, schema);
    match value {
        Value::Array(items) => {
            for item in items {
                complete(schemas, &schema["items"], item);
            }
        }
        Value::Object(fields) => complete_object(schemas, schema, fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn complete_object(schemas: &Schemas, schema: &Value, fields: &mut Map<String, Value>) {
    for part in schema["allOf"].as_array().into_iter().flatten() {
        complete_object(schemas, schemas.resolve(part), fields);
    }
    let properties = &schema["properties"];
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().expect("a name");
        if !fields.contains_key(name) {
            fields.insert(name.to_owned(), smallest(schemas, &properties[name]));
        }
    }
    for (name, value) in fields {
        if let Some(schema) = properties.get(name) {
            complete(schemas, schema, value);
        }
    }
}

/// Returns the smallest value that fits the schema.
fn smallest(schemas: &Schemas, schema: &Value) -> Value {
    let schema = variant(schemas, schema);
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    let types = &schema["type"];
    let may_be_null = types
        .as_array()
        .is_some_and(|types| types.contains(&json!("null")));
    let kind = if may_be_null {
        "null"
    } else {
        types.as_str().unwrap_or("object")
    };
    match kind {
        "null" => Value::Null,
        "string" => json!(text(schema["format"].as_str())),
        "integer" | "number" => json!(1),
        "boolean" => json!(false),
        "array" => json!([]),
        _ => {
            let mut fields = Map::new();
            complete_object(schemas, schema, &mut fields);
            Value::Object(fields)
        }
    }
}

fn text(format: Option<&str>) -> &'static str {
    match format {
        Some("date-time") => "2026-11-23T09:40:00Z",
        Some("uri") => "https://github.test/",
        _ => "text",
    }
}

/// Follows references, and takes the first of several alternatives.
fn variant<'a>(schemas: &'a Schemas, schema: &'a Value) -> &'a Value {
    let mut schema = schemas.resolve(schema);
    while let Some(first) = schema["anyOf"].get(0).or_else(|| schema["oneOf"].get(0)) {
        schema = schemas.resolve(first);
    }
    schema
}
