//! SQL of the configuration: checks that it cannot affect the statement around it, and finds its placeholders.

use super::sql_words::SqlWord;

/// A placeholder in SQL for a value that is bound when it runs.
pub trait PlaceholderSyntax: Sized {
    /// Recognizes a placeholder at the start of `rest`, which begins with `{`.
    fn at(rest: &[char]) -> PlaceholderMatch<Self>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceholderMatch<P> {
    Nothing,
    /// A placeholder of that many characters.
    Value(usize, P),
    /// Text of that many characters that is meant as a placeholder, but is not a known one.
    Unknown(usize),
}

/// `{{now}}`, with or without spaces inside: the time of evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now;

impl PlaceholderSyntax for Now {
    fn at(rest: &[char]) -> PlaceholderMatch<Self> {
        let mut length = 0;
        for c in "{{now}}".chars() {
            while matches!(c, 'n' | '}') && rest.get(length) == Some(&' ') {
                length += 1;
            }
            if rest.get(length) != Some(&c) {
                return PlaceholderMatch::Nothing;
            }
            length += 1;
        }
        PlaceholderMatch::Value(length, Self)
    }
}

/// A piece of SQL that closes everything it opens, contains no parameter and ends no statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedSql<P = Now> {
    pub pieces: Vec<SqlPiece<P>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlPiece<P = Now> {
    /// Text as written; `start` is its position in characters.
    Verbatim {
        start: usize,
        text: String,
    },
    Value(P),
}

/// Reason why SQL cannot be used, and its position in characters from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqlError {
    pub reason: SqlErrorKind,
    pub at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlErrorKind {
    Empty,
    Unclosed,
    Unopened,
    SecondStatement,
    Parameter,
    /// A placeholder in a string, where it would be text.
    Quoted,
    /// An unknown placeholder of that many characters.
    UnknownPlaceholder(usize),
    /// A NUL character, which no text of Postgres contains.
    Nul,
}

/// Checks a part of a statement, such as a condition, which must not contain `;`.
pub fn check_fragment<P: PlaceholderSyntax>(text: &str) -> Result<CheckedSql<P>, SqlError> {
    Scanner::new(text).run()
}

/// Checks a complete statement, which may end with `;`.
pub fn check_statement<P: PlaceholderSyntax>(text: &str) -> Result<CheckedSql<P>, SqlError> {
    let scanner = Scanner {
        may_end: true,
        ..Scanner::new(text)
    };
    scanner.run()
}

/// Returns the words of a statement that are outside of brackets.
pub(super) fn outer_words(text: &str) -> Result<Vec<SqlWord>, SqlError> {
    let mut words = Vec::new();
    let scanner: Scanner<'_, Now> = Scanner {
        may_end: true,
        words: Some(&mut words),
        ..Scanner::new(text)
    };
    scanner.run()?;
    Ok(words)
}

/// Scans SQL by Postgres's lexical rules (`scan.l`, manual 4.1), as far as it takes to distinguish strings, names,
/// numbers and comments. Where Postgres versions differ, it follows the older one; the newer one then rejects the text.
struct Scanner<'w, P> {
    text: Vec<char>,
    at: usize,
    /// True if the text may end with `;`.
    may_end: bool,
    has_ended: bool,
    has_code: bool,
    opened: Vec<(char, usize)>,
    pieces: Vec<SqlPiece<P>>,
    piece_start: usize,
    /// Receives the words outside of brackets.
    words: Option<&'w mut Vec<SqlWord>>,
}

/// The meaning of a backslash in a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backslash {
    Escapes,
    IsText,
}

