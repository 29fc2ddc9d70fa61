//! One thing that is wrong with the configuration: a stable code, a sentence, its place, and what to do.

use std::ops::Range;

use crate::problem::{Place, Problem};

/// What kind of mistake it is. The words are stable, so that a person can look one up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    TooLarge,
    Empty,
    Syntax,
    /// YAML that is valid and not accepted: anchors, aliases, merge keys, tags, several documents, deep nesting.
    Refused,
    UnknownKey,
    DuplicateKey,
    MissingKey,
    WrongType,
    InvalidValue,
    Placeholder,
    Conflict,
    /// A secret stands where the name of an environment variable belongs.
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

/// One thing that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    /// What was expected and what was found; lower case, no full stop. Secrets are masked in it.
    pub message: String,
    /// What to do; empty when the message says it all.
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
