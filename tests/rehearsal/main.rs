//! The proof that a rehearsal works: the built program against the example app, correct and broken in sixteen ways.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod bounds;
mod cleaning;
#[path = "../integration/database.rs"]
#[expect(dead_code, reason = "the rest is for other tests")]
mod database;
mod determinism;
#[path = "../support/handlers/mod.rs"]
mod handlers;
#[path = "../sdk/installed.rs"]
#[expect(dead_code, reason = "the rest is for other tests")]
mod installed;
mod languages;
mod lives;
#[path = "../support/node_app.rs"]
#[expect(dead_code, reason = "the rest is for other tests")]
mod node_app;
mod one_command;
#[path = "../integration/program.rs"]
#[expect(dead_code, reason = "the rest is for other tests")]
mod program;
mod reach;
mod recording;
mod refusals;
mod small;
mod stage;
mod steps;
mod table;
mod verdicts;

/// Bypasses the capture of the test harness, so that everyone sees it.
fn skipped(why: &str) {
    use std::io::Write as _;

    writeln!(std::io::stderr(), "skipped: {why}").ok();
}
