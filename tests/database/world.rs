//! A database of its own for one test, and what a test needs to read it.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use prodverdict::{
    config::{AccountsQuery, DatabaseSettings, Expression, TableName},
    contract::{AccountId, Field, MatchOn, UnixSeconds},
    database::{self, Chosen, DatabaseFacts, Error, ReadRequest},
    problem::Problem,
};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use url::Url;

/// The time of evaluation in every test that does not move it: 2026-08-01.
pub(crate) const NOW: UnixSeconds = UnixSeconds(1_785_542_400);

/// A fresh database on the test server.
pub(crate) struct World {
    pub(crate) name: String,
    server: Url,
}

/// Runs a test in a database of its own, which is gone afterwards, with the roles that are named after it.
pub(crate) fn in_a_world<F: Future<Output = ()>>(test: impl FnOnce(World) -> F) {
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
        // Not whatever PGSSLMODE says.
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
    /// The superuser's URL of this world.
    pub(crate) fn url(&self) -> Url {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url
    }

    /// The URL of a role made by [`World::role`].
    pub(crate) fn url_of(&self, role: &str) -> Url {
        let mut url = self.url();
        url.set_username(role).expect("a user");
        url.set_password(Some("secret-canary")).expect("a password");
        url
    }

    /// A role that can log in, gone with the world. `attributes` such as `bypassrls`.
    pub(crate) async fn role(&self, suffix: &str, attributes: &str) -> String {
        let role = format!("{}_{suffix}", self.name);
        self.run(&format!(
            "create role {role} login password 'secret-canary'; alter role {role} {attributes}"
        ))
        .await;
        role
    }

    /// Runs statements as the superuser.
    pub(crate) async fn run(&self, sql: &str) {
        admin(&self.url(), sql).await;
    }

    pub(crate) async fn connection(&self) -> PgConnection {
        PgConnection::connect(self.url().as_str())
            .await
            .expect("the test server answers")
    }

    pub(crate) async fn read(&self, settings: &DatabaseSettings) -> Result<DatabaseFacts, Error> {
        self.read_as(&self.url(), settings).await
    }

    pub(crate) async fn read_as(
        &self,
        url: &Url,
        settings: &DatabaseSettings,
    ) -> Result<DatabaseFacts, Error> {
        database::read(&secret(url), settings, &request(), &|_| {}).await
    }

    pub(crate) async fn read_again(
        &self,
        settings: &DatabaseSettings,
        ids: &[&str],
    ) -> Result<DatabaseFacts, Error> {
        let ids: Vec<AccountId> = ids.iter().map(|id| AccountId::from(*id)).collect();
        database::read_accounts(&secret(&self.url()), settings, &request(), &ids).await
    }

    pub(crate) async fn read_chosen(
        &self,
        settings: &DatabaseSettings,
        chosen: &Chosen,
    ) -> Result<DatabaseFacts, Error> {
        database::read_chosen(&secret(&self.url()), settings, &request(), chosen).await
    }
}

pub(crate) fn secret(url: &Url) -> SecretString {
    SecretString::from(url.as_str())
}

pub(crate) fn request() -> ReadRequest {
    ReadRequest {
        wants_plan: true,
        now: NOW,
        in_container_action: false,
    }
}

fn settings(accounts: AccountsQuery) -> DatabaseSettings {
    DatabaseSettings {
        url_env: "DATABASE_URL".to_owned(),
        accounts,
        match_on: MatchOn::CustomerId,
        statement_timeout: Duration::from_secs(30),
        timezone: "UTC".to_owned(),
    }
}

/// The table form, with the columns of the published example and `more` in their place or beside them.
pub(crate) fn table(name: &str, more: &[(Field, Expression)]) -> DatabaseSettings {
    let (schema, name) = match name.split_once('.') {
        Some((schema, name)) => (Some(schema.to_owned()), name.to_owned()),
        None => (None, name.to_owned()),
    };
    let mut columns = BTreeMap::from([
        (Field::Id, column("id")),
        (Field::CustomerId, column("stripe_customer_id")),
        (Field::HasPaidAccess, column("has_paid_access")),
    ]);
    columns.extend(more.iter().cloned());
    settings(AccountsQuery::Table {
        table: TableName { schema, name },
        columns,
        join: None,
        filter: None,
    })
}

/// The same settings with a `join` and a `where`.
pub(crate) fn with(
    mut settings: DatabaseSettings,
    new_join: Option<&str>,
    new_filter: Option<&str>,
) -> DatabaseSettings {
    if let AccountsQuery::Table { join, filter, .. } = &mut settings.accounts {
        *join = new_join.map(str::to_owned);
        *filter = new_filter.map(str::to_owned);
    }
    settings
}

pub(crate) fn query(sql: &str) -> DatabaseSettings {
    settings(AccountsQuery::Query {
        sql: sql.to_owned(),
    })
}

pub(crate) fn column(name: &str) -> Expression {
    Expression::Column(name.to_owned())
}

pub(crate) fn sql(text: &str) -> Expression {
    Expression::Sql(text.to_owned())
}

pub(crate) fn one_of(column: &str, values: &[&str]) -> Expression {
    Expression::In {
        column: column.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

/// What a person would see of an error: message and hint.
#[track_caller]
pub(crate) fn told(result: Result<DatabaseFacts, Error>) -> String {
    let problem = Problem::of(&result.expect_err("an error"));
    let text = format!("{}\n{}", problem.message, problem.hint);
    assert!(!text.contains("secret-canary"), "a secret is shown: {text}");
    text
}

/// The accounts as `id|customer|t or f|plan`.
pub(crate) fn lines(facts: &DatabaseFacts) -> Vec<String> {
    facts
        .accounts
        .iter()
        .map(|account| {
            format!(
                "{}|{}|{}|{}",
                account.id,
                account
                    .customer
                    .as_ref()
                    .map_or("", |customer| customer.as_str()),
                if account.paid { "t" } else { "f" },
                account.plan.as_deref().unwrap_or_default()
            )
        })
        .collect()
}
