//! Tests of the HTML report in headless Chromium, and the pictures of the documentation. Run by `scripts/test-browser`
//! and `scripts/report-pictures`, which provide the browser.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]
#![expect(clippy::disallowed_macros, reason = "a test may print")]

#[expect(
    dead_code,
    reason = "shared by several tests, each of which uses a part"
)]
#[path = "../it/action/scene.rs"]
mod scene;

mod browser;
mod pages;
mod pictures;

use std::{fs, path::Path};

#[test]
fn the_page_works_in_a_browser_and_stays_harmless() {
    // Kept there for inspection.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/browser/pages");
    fs::create_dir_all(&folder).expect("writable");
    for (name, outcome) in pages::all() {
        let page = report::html(&outcome);
        fs::write(folder.join(name), page).expect("writable");
    }
    let output = browser::run("tests/browser/node/check.cjs", &[&folder]);
    // The script lists every check that it made, so that none is skipped unnoticed.
    assert!(output.ends_with("all held\n"), "{output}");
    println!("{output}");
}
