//! The scratch database of a rehearsal: the tables of the example app, without rows.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use testing::handlers::SCHEMA;
use url::Url;

/// A separate database, dropped with this value.
pub(crate) struct Scratch {
    server: Url,
    name: String,
}

impl Scratch {
    pub(crate) async fn create() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        #[expect(
            clippy::disallowed_methods,
            reason = "set by scripts/test for the tests alone"
        )]
        let server = std::env::var("TEST_DATABASE_URL")
            .expect("TEST_DATABASE_URL is not set: run the tests with scripts/test");
        let server = Url::parse(&server).expect("TEST_DATABASE_URL is a URL");
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("prodverdict_rehearsed_{}_{count}", std::process::id());
        run(&server, &format!("create database {name}")).await;
        let scratch = Self { server, name };
        run(&scratch.database(), SCHEMA).await;
        scratch
    }

    pub(crate) fn url(&self) -> String {
        self.database().to_string()
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let mut connection = PgConnection::connect(self.database().as_str())
            .await
            .expect("the test server answers");
        let sql = AssertSqlSafe(format!("select count(*) from {table}"));
        let count = sqlx::query_scalar(sql).fetch_one(&mut connection).await;
        connection.close().await.expect("closed");
        count.expect("a number")
    }

    fn database(&self) -> Url {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url
    }
}

impl Drop for Scratch {
    /// Uses a separate thread, because a test's runtime cannot block on another one.
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(run(&server, &format!("drop database {name} with (force)")));
        });
        let is_clean = dropped.join().is_ok() || std::thread::panicking();
        assert!(is_clean, "the database {} could not be dropped", self.name);
    }
}

async fn run(server: &Url, sql: &str) {
    let mut connection = PgConnection::connect(server.as_str())
        .await
        .expect("the test server answers");
    connection
        .execute(AssertSqlSafe(sql.to_owned()))
        .await
        .expect(sql);
    connection.close().await.expect("closed");
}
