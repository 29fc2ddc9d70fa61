//! The built program, end to end: run as a user runs it, against files, a real Postgres and the fake provider.

mod baseline;
mod cases;
mod command_line;
mod configuration;
mod confirming;
mod database_faults;
mod echoing;
mod entitlements;
mod evidence;
mod explain;
mod fake_stripe;
mod fixtures;
mod formats;
mod hostile;
mod incomplete;
mod live;
mod localstripe;
mod paddle;
mod planning;
mod provider_faults;
mod repair;
mod scenarios;
mod signals;
mod test_clocks;
mod twenty_thousand;
mod warnings;
