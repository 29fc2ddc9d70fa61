//! A real Postgres database for one test, with a read-only role.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use tokio::runtime::Runtime;
use url::Url;

/// The password of every role that a test creates.
pub const PASSWORD: &str = "CanaryOfThePassword";

/// Maximum time for the work of another process on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A separate database, dropped together with its roles.
pub struct Database {
    pub name: String,
    server: Url,
    runtime: Runtime,
}

impl Database {
    /// Creates a database, runs these statements, and adds a role `…_reader` that may read the result.
    pub fn with(sql: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        #[expect(
            clippy::disallowed_methods,
            reason = "set by scripts/test for the tests alone"
        )]
        let server = std::env::var("TEST_DATABASE_URL")
            .expect("TEST_DATABASE_URL is not set: run the tests with scripts/test");
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let database = Self {
            name: format!("prodverdict_integration_{}_{number}", std::process::id()),
            server: Url::parse(&server).expect("TEST_DATABASE_URL is a URL"),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
        };
        database.at_server(&format!("create database {}", database.name));
        database.run(sql);
        let role = database.role("reader");
        database.run(&format!(
            "grant select on all tables in schema public to {role}"
        ));
        database
    }

    /// Creates a table of users as in the documented example, with these rows.
    pub fn of_users(rows: &str) -> Self {
        let sql = "create table users (id text, stripe_customer_id text, has_paid_access boolean, plan text)";
        Self::with(&match rows {
            "" => sql.to_owned(),
            rows => format!("{sql}; insert into users values {rows}"),
        })
    }

    /// Creates a role without privileges other than to log in.
    pub fn role(&self, suffix: &str) -> String {
        let role = format!("{}_{suffix}", self.name);
        self.run(&format!("create role {role} login password '{PASSWORD}'"));
        role
    }

    /// Returns the URL of a role.
    pub fn url_of(&self, suffix: &str) -> Url {
        let mut url = self.admin_url();
        url.set_username(&format!("{}_{suffix}", self.name))
            .expect("a user");
        url.set_password(Some(PASSWORD)).expect("a password");
        url
    }

    /// Runs statements as the superuser.
    pub fn run(&self, sql: &str) {
        self.execute(&self.admin_url(), sql);
    }

    /// Runs statements as the superuser in a session that stays open, with its locks, until dropped.
    pub fn hold(&self, sql: &str) -> PgConnection {
        self.runtime.block_on(async {
            let mut connection = connect(&self.admin_url()).await;
            connection
                .execute(AssertSqlSafe(sql.to_owned()))
                .await
                .expect(sql);
            connection
        })
    }

    /// Waits until a query returns true.
    pub fn until(&self, question: &str) {
        self.runtime.block_on(async {
            let mut connection = connect(&self.admin_url()).await;
            let began = Instant::now();
            loop {
                let row = connection.fetch_one(AssertSqlSafe(question.to_owned()));
                if row.await.expect(question).get::<bool, _>(0) {
                    return;
                }
                assert!(began.elapsed() < PATIENCE, "never true: {question}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    }

    /// Counts the rows of a table.
    pub fn count(&self, table: &str) -> i64 {
        self.runtime.block_on(async {
            let mut connection = connect(&self.admin_url()).await;
            let counted =
                connection.fetch_one(AssertSqlSafe(format!("select count(*) from {table}")));
            counted.await.expect(table).get(0)
        })
    }

    /// Fills a table with rows of tab-separated cells.
    pub fn fill(&self, table: &str, rows: String) {
        self.runtime.block_on(async {
            let mut connection = connect(&self.admin_url()).await;
            let statement = format!("copy {table} from stdin");
            let mut copy = connection.copy_in_raw(&statement).await.expect("a copy");
            copy.send(rows.into_bytes()).await.expect("rows");
            copy.finish().await.expect("the end of the rows");
        });
    }

    pub fn admin_url(&self) -> Url {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url
    }

    fn at_server(&self, sql: &str) {
        self.execute(&self.server, sql);
    }

    fn execute(&self, url: &Url, sql: &str) {
        self.runtime.block_on(async {
            let mut connection = connect(url).await;
            connection
                .execute(AssertSqlSafe(sql.to_owned()))
                .await
                .expect(sql);
        });
    }
}

async fn connect(url: &Url) -> PgConnection {
    PgConnection::connect(url.as_str())
        .await
        .expect("the test server answers")
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = &self.name;
        self.at_server(&format!("drop database {name} with (force)"));
        self.at_server(&format!(
            "do $$ declare r name; begin for r in select rolname from pg_roles where starts_with(rolname, '{name}_') \
             loop execute format('drop role %I', r); end loop; end $$"
        ));
    }
}
