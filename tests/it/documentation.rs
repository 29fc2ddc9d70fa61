//! Keeps the pages under `docs/` complete and true.

use std::{collections::BTreeSet, fs, path::Path};

use prodverdict::problem::ErrorCode;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_error_code_has_a_section_and_every_section_a_code() {
    let page = read("docs/troubleshooting.md");
    let sections: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let codes: BTreeSet<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), ErrorCode::ALL.len(), "two codes share a word");
    assert_eq!(codes, sections.iter().copied().collect());
    assert_eq!(codes.len(), sections.len(), "two sections share a code");
}
