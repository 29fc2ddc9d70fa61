//! All tests through public interfaces, in one program that links the library only once.
//!
//! `scripts/test --test it rehearsal::` runs one part.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::as_conversions,
    reason = "a test may panic"
)]

#[path = "../support/fake_github/mod.rs"]
mod fake_github;
#[path = "../support/fake_slack.rs"]
mod fake_slack;
#[path = "../support/handlers/mod.rs"]
mod handlers;
#[path = "../sdk/installed.rs"]
#[expect(dead_code, reason = "the rest is for the tests of the SDKs")]
mod installed;
#[path = "../support/node_app.rs"]
mod node_app;
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../support/program.rs"]
mod program;
#[path = "../support/proxy.rs"]
mod proxy;
#[path = "../support/runner.rs"]
mod runner;
#[path = "../support/shop.rs"]
#[expect(dead_code, reason = "the rest is for the tests of the image")]
mod shop;
#[path = "../support/tls_front.rs"]
mod tls_front;

mod action;
mod architecture;
mod changes;
mod config;
mod database;
mod example_app;
mod github;
mod integration;
mod rehearsal;
mod scratch;
