//! The scratch database on a real server: `scripts/test --test scratch`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod accounts;
mod cleaning;
mod failing;
mod refusals;
mod snapshots;
mod world;
