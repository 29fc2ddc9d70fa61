//! `prodverdict action` as GitHub's runner runs it, against a strict fake of GitHub, a stateful fake of Stripe and a
//! real Postgres: `scripts/test --test action`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

#[expect(
    dead_code,
    reason = "shared by several tests, each of which uses a part"
)]
#[path = "../support/fake_github/mod.rs"]
mod fake_github;
#[path = "../support/fake_slack.rs"]
mod fake_slack;
#[path = "../support/handlers/mod.rs"]
#[expect(
    dead_code,
    reason = "most of it is for the tests of the rehearsal itself"
)]
mod handlers;
#[path = "../support/node_app.rs"]
#[expect(dead_code, reason = "the rest is for other tests")]
mod node_app;
#[path = "../support/proxy.rs"]
mod proxy;
#[path = "../support/runner.rs"]
mod runner;
#[expect(
    dead_code,
    reason = "shared by several tests, each of which uses a part"
)]
#[path = "../support/shop.rs"]
mod shop;
#[path = "../support/tls_front.rs"]
mod tls_front;

mod app_command;
mod cancelled;
mod changed_sql;
mod changes;
mod events;
mod files;
mod hostile;
mod known;
mod loosening;
mod network;
mod nightly;
mod places;
mod publishing;
mod racing;
mod rehearsal;
mod scene;
mod scratch;
mod secrets;
mod unanswered;
mod untrusted;
mod verdicts;
