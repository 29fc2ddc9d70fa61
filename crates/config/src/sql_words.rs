//! Splits a statement into words, with everything in brackets as one word.

/// A word of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SqlWord {
    Name(SqlName),
    /// A punctuation mark or an operator's character.
    Mark(char),
    /// A pair of brackets with everything between them.
    Brackets,
    /// A string, a number or a value that is bound.
    Literal,
}

/// A name or keyword. Unquoted text is in lower case, as in Postgres.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SqlName {
    pub(super) text: String,
    is_quoted: bool,
}

impl SqlWord {
    /// Reads a token of the statement.
    pub(super) fn from_token(token: &str) -> Self {
        let first = token.chars().next().unwrap_or_default();
        if let Some(inner) = token.strip_prefix('"') {
            let inner = inner.strip_suffix('"').unwrap_or(inner);
            return Self::Name(SqlName {
                text: inner.replace("\"\"", "\""),
                is_quoted: true,
            });
        }
        match first {
            '(' | '[' => Self::Brackets,
            '\'' | '{' | '$' => Self::Literal,
            _ if first.is_ascii_digit() || token.ends_with('\'') => Self::Literal,
            _ if first.is_ascii_alphabetic() || first == '_' || !first.is_ascii() => {
                Self::Name(SqlName {
                    text: token.to_ascii_lowercase(),
                    is_quoted: false,
                })
            }
            _ => Self::Mark(first),
        }
    }

    /// Returns true for the keyword.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Name(name) if !name.is_quoted && name.text == keyword)
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        *self == Self::Mark(mark)
    }
}
