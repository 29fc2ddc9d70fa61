//! A separate Postgres database for each test.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use tokio::runtime::Runtime;
use url::Url;

/// The password of every role that a test creates. No output may contain it.
pub const PASSWORD: &str = "secret-canary-CanaryOfThePassword";

/// Maximum time for the work of another process on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A separate database, dropped together with its roles.
pub struct Database {
    pub name: String,
    server: Url,
}

/// A session that stays open, with its locks, until dropped.
pub struct Session {
    _connection: PgConnection,
    _runtime: Runtime,
}

impl Database {
    /// Creates an empty database.
    pub fn create() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        #[expect(
            clippy::disallowed_methods,
            reason = "set by scripts/test for the tests alone"
        )]
        let server = std::env::var("TEST_DATABASE_URL")
            .expect("TEST_DATABASE_URL is not set: run the tests with scripts/test");
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let database = Self {
            name: format!("prodverdict_test_{}_{number}", std::process::id()),
            server: Url::parse(&server).expect("TEST_DATABASE_URL is a URL"),
        };
        let (url, name) = (database.server.clone(), database.name.clone());
        wait_for(async move { execute(&url, &format!("create database {name}")).await });
        database
    }

    /// Creates a database, runs these statements, and adds a role `…_reader` that may read the result.
    pub fn with(sql: &str) -> Self {
        let database = Self::create();
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

    /// Returns the URL of the superuser.
    pub fn admin_url(&self) -> Url {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url
    }

    /// Runs statements as the superuser.
    pub fn run(&self, sql: &str) {
        let (url, sql) = (self.admin_url(), sql.to_owned());
        wait_for(async move { execute(&url, &sql).await });
    }

    /// Runs statements as the superuser in a session that stays open.
    pub fn hold(&self, sql: &str) -> Session {
        let (url, sql) = (self.admin_url(), sql.to_owned());
        let runtime = runtime();
        let connection = runtime.block_on(async {
            let mut connection = connect(&url).await;
            let held = connection.execute(AssertSqlSafe(sql.clone())).await;
            held.expect(&sql);
            connection
        });
        Session {
            _connection: connection,
            _runtime: runtime,
        }
    }

    /// Waits until a query returns true.
    pub fn until(&self, question: &str) {
        let (url, question) = (self.admin_url(), question.to_owned());
        wait_for(async move {
            let mut connection = connect(&url).await;
            let began = Instant::now();
            loop {
                let row = connection.fetch_one(AssertSqlSafe(question.clone()));
                if row.await.expect(&question).get::<bool, _>(0) {
                    return;
                }
                assert!(began.elapsed() < TIMEOUT, "never true: {question}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    }

    /// Counts the rows of a table.
    pub fn count(&self, table: &str) -> i64 {
        let (url, sql) = (self.admin_url(), format!("select count(*) from {table}"));
        wait_for(async move {
            let mut connection = connect(&url).await;
            let counted = connection.fetch_one(AssertSqlSafe(sql.clone())).await;
            counted.expect(&sql).get(0)
        })
    }

    /// Fills a table with rows of tab-separated cells.
    pub fn fill(&self, table: &str, rows: String) {
        let (url, statement) = (self.admin_url(), format!("copy {table} from stdin"));
        wait_for(async move {
            let mut connection = connect(&url).await;
            let mut copy = connection.copy_in_raw(&statement).await.expect("a copy");
            copy.send(rows.into_bytes()).await.expect("rows");
            copy.finish().await.expect("the end of the rows");
        });
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (url, name) = (self.server.clone(), self.name.clone());
        let dropped = on_a_thread(async move {
            execute(&url, &format!("drop database {name} with (force)")).await;
            let roles = format!(
                "do $$ declare r name; begin for r in select rolname from pg_roles where starts_with(rolname, '{name}_') \
                 loop execute format('drop role %I', r); end loop; end $$"
            );
            execute(&url, &roles).await;
        });
        let is_clean = dropped.is_ok() || thread::panicking();
        assert!(is_clean, "the database {} could not be dropped", self.name);
    }
}

/// Connects without looking at `PGSSLMODE`.
pub(crate) async fn connect(url: &Url) -> PgConnection {
    let url = with_ssl_mode(url.clone());
    PgConnection::connect(url.as_str())
        .await
        .expect("the test server answers")
}

pub(crate) fn with_ssl_mode(mut url: Url) -> Url {
    if !url.query_pairs().any(|(key, _)| key == "sslmode") {
        url.query_pairs_mut().append_pair("sslmode", "prefer");
    }
    url
}

pub(crate) async fn execute(url: &Url, sql: &str) {
    let mut connection = connect(url).await;
    let done = connection.execute(AssertSqlSafe(sql.to_owned())).await;
    done.expect(sql);
    connection.close().await.expect("closed");
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Waits for work on a separate thread, because a test's own runtime cannot be blocked on from inside. Postgres also does
/// not drop a database while a connection to any is being opened: one that this thread was opening would never be.
fn wait_for<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    on_a_thread(work).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn on_a_thread<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> thread::Result<T> {
    thread::spawn(|| runtime().block_on(work)).join()
}
