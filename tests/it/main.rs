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

mod action;
mod architecture;
mod changes;
mod config;
mod database;
mod doctor;
mod documentation;
mod example_app;
mod github;
mod import_cycles;
mod init;
mod integration;
mod mcp;
mod recipes;
mod rehearsal;
mod scratch;

use testing::program::Program;

/// Prepares the program with these arguments, separated by spaces.
fn prodverdict(arguments: &str) -> Program {
    Program::new(env!("CARGO_BIN_EXE_prodverdict"), arguments)
}
