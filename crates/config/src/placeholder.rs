//! Placeholders in the SQL and the texts of a rehearsal.

use super::sql::{self, PlaceholderMatch};

/// A value that a rehearsal fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placeholder {
    AccountId,
    Email,
    CustomerId,
}

impl Placeholder {
    pub const ALL: [Self; 3] = [Self::AccountId, Self::Email, Self::CustomerId];

    /// Returns the placeholder as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountId => "{account_id}",
            Self::Email => "{email}",
            Self::CustomerId => "{customer_id}",
        }
    }
}

impl sql::PlaceholderSyntax for Placeholder {
    /// A brace outside of strings has no meaning in SQL, so it must be a placeholder.
    fn at(rest: &[char]) -> PlaceholderMatch<Self> {
        let written: String = rest
            .iter()
            .take_while(|c| **c != '}')
            .chain(&['}'])
            .collect();
        let length = written.chars().count();
        let without_spaces: String = written.chars().filter(|c| *c != ' ').collect();
        match Self::ALL
            .into_iter()
            .find(|known| known.as_str() == without_spaces)
        {
            Some(known) if length <= rest.len() => PlaceholderMatch::Value(length, known),
            Some(_) | None => PlaceholderMatch::Unknown(length.min(rest.len())),
        }
    }
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<TemplatePart>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplatePart {
    Text(String),
    Value(Placeholder),
}

impl Template {
    /// Splits the text into parts. The error is an unknown placeholder: a word in braces. Other braces are text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            plain.push_str(before);
            let Some((word, remaining)) = word_in_braces(after) else {
                plain.push('{');
                rest = after;
                continue;
            };
            let written = format!("{{{word}}}");
            let known = Placeholder::ALL
                .into_iter()
                .find(|known| known.as_str() == written);
            let Some(known) = known else {
                return Err(written);
            };
            if !plain.is_empty() {
                parts.push(TemplatePart::Text(std::mem::take(&mut plain)));
            }
            parts.push(TemplatePart::Value(known));
            rest = remaining;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(TemplatePart::Text(plain));
        }
        Ok(Self(parts))
    }

    /// Returns true if the text contains the placeholder.
    pub(super) fn contains(&self, placeholder: Placeholder) -> bool {
        self.0.contains(&TemplatePart::Value(placeholder))
    }

    /// Returns the text with each placeholder replaced by its value.
    pub fn fill<S: AsRef<str>>(&self, mut value_of: impl FnMut(Placeholder) -> S) -> String {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                TemplatePart::Text(text) => filled.push_str(text),
                TemplatePart::Value(placeholder) => {
                    filled.push_str(value_of(*placeholder).as_ref());
                }
            }
        }
        filled
    }
}

/// Splits the text after an opening brace into the word in the braces and the rest.
fn word_in_braces(text: &str) -> Option<(&str, &str)> {
    let (inside, rest) = text.split_once('}')?;
    let word = inside.trim();
    is_word(word).then_some((word, rest))
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::{
        super::sql::{CheckedSql, SqlError, SqlErrorKind, SqlPiece, check_statement},
        *,
    };

    fn filled(text: &str) -> Result<String, String> {
        Template::parse(text).map(|template| template.fill(|known| format!("<{}>", known.as_str())))
    }

    #[test]
    fn words_in_braces_are_placeholders_and_other_braces_are_text() {
        for (text, expected) in [
            ("{account_id}", "<{account_id}>"),
            ("a{email}b{ customer_id }", "a<{email}>b<{customer_id}>"),
            (
                "{\"user\": \"{account_id}\"}",
                "{\"user\": \"<{account_id}>\"}",
            ),
            ("{{account_id}}", "{<{account_id}>}"),
            ("{", "{"),
            ("{}", "{}"),
            ("", ""),
        ] {
            assert_eq!(filled(text).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(filled("x {acount_id}"), Err("{acount_id}".to_owned()));
    }

    #[test]
    fn placeholders_in_strings_and_comments_are_ignored() {
        let checked: CheckedSql<Placeholder> = check_statement(
            "insert into \"{email}\" values ({account_id}, $${email}$$) -- {email}\n/* {x} */ returning id;",
        )
        .unwrap();
        let values: Vec<_> = checked
            .pieces
            .iter()
            .filter_map(|piece| match piece {
                SqlPiece::Value(value) => Some(*value),
                SqlPiece::Verbatim { .. } => None,
            })
            .collect();
        assert_eq!(values, [Placeholder::AccountId]);
        for (text, reason, at) in [
            ("select '{email}'", SqlErrorKind::Quoted, 8),
            ("select {mail}", SqlErrorKind::UnknownPlaceholder(6), 7),
            ("select {{email}}", SqlErrorKind::UnknownPlaceholder(8), 7),
            ("select {email", SqlErrorKind::UnknownPlaceholder(6), 7),
        ] {
            assert_eq!(
                check_statement::<Placeholder>(text),
                Err(SqlError { reason, at }),
                "{text}"
            );
        }
    }
}
