//! Runs the built program against a provider of many subscriptions and a real database, and prints what that takes.
//!
//! `scripts/postgres cargo bench --bench listing`, with the names of cases (or `all`) behind `--` for others than the usual ones.
//! Every case has a process of its own, so that none pays for what another left behind.

#![expect(
    clippy::float_arithmetic,
    reason = "times and places on a picture, no money"
)]

mod both_sides;
mod cases;
mod database;
mod measured;
mod plot;
mod program;
mod sequential;

use std::{
    env,
    io::{self, Write as _},
    process::Command,
};

use cases::Case;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What precedes the name of the one case that a process is for.
const ONLY: &str = "only";

fn main() -> Result<()> {
    // Cargo gives `--bench` to every benchmark.
    let wanted: Vec<_> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    if let [ONLY, name] = wanted.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        let case = Case::named(name).ok_or_else(|| format!("no case `{name}`"))?;
        return case.run();
    }
    let chosen: Vec<_> = if wanted.is_empty() {
        Case::ALL.iter().filter(|case| case.is_usual).collect()
    } else {
        let is_wanted = |case: &&Case| wanted.iter().any(|word| word == case.name || word == "all");
        Case::ALL.iter().filter(is_wanted).collect()
    };
    if chosen.is_empty() {
        let names: Vec<_> = Case::ALL.iter().map(|case| case.name).collect();
        return Err(format!("the cases are {}", names.join(", ")).into());
    }
    let mut out = io::stdout();
    measured::head(&mut out)?;
    out.flush()?;
    for case in chosen {
        let mut program = Command::new(env::current_exe()?);
        if !program.args([ONLY, case.name]).status()?.success() {
            return Err(format!("the case `{}` failed", case.name).into());
        }
    }
    measured::foot(&mut out)?;
    Ok(())
}
