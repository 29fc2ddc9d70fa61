//! Publishing, against a GitHub that forgives nothing.

#[path = "../support/fake_github/mod.rs"]
mod fake_github;

mod check_runs;
mod comments;
mod contents;
mod events;
mod faults;
mod job;
mod lists;
mod secrets;
