//! Creates accounts with the statements of `account.sql`, whose values are bound as the types that they need.

use sha2::{Digest as _, Sha256};
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqlSafeStr as _,
    Statement as _, TypeInfo as _, ValueRef as _,
    postgres::{PgRow, PgValueFormat},
};

use super::{
    Scratch,
    error::{Error, code_and_message, hides_rows},
};
use crate::config::{AccountStatement, Placeholder, sql::SqlPiece};

const MAKING: &str = "creating an account";

/// SQLSTATE `indeterminate_datatype`: the type of a parameter cannot be inferred.
const UNKNOWN_TYPE: &str = "42P18";

/// The account to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSeed {
    /// The text that the id is made from, if the rehearsal chooses ids: it is the id itself, or is hashed to a number
    /// or a UUID.
    pub wanted_id: String,
    /// The e-mail address, at [`super::EMAIL_DOMAIN`].
    pub email: String,
    /// The provider's customer id; `None` for an account that never bought anything.
    pub customer: Option<String>,
}

/// A statement with typed parameters.
#[derive(Debug, Clone)]
pub(super) struct TypedStatement {
    sql: String,
    values: Vec<Placeholder>,
    id: Option<IdKind>,
}

/// The type of the ids that the rehearsal chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum IdKind {
    Text,
    Uuid,
    Small,
    Integer,
}

impl Scratch {
    /// Creates an account and returns its id.
    pub async fn add_account(&self, seed: &AccountSeed) -> Result<String, Error> {
        let kind = self
            .account
            .iter()
            .filter_map(|statement| statement.id)
            .max();
        let mut id = kind.unwrap_or(IdKind::Text).id_of(&seed.wanted_id);
        // The ids are recorded before the row is written, so that a killed run leaves no unrecorded row.
        let mut tokens = vec![id.clone(), seed.email.clone()];
        tokens.extend(seed.customer.clone());
        self.note(&tokens).await?;
        let lost = |error| Error::new(error, MAKING);
        let mut connection = self.pool.acquire().await.map_err(lost)?;
        let mut transaction = connection.begin().await.map_err(lost)?;
        for (index, statement) in self.account.iter().enumerate() {
            let mut query = sqlx::query(AssertSqlSafe(statement.sql.clone())).persistent(false);
            for value in &statement.values {
                query = match value {
                    Placeholder::AccountId => query.bind(Some(id.clone())),
                    Placeholder::Email => query.bind(Some(seed.email.clone())),
                    Placeholder::CustomerId => query.bind(seed.customer.clone()),
                };
            }
            let rows = query
                .fetch_all(&mut *transaction)
                .await
                .map_err(|error| failed(error, index))?;
            if let Some(row) = rows.last().filter(|row| !row.is_empty()) {
                id = returned(row)?;
            }
        }
        transaction
            .commit()
            .await
            .map_err(|error| failed(error, self.account.len().saturating_sub(1)))?;
        // Released first: waiting for a second connection while holding one can deadlock.
        drop(connection);
        self.note(std::slice::from_ref(&id)).await?;
        Ok(id)
    }
}

/// Determines the types of the statements' parameters, by asking the server.
pub(super) async fn typed(
    connection: &mut PgConnection,
    statements: &[AccountStatement],
) -> Result<Vec<TypedStatement>, Error> {
    let mut typed = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        typed.push(typed_one(connection, statement, index).await?);
    }
    Ok(typed)
}

