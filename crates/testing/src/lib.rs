//! Support for the tests of several packages. It does not depend on `prodverdict` or `contract`, so that a change of
//! those does not rebuild it.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]
#![expect(
    missing_debug_implementations,
    clippy::new_without_default,
    clippy::return_self_not_must_use,
    reason = "only tests use this, and none prints a fake"
)]

use std::path::Path;

pub mod database;
pub mod fake_github;
pub mod fake_slack;
pub mod github_packages;
pub mod handlers;
pub mod installed;
pub mod node_app;
pub mod paddle_api;
pub mod ports;
pub mod postgres;
pub mod program;
pub mod proxy;
pub mod recipes;
pub mod runner;
pub mod shop;
pub mod tls_front;

/// Returns the root of the repository.
pub fn root() -> &'static Path {
    // The folder `crates` is in the root.
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    crates.and_then(Path::parent).expect("the root")
}
