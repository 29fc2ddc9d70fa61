//! The scratch database on a real server: `scripts/test --test it scratch::`.

mod accounts;
mod cleaning;
mod failing;
mod refusals;
mod snapshots;
mod world;
