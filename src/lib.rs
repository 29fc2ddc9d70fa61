//! Compares a billing provider with an application's database under an access contract, and rehearses webhook handlers.
//! `contract`, a package of its own, is the pure core; `config`, `baseline`, `changes` and `report` are pure edges around
//! it. `billing` and `database` read the two sides, `sources` makes them interchangeable with recorded files; `github` and
//! `chat` publish. `rehearsal` defines the scenarios, the package `fake-stripe` simulates the provider and delivers its
//! events, `scratch` writes the accounts. Only `commands` wires them together; `tests/it/architecture.rs` enforces this.

pub mod application;
pub mod baseline;
pub mod billing;
pub mod changes;
pub mod chat;
pub mod cli;
pub mod commands;
pub mod config;
pub mod database;
pub mod detection;
pub mod github;
pub mod host;
pub mod http;
pub mod mapping;
pub mod notice;
pub mod presets;
pub mod problem;
pub mod rehearsal;
pub mod report;
pub mod scratch;
pub mod sources;

pub use ::contract::{self, text};
