//! Describes the server and the role of a connection, before any account is read.

use secrecy::SecretString;
use sqlx::Row as _;

use super::{
    ExcessPrivilege, diagnosis,
    error::Error,
    privileges,
    session::{Failed, RowSecurity, Session},
    statement::quoted,
    url::Target,
};
use crate::{config::DatabaseSettings, problem::Warning};

/// A server that accepted the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// Host and port of the URL.
    pub address: String,
    /// Version, such as `17.2`.
    pub version: String,
    /// Version of TLS, according to the server; `None` if the connection does not use it.
    pub tls: Option<String>,
    /// Possible improvement of the connection.
    pub warning: Option<Warning>,
    pub role: RoleFacts,
}

/// The role that the server knows this program by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleFacts {
    /// Name, quoted for SQL.
    pub name: String,
    pub bypasses_row_security: bool,
    /// A privilege that reading does not need.
    pub excess_privilege: Option<ExcessPrivilege>,
}

/// Connects to the database of this URL, and describes the server and the role.
pub async fn describe_server(
    url: &SecretString,
    settings: &DatabaseSettings,
    in_container_action: bool,
) -> Result<ServerFacts, Error> {
    // The configured time zone belongs to the reading of accounts, which reports an unknown one.
    let settings = DatabaseSettings {
        timezone: "UTC".to_owned(),
        ..settings.clone()
    };
    let mut session = Session::open(url, &settings, in_container_action).await?;
    let warning = session.take_warning();
    let result = ask(&mut session, &settings).await;
    session.close().await;
    let facts =
        result.map_err(|failed| diagnosis::without_catalogs(failed, settings.statement_timeout))?;
    Ok(ServerFacts {
        address: Target::parse(url).map_or_else(|_| String::new(), |target| target.server()),
        warning,
        ..facts
    })
}

async fn ask(
    session: &mut Session<'_>,
    settings: &DatabaseSettings,
) -> Result<ServerFacts, Failed> {
    session.begin(RowSecurity::Applied).await?;
    let question = sqlx::query(
        "select split_part(current_setting('server_version'), ' ', 1), \
         (select version from pg_stat_ssl where pid = pg_backend_pid() and ssl), current_user::text, \
         coalesce((select rolbypassrls from pg_roles where rolname = current_user), false)",
    );
    let rows = session.ask(question).await?;
    let row = rows
        .first()
        .ok_or_else(|| Failed::from(sqlx::Error::RowNotFound))?;
    let name: String = row.try_get(2)?;
    let facts = ServerFacts {
        address: String::new(),
        version: row.try_get(0)?,
        tls: row.try_get(1)?,
        warning: None,
        role: RoleFacts {
            name: quoted(&name),
            bypasses_row_security: row.try_get(3)?,
            excess_privilege: privileges::of_session(session, settings).await?,
        },
    };
    session.end().await?;
    Ok(facts)
}
