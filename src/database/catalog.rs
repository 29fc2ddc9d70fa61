//! Queries on Postgres's catalogs: the role, the tables and their columns, and the tables that a statement touches.

use sqlx::{Row as _, postgres::PgRow};

use super::session::{Failed, Session};
use crate::config::TableName;

/// The current role and database.
#[derive(Debug, Clone)]
pub(super) struct CurrentRole {
    pub(super) name: String,
    pub(super) database: String,
    pub(super) is_superuser: bool,
}

pub(super) async fn role(session: &mut Session<'_>) -> Result<CurrentRole, Failed> {
    let question = sqlx::query(
        "select current_user::text, current_database()::text, rolsuper from pg_roles where rolname = current_user",
    );
    let rows = session.ask(question).await?;
    rows.first().map_or_else(
        || Err(Failed::from(sqlx::Error::RowNotFound)),
        |row| {
            Ok(CurrentRole {
                name: row.try_get(0)?,
                database: row.try_get(1)?,
                is_superuser: row.try_get(2)?,
            })
        },
    )
}

/// Lists a table's columns; `None` if there is no such table.
pub(super) async fn columns(
    session: &mut Session<'_>,
    table: &TableName,
) -> Result<Option<Vec<String>>, Failed> {
    let question = sqlx::query(
        "select attname::text from (select to_regclass($1) as oid) as found left join pg_attribute \
         on attrelid = found.oid and attnum > 0 and not attisdropped where found.oid is not null order by attnum",
    )
    .bind(super::statement::quoted_table(table));
    let rows = session.ask(question).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let names: Vec<Option<String>> = first_column(&rows)?;
    Ok(Some(names.into_iter().flatten().collect()))
}

/// A table that a statement could have meant.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) schema: String,
    pub(super) name: String,
    /// True if the name is found without its schema.
    pub(super) is_visible: bool,
}

/// Lists the tables and views of the application.
pub(super) async fn candidates(session: &mut Session<'_>) -> Result<Vec<Candidate>, Failed> {
    let question = sqlx::query(
        "select nspname::text, relname::text, pg_table_is_visible(c.oid) from pg_class c \
         join pg_namespace n on n.oid = relnamespace where relkind in ('r', 'p', 'v', 'm', 'f') \
         and nspname not in ('pg_catalog', 'information_schema') and nspname not like 'pg\\_%' \
         order by 3 desc, 1, 2 limit 10000",
    );
    let rows = session.ask(question).await?;
    rows.iter()
        .map(|row| {
            Ok(Candidate {
                schema: row.try_get(0)?,
                name: row.try_get(1)?,
                is_visible: row.try_get(2)?,
            })
        })
        .collect()
}

/// The type of an expression.
#[derive(Debug, Clone)]
pub(super) struct ColumnType {
    /// Name for messages.
    pub(super) shown: String,
    /// Base type, below any domains.
    pub(super) base: String,
    pub(super) is_array: bool,
    pub(super) is_composite: bool,
}

/// Looks up types by the OIDs that `pg_typeof` returns.
pub(super) async fn types(
    session: &mut Session<'_>,
    oids: &[i64],
) -> Result<Vec<ColumnType>, Failed> {
    let question = sqlx::query(
        "with recursive asked as (select position, oid::oid as type from unnest($1::int8[]) with ordinality as a (oid, position)), \
         base as (select position, type from asked union all select position, typbasetype from base \
         join pg_type on pg_type.oid = type where typbasetype <> 0) \
         select format_type(asked.type, null), format_type(base.type, null), typcategory = 'A', \
         typtype = 'c' or base.type = 'record'::regtype from asked join base using (position) \
         join pg_type on pg_type.oid = base.type where typbasetype = 0 order by asked.position",
    )
    .bind(oids);
    let rows = session.ask(question).await?;
    rows.iter()
        .map(|row| {
            Ok(ColumnType {
                shown: row.try_get(0)?,
                base: row.try_get(1)?,
                is_array: row.try_get(2)?,
                is_composite: row.try_get(3)?,
            })
        })
        .collect()
}

