//! A second reading of the access contract, written from its specification alone, against the first.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic, and reads as the specification does"
)]

mod account_rules;
mod contracts;
mod customer;
mod customer_rules;
mod differential;
mod model;
mod properties;
mod worlds;
