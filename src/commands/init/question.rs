//! Asks on a terminal whether to write the files.

use std::io::{self, BufRead as _, IsTerminal as _};

use crate::{
    commands::output::Output,
    problem::{ErrorCode, Problem},
};

/// The answer to the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Write,
    Leave,
    /// Show the files of another stack.
    Stack(String),
}

/// Asks whether the files may be written, or which other stack is meant. Without a terminal, only `--yes` answers.
pub(super) fn ask(is_answered: bool, output: &Output) -> Result<Answer, Problem> {
    if is_answered {
        return Ok(Answer::Write);
    }
    if !io::stdin().is_terminal() {
        return Err(Problem::new(
            ErrorCode::InvalidSetting,
            "there is no terminal to ask whether to write these files",
        )
        .hint("`--yes` writes them"));
    }
    output.say("Write these files? [y/N, or the name of another stack]");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| {
        Problem::new(
            ErrorCode::System,
            format!("the answer cannot be read: {error}"),
        )
    })?;
    Ok(meaning(&answer))
}

fn meaning(answer: &str) -> Answer {
    match &*answer.trim().to_lowercase() {
        "y" | "yes" => Answer::Write,
        "" | "n" | "no" => Answer::Leave,
        name => Answer::Stack(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_writes() {
        for (answer, expected) in [
            ("y\n", Answer::Write),
            (" Yes \r\n", Answer::Write),
            ("\n", Answer::Leave),
            ("", Answer::Leave),
            ("No\n", Answer::Leave),
            ("rails-pay\n", Answer::Stack("rails-pay".to_owned())),
        ] {
            assert_eq!(meaning(answer), expected, "{answer:?}");
        }
    }
}
