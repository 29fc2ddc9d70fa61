//! A shop with customers, billed by the fake Stripe and with accounts in a separate Postgres database.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU32, Ordering},
    thread::JoinHandle,
};

use fake_stripe::{Customer, FakeStripe, Key, Permission, Price, Status, Subscription, World};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use url::Url;

/// The shop's restricted key.
pub const KEY: &str = "rk_test_51CanaryOfTheKey0123456789abcdef";

/// The password of the role that the action connects as.
pub const PASSWORD: &str = "canary-of-the-password";

pub const PRO: &str = "price_1ProMonthly";

pub const TEAM: &str = "price_1TeamMonthly";

/// The documented configuration without `confirm_after`, which would make every test wait.
pub const CONFIG: &str = "\
version: 1
contracts:
  - type: access
    name: users
    source_of_truth: stripe
    stripe:
      secret_env: STRIPE_SECRET_KEY
    database:
      url_env: DATABASE_URL
      users_table: users
      columns:
        id: id
        stripe_customer_id: stripe_customer_id
        has_paid_access: has_paid_access
        plan: plan
    plans:
      price_1ProMonthly: pro
      price_1TeamMonthly: team
    confirm_after: 0s
";

/// Returns the number of the first line of the configuration that contains this.
pub fn line_of(config: &str, text: &str) -> u64 {
    let line = config.lines().position(|line| line.contains(text));
    u64::try_from(line.expect(text)).expect("a line") + 1
}

/// A person with an account and a subscription.
#[derive(Debug, Clone)]
pub struct Person {
    id: String,
    customer: String,
    paid: bool,
    plan: String,
    status: Status,
    price: &'static str,
    has_account: bool,
}

/// Returns a person who pays for `pro` and has it.
pub fn payer(name: &str) -> Person {
    Person {
        id: format!("usr_{name}"),
        customer: format!("cus_{name}"),
        paid: true,
        plan: "pro".to_owned(),
        status: Status::Active,
        price: PRO,
        has_account: true,
    }
}

impl Person {
    pub fn without_access(mut self) -> Self {
        self.paid = false;
        self
    }

    pub fn canceled(mut self) -> Self {
        self.status = Status::Canceled;
        self
    }

    pub fn stored_as(mut self, plan: &str) -> Self {
        plan.clone_into(&mut self.plan);
        self
    }

    pub fn paying_for(mut self, price: &'static str) -> Self {
        self.price = price;
        self
    }

    pub fn without_account(mut self) -> Self {
        self.has_account = false;
        self
    }

    pub fn called(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }
}

/// Returns two people whose access is right.
pub fn in_order() -> Vec<Person> {
    vec![payer("dave"), payer("erin")]
}

/// Returns a leak, a wrongful access and a plan drift, and three people whose access is right.
pub fn drifted() -> Vec<Person> {
    let mut people = in_order();
    people.push(payer("alice").without_access());
    people.push(payer("bob").canceled());
    people.push(payer("carol").paying_for(TEAM));
    people.push(payer("trent").paying_for(TEAM).stored_as("team"));
    people
}

/// Returns a customer without an account, a finding of medium severity, which fails nothing by default.
pub fn orphaned() -> Vec<Person> {
    let mut people = in_order();
    people.push(payer("olga").without_account());
    people
}

/// The billing and the database, gone when dropped.
pub struct Shop {
    pub stripe: FakeStripe,
    server: Url,
    name: String,
}

impl Shop {
    pub async fn open(people: &[Person]) -> Self {
        Self::open_on(SocketAddr::from(([127, 0, 0, 1], 0)), people).await
    }