async fn typed_one(
    connection: &mut PgConnection,
    statement: &AccountStatement,
    index: usize,
) -> Result<TypedStatement, Error> {
    let values: Vec<Placeholder> = statement
        .sql
        .pieces
        .iter()
        .filter_map(|piece| match piece {
            SqlPiece::Value(value) => Some(*value),
            SqlPiece::Verbatim { .. } => None,
        })
        .collect();
    let mut types: Vec<Option<String>> = vec![None; values.len()];
    // Each round reports one parameter whose type the server cannot infer.
    for _ in 0..=values.len() {
        let prepare = format!(
            "prepare prodverdict_account as\n{}",
            text_of(statement, &types)
        );
        let prepared = connection
            .execute(sqlx::raw_sql(AssertSqlSafe(prepare)))
            .await;
        let Err(error) = prepared else {
            break;
        };
        let unknown = unknown_parameter(&error).and_then(|number| types.get_mut(number));
        match unknown {
            Some(unknown @ None) => *unknown = Some("pg_catalog.text".to_owned()),
            Some(Some(_)) | None => return Err(failed(error, index)),
        }
    }
    let lost = |error| Error::new(error, MAKING);
    let rows = sqlx::query(
        "select format_type(t.oid, null), format_type(coalesce(nullif(t.typbasetype, 0), t.oid), null) \
         from pg_prepared_statements p cross join unnest(p.parameter_types::oid[]) with ordinality as a (type, position) \
         join pg_type t on t.oid = a.type where p.name = 'prodverdict_account' order by a.position",
    )
    .persistent(false)
    .fetch_all(&mut *connection)
    .await
    .map_err(lost)?;
    connection
        .execute("deallocate prodverdict_account")
        .await
        .map_err(lost)?;
    let mut id = None;
    for ((row, kind), value) in rows.iter().zip(&mut types).zip(&values) {
        let (written, base): (String, String) =
            (row.try_get(0).map_err(lost)?, row.try_get(1).map_err(lost)?);
        *kind = Some(written);
        if *value == Placeholder::AccountId {
            id = id.max(Some(IdKind::from_base_type(&base)));
        }
    }
    Ok(TypedStatement {
        sql: text_of(statement, &types),
        values,
        id,
    })
}

/// Returns the object ids of the account tables: the table that the returned id comes from, or, if no statement returns
/// an id, the tables that the statements write to.
pub(super) async fn tables_of_accounts(
    connection: &mut PgConnection,
    statements: &[TypedStatement],
) -> Result<Vec<i64>, Error> {
    let lost = |error| Error::new(error, MAKING);
    let mut returned = None;
    for statement in statements {
        let sql = AssertSqlSafe(statement.sql.clone()).into_sql_str();
        let prepared = connection.prepare(sql).await.map_err(lost)?;
        if let Some(column) = prepared.columns().first() {
            returned = column.relation_id();
        }
    }
    if let Some(table) = returned {
        return Ok(vec![i64::from(table.0)]);
    }
    let written = written_tables(connection, statements).await?;
    sqlx::query_scalar("select to_regclass(name)::oid::int8 from unnest($1::text[]) as name")
        .bind(written)
        .persistent(false)
        .fetch_all(connection)
        .await
        .map_err(lost)
}

/// Lists the tables that the statements write to, from the locks that the server takes when it parses them.
pub(super) async fn written_tables(
    connection: &mut PgConnection,
    statements: &[TypedStatement],
) -> Result<Vec<String>, Error> {
    let lost = |error| Error::new(error, MAKING);
    let mut transaction = connection.begin().await.map_err(lost)?;
    for statement in statements {
        let prepare = format!("prepare prodverdict_account as\n{}", statement.sql);
        for sql in [prepare, "deallocate prodverdict_account".to_owned()] {
            transaction
                .execute(sqlx::raw_sql(AssertSqlSafe(sql)))
                .await
                .map_err(lost)?;
        }
    }
    let tables = sqlx::query_scalar(
        "select distinct format('%I.%I', nspname, relname) from pg_locks l join pg_class c on c.oid = l.relation \
         join pg_namespace n on n.oid = relnamespace where l.pid = pg_backend_pid() and l.locktype = 'relation' \
         and l.mode = 'RowExclusiveLock' and relkind in ('r', 'p', 'v') order by 1",
    )
    .persistent(false)
    .fetch_all(&mut *transaction)
    .await
    .map_err(lost)?;
    transaction.rollback().await.map_err(lost)?;
    Ok(tables)
}

/// Renders the statement with numbered parameters. Those with a known type are texts that are cast to it.
fn text_of(statement: &AccountStatement, types: &[Option<String>]) -> String {
    let mut text = String::new();
    let mut number = 0;
    for piece in &statement.sql.pieces {
        match piece {
            SqlPiece::Verbatim { text: verbatim, .. } => text.push_str(verbatim),
            SqlPiece::Value(_) => {
                let kind = types.get(number).and_then(Option::as_deref);
                number += 1;
                match kind {
                    Some(kind) => text.push_str(&format!(" (${number}::pg_catalog.text::{kind}) ")),
                    None => text.push_str(&format!(" ${number} ")),
                }
            }
        }
    }
    text
}

