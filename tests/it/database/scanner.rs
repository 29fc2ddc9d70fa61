//! Compares the scanner of SQL in the configuration with Postgres's own lexer, on three thousand generated fragments.
//!
//! The server is asked through PL/pgSQL, which reads `if … then` with the SQL lexer and takes every token up to `then`
//! as the condition. It counts parentheses, and rejects an unopened closing one, a `;`, an end within a string, a
//! quoted name or a comment, and an empty condition. With `check_function_bodies` off it parses nothing beyond that,
//! and a `return` before the condition keeps it from being run. So a block with a fragment between `if` and `then`
//! compiles exactly if the fragment consists of complete tokens, closes everything it opens and ends no statement,
//! whatever the tokens mean.
//!
//! The scanner and the server must accept and reject the same fragments. The server does not mind a parameter, or a
//! placeholder in quotes. For these, the test checks the context at the position that the scanner reports: code, where
//! another token can begin, or the inside of a string.

use prodverdict::config::sql::{
    CheckedSql, Now, SqlError, SqlErrorKind, SqlPiece, check_fragment, check_statement,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::world::in_a_world;

const FRAGMENTS: usize = 3000;

/// A generator of the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).expect("small")).expect("small")
    }
}

/// Parts that are easily confused. No `then`, and no opening bracket alone, which PL/pgSQL counts like a parenthesis.
const PARTS: [&str; 64] = [
    "'", "'", "''", "'x'", "' ) '", "'\\'", "e'", "E'", "E'\\'", "e'a'", "e'\\\\'", "n'", "b'",
    "x'", "U&'", "u&\"", "\"", "\"", "\"\"", "\"a\"", "$", "$$", "$$", "$a$", "$b$", "$a", "a$",
    "a$b$", "$1", "a$1", "$é$", "--", "-- '", "/*", "*/", "/*/", "*/*", "/", "*", "-", "+", "(",
    "(", ")", ")", "a", "e", "E", "é", "_", "1", "1.", "1e", "1e5", "0x1e", ".", ";", "{{now}}",
    "{", "&", "\\", "\u{a0}", "[1]", "||",
];

const BLANKS: [&str; 9] = ["", "", "", "", " ", "\n", "\t", " \n ", "\r"];

fn fragment(random: &mut Random) -> String {
    let length = 1 + random.below(9);
    let mut text = String::new();
    for _ in 0..length {
        text.push_str(PARTS[random.below(PARTS.len())]);
        text.push_str(BLANKS[random.below(BLANKS.len())]);
    }
    text
}

/// Fragments on which the scanner and the server once disagreed, or could easily disagree.
const KNOWN: [&str; 24] = [
    "id <> a$e'\\' or true) -- '",
    "a$$ ) $$",
    "a$b$ ) $b$",
    "e'a'\n'\\' ) -- '",
    "e'a' -- it's\n '\\' ) -- '",
    "e'a' '\\'",
    "e'a' /* */ '\\'",
    "é$e'\\'",
    "\u{a0}e'\\'",
    "ée'\\'",
    "_e'\\'",
    "U&'\\'",
    "u&\"\\\"",
    "b'\\'",
    "+--'\n1",
    "*/*'*/1",
    "1/*/*'*/'*/",
    "1e5e'a'",
    "0xe'\\'",
    "$a$ $b$ ' $a$",
    "$é$ ' $é$",
    "'a'\n'b'",
    "'a''\\'",
    "x'00''\\'",
];

struct Server(PgConnection);

impl Server {
    /// Checks that the server accepts the fragment, or returns its reason.
    async fn takes(&mut self, fragment: &str) -> Result<(), String> {
        let tag = "$prodverdict_outer$";
        let block = format!("do {tag} begin return; if\n{fragment}\nthen null; end if; end {tag}");
        let done = self.0.execute(AssertSqlSafe(block)).await;
        done.map(drop).map_err(|error| error.to_string())
    }

    /// Returns true if the server accepts the beginning of a fragment once its parentheses are closed; `None` if a
    /// token of it is malformed.
    async fn takes_beginning(&mut self, beginning: &str) -> Option<bool> {
        for depth in 0..8 {
            let closed = format!("{beginning}\n{}", ")".repeat(depth));
            match self.takes(&closed).await {
                Ok(()) => return Some(true),
                Err(reason) if is_malformed(&reason) => return None,
                Err(_) => {}
            }
        }
        Some(false)
    }
}

/// Errors of the server about a token itself, whose end it still knows.
const MALFORMED: [&str; 8] = [
    "trailing junk",
    "zero-length delimited identifier",
    "invalid Unicode escape",
    "invalid hexadecimal",
    "invalid binary",
    "not a valid",
    "unsafe use of",
    "invalid escape",
];

