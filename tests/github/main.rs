//! Publishing to a strict fake of GitHub.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

#[path = "../support/fake_github/mod.rs"]
mod fake_github;

mod check_runs;
mod comments;
mod contents;
mod events;
mod faults;
mod issues;
mod job;
mod limits;
mod lists;
mod remembered;
mod secrets;
