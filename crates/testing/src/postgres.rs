//! A separate database for each test.

use std::{
    future::Future,
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use url::Url;

/// A fresh database on the test server.
pub struct World {
    pub name: String,
    server: Url,
}

/// Runs a test in a separate database, and drops it afterwards together with the roles named after it.
pub fn in_a_world<F: Future<Output = ()>>(test: impl FnOnce(World) -> F) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    #[expect(
        clippy::disallowed_methods,
        reason = "set by scripts/test for the tests alone"
    )]
    let server = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL is not set: run the tests with scripts/test");
    let name = format!(
        "prodverdict_test_{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut server = Url::parse(&server).expect("TEST_DATABASE_URL is a URL");
    if !server.query_pairs().any(|(key, _)| key == "sslmode") {
        // Overrides PGSSLMODE.
        server.query_pairs_mut().append_pair("sslmode", "prefer");
    }
    let world = World {
        name: name.clone(),
        server: server.clone(),
    };
    runtime.block_on(admin(&server, &format!("create database {name}")));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        runtime.block_on(test(world));
    }));
    runtime.block_on(async {
        admin(&server, &format!("drop database {name} with (force)")).await;
        let roles = format!(
            "do $$ declare r name; begin for r in select rolname from pg_roles where rolname like '{}\\_%' \
             loop execute format('drop role %I', r); end loop; end $$",
            name.replace('_', "\\_")
        );
        admin(&server, &roles).await;
    });
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

async fn admin(server: &Url, sql: &str) {
    let mut connection = PgConnection::connect(server.as_str())
        .await
        .expect("the test server answers");
    connection
        .execute(AssertSqlSafe(sql.to_owned()))
        .await
        .expect(sql);
    connection.close().await.expect("closed");
}

impl World {
    /// Returns the superuser's URL of this database.
    pub fn url(&self) -> Url {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url
    }

    /// Returns the URL of a role created by [`World::role`].
    pub fn url_of(&self, role: &str) -> Url {
        let mut url = self.url();
        url.set_username(role).expect("a user");
        url.set_password(Some("secret-canary")).expect("a password");
        url
    }

    /// Creates a role that can log in and is dropped with the database. `attributes` such as `bypassrls`.
    pub async fn role(&self, suffix: &str, attributes: &str) -> String {
        let role = format!("{}_{suffix}", self.name);
        self.run(&format!(
            "create role {role} login password 'secret-canary'; alter role {role} {attributes}"
        ))
        .await;
        role
    }

    /// Runs statements as the superuser.
    pub async fn run(&self, sql: &str) {
        admin(&self.url(), sql).await;
    }

    pub async fn connection(&self) -> PgConnection {
        PgConnection::connect(self.url().as_str())
            .await
            .expect("the test server answers")
    }
}
