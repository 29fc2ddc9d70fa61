//! The files that the documentation shows: each is one that can be used.

use prodverdict::config::load;

use crate::PATH;

const PAGE: &str = include_str!("../../docs/configuration.md");

/// The fenced blocks of YAML.
fn blocks() -> impl Iterator<Item = &'static str> {
    let fenced = PAGE.split("```yaml\n").skip(1);
    fenced.map(|rest| rest.split("```").next().unwrap_or_default())
}

#[test]
fn every_file_of_the_documentation_is_valid() {
    let files: Vec<_> = blocks()
        .filter(|block| block.contains("version: 1"))
        .collect();
    assert!(files.len() >= 15, "{}", files.len());
    for file in files {
        let config = load(file, PATH).unwrap_or_else(|problems| panic!("{file}{problems:#?}"));
        assert!(config.warnings.is_empty(), "{file}");
    }
}

#[test]
fn the_examples_of_a_rehearsal_are_valid_beside_a_contract() {
    let contract = "version: 1\ncontracts:\n  - type: access\n    database: {}\n";
    let mut sections = blocks().filter(|block| block.starts_with("rehearsal:"));
    let section = sections.next().expect("an example");
    load(&format!("{contract}{section}"), PATH).expect("a valid file");
    assert_eq!(sections.next(), None);
}

/// The keys that a table of the page explains.
#[test]
fn every_key_is_explained() {
    let schema: serde_json::Value =
        serde_json::from_str(&prodverdict::config::json_schema()).expect("JSON");
    for section in ["Contract", "Database", "Columns"] {
        let keys = schema["$defs"][section]["properties"].as_object();
        for key in keys.expect(section).keys() {
            let explained = [format!("| `{key}"), format!("`{key}` for every provider")];
            assert!(
                explained.iter().any(|text| PAGE.contains(text.as_str())),
                "{key}"
            );
        }
    }
}
