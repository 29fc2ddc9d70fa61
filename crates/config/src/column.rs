//! The accepted forms of a column in `columns:`, with the keys that only `seats` and `status` have.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Value, json};

use super::{
    entry::{Entry, Pairs},
    forms::{RawIncludedSeats, WordOrList},
    scalars::{ColumnValue, NullableInteger, PositiveInteger},
};

/// The source of a canonical column, as written.
#[derive(Debug)]
pub(super) enum RawColumn {
    /// `null`: the application does not store it.
    Unmapped,
    Name(String),
    Form(Box<ColumnForm>),
}

/// `{column: c, in: […]}` or `{sql: …}`, with the keys that only `seats` or `status` have.
#[derive(Debug, Deserialize)]
pub(super) struct ColumnForm {
    #[serde(default)]
    pub(super) column: Entry<String>,
    #[serde(default, rename = "in")]
    pub(super) values: Entry<Vec<Entry<ColumnValue>>>,
    #[serde(default)]
    pub(super) sql: Entry<String>,
    /// Only for `seats`, like the next four.
    #[serde(default)]
    pub(super) per_unit: Entry<PositiveInteger>,
    #[serde(default)]
    pub(super) included: Entry<RawIncludedSeats>,
    #[serde(default)]
    pub(super) prices: Entry<Vec<Entry<String>>>,
    #[serde(default)]
    pub(super) unlimited: Entry<Vec<Entry<NullableInteger>>>,
    #[serde(default)]
    pub(super) unlimited_prices: Entry<Vec<Entry<String>>>,
    /// Only for `status`.
    #[serde(default)]
    pub(super) words: Entry<Pairs<WordOrList>>,
}

/// The keys of [`ColumnForm`] that every column accepts.
const COLUMN_KEYS: &[&str] = &["column", "in", "sql"];
const SEATS_KEYS: &[&str] = &[
    "column",
    "in",
    "sql",
    "per_unit",
    "included",
    "prices",
    "unlimited",
    "unlimited_prices",
];
const STATUS_KEYS: &[&str] = &["column", "in", "sql", "words"];

impl RawColumn {
    pub(super) fn form(&self) -> Option<&ColumnForm> {
        match self {
            Self::Form(form) => Some(form),
            Self::Unmapped | Self::Name(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for RawColumn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = ColumnVisitor("`{column: …, in: […]}` or `{sql: …}`");
        deserializer.deserialize_struct("Column", COLUMN_KEYS, visitor)
    }
}

/// The column of `seats`.
#[derive(Debug)]
pub(super) struct SeatsColumn(RawColumn);

impl<'de> Deserialize<'de> for SeatsColumn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = ColumnVisitor("`{column: …, per_unit: …}` or `{sql: …}`");
        let column = deserializer.deserialize_struct("Seats", SEATS_KEYS, visitor)?;
        Ok(Self(column))
    }
}

/// The column of `status`.
#[derive(Debug)]
pub(super) struct StatusColumn(RawColumn);

impl<'de> Deserialize<'de> for StatusColumn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = ColumnVisitor("`{column: …, words: {…}}` or `{sql: …}`");
        let column = deserializer.deserialize_struct("Status", STATUS_KEYS, visitor)?;
        Ok(Self(column))
    }
}

/// Reads the entry of `seats` as a column.
pub(super) fn seats<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Entry<RawColumn>, D::Error> {
    Entry::<SeatsColumn>::deserialize(deserializer).map(|entry| entry.map(|seats| seats.0))
}

/// Reads the entry of `status` as a column.
pub(super) fn status<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Entry<RawColumn>, D::Error> {
    Entry::<StatusColumn>::deserialize(deserializer).map(|entry| entry.map(|status| status.0))
}

