//! Problems that need a person's attention: what happened, where, and what to do.

mod code;
mod grant;

use std::error::Error;

use contract::Unanswerable;

pub use code::ErrorCode;
pub use grant::PermissionGrant;

/// A text for a person. Its parts are unescaped; each renderer escapes them for its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<C> {
    pub code: C,
    /// Description of what happened and what was expected; lower case, no full stop.
    pub text: String,
    /// Suggested action; empty if the message is enough.
    pub hint: String,
    pub place: Option<Place>,
}

/// An error that ends the program, or leaves a contract without a verdict.
pub type Problem = Message<ErrorCode>;

/// A warning, or advice about a contract. It changes no verdict and has no code.
pub type Warning = Message<()>;

/// A problem or a warning: it has a code only if it is a problem.
pub type Remark = Message<Option<ErrorCode>>;

/// A range in a file of the repository. Lines and columns count from one, columns in characters; the end is inclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Path as GitHub spells it: relative to the repository root, without a leading `./`.
    pub path: String,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

/// An error that suggests what to do about it, so that it can become a warning.
pub trait Explain: Error {
    /// Returns the suggested action; empty if the message is enough.
    fn hint(&self) -> String;

    /// Lists the accounts, customers and subscriptions that the message names.
    fn named(&self) -> Vec<String> {
        Vec::new()
    }
}

/// An error with a code, so that it can become a problem.
pub trait Coded: Explain {
    fn code(&self) -> ErrorCode;
}

impl Problem {
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self::with_code(code, text.into())
    }
}

impl Warning {
    pub fn new(text: impl Into<String>) -> Self {
        Self::with_code((), text.into())
    }
}

impl<C> Message<C> {
    fn with_code(code: C, text: String) -> Self {
        Self {
            code,
            text,
            hint: String::new(),
            place: None,
        }
    }

    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: hint.into(),
            ..self
        }
    }

    #[must_use]
    pub fn at(self, place: impl Into<Option<Place>>) -> Self {
        Self {
            place: place.into(),
            ..self
        }
    }
}

/// Joins the whole chain of causes into one text.
fn chained(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    message
}

impl<E: Coded> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::new(error.code(), chained(&error)).hint(error.hint())
    }
}

impl<E: Explain> From<E> for Warning {
    fn from(error: E) -> Self {
        Self::new(chained(&error)).hint(error.hint())
    }
}

/// Turns an error that does not end the run into a warning.
impl From<Problem> for Warning {
    fn from(problem: Problem) -> Self {
        let Problem {
            code: _,
            text,
            hint,
            place,
        } = problem;
        Self::new(text).hint(hint).at(place)
    }
}

impl From<Problem> for Remark {
    fn from(problem: Problem) -> Self {
        Self {
            code: Some(problem.code),
            text: problem.text,
            hint: problem.hint,
            place: problem.place,
        }
    }
}

impl From<Warning> for Remark {
    fn from(warning: Warning) -> Self {
        Self {
            code: None,
            text: warning.text,
            hint: warning.hint,
            place: warning.place,
        }
    }
}

impl<E: Explain> Explain for &E {
    fn hint(&self) -> String {
        (*self).hint()
    }

    fn named(&self) -> Vec<String> {
        (*self).named()
    }
}

impl<E: Coded> Coded for &E {
    fn code(&self) -> ErrorCode {
        (*self).code()
    }
}

impl Coded for Unanswerable {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NoAccounts => ErrorCode::NoAccounts,
            Self::AccountOnTwoRows { .. } => ErrorCode::InvalidRow,
            Self::NoCustomerKnown { .. } => ErrorCode::NoCustomerKnown,
            Self::WrongMode { .. } => ErrorCode::ModeMismatch,
            Self::NoAccountLinked { .. }
            | Self::WrongKindOfId { .. }
            | Self::WordInOtherCase { .. } => ErrorCode::WrongColumn,
            Self::Missing { .. } => ErrorCode::SubscriptionIncomplete,
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

/// A problem, together with the ids in its texts that `redact: ids` must hide.
#[derive(Debug)]
pub struct Failure {
    pub problem: Problem,
    pub named: Vec<String>,
}

impl<E: Coded> From<E> for Failure {
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

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Unanswerable;

    #[test]
    fn an_id_in_the_message_is_named_so_that_it_can_be_hidden() {
        let id = "usr_7".to_owned();
        let failure = Failure::from(Unanswerable::AccountOnTwoRows { id: id.clone() });
        assert!(failure.problem.text.contains(&id));
        assert_eq!(failure.named, [id]);
    }
}
