//! Asks a yes-or-no question on a terminal.

use std::io::{self, BufRead as _, IsTerminal as _};

use crate::{
    commands::output::Output,
    problem::{ErrorCode, Problem},
};

/// Returns true if the files may be written. Without a terminal, only `--yes` answers.
pub(super) fn may_write(is_answered: bool, output: &Output) -> Result<bool, Problem> {
    if is_answered {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        return Err(Problem::new(
            ErrorCode::InvalidSetting,
            "there is no terminal to ask whether to write these files",
        )
        .hint("`--yes` writes them"));
    }
    output.say("Write these files? [y/N]");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| {
        Problem::new(
            ErrorCode::System,
            format!("the answer cannot be read: {error}"),
        )
    })?;
    let answer = answer.trim().to_lowercase();
    Ok(answer == "y" || answer == "yes")
}
