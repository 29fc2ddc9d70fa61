//! A problem in the configuration: a stable code, a message, its place, and advice.

use std::ops::Range;

use crate::problem::{Place, Problem};

/// Kind of a problem. The words are stable, so that they can be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    TooLarge,
    Empty,
    Syntax,
    /// Valid YAML that is not accepted: anchors, aliases, merge keys, tags, several documents, deep nesting.
    Refused,
    UnknownKey,
    DuplicateKey,
    MissingKey,
    WrongType,
    InvalidValue,
    Placeholder,
    Conflict,
    /// A secret in place of the name of an environment variable.
    SecretValue,
}

impl Code {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::Empty => "empty",
            Self::Syntax => "syntax",
            Self::Refused => "refused",
            Self::UnknownKey => "unknown-key",
            Self::DuplicateKey => "duplicate-key",
            Self::MissingKey => "missing-key",
            Self::WrongType => "wrong-type",
            Self::InvalidValue => "invalid-value",
            Self::Placeholder => "placeholder",
            Self::Conflict => "conflict",
            Self::SecretValue => "secret-value",
        }
    }
}

/// A problem in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    /// Message with what was expected and found, in lower case without a full stop. Secrets are masked.
    pub message: String,
    /// Advice; empty if the message is enough.
    pub help: String,
    pub place: Place,
    /// The offending bytes of the text.
    pub span: Range<usize>,
    /// Bytes of the text that must not be shown.
    pub(super) hidden: Option<Range<usize>>,
}

impl From<Diagnostic> for Problem {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            message: diagnostic.message,
            hint: diagnostic.help,
            place: Some(diagnostic.place),
        }
    }
}
