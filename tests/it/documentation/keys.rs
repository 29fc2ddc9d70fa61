//! The page of all configuration keys, generated from the JSON Schema.

use std::fmt::Write as _;

use serde_json::{Map, Value};

const INTRODUCTION: &str = "# All keys

Generated from [the JSON Schema](../schema/prodverdict.schema.json), which `prodverdict schema` prints for editors.
[prodverdict.yml](configuration.md) explains the keys, with examples.
";

/// Sections in the order of a file, with their definitions in the schema.
const SECTIONS: &[(&str, &str)] = &[
    ("contracts[]", "Contract"),
    ("contracts[].stripe, contracts[].entitlements", "StripeKey"),
    ("contracts[].paddle", "PaddleKey"),
    ("contracts[].statuses", "Statuses"),
    ("contracts[].grace", "Grace"),
    ("contracts[].links", "Links"),
    ("contracts[].database", "Database"),
    ("contracts[].database.columns", "Columns"),
    ("contracts[].database.columns.seats", "SeatsColumn"),
    ("contracts[].database.columns.status", "StatusColumn"),
    ("rehearsal", "Rehearsal"),
    ("rehearsal.account", "Account"),
    ("rehearsal.checkout", "Checkout"),
    ("rehearsal.gate", "Gate"),
    ("rehearsal.database", "RehearsalDatabase"),
    ("rehearsal.app", "RehearsalApp"),
    ("rehearsal.fake", "Fake"),
    ("rehearsal.scenarios", "Scenarios"),
];

/// The types of a duration, whose only number is 0.
const DURATION: [&str; 2] = ["string", "integer"];

/// The definition of a value with several forms, which the page of explanations describes once.
const COLUMN: &str = "Column";

pub(super) fn page(schema: &str) -> String {
    let schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
    let definitions = schema["$defs"].as_object().expect("definitions");
    for name in definitions.keys() {
        let is_known = SECTIONS.iter().any(|(_, known)| known == name) || name == COLUMN;
        assert!(is_known, "`{name}` has no section on the page of keys");
    }
    let mut page = INTRODUCTION.to_owned();
    section(&mut page, "The file", &schema, definitions);
    for (path, name) in SECTIONS {
        section(
            &mut page,
            &format!("`{path}`"),
            &definitions[*name],
            definitions,
        );
    }
    page
}

fn section(page: &mut String, title: &str, definition: &Value, definitions: &Map<String, Value>) {
    write!(page, "\n## {title}\n\n").expect("memory");
    if let Some(description) = definition["description"].as_str() {
        write!(page, "{description}\n\n").expect("memory");
    }
    page.push_str("| key | value | |\n|---|---|---|\n");
    let required: Vec<&str> = definition["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = mapping_of(definition)["properties"].as_object();
    for (key, value) in properties.expect("properties") {
        let is_required = required.contains(&key.as_str());
        let required = if is_required { " Required." } else { "" };
        let description = value["description"].as_str().unwrap_or_default();
        let kind = kind(value, definitions).replace('|', "\\|");
        let description = description.replace('\n', " ").replace('|', "\\|");
        writeln!(page, "| `{key}` | {kind} | {description}{required} |").expect("memory");
    }
}

/// Returns the definition, or the one of its forms that is a mapping.
fn mapping_of(definition: &Value) -> &Value {
    let forms = definition["anyOf"].as_array().into_iter().flatten();
    let mut mappings = forms.filter(|form| form.get("properties").is_some());
    mappings.next().unwrap_or(definition)
}

/// Describes the values that a key accepts.
fn kind(value: &Value, definitions: &Map<String, Value>) -> String {
    if let Some(constant) = value.get("const") {
        return format!("`{}`", constant.to_string().trim_matches('"'));
    }
    if let Some(words) = value["enum"].as_array() {
        let words: Vec<_> = words
            .iter()
            .map(|word| format!("`{}`", word.to_string().trim_matches('"')))
            .collect();
        return words.join(", ");
    }
    if let Some(name) = value["$ref"]
        .as_str()
        .and_then(|path| path.strip_prefix("#/$defs/"))
    {
        let definition = &definitions[name];
        return if name == COLUMN {
            "[a column](configuration.md#columns)".to_owned()
        } else if definition.get("properties").is_some() {
            "a section".to_owned()
        } else if mapping_of(definition).get("properties").is_some() {
            "[a column](configuration.md#columns), or a section".to_owned()
        } else {
            kind(&definitions[name], definitions)
        };
    }
    for several in ["anyOf", "oneOf"] {
        if let Some(forms) = value[several].as_array() {
            let mut kinds: Vec<String> = Vec::new();
            for kind in forms.iter().map(|form| kind(form, definitions)) {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            return kinds.join(" or ");
        }
    }
    match &value["type"] {
        Value::String(name) => named(name, value, definitions),
        Value::Array(names) if *names == DURATION => {
            "duration, such as `10s`, `5m` or `14d`; or 0".to_owned()
        }
        Value::Array(names) => {
            let names: Vec<_> = names
                .iter()
                .filter_map(Value::as_str)
                .map(|name| named(name, value, definitions))
                .collect();
            names.join(" or ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "any".to_owned(),
    }
}

fn named(name: &str, value: &Value, definitions: &Map<String, Value>) -> String {
    match name {
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "null" => "`null`".to_owned(),
        "array" => match value.get("items") {
            Some(items) if items.get("if").is_none() => {
                format!("list: {}", kind(items, definitions))
            }
            _ => "list".to_owned(),
        },
        "object" => match value["properties"].as_object() {
            Some(properties) => {
                let keys: Vec<_> = properties.keys().map(|key| format!("`{key}`")).collect();
                format!("mapping with {}", keys.join(", "))
            }
            None => "mapping".to_owned(),
        },
        other => other.to_owned(),
    }
}
