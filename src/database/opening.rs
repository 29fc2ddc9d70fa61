//! From a URL in an environment variable to a connection, or to what to do about that variable.

use secrecy::SecretString;
use sqlx::PgConnection;

use super::{
    connect::{ConnectError, connect},
    error::Error,
    url::Target,
};

/// Connects to the database whose URL was in `env`.
pub(crate) async fn open(
    url: &SecretString,
    env: &str,
    in_container_action: bool,
) -> Result<PgConnection, Error> {
    let env = env.to_owned();
    let target = match Target::parse(url) {
        Ok(target) => target,
        Err(source) => return Err(Error::Url { env, source }),
    };
    let source = match connect(&target).await {
        Ok(connection) => return Ok(connection),
        Err(ConnectError::Url(source)) => return Err(Error::Url { env, source }),
        Err(source) => source,
    };
    let server = target.server();
    // Nothing but the program runs in its container: the database cannot be what failed here.
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