    /// Opens a shop whose Stripe listens on this address, for clients on other hosts.
    pub async fn open_on(listen: SocketAddr, people: &[Person]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        #[expect(
            clippy::disallowed_methods,
            reason = "set by scripts/test for the tests alone"
        )]
        let server = std::env::var("TEST_DATABASE_URL")
            .expect("TEST_DATABASE_URL is not set: run the tests with scripts/test");
        let server = Url::parse(&server).expect("TEST_DATABASE_URL is a URL");
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("prodverdict_shop_{}_{count}", std::process::id());
        run(&server, &format!("create database {name}")).await;
        let shop = Self {
            stripe: FakeStripe::start(listen, billing(people)).expect("a fake Stripe"),
            server,
            name,
        };
        shop.create_accounts(people).await;
        shop
    }

    /// Returns the URL of a read-only role, with the host and port for clients elsewhere if given.
    pub fn database_url(&self, at: Option<(&str, u16)>) -> String {
        let mut url = self.url();
        url.set_username(&self.name).expect("a user");
        url.set_password(Some(PASSWORD)).expect("a password");
        if let Some((host, port)) = at {
            url.set_host(Some(host)).expect("a host");
            url.set_port(Some(port)).expect("a port");
        }
        url.into()
    }

    /// Returns the URL of a role that may do anything on the server.
    pub fn superuser_url(&self) -> String {
        self.url().into()
    }

    /// Returns the host and port of the server.
    pub fn database_address(&self) -> (String, u16) {
        let host = self.server.host_str().expect("a host").to_owned();
        (host, self.server.port().unwrap_or(5432))
    }

    fn url(&self) -> Url {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url
    }

    async fn create_accounts(&self, people: &[Person]) {
        let name = &self.name;
        run(
            &self.url(),
            &format!(
                "create table users (id text, stripe_customer_id text, has_paid_access boolean, plan text); \
                 create role {name} login password '{PASSWORD}'; grant select on users to {name}"
            ),
        )
        .await;
        let accounts: Vec<_> = people
            .iter()
            .filter(|one| one.has_account)
            .cloned()
            .collect();
        let url = self.url();
        apart(async move {
            let mut connection = connected(&url).await;
            for person in accounts {
                sqlx::query("insert into users values ($1, $2, $3, $4)")
                    .bind(&person.id)
                    .bind(&person.customer)
                    .bind(person.paid)
                    .bind(&person.plan)
                    .execute(&mut connection)
                    .await
                    .expect("an account");
            }
            connection.close().await.expect("closed");
        })
        .await;
    }
}

impl Drop for Shop {
    /// Uses a separate thread, because a test's runtime cannot be blocked on from inside.
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let cleaned = begun(async move {
            run(&server, &format!("drop database {name} with (force)")).await;
            run(&server, &format!("drop role {name}")).await;
        });
        let is_clean = cleaned.join().is_ok() || std::thread::panicking();
        assert!(is_clean, "the database {} could not be dropped", self.name);
    }
}

fn billing(people: &[Person]) -> World {
    // A Monday in November 2026.
    let mut world = World::new(1_795_426_800);
    let allowed = [Permission::SubscriptionRead, Permission::CustomerRead];
    world.keys.add(Key::restricted(KEY, allowed));
    world.price(Price::monthly(PRO, 2000));
    world.price(Price::monthly(TEAM, 5000));
    for person in people {
        world.customer(Customer::new(&person.customer));
        world.subscription(
            Subscription::new(&person.customer, person.status.clone()).price(person.price),
        );
    }
    world
}

async fn run(server: &Url, sql: &str) {
    let (server, sql) = (server.clone(), sql.to_owned());
    apart(async move {
        let mut connection = connected(&server).await;
        let done = connection.execute(AssertSqlSafe(sql.clone())).await;
        done.expect(&sql);
        connection.close().await.expect("closed");
    })
    .await;
}

async fn connected(server: &Url) -> PgConnection {
    let connection = PgConnection::connect(server.as_str()).await;
    connection.expect("the test server answers")
}

/// Runs work on a separate thread. Postgres does not drop a database while a connection to any is being opened, and a
/// test that drops a shop blocks until then, with any connection that it was opening itself.
async fn apart(work: impl Future<Output = ()> + Send + 'static) {
    let (done, is_done) = tokio::sync::oneshot::channel();
    begun(async {
        work.await;
        // A test that has ended no longer waits for it.
        let _ = done.send(());
    });
    is_done.await.expect("the database was asked");
}

fn begun(work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(work);
    })
}
