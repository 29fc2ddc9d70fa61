//! Parses the values of inputs, and collects every problem.

use std::{num::NonZeroUsize, time::Duration};

use crate::{
    cli::Environment,
    problem::{ErrorCode, Problem},
};

/// The task of the step, which decides the inputs that it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    Check,
    Rehearse,
    Publish,
}

pub(super) const TASKS: [(&str, Task); 3] = [
    ("check", Task::Check),
    ("rehearse", Task::Rehearse),
    ("publish", Task::Publish),
];

/// GitHub refuses longer label names.
const LABEL_CHARACTERS: usize = 50;

/// One hour, after which GitHub's hourly rate limit ends.
const MAX_TIMEOUT_SECONDS: u64 = 3600;

pub(super) struct Words<'e> {
    pub(super) environment: &'e Environment,
    pub(super) problems: Vec<Problem>,
}

impl Words<'_> {
    pub(super) fn text(&self, name: &str, default: &str) -> String {
        self.environment.input(name).unwrap_or(default).to_owned()
    }

    /// Reads a text that only one task uses.
    pub(super) fn text_for_task(
        &mut self,
        name: &str,
        used_by: Task,
        task: Task,
    ) -> Option<String> {
        let text = self.environment.input(name)?;
        if used_by == task {
            return Some(text.to_owned());
        }
        let mode = TASKS.iter().find(|(_, task)| *task == used_by);
        let (mode, _) = mode?;
        self.problems.push(
            Problem::new(
                ErrorCode::InvalidSetting,
                format!("the input `{name}` is set, and only `mode: {mode}` has a use for it"),
            )
            .hint(format!(
                "set `mode: {mode}`, or take `{name}` out of the `with:` of the step"
            )),
        );
        None
    }

    /// Splits a list at newlines and commas.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let text = self.environment.input(name).unwrap_or_default();
        let words = text.split(['\n', ',']).map(str::trim);
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Reads the name of a label. GitHub's API splits at commas, so the name must not contain any.
    pub(super) fn label(&mut self, name: &str, default: &str) -> String {
        let word = self.text(name, default);
        if word.chars().count() > LABEL_CHARACTERS
            || word.contains(|c: char| c == ',' || c.is_control())
        {
            let expected =
                format!("a label of at most {LABEL_CHARACTERS} characters without commas");
            self.refuse(name, &word, &expected);
        }
        word
    }

    pub(super) fn number(&mut self, name: &str) -> Option<NonZeroUsize> {
        let word = self.environment.input(name)?;
        let number = word.parse().ok();
        if number.is_none() {
            self.refuse(name, word, "a whole number from 1 on");
        }
        number
    }

    pub(super) fn pull_request(&mut self, name: &str) -> Option<u64> {
        let word = self.environment.input(name)?;
        let number = word.parse().ok().filter(|number| *number > 0);
        if number.is_none() {
            self.refuse(name, word, "the number of a pull request");
        }
        number
    }

    pub(super) fn seconds(&mut self, name: &str, default: Duration) -> Duration {
        let Some(word) = self.environment.input(name) else {
            return default;
        };
        if let Ok(seconds @ 1..=MAX_TIMEOUT_SECONDS) = word.parse() {
            return Duration::from_secs(seconds);
        }
        let expected = format!("a whole number of seconds from 1 to {MAX_TIMEOUT_SECONDS}");
        self.refuse(name, word, &expected);
        default
    }

    fn refuse(&mut self, name: &str, word: &str, expected: &str) {
        let word: String = word.chars().take(100).collect();
        self.problems.push(
            Problem::new(
                ErrorCode::InvalidSetting,
                format!("the input `{name}` is `{word}`, and {expected} was expected"),
            )
            .hint(format!("change `{name}` under `with:` of the step")),
        );
    }

    pub(super) fn choose<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let word = self.environment.input(name)?;
        let chosen = choices.iter().find(|(choice, _)| *choice == word);
        if chosen.is_none() {
            let known: Vec<_> = choices
                .iter()
                .map(|(choice, _)| format!("`{choice}`"))
                .collect();
            self.refuse(name, word, &known.join(" or "));
        }
        chosen.map(|(_, value)| *value)
    }
}
