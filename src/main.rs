//! Parses arguments, reads the environment, runs the command, and maps the outcome to an exit status.

use std::process::ExitCode;

use clap::Parser as _;
use prodverdict::{
    cli::{Cli, Environment},
    commands,
};

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => commands::run(cli, &Environment::of_process()),
        Err(error) if error.use_stderr() => commands::refuse_arguments(&error),
        // Help and version.
        Err(error) => error.exit(),
    }
}
