//! Runs the built program against a provider with many subscriptions and a real database, and measures time and memory.
//!
//! `scripts/postgres cargo bench --bench listing`, with the names of cases (or `all`) after `--` for others than the
//! default ones. Every case runs in a separate process, so that none is affected by another.

#![expect(
    clippy::float_arithmetic,
    reason = "times and positions in a picture, not money"
)]

mod both_sides;
mod cases;
mod measured;
mod paddle;
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

/// The argument before the name of the only case to run in a process.
const ONLY: &str = "only";

fn main() -> Result<()> {
    // Cargo passes `--bench` to every benchmark.
    let wanted: Vec<_> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    if let [ONLY, name] = wanted.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        if name == paddle::NAME {
            return paddle::run();
        }
        let case = Case::named(name).ok_or_else(|| format!("no case `{name}`"))?;
        return case.run();
    }
    let all = Case::ALL.iter().map(|case| (case.name, case.is_usual));
    let all: Vec<_> = all.chain([(paddle::NAME, true)]).collect();
    let is_chosen = |(name, is_usual): &&(&str, bool)| {
        let is_wanted = |word: &String| word == name || word == "all";
        wanted.is_empty() && *is_usual || wanted.iter().any(is_wanted)
    };
    let chosen: Vec<_> = all.iter().filter(is_chosen).collect();
    if chosen.is_empty() {
        let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
        return Err(format!("the cases are {}", names.join(", ")).into());
    }
    let mut out = io::stdout();
    measured::head(&mut out)?;
    out.flush()?;
    for (name, _) in chosen {
        let mut program = Command::new(env::current_exe()?);
        if !program.args([ONLY, name]).status()?.success() {
            return Err(format!("the case `{name}` failed").into());
        }
    }
    measured::foot(&mut out)?;
    Ok(())
}
