//! Detects roles whose SQL can do more than a read-only transaction allows: use files and programs of the server, or
//! other databases.

use secrecy::SecretString;
use sqlx::Row as _;

use super::{
    diagnosis,
    error::Error,
    session::{Failed, RowSecurity, Session},
    statement::quoted,
};
use crate::config::{AccountsQuery, DatabaseSettings};

/// A role that can do more than a read-only transaction allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcessPrivilege {
    /// Name of the role, quoted for SQL.
    pub role: String,
    /// Description of the privilege, such as "is a superuser".
    pub privilege: String,
    /// SQL that creates a read-only role.
    pub remedy: String,
}

/// Checks if the role of this URL has such a privilege, itself or through a role that it can switch to.
pub async fn excess_privilege(
    url: &SecretString,
    settings: &DatabaseSettings,
    in_container_action: bool,
) -> Result<Option<ExcessPrivilege>, Error> {
    let mut session = Session::open(url, settings, in_container_action).await?;
    let result = ask(&mut session, settings).await;
    session.close().await;
    result.map_err(|failed| diagnosis::without_catalogs(failed, settings.statement_timeout))
}

struct RoleAttributes {
    role: String,
    database: String,
    is_superuser: bool,
    replicates: bool,
    member_of: Vec<String>,
}

async fn ask(
    session: &mut Session<'_>,
    settings: &DatabaseSettings,
) -> Result<Option<ExcessPrivilege>, Failed> {
    session.begin(RowSecurity::Applied).await?;
    let privilege = of_session(session, settings).await?;
    session.end().await?;
    Ok(privilege)
}

/// Checks the role of a session, inside its transaction.
pub(super) async fn of_session(
    session: &mut Session<'_>,
    settings: &DatabaseSettings,
) -> Result<Option<ExcessPrivilege>, Failed> {
    // Checks the session's user, because SQL can undo `set role`.
    let question = sqlx::query(
        "select session_user::text, current_database()::text, \
         exists (select from pg_roles where rolsuper and pg_has_role(session_user, oid, 'member')), \
         exists (select from pg_roles where rolreplication and pg_has_role(session_user, oid, 'member')), \
         array(select rolname::text from pg_roles where pg_has_role(session_user, oid, 'member') and rolname in \
         ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program') order by 1)",
    );
    let rows = session.ask(question).await?;
    let row = rows
        .first()
        .ok_or_else(|| Failed::from(sqlx::Error::RowNotFound))?;
    let role = RoleAttributes {
        role: row.try_get(0)?,
        database: row.try_get(1)?,
        is_superuser: row.try_get(2)?,
        replicates: row.try_get(3)?,
        member_of: row.try_get(4)?,
    };
    Ok(role.excess_privilege(settings))
}

impl RoleAttributes {
    fn excess_privilege(self, settings: &DatabaseSettings) -> Option<ExcessPrivilege> {
        let privilege = if self.is_superuser {
            "is a superuser".to_owned()
        } else if !self.member_of.is_empty() {
            format!("has {}", self.member_of.join(" and "))
        } else if self.replicates {
            "has REPLICATION".to_owned()
        } else {
            return None;
        };
        Some(ExcessPrivilege {
            role: quoted(&self.role),
            privilege,
            remedy: reader_role(settings, &quoted(&self.database)),
        })
    }
}

/// Returns the SQL that creates a role for reading the accounts in this database, whose name is quoted.
pub fn reader_role(settings: &DatabaseSettings, database: &str) -> String {
    let schema = match &settings.accounts {
        AccountsQuery::Table { table, .. } => table.schema.as_deref(),
        AccountsQuery::Query { .. } => None,
    };
    let schema = quoted(schema.unwrap_or("public"));
    format!(
        "create role prodverdict login password '…'; grant connect on database {database} to prodverdict; grant usage on \
         schema {schema} to prodverdict; grant select on all tables in schema {schema} to prodverdict; alter role \
         prodverdict set default_transaction_read_only = on;"
    )
}
