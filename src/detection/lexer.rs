//! Splits the text of a schema file into tokens, without comments.

/// The language of a file, which decides about comments and quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Prisma,
    Sql,
    TypeScript,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name or number.
    Word,
    /// A string; its text is without quotes.
    Text,
    /// A quoted name of SQL, without quotes.
    Name,
    /// Any other character.
    Mark,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) text: String,
    /// Line, counted from one.
    pub(super) line: usize,
}

impl Token {
    pub(super) fn is_mark(&self, mark: &str) -> bool {
        self.kind == TokenKind::Mark && self.text == mark
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }
}

/// Splits the text. A string or comment that is not closed extends to the end of the text.
pub(super) fn tokens(text: &str, language: Language) -> Vec<Token> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let (kind, length) = piece(rest, first, language);
        let (piece, after) = rest.split_at(length);
        if let Some(kind) = kind {
            let text = match kind {
                TokenKind::Word | TokenKind::Mark => piece.to_owned(),
                TokenKind::Text | TokenKind::Name => unquoted(piece, first),
            };
            found.push(Token { kind, text, line });
        }
        line += piece.matches('\n').count();
        rest = after;
    }
    found
}

/// Returns the kind of the piece at the beginning, and its length; comments and spaces have no kind.
fn piece(rest: &str, first: char, language: Language) -> (Option<TokenKind>, usize) {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
    let until = |end: &str, from: usize| {
        let (_, tail) = rest.split_at(from.min(rest.len()));
        tail.find(end)
            .map_or(rest.len(), |at| from + at + end.len())
    };
    let line_comment = match language {
        Language::Sql => "--",
        Language::Prisma | Language::TypeScript => "//",
    };
    if rest.starts_with(line_comment) {
        return (None, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") && language != Language::Prisma {
        return (None, until("*/", 2));
    }
    match (first, language) {
        (space, _) if space.is_whitespace() => (None, space.len_utf8()),
        ('"', Language::Sql) => (
            Some(TokenKind::Name),
            quoted_length(rest, first, QuoteEscape::DoubledQuote),
        ),
        ('\'', Language::Sql) => (
            Some(TokenKind::Text),
            quoted_length(rest, first, QuoteEscape::DoubledQuote),
        ),
        ('$', Language::Sql) => match rest.split('$').nth(1) {
            // `$body$ … $body$`
            Some(tag) if tag.chars().all(is_word) => {
                let tag = format!("${tag}$");
                (Some(TokenKind::Text), until(&tag, tag.len()))
            }
            _ => (Some(TokenKind::Mark), 1),
        },
        ('"', _) | ('\'' | '`', Language::TypeScript) => (
            Some(TokenKind::Text),
            quoted_length(rest, first, QuoteEscape::Backslash),
        ),
        (letter, _) if is_word(letter) => {
            let length = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
            (Some(TokenKind::Word), length)
        }
        (other, _) => (Some(TokenKind::Mark), other.len_utf8()),
    }
}

/// The way in which a quote is written inside a quoted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QuoteEscape {
    Backslash,
    DoubledQuote,
}

/// Returns the length of the quoted text at the beginning of `rest`, quotes included.
fn quoted_length(rest: &str, quote: char, escape: QuoteEscape) -> usize {
    let has_backslashes = escape == QuoteEscape::Backslash;
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if has_backslashes && letter == '\\' {
            letters.next();
        } else if letter == quote {
            let is_doubled =
                !has_backslashes && letters.peek().is_some_and(|(_, next)| *next == quote);
            if !is_doubled {
                return at + letter.len_utf8();
            }
            letters.next();
        }
    }
    rest.len()
}

fn unquoted(piece: &str, quote: char) -> String {
    let inner = piece.strip_prefix(quote).unwrap_or(piece);
    let inner = inner.strip_suffix(quote).unwrap_or(inner);
    inner.replace(&format!("{quote}{quote}"), &quote.to_string())
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    fn texts(text: &str, language: Language) -> Vec<String> {
        tokens(text, language)
            .into_iter()
            .map(|token| token.text)
            .collect()
    }

    #[test]
    fn comments_and_strings_are_recognized() {
        let sql = "-- no\ncreate /* no */ \"a \"\" b\" 'it''s' $x$ ; $x$;";
        assert_eq!(
            texts(sql, Language::Sql),
            ["create", "a \" b", "it's", "x$ ; $x", ";"]
        );
        let code = "a('b\\'c', `d`) // no\n/* no */ e";
        assert_eq!(
            texts(code, Language::TypeScript),
            ["a", "(", "b\\'c", ",", "d", ")", "e"]
        );
        assert_eq!(tokens("a\n b", Language::Prisma)[1].line, 2);
    }

    #[test]
    fn what_is_not_closed_ends_with_the_text() {
        for text in ["\"", "'a", "/*", "$", "$a$", "$a", "`\\"] {
            for language in [Language::Prisma, Language::Sql, Language::TypeScript] {
                tokens(text, language);
            }
        }
    }
}
