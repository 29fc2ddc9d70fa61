//! The application's side: a separate database with one table.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::runtime::{Builder, Runtime};
use url::Url;

use super::{Result, both_sides::BothSides};

const PASSWORD: &str = "benchmark";

/// A database that is dropped with its role.
pub(crate) struct Database {
    name: String,
    server: Url,
    runtime: Runtime,
}

impl Database {
    pub(crate) fn with(both: &BothSides) -> Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "set by scripts/postgres for whatever it starts"
        )]
        let server = std::env::var("TEST_DATABASE_URL")
            .map_err(|_unset| "TEST_DATABASE_URL is not set: run this with scripts/postgres")?;
        let database = Self {
            name: format!("prodverdict_listing_{}", std::process::id()),
            server: Url::parse(&server)?,
            runtime: Builder::new_current_thread().enable_all().build()?,
        };
        let name = &database.name;
        database.execute(&database.server, format!("create database {name}"))?;
        let admin = database.url("")?;
        let table = "create table users
            (id uuid, stripe_customer_id text, has_paid_access boolean, plan text)";
        database.execute(&admin, table.to_owned())?;
        database.runtime.block_on(async {
            let mut connection = PgConnection::connect(admin.as_str()).await?;
            let mut copy = connection.copy_in_raw("copy users from stdin").await?;
            for rows in both.rows() {
                copy.send(rows.into_bytes()).await?;
            }
            copy.finish().await
        })?;
        let role = format!(
            "create role {name} login password '{PASSWORD}'; grant select on users to {name}; analyze users"
        );
        database.execute(&admin, role)?;
        Ok(database)
    }

    /// Returns the URL of a read-only role.
    pub(crate) fn reader(&self) -> Result<Url> {
        self.url(&self.name)
    }

    fn url(&self, role: &str) -> Result<Url> {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        if !role.is_empty() {
            let set = url
                .set_username(role)
                .and_then(|()| url.set_password(Some(PASSWORD)));
            set.map_err(|()| "TEST_DATABASE_URL has no host")?;
        }
        Ok(url)
    }

    fn execute(&self, url: &Url, sql: String) -> Result<()> {
        self.runtime.block_on(async {
            let mut connection = PgConnection::connect(url.as_str()).await?;
            connection.execute(AssertSqlSafe(sql)).await?;
            Ok(())
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = &self.name;
        for sql in [
            format!("drop database {name} with (force)"),
            format!("drop role if exists {name}"),
        ] {
            // Failures do not matter: the whole server is temporary.
            self.execute(&self.server, sql).ok();
        }
    }
}
