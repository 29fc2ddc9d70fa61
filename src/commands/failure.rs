//! The error of one contract, with the ids that its text contains.

use crate::problem::{Explain, Problem};

/// A problem with the ids in its texts, which `redact: ids` must find there.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) problem: Problem,
    pub(crate) named: Vec<String>,
}

impl Failure {
    pub(crate) fn from_error<E: Explain>(error: &E) -> Self {
        Self {
            problem: Problem::from_error(error),
            named: error.named(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Unanswerable;

    #[test]
    fn an_id_in_the_message_is_named_so_that_it_can_be_hidden() {
        let id = "usr_7".to_owned();
        let failure = Failure::from_error(&Unanswerable::AccountOnTwoRows { id: id.clone() });
        assert!(failure.problem.message.contains(&id));
        assert_eq!(failure.named, [id]);
    }
}
