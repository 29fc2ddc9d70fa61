//! The JSON Schema of `prodverdict.yml` for editors, generated from `RawConfig`, so that it cannot drift from the
//! reader.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::document::RawConfig;

/// Returns the JSON Schema, formatted, with a line break at its end.
pub fn json_schema() -> String {
    format!("{:#}\n", generate())
}

/// Returns the section in which a misplaced key belongs, if the format has the key.
pub(super) fn expected_parent(key: &str) -> Option<&'static str> {
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
