//! Checks that the recipes of CONTRIBUTING.md name existing files and fit the tree. `scripts/test-recipes` follows them.

use std::path::Path;

use testing::recipes::{blocks, paths};

#[test]
fn every_file_of_a_recipe_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = paths();
    assert!(paths.len() > 40, "{paths:#?}");
    let missing: Vec<_> = paths
        .iter()
        .filter(|path| !root.join(path).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_rule_takes_two_source_files() {
    let blocks = blocks();
    let paths = blocks.iter().map(|block| block.path);
    let source: Vec<_> = paths
        .filter(|path| path.starts_with("crates/contract/src/"))
        .collect();
    let expected = [
        "crates/contract/src/rules/two_payments.rs",
        "crates/contract/src/rules/mod.rs",
    ];
    assert_eq!(source, expected);
}

#[test]
fn every_block_of_a_recipe_fits_the_tree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let blocks = blocks();
    assert_eq!(blocks.len(), 6, "{blocks:#?}");
    for block in blocks {
        if block.is_new {
            assert!(!root.join(block.path).exists(), "{}", block.path);
        } else {
            block.edited(root).expect("lines that are there");
        }
    }
}