fn is_malformed(reason: &str) -> bool {
    MALFORMED.iter().any(|part| reason.contains(part))
}

fn text_of(checked: &CheckedSql) -> String {
    let pieces = checked.pieces.iter();
    pieces
        .map(|piece| match piece {
            SqlPiece::Verbatim { text, .. } => text.as_str(),
            SqlPiece::Value(Now) => "(now())",
        })
        .collect()
}

#[derive(Debug, Default)]
struct Seen {
    taken: usize,
    refused: usize,
    parameters: usize,
    quoted: usize,
    malformed: usize,
}

async fn compare(server: &mut Server, text: &str, seen: &mut Seen) -> Result<(), String> {
    let checked: Result<CheckedSql, SqlError> = check_fragment(text);
    let beginning = |at: usize| text.chars().take(at).collect::<String>();
    match checked {
        Ok(checked) => match server.takes(&text_of(&checked)).await {
            Ok(()) => seen.taken += 1,
            Err(reason) if is_malformed(&reason) => {
                seen.malformed += 1;
            }
            Err(reason) => return Err(format!("taken, and the server refuses: {reason}")),
        },
        Err(SqlError {
            reason: SqlErrorKind::Parameter,
            at,
        }) => {
            let start = beginning(at);
            let string = server.takes_beginning(&format!("{start}$q$ ) $q$")).await;
            let open = server.takes_beginning(&format!("{start}'")).await;
            match (string, open) {
                (Some(true), Some(false)) => seen.parameters += 1,
                (Some(_), Some(_)) => return Err(format!("no parameter begins at {at}")),
                _ => seen.malformed += 1,
            }
        }
        Err(SqlError {
            reason: SqlErrorKind::Quoted,
            at,
        }) => {
            let start = beginning(at);
            let closed = server.takes_beginning(&format!("{start}'")).await;
            let open = server.takes_beginning(&start).await;
            match (closed, open) {
                (Some(true), Some(false)) => seen.quoted += 1,
                (Some(_), Some(_)) => return Err(format!("no string is open at {at}")),
                _ => seen.malformed += 1,
            }
        }
        Err(refused) => {
            seen.refused += 1;
            if server.takes(text).await.is_ok() {
                return Err(format!("refused, and the server takes it: {refused:?}"));
            }
        }
    }
    if let Ok(checked) = check_statement::<Now>(text)
        && let Err(reason) = server.takes(&text_of(&checked)).await
        && !is_malformed(&reason)
    {
        return Err(format!(
            "taken as a statement, and the server refuses: {reason}"
        ));
    }
    Ok(())
}

#[test]
fn the_scanner_reads_sql_as_the_server_does() {
    in_a_world(async |world| {
        let mut server = Server(world.connection().await);
        let settings = "set check_function_bodies = off; set standard_conforming_strings = on";
        server.0.execute(settings).await.expect("set");
        let mut random = Random(0x5eed_2026);
        let generated = std::iter::repeat_with(|| fragment(&mut random)).take(FRAGMENTS);
        let known = KNOWN.iter().map(|text| (*text).to_owned());
        let mut seen = Seen::default();
        let mut disagreed = Vec::new();
        for text in known.chain(generated) {
            if let Err(how) = compare(&mut server, &text, &mut seen).await {
                disagreed.push(format!("{text:?}: {how}"));
            }
        }
        assert!(
            disagreed.is_empty(),
            "{} of them:\n{}",
            disagreed.len(),
            disagreed.join("\n")
        );
        // Each kind of result occurred often enough to mean something.
        assert!(seen.taken > 100 && seen.refused > 500, "{seen:?}");
        assert!(seen.parameters > 20 && seen.quoted > 5, "{seen:?}");
        server.0.close().await.expect("closed");
    });
}

#[test]
fn the_servers_parser_is_queried_correctly() {
    in_a_world(async |world| {
        let mut server = Server(world.connection().await);
        server
            .0
            .execute("set check_function_bodies = off")
            .await
            .expect("set");
        for taken in ["true", "(a)", "no such grammar", "pg_sleep(100) = ''"] {
            assert_eq!(server.takes(taken).await, Ok(()), "{taken}");
        }
        for (refused, reason) in [
            ("true) or (true", "mismatched parentheses"),
            ("(true", "mismatched parentheses"),
            ("true; commit", "missing"),
            ("'x", "unterminated quoted string"),
            ("\"x", "unterminated quoted identifier"),
            ("$a$ x", "unterminated dollar-quoted string"),
            ("/* x", "unterminated /* comment"),
            ("-- x", "missing"),
        ] {
            let found = server.takes(refused).await.expect_err(refused);
            assert!(found.contains(reason), "{refused}: {found}");
        }
        server.0.close().await.expect("closed");
    });
}
