//! `prodverdict action` as GitHub's runner runs it, against a strict fake of GitHub, a stateful fake of Stripe and a
//! real Postgres: `scripts/test --test it action::`.

mod app_command;
mod budget;
mod cancelled;
mod changed_sql;
mod changes;
mod events;
mod files;
mod hostile;
mod hostile_pull_requests;
mod known;
mod network;
mod nightly;
mod places;
mod publishing;
mod racing;
mod rehearsal;
mod scene;
mod secrets;
mod unanswered;
mod untrusted;
mod verdicts;
mod weakening;
mod webhooks;
