//! The error for a node that does not fit the document, in the form that serde passes on.

use serde::de::{self, Unexpected};

use super::suggestion;

/// Reason why a node does not fit.
#[derive(Debug)]
pub(super) enum TypeError {
    Reported,
    Expected(String),
    Unknown(&'static [&'static str]),
}

/// Lists the accepted words for a message.
pub(super) fn one_of(words: &[&str]) -> String {
    let listed = suggestion::listed(words);
    if words.len() == 1 {
        listed
    } else {
        format!("one of {listed}")
    }
}

impl de::Error for TypeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        let expected = message.to_string();
        Self::Expected(match expected.as_str() {
            "a sequence" => "a list".to_owned(),
            "a boolean" => "`true` or `false`".to_owned(),
            _ => expected,
        })
    }

    fn invalid_type(_found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(expected)
    }

    fn invalid_value(_found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(expected)
    }

    fn unknown_variant(_found: &str, expected: &'static [&'static str]) -> Self {
        Self::Unknown(expected)
    }
}

impl std::error::Error for TypeError {}

impl std::fmt::Display for TypeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Reported => f.write_str("already reported"),
            Self::Expected(expected) => write!(f, "expected {expected}"),
            Self::Unknown(words) => write!(f, "expected {}", one_of(words)),
        }
    }
}
