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
    texts::{place_within, unknown_placeholder},
};

/// Maximum length of a statement's excerpt in a message.
const MAX_EXCERPT: usize = 40;

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
            report(error, text, span, diagnostics);
            None
        }
    }
}

fn report(
    SqlError { reason, at }: SqlError,
    text: &str,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) {
    let rest: String = text.chars().skip(at).collect();
    let (what, help) = match reason {
        SqlErrorKind::UnknownPlaceholder(length) => {
            let written: String = rest.chars().take(length).collect();
            unknown_placeholder(&written, "sql", span, diagnostics);
            return;
        }
        SqlErrorKind::Empty => (
            "there is no SQL",
            "write an `insert`, or leave the statement out",
        ),
        SqlErrorKind::Unclosed => ("this quote, bracket or comment is not closed", "close it"),
        SqlErrorKind::Unopened => ("this bracket was not opened", "remove it, or open it"),
        SqlErrorKind::SecondStatement => (
            "a second statement begins here",
            "write a list: each statement on a line of its own below `sql:`, after `- `",
        ),
        SqlErrorKind::Parameter => (
            "a numbered parameter has no value here",
            "write `{account_id}`, `{email}` or `{customer_id}`",
        ),
        SqlErrorKind::Nul => (
            "a NUL character, which text in Postgres cannot contain",
            "leave it out",
        ),
        SqlErrorKind::Quoted => (
            "a placeholder cannot be inside a string",
            "write it without quotes: it is bound as a parameter",
        ),
    };
    let line = rest.lines().next().unwrap_or_default().trim_end();
    let excerpt: String = line.chars().take(MAX_EXCERPT).collect();
    let message = if excerpt.is_empty() {
        format!("`sql` cannot be used: {what}")
    } else {
        format!("`sql` cannot be used at `{excerpt}`: {what}")
    };
    diagnostics.add(
        DiagnosticDraft::invalid(message).help(help),
        if excerpt.is_empty() {
            diagnostics.focus(span)
        } else {
            place_within(&excerpt, span, diagnostics)
        },
    );
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
