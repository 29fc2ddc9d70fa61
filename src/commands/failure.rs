//! The error of one contract, with the ids that its text contains.

use crate::problem::{Explain, Problem};

/// A problem with the ids in its texts, which `redact: ids` must find there.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) problem: Problem,
    pub(crate) named: Vec<String>,
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            named: error.named(),
            problem: Problem::from(error),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            named: Vec::new(),
        }
    }
}

/// Returns the problem of a machine on which no HTTP client can be created.
pub(crate) fn no_http_client(error: &reqwest::Error) -> Problem {
    Problem::new(format!("the HTTP client cannot be set up: {error}"))
        .hint("check the proxy variables and the certificates of this machine")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Unanswerable;

    #[test]
    fn an_id_in_the_message_is_named_so_that_it_can_be_hidden() {
        let id = "usr_7".to_owned();
        let failure = Failure::from(Unanswerable::AccountOnTwoRows { id: id.clone() });
        assert!(failure.problem.message.contains(&id));
        assert_eq!(failure.named, [id]);
    }
}
