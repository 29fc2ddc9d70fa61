//! Compares the evaluator with a second implementation of the access contract, written from its specification alone.
//!
//! `ORACLE_WORLDS=20000 cargo test --package contract --test oracle` compares that many worlds instead of a few thousand.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic, and reads as the specification does"
)]

mod completeness;
mod coverage;
mod differential;
mod model;
mod properties;
mod random;
