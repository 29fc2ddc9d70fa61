//! Validates SQL: each piece closes what it opens, and stays inside the statement that it is a part of.

use super::{
    super::{
        diagnostics::{DiagnosticDraft, Diagnostics},
        entry::{Entry, SourceSpan},
        sql::{CheckedSql, Now, SqlError, SqlErrorKind, check_fragment, check_statement},
    },
    values::{filled, place_within},
};

/// Maximum length of the excerpt in a message.
const MAX_EXCERPT: usize = 40;

/// What is wrong with SQL, and what to do about it.
pub(super) struct SqlProblem {
    pub(super) what: &'static str,
    pub(super) help: &'static str,
}

pub(super) const UNCLOSED: SqlProblem = SqlProblem {
    what: "this quote, bracket or comment is not closed",
    help: "close it",
};

pub(super) const UNOPENED: SqlProblem = SqlProblem {
    what: "this bracket was not opened",
    help: "remove it, or open it",
};

pub(super) const NUL: SqlProblem = SqlProblem {
    what: "a NUL character, which text in Postgres cannot contain",
    help: "leave it out",
};

/// Reads a part of the accounts' statement, such as a condition.
pub(super) fn fragment<'e>(
    key: &str,
    entry: &'e Entry<String>,
    diagnostics: &Diagnostics<'_>,
) -> Option<&'e str> {
    checked(key, entry, check_fragment, diagnostics)
}

/// Reads a whole statement for the accounts.
pub(super) fn statement<'e>(
    key: &str,
    entry: &'e Entry<String>,
    diagnostics: &Diagnostics<'_>,
) -> Option<&'e str> {
    checked(key, entry, check_statement, diagnostics)
}

fn checked<'e>(
    key: &str,
    entry: &'e Entry<String>,
    check: fn(&str) -> Result<CheckedSql<Now>, SqlError>,
    diagnostics: &Diagnostics<'_>,
) -> Option<&'e str> {
    let text = filled(key, entry, diagnostics)?;
    if let (Err(error), Some(span)) = (check(text), entry.span()) {
        let rest: String = text.chars().skip(error.at).collect();
        report(key, &rest, &problem(error.reason), span, diagnostics);
        return None;
    }
    Some(text)
}

/// Describes a problem of SQL that reads accounts.
fn problem(reason: SqlErrorKind) -> SqlProblem {
    match reason {
        SqlErrorKind::SecondStatement => SqlProblem {
            what: "only `query` may end with a `;`, and nothing may follow it",
            help: "leave it out",
        },
        SqlErrorKind::Parameter | SqlErrorKind::UnknownPlaceholder(_) => SqlProblem {
            what: "a parameter has no value here",
            help: "write the value, or `{{now}}` for the time of the check",
        },
        SqlErrorKind::Quoted => SqlProblem {
            what: "`{{now}}` cannot be inside a string",
            help: "write it without quotes: it is bound as a parameter",
        },
        SqlErrorKind::Empty => SqlProblem {
            what: "there is no SQL",
            help: "write it, or leave the key out",
        },
        SqlErrorKind::Unclosed => UNCLOSED,
        SqlErrorKind::Unopened => UNOPENED,
        SqlErrorKind::Nul => NUL,
    }
}

/// Reports a problem of `key` at the first line of `rest`, the SQL from where it is.
pub(super) fn report(
    key: &str,
    rest: &str,
    problem: &SqlProblem,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) {
    let SqlProblem { what, help } = problem;
    let line = rest.lines().next().unwrap_or_default().trim_end();
    let excerpt: String = line.chars().take(MAX_EXCERPT).collect();
    if excerpt.is_empty() {
        let message = format!("`{key}` cannot be used: {what}");
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(*help), span);
        return;
    }
    let message = format!("`{key}` cannot be used at `{excerpt}`: {what}");
    let place = place_within(&excerpt, span, diagnostics);
    diagnostics.add(DiagnosticDraft::invalid(message).help(*help), place);
}
