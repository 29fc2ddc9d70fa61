//! Parses arguments, reads the environment, runs the command, and maps the outcome to an exit status.

use std::process::ExitCode;

use clap::Parser as _;
use prodverdict::{
    cli::{Cli, Environment},
    commands,
};

fn main() -> ExitCode {
    commands::run(Cli::parse(), &Environment::of_process())
}
