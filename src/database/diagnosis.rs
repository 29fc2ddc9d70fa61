//! Converts a failed statement to an error with a hint, using the catalogs.

use std::time::Duration;

use sqlx::postgres::PgDatabaseError;

use crate::config::TableName;

use super::{
    accounts_query::nearest,
    catalog::{Candidate, CurrentRole, TouchedRelation, candidates},
    error::{Error, SqlPlace},
    session::{Failed, Session},
    statement::{SqlPosition, quoted, quoted_table},
};

/// Maximum length of a server's message, which can quote values.
const MAX_MESSAGE: usize = 200;

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the driver's errors are an open list"
)]
/// Converts a failure that needs no lookup in the catalogs.
pub(super) fn without_catalogs(failed: Failed, limit: Duration) -> Error {
    let place = failed.origin.as_ref().map(SqlPlace::new).map(Box::new);
    let Some(server) = failed.error.as_database_error() else {
        return match failed.error {
            sqlx::Error::Io(_) => Error::Lost,
            other => Error::Protocol(other),
        };
    };
    let code = failed.code().unwrap_or_default();
    let message: String = server.message().chars().take(MAX_MESSAGE).collect();
    match code.as_str() {
        // The server's own limit and `pg_cancel_backend` share a code.
        "57014" if failed.after >= limit => Error::StatementTimeout(limit),
        "57014" => Error::Canceled,
        "55P03" => Error::LockTimeout { message },
        "57P01" | "57P02" | "57P03" | "25P03" | "08006" => Error::Lost,
        "25006" => Error::Writes { message, place },
        _ => Error::Rejected {
            hint: advice(
                &code,
                server.try_downcast_ref::<PgDatabaseError>(),
                failed.origin.as_ref(),
            ),
            code,
            message,
            place,
        },
    }
}

/// Builds the error for code 42P01: a table does not exist.
pub(super) async fn no_table(session: &mut Session<'_>, failed: Failed) -> Result<Error, Failed> {
    let Some(origin) = failed.origin.as_ref() else {
        return Err(failed);
    };
    let Some(table) = origin.name() else {
        return Err(failed);
    };
    let name = table.rsplit('.').next().unwrap_or(&table).to_owned();
    let nearest = nearest_table(&name, &candidates(session).await?);
    Ok(Error::NoTable {
        nearest: nearest.map(|candidate| quoted_table(&candidate)),
        place: Some(Box::new(SqlPlace::new(origin))),
        table,
    })
}

/// Builds the error for a configured table that does not exist.
pub(super) async fn no_configured_table(
    session: &mut Session<'_>,
    table: &TableName,
) -> Result<Error, Failed> {
    let nearest = nearest_table(&table.name, &candidates(session).await?);
    Ok(Error::NoTable {
        table: table.to_string(),
        nearest: nearest.map(|nearest| nearest.to_string()),
        place: None,
    })
}

/// Builds the error for tables whose policies hide rows, with the policies that would show them.
pub(super) fn row_security(role: &str, hidden: Vec<(String, String)>) -> Error {
    let policies = hidden
        .iter()
        .map(|(table, reader)| {
            format!(
                "create policy prodverdict_read on {table} for select to {reader} using (true);"
            )
        })
        .collect();
    let mut tables: Vec<String> = hidden.into_iter().map(|(table, _)| table).collect();
    tables.dedup();
    Error::RowSecurity {
        role: quoted(role),
        tables,
        policies,
    }
}

/// Builds the error for code 42501 if row-level security is not the cause.
pub(super) fn permission(
    role: &CurrentRole,
    failed: &Failed,
    touched: &[TouchedRelation],
) -> Error {
    let message = failed
        .error
        .as_database_error()
        .map_or_else(String::new, |error| {
            error.message().chars().take(MAX_MESSAGE).collect()
        });
    let name = quoted(&role.name);
    let mut grants: Vec<String> = touched
        .iter()
        .filter(|table| !table.can_be_read)
        .map(|table| {
            format!(
                "grant usage on schema {} to {name}; grant select on {} to {name};",
                table.schema, table.name
            )
        })
        .collect();
    if grants.is_empty() {
        grants.push(format!(
            "grant usage on schema … to {name}; grant select on all tables in schema … to {name};"
        ));
    }
    Error::Permission {
        role: name,
        message,
        grants,
    }
}

fn nearest_table(name: &str, candidates: &[Candidate]) -> Option<TableName> {
    let nearest = nearest(name, candidates.iter().map(|table| table.name.as_str()))?;
    let table = candidates.iter().find(|table| table.name == nearest)?;
    Some(TableName {
        schema: (!table.is_visible).then(|| table.schema.clone()),
        name: nearest,
    })
}

fn advice(code: &str, server: Option<&PgDatabaseError>, origin: Option<&SqlPosition>) -> String {
    if let Some(hint) = server.and_then(PgDatabaseError::hint) {
        return hint.chars().take(MAX_MESSAGE).collect();
    }
    match code {
        "42601" => "correct the SQL; try it in psql",
        "42702" => "name the table of the column, as in `{sql: \"users.status\"}`",
        "42703" if origin.is_some_and(SqlPosition::is_quoted_name) => {
            "write text in single quotes, as in `'pro'`: double quotes name a column"
        }
        "42703" => "correct the column's name; put names with capital letters in quotes, as in `\"stripeCustomerId\"`",
        "42883" | "42804" => "cast the value to the type that is needed, as in `status::text`",
        "40001" | "40P01" => "a replica or another session canceled it: run the check again",
        "0A000" => "write one SELECT that does not change data",
        "22P02" => "compare as text, as in `status::text = 'active'`",
        "22021" => {
            "the database contains bytes that are not UTF-8, which the encoding SQL_ASCII allows: correct them, leave \
             such rows out with `where`, or read the column as `{sql: \"encode(convert_to(plan, 'SQL_ASCII'), \
             'escape')\"}`"
        }
        _ if code.starts_with("22") => {
            "the SQL fails on the value of a row: guard it, as in `nullif(x, 0)`"
        }
        _ => "try the SQL in psql with the same role",
    }
    .to_owned()
}
