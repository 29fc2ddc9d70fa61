//! The proof that a rehearsal works: the built program against the example app, correct and broken in sixteen ways.

mod bounds;
mod changed;
mod cleaning;
mod delivery_records;
mod determinism;
mod entitlements;
pub(crate) mod example_app;
mod languages;
mod lifecycles;
mod mutant_page;
mod one_command;
mod paddle;
mod reach;
mod recording;
mod refusals;
mod small;
mod steps;
mod table;
mod verdicts;
mod watching;

/// Bypasses the capture of the test harness, so that everyone sees it.
fn skipped(why: &str) {
    use std::io::Write as _;

    writeln!(std::io::stderr(), "skipped: {why}").ok();
}
