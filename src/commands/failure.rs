//! Failures that several commands share.

pub(crate) use crate::problem::Failure;
use crate::problem::Problem;

/// Returns the problem of a machine on which no HTTP client can be created.
pub(crate) fn no_http_client(error: &reqwest::Error) -> Problem {
    Problem::new(format!("the HTTP client cannot be set up: {error}"))
        .hint("check the proxy variables and the certificates of this machine")
}
