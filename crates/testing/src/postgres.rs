//! A separate database for a test that reads Postgres in its own process.

use std::ops::Deref;

use sqlx::PgConnection;
use url::Url;

use crate::database::{Database, PASSWORD, connect, execute, runtime, with_ssl_mode};

/// A fresh database on the test server, dropped with this value.
pub struct World(Database);

/// Runs a test in a separate database.
pub fn in_a_world<F: Future<Output = ()>>(test: impl FnOnce(World) -> F) {
    runtime().block_on(test(World(Database::create())));
}

impl Deref for World {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.0
    }
}

impl World {
    /// Returns the superuser's URL of this database.
    pub fn url(&self) -> Url {
        // Overrides PGSSLMODE.
        with_ssl_mode(self.admin_url())
    }

    /// Returns the URL of a role created by [`World::role`].
    pub fn url_of(&self, role: &str) -> Url {
        let mut url = self.url();
        url.set_username(role).expect("a user");
        url.set_password(Some(PASSWORD)).expect("a password");
        url
    }

    /// Creates a role that can log in and is dropped with the database. `attributes` such as `bypassrls`.
    pub async fn role(&self, suffix: &str, attributes: &str) -> String {
        let role = format!("{}_{suffix}", self.name);
        self.run(&format!(
            "create role {role} login password '{PASSWORD}'; alter role {role} {attributes}"
        ))
        .await;
        role
    }

    /// Runs statements as the superuser.
    pub async fn run(&self, sql: &str) {
        execute(&self.url(), sql).await;
    }

    pub async fn connection(&self) -> PgConnection {
        connect(&self.url()).await
    }
}
