//! The forms in which `columns:` says where a value comes from.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{document::Cell, entry::Entry};

/// What a canonical column is read from, as written.
#[derive(Debug)]
pub(super) enum Column {
    /// `null`: the application does not store it.
    Unmapped,
    Name(String),
    Form(Form),
}

/// `{column: c, in: […]}` or `{sql: …}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    #[serde(default)]
    pub(super) column: Entry<String>,
    #[serde(default, rename = "in")]
    pub(super) values: Entry<Vec<Entry<Cell>>>,
    #[serde(default)]
    pub(super) sql: Entry<String>,
}

/// The keys of [`Form`].
const FORM: &[&str] = &["column", "in", "sql"];

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Column", FORM, ColumnVisitor)
    }
}

struct ColumnVisitor;

impl<'de> Visitor<'de> for ColumnVisitor {
    type Value = Column;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a column, `{column: …, in: […]}` or `{sql: …}`")
    }

    fn visit_unit<E>(self) -> Result<Column, E> {
        Ok(Column::Unmapped)
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Column, E> {
        if name.trim().is_empty() {
            return Err(E::custom("the name of a column"));
        }
        Ok(Column::Name(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Column, A::Error> {
        Form::deserialize(MapAccessDeserializer::new(map)).map(Column::Form)
    }
}

impl JsonSchema for Column {
    fn schema_name() -> Cow<'static, str> {
        "Column".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<Cell>();
        json_schema!({
            "anyOf": [
                {"type": "null", "description": "The application does not store it."},
                {"type": "string", "minLength": 1, "description": "Name of a column; it is quoted, never spliced."},
                {
                    "type": "object",
                    "description": "True where the column, as text, is one of the values.",
                    "properties": {
                        "column": {"type": "string", "minLength": 1},
                        "in": {"type": "array", "items": value, "minItems": 1}
                    },
                    "required": ["column", "in"],
                    "additionalProperties": false
                },
                {
                    "type": "object",
                    "description": "An SQL expression; `{{now}}` in it is the time of evaluation.",
                    "properties": {"sql": {"type": "string", "minLength": 1}},
                    "required": ["sql"],
                    "additionalProperties": false
                }
            ]
        })
    }
}
