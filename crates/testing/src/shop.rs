//! A shop with customers, billed by the fake Stripe and with accounts in a separate Postgres database.

use std::net::SocketAddr;

use fake_stripe::{Customer, FakeStripe, Key, Permission, Price, Status, Subscription, World};

use crate::database::Database;

/// The shop's restricted key.
pub const KEY: &str = "rk_test_51CanaryOfTheKey0123456789abcdef";

pub use crate::database::PASSWORD;

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
    /// Formats the row of the account as SQL.
    fn row(&self) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        format!(
            "({}, {}, {}, {})",
            quoted(&self.id),
            quoted(&self.customer),
            self.paid,
            quoted(&self.plan)
        )
    }

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
    database: Database,
}

impl Shop {
    pub fn open(people: &[Person]) -> Self {
        Self::open_on(SocketAddr::from(([127, 0, 0, 1], 0)), people)
    }

    /// Opens a shop whose billing listens on this address.
    pub fn open_on(listen: SocketAddr, people: &[Person]) -> Self {
        let accounts = people.iter().filter(|person| person.has_account);
        let rows: Vec<_> = accounts.map(Person::row).collect();
        Self {
            stripe: FakeStripe::start(listen, billing(people)).expect("a fake Stripe"),
            database: Database::of_users(&rows.join(", ")),
        }
    }

    /// Returns the URL of a read-only role, with the host and port for clients elsewhere if given.
    pub fn database_url(&self, at: Option<(&str, u16)>) -> String {
        let mut url = self.database.url_of("reader");
        if let Some((host, port)) = at {
            url.set_host(Some(host)).expect("a host");
            url.set_port(Some(port)).expect("a port");
        }
        url.into()
    }

    /// Returns the URL of a role that may do anything on the server.
    pub fn superuser_url(&self) -> String {
        self.database.admin_url().into()
    }

    /// Returns the host and port of the server.
    pub fn database_address(&self) -> (String, u16) {
        let url = self.database.admin_url();
        let host = url.host_str().expect("a host").to_owned();
        (host, url.port().unwrap_or(5432))
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