/// A table or view that a statement of this transaction touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TouchedRelation {
    pub(super) oid: i64,
    /// Schema and name, quoted if necessary.
    pub(super) name: String,
    pub(super) schema: String,
    pub(super) can_be_read: bool,
    pub(super) can_be_written: bool,
    pub(super) has_row_security: bool,
}

/// Lists everything that the statements of this transaction use, also through views, joins and subqueries. Postgres
/// locks each table when it parses a statement, before planning can drop one, and keeps the lock until the end.
pub(super) async fn touched(session: &mut Session<'_>) -> Result<Vec<TouchedRelation>, Failed> {
    let question = sqlx::query(
        "select distinct format('%I.%I', nspname, relname), quote_ident(nspname), \
         has_table_privilege(c.oid, 'select') or has_any_column_privilege(c.oid, 'select'), \
         has_table_privilege(c.oid, 'insert, update, delete, truncate') \
         or has_any_column_privilege(c.oid, 'insert, update'), relrowsecurity, c.oid::int8 \
         from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace \
         where l.pid = pg_backend_pid() and l.locktype = 'relation' and relkind in ('r', 'p', 'v', 'm', 'f') \
         and l.database = (select oid from pg_database where datname = current_database()) \
         and nspname not in ('pg_catalog', 'information_schema', 'pg_toast') order by 1",
    );
    let rows = session.ask(question).await?;
    rows.iter()
        .map(|row| {
            Ok(TouchedRelation {
                name: row.try_get(0)?,
                schema: row.try_get(1)?,
                can_be_read: row.try_get(2)?,
                can_be_written: row.try_get(3)?,
                has_row_security: row.try_get(4)?,
                oid: row.try_get(5)?,
            })
        })
        .collect()
}

/// Lists the touched tables whose policies hide rows from a reader, each with that reader. The reader is the role
/// itself or, for tables under a view, the owner of the view. A `select` policy of `true`, without a restrictive one,
/// hides nothing. It may list too many tables, because it does not check which reader reads which table. After the
/// statement ran, tables that it does not name itself (`named`) were touched by functions, which may run as their
/// owners.
pub(super) async fn hidden_from(
    session: &mut Session<'_>,
    named: Option<&[TouchedRelation]>,
) -> Result<Vec<(String, String)>, Failed> {
    let named: Option<Vec<&str>> =
        named.map(|tables| tables.iter().map(|table| table.name.as_str()).collect());
    let question = sqlx::query(
        "with touched as (select distinct c.* from pg_locks l join pg_class c on c.oid = l.relation \
           where l.pid = pg_backend_pid() and l.locktype = 'relation' \
           and l.database = (select oid from pg_database where datname = current_database())), \
         readers as (select oid, true as of_all from pg_roles where rolname = current_user \
           union select proowner, false from pg_proc where prosecdef \
           union select relowner, true from touched where relkind = 'v' and relnamespace <> 'pg_catalog'::regnamespace \
           and not coalesce(reloptions && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)) \
         select distinct format('%I.%I', nspname, relname), quote_ident(rolname) \
         from touched t join pg_namespace n on n.oid = relnamespace cross join readers join pg_roles r on r.oid = readers.oid \
         where (of_all or not format('%I.%I', nspname, relname) = any($1::text[])) and relrowsecurity and not rolsuper and not rolbypassrls \
         and (relforcerowsecurity or not pg_has_role(r.oid, relowner, 'usage')) \
         and (not exists (select from pg_policy p where p.polrelid = t.oid and polpermissive and polcmd in ('r', '*') \
             and pg_get_expr(polqual, polrelid) = 'true' \
             and exists (select from unnest(polroles) as of (role) where role = 0 or pg_has_role(r.oid, role, 'usage'))) \
           or exists (select from pg_policy p where p.polrelid = t.oid and not polpermissive and polcmd in ('r', '*') \
             and pg_get_expr(polqual, polrelid) is distinct from 'true' \
             and exists (select from unnest(polroles) as of (role) where role = 0 or pg_has_role(r.oid, role, 'usage')))) \
         order by 1, 2",
    )
    .bind(named);
    let rows = session.ask(question).await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}

/// Returns the first column of every row.
pub(super) fn first_column<'r, T>(rows: &'r [PgRow]) -> Result<Vec<T>, Failed>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
