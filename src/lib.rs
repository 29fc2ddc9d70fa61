//! The program compares what a billing provider says with what an application's database says, under an access
//! contract. `contract` is the pure core; `config`, `baseline`, `changes` and `report` are pure edges around it;
//! `billing`, `database` and `fixtures` read the two sides, `github` publishes, `chat` tells what has changed.
//! `rehearsal` says what a webhook handler has to survive, `fake_stripe` plays the provider, `webhook` delivers its
//! events, `scratch` writes the accounts. Only `commands` wires them together. `tests/architecture.rs` holds this
//! drawing in code.

pub mod application;
pub mod baseline;
pub mod billing;
pub mod changes;
pub mod chat;
pub mod cli;
pub mod commands;
pub mod config;
pub mod contract;
pub mod database;
pub mod fake_stripe;
pub mod fixtures;
pub mod github;
pub mod host;
pub mod http;
pub mod notice;
pub mod problem;
pub mod redirect;
pub mod rehearsal;
pub mod report;
pub mod scratch;
pub mod webhook;
