//! Connects to the database of a URL from an environment variable; errors name that variable.

use secrecy::SecretString;
use sqlx::PgConnection;

use super::{
    connect::{ConnectError, NewConnection, connect},
    error::Error,
    url::Target,
};
use crate::problem::Warning;

/// A connection, with settings of its URL that are not applied yet.
#[derive(Debug)]
pub(super) struct OpenConnection {
    pub(super) connection: PgConnection,
    /// Search path, in the syntax of `set search_path`. The reader has to set it: behind a transaction pooler, a
    /// setting lasts no longer than its transaction, and a startup parameter is refused.
    pub(super) search_path: Option<String>,
    /// Possible improvement of the connection.
    pub(super) warning: Option<Warning>,
}

/// Connects to the database whose URL is in the variable `env`, for reading.
pub(super) async fn open_for_reading(
    url: &SecretString,
    env: &str,
    in_container_action: bool,
) -> Result<OpenConnection, Error> {
    let env = env.to_owned();
    let target = match Target::parse(url) {
        Ok(target) => target,
        Err(source) => return Err(Error::Url { env, source }),
    };
    let source = match connect(&target).await {
        Ok(connected) => return Ok(opened(connected, &target, &env)),
        Err(ConnectError::Url(source)) => return Err(Error::Url { env, source }),
        Err(source) => source,
    };
    let server = target.server();
    // Only this program runs in its container, so the URL is wrong rather than the database down.
    if in_container_action && target.is_loopback() {
        return Err(Error::LoopbackInContainer {
            env,
            port: target.port,
            server,
            source,
        });
    }
    Err(Error::Connect {
        env,
        server,
        source,
    })
}

/// Connects to the database whose URL is in the variable `env`, and sets the URL's search path.
pub(crate) async fn open(
    url: &SecretString,
    env: &str,
    in_container_action: bool,
) -> Result<PgConnection, Error> {
    let OpenConnection {
        mut connection,
        search_path,
        warning: _,
    } = open_for_reading(url, env, in_container_action).await?;
    if let Some(path) = search_path {
        let set = sqlx::query("select set_config('search_path', $1, false)").bind(path);
        let set = set.persistent(false).execute(&mut connection).await;
        set.map_err(Error::Protocol)?;
    }
    Ok(connection)
}

fn opened(connected: NewConnection, target: &Target, env: &str) -> OpenConnection {
    let NewConnection {
        connection,
        is_exposed,
    } = connected;
    OpenConnection {
        connection,
        search_path: target.search_path().map(str::to_owned),
        warning: is_exposed.then(|| exposed(&target.server(), env)),
    }
}

fn exposed(server: &str, env: &str) -> Warning {
    Warning::new(format!(
        "the connection to the database at `{server}` is not encrypted"
    ))
    .hint(format!(
        "anyone on the network can read and change the database's answers: write \
         `sslmode=require` in `{env}`, or `sslmode=verify-full` with `sslrootcert=` to \
         verify the server as well"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exposed_connection_is_reported_with_the_fix() {
        let Warning {
            text: message,
            hint,
            ..
        } = exposed("db.example.com:5432", "DATABASE_URL");
        assert_eq!(
            message,
            "the connection to the database at `db.example.com:5432` is not encrypted"
        );
        assert!(
            hint.contains("`sslmode=require` in `DATABASE_URL`"),
            "{hint}"
        );
    }
}
