//! Schemas of the description, as JSON Schemas.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Schemas, parameters and responses that others refer to.
pub(super) struct Schemas(Value);

/// Replaces `nullable`, which JSON Schema does not have.
pub(super) fn allow_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(allow_null),
        Value::Object(fields) => {
            fields.values_mut().for_each(allow_null);
            if fields.get("nullable") == Some(&Value::Bool(true)) {
                fields.remove("nullable");
                or_null(fields);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn or_null(schema: &mut Map<String, Value>) {
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut)
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    if let Some(Value::String(kind)) = schema.get("type") {
        let kinds = json!([kind, "null"]);
        schema.insert("type".to_owned(), kinds);
    } else {
        let whole = Value::Object(std::mem::take(schema));
        schema.insert("anyOf".to_owned(), json!([whole, {"type": "null"}]));
    }
}

impl Schemas {
    pub(super) fn new(components: &Value) -> Self {
        Self(json!({"components": components}))
    }

    pub(super) fn named(&self, name: &str) -> &Value {
        &self.0["components"]["schemas"][name]
    }

    /// Follows references.
    pub(super) fn resolve<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        while let Some(reference) = schema["$ref"].as_str() {
            schema = self.at(reference);
        }
        schema
    }

    /// Returns the schema with everything that it refers to.
    pub(super) fn with_components(&self, schema: &Value) -> Value {
        let mut whole = json!({"allOf": [schema], "components": {}});
        let mut open = references(schema);
        let mut seen = BTreeSet::new();
        while let Some(reference) = open.pop() {
            if seen.insert(reference.clone()) {
                let referred = self.at(&reference);
                open.extend(references(referred));
                let mut path = reference.trim_start_matches("#/").split('/').skip(1);
                let (kind, name) = (path.next(), path.next());
                let (kind, name) = kind.zip(name).expect("a component");
                whole["components"][kind][name] = referred.clone();
            }
        }
        whole
    }

    fn at(&self, reference: &str) -> &Value {
        let pointer = reference.trim_start_matches('#');
        self.0.pointer(pointer).expect("a component")
    }
}

fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Object(fields) => {
            let own_reference = fields.get("$ref").and_then(Value::as_str);
            let inside = fields.values().flat_map(references);
            own_reference
                .map(str::to_owned)
                .into_iter()
                .chain(inside)
                .collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// Lists the fields of an object, and of objects in it, that the schema does not name. GitHub ignores them; a careful
/// client sends none.
pub(super) fn undocumented(schemas: &Schemas, schema: &Value, value: &Value) -> Vec<String> {
    let schema = schemas.resolve(schema);
    match value {
        Value::Array(items) => {
            let inside = items.iter();
            inside
                .flat_map(|item| undocumented(schemas, &schema["items"], item))
                .collect()
        }
        Value::Object(fields) => {
            let Some(known) = schema["properties"].as_object() else {
                return Vec::new();
            };
            let inside = fields
                .iter()
                .flat_map(|(name, value)| match known.get(name) {
                    Some(schema) => undocumented(schemas, schema, value),
                    None => vec![name.clone()],
                });
            inside.collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
