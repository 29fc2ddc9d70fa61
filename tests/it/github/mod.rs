//! Publishing to a strict fake of GitHub.

mod check_runs;
mod comments;
mod contents;
mod description;
mod events;
mod faults;
mod issues;
pub(crate) mod job;
mod limits;
mod lists;
mod previous_result;
mod secrets;
