//! Validates `account.sql`: one statement per entry, known placeholders, and a way to learn the new account's id.

use super::{
    super::super::{
        AccountStatement,
        diagnostics::{DiagnosticDraft, Diagnostics, Parent},
        entry::SourceSpan,
        placeholder::Placeholder,
        rehearsal::{RawAccount, Statements},
        sql::{SqlError, SqlErrorKind, SqlPiece, check_statement},
    },
    super::sql::{NUL, SqlProblem, UNCLOSED, UNOPENED, report},
    texts::unknown_placeholder,
};

pub(super) fn statements(
    account: &RawAccount,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Option<Vec<AccountStatement>> {
    let parent = Parent {
        name: "`account`",
        span,
    };
    let (span, written) = diagnostics.require(&account.sql, "sql", parent)?;
    let statements: Option<Vec<_>> = match written {
        Statements::One(text) => {
            statement(text, span, diagnostics).map(|statement| vec![statement])
        }
        Statements::List(entries) => {
            // Collected in two steps, so that all statements are checked even if the first is invalid.
            let read: Vec<_> = entries
                .iter()
                .map(|entry| {
                    let (span, text) = entry.written()?;
                    statement(text, span, diagnostics)
                })
                .collect();
            read.into_iter().collect()
        }
    };
    let statements = statements?;
    if !statements.iter().any(AccountStatement::identifies_account) {
        let draft = DiagnosticDraft::invalid("`sql` should identify the account that it creates")
            .help("write `{account_id}` where the id belongs, or end with `returning id` if the database generates it");
        diagnostics.add_at(draft, span);
        return None;
    }
    Some(statements)
}

fn statement(
    text: &str,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Option<AccountStatement> {
    match check_statement(text) {
        Ok(sql) => Some(AccountStatement {
            text: text.to_owned(),
            sql,
        }),
        Err(error) => {
            report_unusable(error, text, span, diagnostics);
            None
        }
    }
}

fn report_unusable(
    SqlError { reason, at }: SqlError,
    text: &str,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) {
    let rest: String = text.chars().skip(at).collect();
    if let SqlErrorKind::UnknownPlaceholder(length) = reason {
        let written: String = rest.chars().take(length).collect();
        unknown_placeholder(&written, "sql", span, diagnostics);
        return;
    }
    report("sql", &rest, &problem(reason), span, diagnostics);
}

/// Describes a problem of SQL that creates an account.
fn problem(reason: SqlErrorKind) -> SqlProblem {
    match reason {
        SqlErrorKind::Empty => SqlProblem {
            what: "there is no SQL",
            help: "write an `insert`, or leave the statement out",
        },
        SqlErrorKind::SecondStatement => SqlProblem {
            what: "a second statement begins here",
            help: "write a list: each statement on a line of its own below `sql:`, after `- `",
        },
        SqlErrorKind::Parameter | SqlErrorKind::UnknownPlaceholder(_) => SqlProblem {
            what: "a numbered parameter has no value here",
            help: "write `{account_id}`, `{email}` or `{customer_id}`",
        },
        SqlErrorKind::Quoted => SqlProblem {
            what: "a placeholder cannot be inside a string",
            help: "write it without quotes: it is bound as a parameter",
        },
        SqlErrorKind::Unclosed => UNCLOSED,
        SqlErrorKind::Unopened => UNOPENED,
        SqlErrorKind::Nul => NUL,
    }
}

impl AccountStatement {
    /// Returns true if the statement is given the account's id, or may return it.
    fn identifies_account(&self) -> bool {
        self.sql.pieces.iter().any(|piece| match piece {
            SqlPiece::Value(placeholder) => *placeholder == Placeholder::AccountId,
            SqlPiece::Verbatim { text, .. } => text
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word.eq_ignore_ascii_case("returning")),
        })
    }
}