impl<P: PlaceholderSyntax> Scanner<'_, P> {
    fn new(text: &str) -> Self {
        Self {
            text: text.chars().collect(),
            at: 0,
            may_end: false,
            has_ended: false,
            has_code: false,
            opened: Vec::new(),
            pieces: Vec::new(),
            piece_start: 0,
            words: None,
        }
    }

    fn run(mut self) -> Result<CheckedSql<P>, SqlError> {
        if let Some(at) = self.text.iter().position(|c| *c == '\0') {
            return Err(unusable(SqlErrorKind::Nul, at));
        }
        while let Some(c) = self.peek(0) {
            let start = self.at;
            match (c, self.peek(1)) {
                ('-', Some('-')) => self.skip_line(),
                ('/', Some('*')) => self.skip_block_comment()?,
                (c, _) if is_space(c) => self.at += 1,
                (';', _) if self.may_end && self.opened.is_empty() => self.end_statement(),
                (';', _) => return Err(unusable(SqlErrorKind::SecondStatement, start)),
                _ if self.has_ended => return Err(unusable(SqlErrorKind::SecondStatement, start)),
                _ => {
                    self.has_code = true;
                    let is_outside = self.opened.is_empty();
                    self.skip_token(c)?;
                    self.record_word(start, is_outside);
                }
            }
        }
        if let Some((_, opened)) = self.opened.last() {
            return Err(unusable(SqlErrorKind::Unclosed, *opened));
        }
        if !self.has_code {
            return Err(unusable(SqlErrorKind::Empty, 0));
        }
        if !self.has_ended {
            self.end_piece(self.at);
        }
        Ok(CheckedSql {
            pieces: self.pieces,
        })
    }

    fn skip_token(&mut self, c: char) -> Result<(), SqlError> {
        let start = self.at;
        match c {
            'e' | 'E' if self.peek(1) == Some('\'') => {
                self.at += 1;
                self.skip_escape_string()?;
            }
            // Other letters before a quote do not change where the string ends.
            c if starts_name(c) => self.skip_while(|c| is_name(c) || c == '$'),
            c if c.is_ascii_digit() => self.skip_number(),
            '\'' | '"' => self.skip_quoted(c, Backslash::IsText)?,
            '$' => self.dollar()?,
            '(' | '[' => {
                self.opened.push((c, start));
                self.at += 1;
            }
            ')' | ']' => {
                let opening = if c == ')' { '(' } else { '[' };
                match self.opened.pop() {
                    Some((opened, _)) if opened == opening => self.at += 1,
                    Some(_) | None => return Err(unusable(SqlErrorKind::Unopened, start)),
                }
            }
            '{' => match self.placeholder() {
                PlaceholderMatch::Value(length, value) => {
                    self.end_piece(start);
                    self.pieces.push(SqlPiece::Value(value));
                    self.at += length;
                    self.piece_start = self.at;
                }
                PlaceholderMatch::Unknown(length) => {
                    return Err(unusable(SqlErrorKind::UnknownPlaceholder(length), start));
                }
                PlaceholderMatch::Nothing => self.at += 1,
            },
            _ => self.at += 1,
        }
        Ok(())
    }

    fn record_word(&mut self, start: usize, is_outside: bool) {
        if let (true, Some(words)) = (is_outside, &mut self.words) {
            let token: String = self
                .text
                .get(start..self.at)
                .unwrap_or_default()
                .iter()
                .collect();
            words.push(SqlWord::from_token(&token));
        }
    }

    fn end_statement(&mut self) {
        if !self.has_ended {
            self.end_piece(self.at);
            self.has_ended = true;
        }
        self.at += 1;
    }

    fn end_piece(&mut self, end: usize) {
        let length = end.saturating_sub(self.piece_start);
        let text: String = self
            .text
            .iter()
            .skip(self.piece_start)
            .take(length)
            .collect();
        if !text.is_empty() {
            self.pieces.push(SqlPiece::Verbatim {
                start: self.piece_start,
                text,
            });
        }
    }

    fn skip_line(&mut self) {
        self.skip_while(|c| !is_break(c));
    }

    /// Skips a block comment; they nest in Postgres.
    fn skip_block_comment(&mut self) -> Result<(), SqlError> {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (Some('*'), Some('/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                (Some(_), _) => self.at += 1,
                (None, _) => return Err(unusable(SqlErrorKind::Unclosed, start)),
            }
        }
    }

    fn skip_while(&mut self, mut condition: impl FnMut(char) -> bool) {
        while self.peek(0).is_some_and(&mut condition) {
            self.at += 1;
        }
    }

    /// Skips digits, a fraction and an exponent. Text directly after a number is a separate token: `1e'…'` ends in an
    /// escape string.
    fn skip_number(&mut self) {
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let digit = |c: char| c.is_ascii_digit();
        self.skip_while(digit);
        // `1..2` is a range.
        if self.peek(0) == Some('.') && self.peek(1) != Some('.') {
            self.at += 1;
            self.skip_while(digit);
        }
        if matches!(self.peek(0), Some('e' | 'E')) {
            let sign = usize::from(matches!(self.peek(1), Some('+' | '-')));
            if is_digit(self.peek(1 + sign)) {
                self.at += 1 + sign;
                self.skip_while(digit);
            }
        }
    }

    /// Skips `'…'` after an `E`, where a backslash escapes, including its continuation on later lines.
    fn skip_escape_string(&mut self) -> Result<(), SqlError> {
        loop {
            self.skip_quoted('\'', Backslash::Escapes)?;
            let Some(next) = self.continuation() else {
                return Ok(());
            };
            self.at = next;
        }
    }

    /// Returns the position at which the string that ended here continues: SQL joins strings that are separated by
    /// blanks and line comments with a line break.
    fn continuation(&self) -> Option<usize> {
        let mut at = self.at;
        let mut has_break = false;
        loop {
            match (self.text.get(at)?, self.text.get(at + 1)) {
                ('\'', _) if has_break => return Some(at),
                ('-', Some('-')) => {
                    let line = self.text.get(at..)?;
                    at += line.iter().take_while(|c| !is_break(**c)).count();
                }
                (c, _) if is_space(*c) => {
                    has_break |= is_break(*c);
                    at += 1;
                }
                _ => return None,
            }
        }
    }

    /// Skips a string or a quoted name, in which the quote is doubled.
    fn skip_quoted(&mut self, quote: char, backslash: Backslash) -> Result<(), SqlError> {
        let start = self.at;
        self.at += 1;
        while let Some(c) = self.peek(0) {
            if c == '{'
                && quote == '\''
                && matches!(self.placeholder(), PlaceholderMatch::Value(..))
            {
                return Err(unusable(SqlErrorKind::Quoted, self.at));
            }
            let is_escape = c == '\\' && backslash == Backslash::Escapes;
            if is_escape || (c == quote && self.peek(1) == Some(quote)) {
                self.at += 2;
            } else if c == quote {
                self.at += 1;
                return Ok(());
            } else {
                self.at += 1;
            }
        }
        Err(unusable(SqlErrorKind::Unclosed, start))
    }

    /// Skips a string between `$tag$` and `$tag$`, and rejects a parameter such as `$1`.
    fn dollar(&mut self) -> Result<(), SqlError> {
        let start = self.at;
        if self.peek(1).is_some_and(|c| c.is_ascii_digit()) {
            return Err(unusable(SqlErrorKind::Parameter, start));
        }
        let mut length = 1;
        while self.peek(length).is_some_and(is_name) {
            length += 1;
        }
        if self.peek(length) != Some('$') {
            self.at += 1;
            return Ok(());
        }
        length += 1;
        let tag: Vec<char> = self.text.iter().skip(start).take(length).copied().collect();
        self.at += length;
        while self.at < self.text.len() {
            if self.text.get(self.at..self.at + length) == Some(tag.as_slice()) {
                self.at += length;
                return Ok(());
            }
            self.at += 1;
        }
        Err(unusable(SqlErrorKind::Unclosed, start))
    }

    fn placeholder(&self) -> PlaceholderMatch<P> {
        P::at(self.text.get(self.at..).unwrap_or_default())
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }
}

