//! A temporary database that a rehearsal creates and drops.

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use url::Url;

use super::{
    ScratchOptions,
    error::{Error, ScratchRefusal},
    refusal, session,
};
use crate::database::{self, quoted};

/// Prefix of the names of temporary databases.
const PREFIX: &str = "prodverdict_rehearsal_";

/// Query for the names of temporary databases: the prefix and sixteen hexadecimal digits.
const TEMPORARY_DATABASES: &str = "select datname::text from pg_database where datname ~ '^prodverdict_rehearsal_[0-9a-f]{16}$' order by 1";

/// Advisory lock for creating and removing databases: `prodvnew` in ASCII.
const LOCK: i64 = 0x7072_6f64_766e_6577;

const CREATING: &str = "creating a database";
const DROPPING: &str = "dropping the database that was created";

/// SQLSTATE `insufficient_privilege`.
const FORBIDDEN: &str = "42501";

/// A temporary database for one run.
#[derive(Debug)]
pub struct TemporaryDatabase {
    /// URL of any other database of the server.
    server: SecretString,
    env: String,
    name: String,
    in_container_action: bool,
    /// True as soon as its creation is tried.
    may_exist: bool,
    /// Connection that stays open, so that no other run removes the database as a leftover.
    holder: Option<PgConnection>,
}

impl TemporaryDatabase {
    /// Names a database to create on the server of this URL, which comes from the variable `env`. `digits` are sixteen
    /// hexadecimal digits, unique to this run.
    pub fn new(server: SecretString, env: &str, digits: &str) -> Self {
        Self {
            server,
            env: env.to_owned(),
            name: format!("{PREFIX}{digits}"),
            in_container_action: false,
            may_exist: false,
            holder: None,
        }
    }

    /// Returns the URL of the database, or `None` if the server's URL is invalid.
    pub fn url(&self) -> Option<SecretString> {
        let mut url = Url::parse(self.server.expose_secret().trim()).ok()?;
        let others: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| name != "dbname")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.set_path(&self.name);
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
        Some(String::from(url).into())
    }

    /// Creates the database, and removes those of killed runs. `options` hold the server's URL, which has to pass the
    /// same checks as that of a scratch database.
    pub async fn create(&mut self, options: ScratchOptions<'_>) -> Result<(), Error> {
        refusal::check_url(&options)?;
        self.in_container_action = options.in_container_action;
        let mut connection = self.connect(&self.server).await?;
        let locking = format!("select pg_advisory_lock({LOCK})");
        session::run(&mut connection, locking, CREATING).await?;
        remove_leftovers(&mut connection).await?;
        // Even if the next request fails or is interrupted, the server may have created the database.
        self.may_exist = true;
        let create = format!("create database {}", quoted(&self.name));
        let created = session::run(&mut connection, create, CREATING).await;
        if let Err(Error::Rejected { code, message, .. }) = &created
            && code == FORBIDDEN
        {
            return Err(Error::MayNotCreateDatabase {
                message: message.clone(),
            });
        }
        created?;
        if let Some(url) = self.url() {
            self.holder = Some(self.connect(&url).await?);
        }
        // Closing releases the lock.
        connection.close().await.ok();
        Ok(())
    }

    /// Checks that a database may be created, and creates none.
    pub async fn check_may_create(options: ScratchOptions<'_>) -> Result<(), Error> {
        refusal::check_url(&options)?;
        let env = &options.rehearsal.url_env;
        let Some(url) = options.url else {
            return Err(ScratchRefusal::NotSet { env: env.clone() }.into());
        };
        let mut connection = database::open(url, env, options.in_container_action).await?;
        let may_create = sqlx::query_scalar(
            "select rolcreatedb or rolsuper from pg_roles where rolname = current_user",
        );
        let may_create: bool = may_create
            .persistent(false)
            .fetch_one(&mut connection)
            .await
            .map_err(|error| Error::new(error, CREATING))?;
        connection.close().await.ok();
        if may_create {
            return Ok(());
        }
        Err(Error::MayNotCreateDatabase {
            message: "its role has no `createdb`".to_owned(),
        })
    }

    /// Drops the database, even if it is still in use.
    pub async fn remove(mut self) -> Result<(), Error> {
        if !self.may_exist {
            return Ok(());
        }
        if let Some(holder) = self.holder.take() {
            holder.close().await.ok();
        }
        let mut connection = self.connect(&self.server).await?;
        let drop = format!(
            "drop database if exists {} with (force)",
            quoted(&self.name)
        );
        session::run(&mut connection, drop, DROPPING).await
    }

    async fn connect(&self, url: &SecretString) -> Result<PgConnection, Error> {
        let mut connection = database::open(url, &self.env, self.in_container_action).await?;
        session::set(&mut connection)
            .await
            .map_err(|error| Error::new(error, "setting the limits of the session"))?;
        Ok(connection)
    }
}

/// Removes the databases of killed runs. Postgres refuses to drop one that a running rehearsal is connected to.
async fn remove_leftovers(connection: &mut PgConnection) -> Result<(), Error> {
    let names: Vec<String> = sqlx::query_scalar(TEMPORARY_DATABASES)
        .persistent(false)
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| Error::new(error, CREATING))?;
    for name in names {
        let drop = format!("drop database if exists {}", quoted(&name));
        let dropped = sqlx::raw_sql(AssertSqlSafe(drop))
            .execute(&mut *connection)
            .await;
        if let Err(error) = dropped {
            tracing::debug!(%error, "a database of another rehearsal stays");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_differs_in_the_database_alone() {
        for (server, own) in [
            (
                "postgres://u:p%40s@localhost:5433/postgres?sslmode=disable",
                "postgres://u:p%40s@localhost:5433/prodverdict_rehearsal_0f?sslmode=disable",
            ),
            (
                "postgresql:///x?host=/run/pg&user=u&dbname=app",
                "postgresql:///prodverdict_rehearsal_0f?host=%2Frun%2Fpg&user=u",
            ),
        ] {
            let url = TemporaryDatabase::new(server.into(), "URL", "0f").url();
            assert_eq!(
                url.map(|url| url.expose_secret().to_owned()).as_deref(),
                Some(own)
            );
        }
    }
}
