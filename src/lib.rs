//! Compares a billing provider with an application's database under an access contract, and rehearses webhook handlers.
//! The packages in `crates/` that this one exports compute without I/O. `billing` and `database` read the two sides,
//! `sources` makes them interchangeable with recorded files; `github` and `chat` publish. The packages `fake-stripe`
//! and `fake-paddle` simulate the providers and deliver their events, `scratch` writes the accounts. Only `commands` wires
//! them together; `tests/it/architecture.rs` enforces this.

pub mod application;
pub mod billing;
pub mod changes;
pub mod chat;
pub mod cli;
pub mod commands;
pub mod database;
pub mod detection;
pub mod github;
pub mod http;
pub mod mapping;
pub mod notice;
pub mod presets;
pub mod scratch;
pub mod sources;

pub use ::{
    baseline, config,
    contract::{self, text},
    problem, rehearsal, report,
};
