//! Failures that several commands share, and the end of a command that failed.

use super::{COULD_NOT_TELL, output::Output};
pub(crate) use crate::problem::Failure;
use crate::{
    problem::{ErrorCode, Problem},
    report,
};

/// Prints the problems to standard error and returns the exit status.
pub(crate) fn fail(output: &Output, problems: &[Problem]) -> u8 {
    output.say(&report::problems(problems, output.color_on_stderr));
    COULD_NOT_TELL
}

/// Returns the problem of a command that a signal ended before it had a result.
pub(crate) fn interrupted() -> Problem {
    Problem::new(
        ErrorCode::Interrupted,
        "interrupted before there was a verdict",
    )
}

/// Returns the problem of a machine on which no HTTP client can be created.
pub(crate) fn no_http_client(error: &reqwest::Error) -> Problem {
    Problem::new(
        ErrorCode::System,
        format!("the HTTP client cannot be set up: {error}"),
    )
    .hint("check the proxy variables and the certificates of this machine")
}