/// Returns the index of the parameter whose type the server cannot infer.
fn unknown_parameter(error: &sqlx::Error) -> Option<usize> {
    let server = error.as_database_error()?;
    if server.code()? != UNKNOWN_TYPE {
        return None;
    }
    let (_, rest) = server.message().split_once('$')?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<usize>().ok()?.checked_sub(1)
}

fn failed(error: sqlx::Error, index: usize) -> Error {
    let Some(server) = error.as_database_error() else {
        return Error::new(error, MAKING);
    };
    let (code, message) = code_and_message(server);
    if hides_rows(&code, &message) {
        return Error::RowSecurity { message };
    }
    Error::AccountSql {
        number: index + 1,
        code,
        message,
    }
}

impl IdKind {
    fn from_base_type(base: &str) -> Self {
        match base {
            "uuid" => Self::Uuid,
            "smallint" => Self::Small,
            "integer" | "bigint" | "numeric" => Self::Integer,
            _ => Self::Text,
        }
    }

    /// Derives an id from a name: the same in every run, and unlike any that an application generates.
    fn id_of(self, name: &str) -> String {
        let digest = Sha256::digest(name.as_bytes());
        let number = digest
            .iter()
            .take(4)
            .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        match self {
            Self::Text => name.to_owned(),
            Self::Small => (20_000 + number % 10_000).to_string(),
            Self::Integer => (1_000_000_000 + number % 1_000_000_000).to_string(),
            Self::Uuid => {
                let mut bytes = [0_u8; 16];
                for (byte, from) in bytes.iter_mut().zip(digest.iter()) {
                    *byte = *from;
                }
                // Version 4 and the usual variant, which some applications check.
                let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
                *version = (*version & 0x0f) | 0x40;
                *variant = (*variant & 0x3f) | 0x80;
                shown_uuid(&bytes)
            }
        }
    }
}

fn shown_uuid(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// Returns the first column of a result row as text.
fn returned(row: &PgRow) -> Result<String, Error> {
    let value = row
        .try_get_raw(0)
        .map_err(|error| Error::new(error, MAKING))?;
    if value.is_null() {
        return Err(Error::AccountId("it is null".to_owned()));
    }
    let info = value.type_info();
    let kind = info.name().to_owned();
    let bytes = value.as_bytes().unwrap_or_default();
    let text = match (value.format(), kind.as_str()) {
        (PgValueFormat::Text, _)
        | (_, "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "citext" | "UNKNOWN") => {
            String::from_utf8(bytes.to_vec()).ok()
        }
        (PgValueFormat::Binary, "UUID") => Some(shown_uuid(bytes)),
        (PgValueFormat::Binary, "INT2") => number(bytes, i16::from_be_bytes),
        (PgValueFormat::Binary, "INT4") => number(bytes, i32::from_be_bytes),
        (PgValueFormat::Binary, "INT8") => number(bytes, i64::from_be_bytes),
        (PgValueFormat::Binary, _) => None,
    };
    text.ok_or_else(|| Error::AccountId(format!("it is of type {kind}")))
}

fn number<const N: usize, T: ToString>(bytes: &[u8], read: fn([u8; N]) -> T) -> Option<String> {
    Some(read(bytes.try_into().ok()?).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_names() {
        assert_eq!(IdKind::Text.id_of("trial"), "trial");
        for kind in [IdKind::Uuid, IdKind::Integer, IdKind::Small] {
            assert_eq!(kind.id_of("trial"), kind.id_of("trial"));
            assert_ne!(kind.id_of("trial"), kind.id_of("pause"));
        }
        let uuid = IdKind::Uuid.id_of("trial");
        let parts: Vec<_> = uuid.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(uuid.chars().nth(14), Some('4'));
        assert!(matches!(uuid.chars().nth(19), Some('8' | '9' | 'a' | 'b')));
        assert!(IdKind::Integer.id_of("trial").parse::<i32>().is_ok());
        assert!(IdKind::Small.id_of("trial").parse::<i16>().is_ok());
    }
}
