//! The built program, end to end: run as a user runs it, against files, a real Postgres and the fake provider.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod baseline;
mod cases;
mod command_line;
mod configuration;
mod confirming;
#[expect(dead_code, reason = "the rehearsal's tests count rows")]
mod database;
mod database_faults;
mod echoing;
mod evidence;
mod explain;
mod fake_stripe;
mod fixtures;
mod formats;
mod hostile;
mod incomplete;
mod live;
mod localstripe;
mod planning;
mod program;
mod provider_faults;
mod repair;
mod scenarios;
mod signals;
mod test_clocks;
mod twenty_thousand;
mod warnings;