/// Visitor with the forms that are accepted besides a name, for messages.
struct ColumnVisitor(&'static str);

impl<'de> Visitor<'de> for ColumnVisitor {
    type Value = RawColumn;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a column, {}", self.0)
    }

    fn visit_unit<E>(self) -> Result<RawColumn, E> {
        Ok(RawColumn::Unmapped)
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RawColumn, E> {
        if name.trim().is_empty() {
            return Err(E::custom("the name of a column"));
        }
        Ok(RawColumn::Name(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawColumn, A::Error> {
        let form = ColumnForm::deserialize(MapAccessDeserializer::new(map))?;
        Ok(RawColumn::Form(Box::new(form)))
    }
}

const SQL: &str = "An SQL expression; `{{now}}` in it is the time of evaluation.";

fn unmapped() -> Value {
    json!({"type": "null", "description": "The application does not store it."})
}

fn name() -> Value {
    json!({
        "type": "string",
        "minLength": 1,
        "description": "Name of a column; it is quoted, never spliced."
    })
}

fn text() -> Value {
    json!({"type": "string", "minLength": 1})
}

impl JsonSchema for RawColumn {
    fn schema_name() -> Cow<'static, str> {
        "Column".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<ColumnValue>();
        json_schema!({
            "anyOf": [
                unmapped(),
                name(),
                {
                    "type": "object",
                    "description": "True if the column, as text, is one of the values.",
                    "properties": {
                        "column": text(),
                        "in": {"type": "array", "items": value, "minItems": 1}
                    },
                    "required": ["column", "in"],
                    "additionalProperties": false
                },
                {
                    "type": "object",
                    "description": SQL,
                    "properties": {"sql": text()},
                    "required": ["sql"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

/// Returns the schema of a name, or of a mapping with `column` or `sql` and the keys in `properties`.
fn extended(properties: &[(&str, Value)]) -> Schema {
    let mut all = serde_json::Map::new();
    let described =
        |description: &str| json!({"type": "string", "minLength": 1, "description": description});
    let column = described("Name of the column. Required without `sql`.");
    all.insert("column".to_owned(), column);
    let sql = described("SQL expression instead of `column`.");
    all.insert("sql".to_owned(), sql);
    for (key, property) in properties {
        all.insert((*key).to_owned(), property.clone());
    }
    json_schema!({
        "anyOf": [
            unmapped(),
            name(),
            {
                "type": "object",
                "description": "A column or an SQL expression, and what its values mean.",
                "properties": all,
                "oneOf": [{"required": ["column"]}, {"required": ["sql"]}],
                "additionalProperties": false
            }
        ]
    })
}

impl JsonSchema for SeatsColumn {
    fn schema_name() -> Cow<'static, str> {
        "SeatsColumn".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let prices = |what: &str| {
            json!({
                "type": "array",
                "items": {"type": "string"},
                "minItems": 1,
                "description": format!("{what} Exact ids, or prefixes with a trailing `*`.")
            })
        };
        let described = |schema: Schema, text: &str| {
            let mut schema = schema;
            schema.insert("description".to_owned(), text.into());
            Value::from(schema)
        };
        let unlimited = generator.subschema_for::<NullableInteger>();
        extended(&[
            (
                "per_unit",
                described(
                    generator.subschema_for::<PositiveInteger>(),
                    "Seats for each unit that is bought. Default: 1.",
                ),
            ),
            (
                "included",
                described(
                    generator.subschema_for::<RawIncludedSeats>(),
                    "Seats that come with the plan: a number, or one for each plan. Default: 0.",
                ),
            ),
            (
                "prices",
                prices("The prices that count as seats. Default: those that `plans` maps."),
            ),
            (
                "unlimited",
                json!({
                    "type": "array",
                    "items": unlimited,
                    "minItems": 1,
                    "description": "Stored values that mean no limit."
                }),
            ),
            (
                "unlimited_prices",
                prices("Only these prices make seats unlimited. Default: any price may."),
            ),
        ])
    }
}

impl JsonSchema for StatusColumn {
    fn schema_name() -> Cow<'static, str> {
        "StatusColumn".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let words = generator.subschema_for::<WordOrList>();
        extended(&[(
            "words",
            json!({
                "type": "object",
                "additionalProperties": words,
                "description": "The application's words for each status. A status that is not listed must be stored \
                                as the provider spells it."
            }),
        )])
    }
}
