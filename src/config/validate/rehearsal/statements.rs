//! Validates `account.sql`: separable statements, known placeholders, and a way to learn the new account's id.

use super::{
    super::super::{
        AccountStatement,
        collector::{Collector, Fault, Owner},
        entry::Spot,
        placeholder::Placeholder,
        rehearsal::{Account, Statements},
        sql::{Piece, Reason, Unusable, check_statement},
    },
    texts::{place_within, unknown_placeholder},
};

/// Length of a statement's excerpt in a message.
const EXCERPT: usize = 40;

pub(super) fn statements(
    account: &Account,
    spot: &Spot,
    collector: &Collector<'_>,
) -> Option<Vec<AccountStatement>> {
    let owner = Owner {
        name: "`account`",
        spot,
    };
    let (spot, written) = collector.require(&account.sql, "sql", owner)?;
    let statements: Option<Vec<_>> = match written {
        Statements::One(text) => statement(text, spot, collector).map(|statement| vec![statement]),
        Statements::List(entries) => {
            // Checks every statement before it stops at a broken one.
            let read: Vec<_> = entries
                .iter()
                .map(|entry| {
                    let (spot, text) = entry.written()?;
                    statement(text, spot, collector)
                })
                .collect();
            read.into_iter().collect()
        }
    };
    let statements = statements?;
    if !statements.iter().any(AccountStatement::tells_the_account) {
        let fault = Fault::invalid("`sql` should say which account it makes")
            .help("write `{account_id}` where the id belongs, or, where the database makes it, end with `returning id`");
        collector.add_at(fault, spot);
        return None;
    }
    Some(statements)
}

fn statement(text: &str, spot: &Spot, collector: &Collector<'_>) -> Option<AccountStatement> {
    match check_statement(text) {
        Ok(sql) => Some(AccountStatement {
            text: text.to_owned(),
            sql,
        }),
        Err(unusable) => {
            report(unusable, text, spot, collector);
            None
        }
    }
}

fn report(Unusable { reason, at }: Unusable, text: &str, spot: &Spot, collector: &Collector<'_>) {
    let rest: String = text.chars().skip(at).collect();
    let (what, help) = match reason {
        Reason::UnknownPlaceholder(length) => {
            let written: String = rest.chars().take(length).collect();
            unknown_placeholder(&written, "sql", spot, collector);
            return;
        }
        Reason::Empty => (
            "no SQL here",
            "write an `insert`, or leave the statement out",
        ),
        Reason::Unclosed => ("what opens here is not closed", "close it"),
        Reason::Unopened => (
            "this closes what was not opened",
            "leave it out, or open it",
        ),
        Reason::SecondStatement => (
            "a second statement begins here",
            "write a list of statements: `sql: [insert …, insert …]`",
        ),
        Reason::Parameter => (
            "a numbered parameter has no value here",
            "write `{account_id}`, `{email}` or `{customer_id}`",
        ),
        Reason::Nul => (
            "a NUL character stands here, which no text of Postgres has",
            "leave it out",
        ),
        Reason::Quoted => (
            "a placeholder is a value of its own",
            "write it without quotes: it is bound as a parameter",
        ),
    };
    let line = rest.lines().next().unwrap_or_default().trim_end();
    let excerpt: String = line.chars().take(EXCERPT).collect();
    let message = if excerpt.is_empty() {
        format!("`sql` cannot be used: {what}")
    } else {
        format!("`sql` cannot be used at `{excerpt}`: {what}")
    };
    collector.add(
        Fault::invalid(message).help(help),
        if excerpt.is_empty() {
            collector.focus(spot)
        } else {
            place_within(&excerpt, spot, collector)
        },
    );
}

impl AccountStatement {
    /// Returns true if the statement is given the account's id, or may return it.
    fn tells_the_account(&self) -> bool {
        self.sql.pieces.iter().any(|piece| match piece {
            Piece::Value(placeholder) => *placeholder == Placeholder::AccountId,
            Piece::Verbatim { text, .. } => text
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word.eq_ignore_ascii_case("returning")),
        })
    }
}