/// Returns true for a character that Postgres treats as a blank. It treats every other blank as a letter.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

fn unusable(reason: SqlErrorKind, at: usize) -> SqlError {
    SqlError { reason, at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(checked: &CheckedSql) -> String {
        checked
            .pieces
            .iter()
            .map(|piece| match piece {
                SqlPiece::Verbatim { text, .. } => text.as_str(),
                SqlPiece::Value(Now) => "<now>",
            })
            .collect()
    }

    #[track_caller]
    fn assert_unchanged(text: &str) {
        assert_eq!(
            check_fragment(text).map(|checked| text_of(&checked)),
            Ok(text.to_owned())
        );
    }

    #[test]
    fn words_in_brackets_strings_and_comments_are_not_outside() {
        let shown = |sql: &str| {
            let words = outer_words(sql).expect("valid SQL").into_iter();
            let shown = words.map(|word| match word {
                SqlWord::Name(name) => name.text,
                SqlWord::Mark(mark) => mark.to_string(),
                SqlWord::Brackets => "()".to_owned(),
                SqlWord::Literal => "#".to_owned(),
            });
            shown.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            shown(
                "Select \"A \"\"b\"\" from\", 'it''s, from' -- from\n, E'\\', from' /* from */ From a1$;"
            ),
            "select A \"b\" from , # , # from a1$"
        );
        assert_eq!(
            shown("f(a, (b)) [1] $$from, x$$ $t$ $$ $t$ 1.5e3 é {{now}} + b'1'"),
            "f () () # # # é # + b #"
        );
    }

    #[test]
    fn sql_that_closes_what_it_opens_is_kept_as_written() {
        for text in [
            "deleted_at is null",
            "name = 'it''s; $1 -- )' and \"a;\"\"b(\" = 1",
            r"x = e'\'; $1' and y = E'\\' and note = 'c:\'",
            "a /* ; ( /* $1 */ ' */ + 1 -- ; ) '",
            "$$ ; ( ' $1 $$ || $tag$ $$ ; $tag$ || a$1",
            "tags[1] = any(array['a'])",
            "{ \"{{now}}\" -- {{now}}",
            "größe = 'ü' and 名 = '{'",
            r"id <> a$e'\' || é$e'\' || u&'\'",
            "e'a' -- it's\n '\\' ) -- '",
            "a$$ || b",
            "1$$ ) $$",
            "\u{a0}",
        ] {
            assert_unchanged(text);
        }
    }

    #[test]
    fn nothing_may_follow_the_end_of_a_statement() {
        for text in ["select 1", "select 1;", "select 1 ; ; -- done\n /* ; */ "] {
            let checked = check_statement(text).unwrap();
            assert_eq!(text_of(&checked).trim(), "select 1", "{text}");
        }
        assert_eq!(
            check_statement("select 1; delete from users"),
            Err::<CheckedSql, _>(unusable(SqlErrorKind::SecondStatement, 10))
        );
        assert_eq!(
            check_fragment("true; commit"),
            Err::<CheckedSql, _>(unusable(SqlErrorKind::SecondStatement, 4))
        );
        assert_eq!(
            check_statement("select (1;)"),
            Err::<CheckedSql, _>(unusable(SqlErrorKind::SecondStatement, 9))
        );
    }

    #[test]
    fn sql_that_could_affect_its_surroundings_is_refused() {
        for (text, reason, at) in [
            ("true) or (true", SqlErrorKind::Unopened, 4),
            ("(true", SqlErrorKind::Unclosed, 0),
            ("(a]", SqlErrorKind::Unopened, 2),
            ("name = 'x", SqlErrorKind::Unclosed, 7),
            ("\"x", SqlErrorKind::Unclosed, 0),
            ("true /* or", SqlErrorKind::Unclosed, 5),
            ("true /* /* */", SqlErrorKind::Unclosed, 5),
            ("$a$ x $b$", SqlErrorKind::Unclosed, 0),
            (r"x = e'\'", SqlErrorKind::Unclosed, 5),
            (r"id <> a$e'\' or true) -- '", SqlErrorKind::Unopened, 20),
            ("a$b$ ) $b$", SqlErrorKind::Unopened, 5),
            (r"1e'\'", SqlErrorKind::Unclosed, 2),
            ("e'a'\n'\\'", SqlErrorKind::Unclosed, 5),
            ("id = $1", SqlErrorKind::Parameter, 5),
            ("id = 'a\0b'", SqlErrorKind::Nul, 7),
            ("", SqlErrorKind::Empty, 0),
            (" -- only this", SqlErrorKind::Empty, 0),
        ] {
            assert_eq!(
                check_fragment(text),
                Err::<CheckedSql, _>(unusable(reason, at)),
                "{text}"
            );
        }
    }

    #[test]
    fn now_is_found_outside_of_strings() {
        let checked = check_fragment("ends_at > {{now}} - i and {{ now }} < x").unwrap();
        assert_eq!(text_of(&checked), "ends_at > <now> - i and <now> < x");
        assert_eq!(
            checked.pieces.get(2),
            Some(&SqlPiece::Verbatim {
                start: 17,
                text: " - i and ".to_owned()
            })
        );
        assert_eq!(
            check_fragment("ends_at > '{{now}}'"),
            Err::<CheckedSql, _>(unusable(SqlErrorKind::Quoted, 11))
        );
    }
}
