//! What a person is told when something needs them: what happened, where, and what to do.

use std::error::Error;

use crate::contract::Unanswerable;

/// Something that a person has to see to. Its texts are raw; each renderer makes them safe for where they go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What happened, and what was expected; lower case, no full stop.
    pub message: String,
    /// What to do; empty when the message says it all.
    pub hint: String,
    pub place: Option<Place>,
}

/// A place in a file of the repository. Lines and columns count from one; columns count characters, and the end is
/// the last one inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As GitHub spells it: relative to the repository, no leading `./`.
    pub path: String,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

/// An error that can say what to do about it.
pub trait Explain: Error {
    /// What to do; empty when the message says it all.
    fn hint(&self) -> String;

    /// The accounts, customers and subscriptions that the message names.
    fn named(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Problem {
    /// The whole chain of causes as one message, and the hint.
    pub fn of<E: Explain>(error: &E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        Self {
            message,
            hint: error.hint(),
            place: None,
        }
    }
}

impl Explain for Unanswerable {
    fn hint(&self) -> String {
        Self::hint(self)
    }

    fn named(&self) -> Vec<String> {
        Self::named(self)
    }
}
