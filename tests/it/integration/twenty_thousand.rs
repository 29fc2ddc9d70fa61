//! A world of 20,000 subscriptions with every kind of drift at known places: exactly these are found.

use std::fmt::Write as _;

use fake_stripe::{
    Bulk, Customer, Endpoint, Fault, Item, LimitReason, Status, Subscription, Times, World,
};
use testing::{database::Database, program::ProgramOutput};

use super::live::{Live, NOW, contract_with};

const DAY: i64 = 86_400;

const TABLE: &str = "create table users (
    id text primary key, stripe_customer_id text, has_paid_access boolean, plan text, comped boolean, seats integer,
    status text, subscription_id text, period_end timestamptz, cancels boolean)";

const COLUMNS: [&str; 7] = [
    "plan: plan",
    "exempt: comped",
    "seats: seats",
    "status: status",
    "subscription_id: subscription_id",
    "period_end: period_end",
    "cancel_at_period_end: cancels",
];

const CONTRACT: [&str; 2] = [
    "plans: { price_pro_monthly: pro, price_team_monthly: team }",
    "ignore_prices: [price_addon_*]",
];

/// A row of the table.
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "it has the columns that such tables have"
)]
struct Row {
    id: String,
    customer: Option<String>,
    paid: bool,
    plan: &'static str,
    comped: bool,
    seats: u32,
    status: String,
    subscription: String,
    period_end: i64,
    cancels: bool,
    /// True if the table does not have it.
    is_gone: bool,
}

impl Row {
    fn grants(&self) -> bool {
        matches!(self.status.as_str(), "active" | "trialing")
    }

    /// Returns the correct row for a customer with this one subscription.
    fn of(number: usize, subscription: &Subscription) -> Self {
        let status = subscription.status.to_string();
        let item = subscription.items.first().expect("an item");
        let grants = matches!(status.as_str(), "active" | "trialing");
        Self {
            id: format!("usr_{number:06}"),
            customer: Some(subscription.customer.to_string()),
            paid: grants,
            plan: match item.price.as_str() {
                _ if !grants => "free",
                "price_pro_monthly" => "pro",
                _ => "team",
            },
            comped: false,
            seats: item.quantity.expect("a quantity"),
            status,
            subscription: subscription.id.to_string(),
            period_end: item.period.expect("a period").end,
            cancels: false,
            is_gone: false,
        }
    }

    fn line(&self) -> String {
        let Self {
            id,
            paid,
            plan,
            comped,
            seats,
            status,
            subscription,
            cancels,
            ..
        } = self;
        let customer = self.customer.as_deref().unwrap_or("\\N");
        let end = jiff::Timestamp::from_second(self.period_end).expect("a time");
        format!(
            "{id}\t{customer}\t{paid}\t{plan}\t{comped}\t{seats}\t{status}\t{subscription}\t{end}\t{cancels}\n"
        )
    }
}

/// A change of one row.
type Change = fn(&mut Row);

/// Both sides, which agree until drift is added.
struct Business {
    world: World,
    rows: Vec<Row>,
    /// Indexes of unchanged rows, those with access and those without.
    served: Vec<usize>,
    unserved: Vec<usize>,
    expected: Vec<String>,
}

impl Business {
    fn of(count: u32) -> Self {
        let mut world = World::new(NOW);
        world.bulk(&Bulk::new(count));
        let rows: Vec<_> = world
            .subscriptions()
            .enumerate()
            .map(|(number, found)| Row::of(number, found))
            .collect();
        let (served, unserved) = (0..rows.len()).partition(|index| rows[*index].grants());
        Self {
            world,
            rows,
            served,
            unserved,
            expected: Vec::new(),
        }
    }

    /// Picks an unchanged row, from anywhere in the world.
    fn pick(from: &mut Vec<usize>) -> usize {
        let anywhere = from.len() * 7919 % 1_000 * from.len() / 1_000;
        from.remove(anywhere)
    }

    fn served(&mut self) -> &mut Row {
        let index = Self::pick(&mut self.served);
        &mut self.rows[index]
    }

    fn served_with(&mut self, status: &str) -> &mut Row {
        let position = self
            .served
            .iter()
            .position(|index| self.rows[*index].status == status);
        let index = self.served.remove(position.expect("one of that status"));
        &mut self.rows[index]
    }

    fn canceled(&mut self) -> &mut Row {
        let position = self
            .unserved
            .iter()
            .position(|index| self.rows[*index].status == "canceled");
        let index = self.unserved.remove(position.expect("a canceled one"));
        &mut self.rows[index]
    }

    fn expect(&mut self, rule: &str, entity: &str) {
        self.expected.push(format!("{rule} {entity}"));
    }

    /// Adds drift of the account's own flag and plan.
    fn drift_of_access(&mut self) {
        for _ in 0..3 {
            let row = self.served();
            row.paid = false;
            let id = row.id.clone();
            self.expect("revenue-leak", &format!("user:{id}"));
            let row = self.canceled();
            row.paid = true;
            let id = row.id.clone();
            self.expect("wrongful-access", &format!("user:{id}"));
        }
        let row = self.served();
        row.plan = if row.plan == "pro" { "team" } else { "pro" };
        let id = row.id.clone();
        self.expect("plan-drift", &format!("user:{id}"));
        let row = self.canceled();
        row.plan = "pro";
        let id = row.id.clone();
        self.expect("stale-plan", &format!("user:{id}"));

        let customer = self.world.customer(Customer::new("cus_bought_nothing"));
        let mut row = self.served().clone();
        row.id = String::from("usr_bought_nothing");
        row.customer = Some(customer.to_string());
        self.rows.push(row.clone());
        self.expect("no-subscription", "user:usr_bought_nothing");
        row.id = String::from("usr_unlinked");
        row.customer = None;
        self.rows.push(row);
        self.expect("unlinked-access", "accounts:unlinked");
    }

    /// Adds drift of customers, prices and statuses.
    fn drift_of_customers(&mut self) {
        let mut row = self.served().clone();
        row.id.push_str("_again");
        let customer = row.customer.clone().expect("a customer");
        self.rows.push(row);
        self.expect("duplicate-customer", &format!("customer:{customer}"));

        let row = self.served();
        row.is_gone = true;
        let customer = row.customer.clone().expect("a customer");
        self.expect("orphan-subscription", &format!("customer:{customer}"));

        let subscription = self.served().subscription.clone();
        self.world
            .change_subscription_silently(&subscription, |found| {
                found.status = Status::Other("frozen".into());
            });
        self.expect("unknown-status", "status:frozen");

        let subscription = self.served().subscription.clone();
        self.world
            .change_subscription_silently(&subscription, |found| {
                found.items.clear();
                found.items.push(Item::new("price_mystery"));
            });
        self.expect("unmapped-price", "price:price_mystery");

        let row = self.served();
        let price = if row.plan == "pro" {
            "price_pro_monthly"
        } else {
            "price_team_monthly"
        };
        let customer = row.customer.clone().expect("a customer");
        row.seats = 2;
        row.status = String::from("active");
        let (second, end) = ("sub_second", NOW + 11 * DAY);
        second.clone_into(&mut row.subscription);
        row.period_end = end;
        let item = Item::new(price).period(end - 30 * DAY, end);
        self.world.subscription(
            Subscription::new(&customer, Status::Active)
                .id(second)
                .created(NOW + 1)
                .item(item),
        );
        self.expect("double-subscription", &format!("customer:{customer}"));
    }

    /// Adds drift of the columns that only some applications have.
    fn drift_of_columns(&mut self) {
        let changes: [(&str, Change); 5] = [
            ("seat-drift", |row| row.seats = 5),
            ("status-drift", |row| row.status = String::from("past_due")),
            ("stale-subscription-id", |row| {
                row.subscription = String::from("sub_of_last_year");
            }),
            ("period-drift", |row| row.period_end -= 30 * DAY),
            ("cancel-flag-drift", |row| row.cancels = true),
        ];
        for (rule, change) in changes {
            let row = self.served_with("active");
            change(row);
            let id = row.id.clone();
            self.expect(rule, &format!("user:{id}"));
        }
        let row = self.served_with("active");
        let (id, subscription) = (row.id.clone(), row.subscription.clone());
        self.world.schedule_cancel_silently(&subscription);
        self.expect("cancel-flag-drift", &format!("user:{id}"));
    }

    /// Adds rows that look like drift and are correct.
    fn what_is_correct(&mut self) {
        let row = self.served();
        row.comped = true;
        row.paid = false;
        let row = self.served();
        row.period_end += DAY - 60;
        let row = self.canceled();
        row.customer = Some("cus_also_bought_nothing".to_owned());
        let addon = Subscription::new("cus_of_another_product", Status::Active)
            .id("sub_of_another_product");
        self.world.subscription(addon.price("price_addon_storage"));
        let customer = self.served().customer.clone().expect("a customer");
        let dead = Subscription::new(&customer, Status::Canceled)
            .id("sub_dead")
            .created(NOW - 400 * DAY);
        self.world.subscription(dead.price("price_pro_monthly"));
    }

    fn all(mut self) -> (Live, Vec<String>) {
        self.drift_of_access();
        self.drift_of_customers();
        self.drift_of_columns();
        self.what_is_correct();
        let database = Database::with(TABLE);
        let mut rows = String::new();
        for row in self.rows.iter().filter(|row| !row.is_gone) {
            write!(rows, "{}", row.line()).expect("a text");
        }
        database.fill("users", rows);
        let live = Live::new(self.world, database, &contract_with(&COLUMNS, &CONTRACT));
        self.expected.sort();
        (live, self.expected)
    }
}

fn check(live: &Live) -> ProgramOutput {
    let program = live.program("check access --format json --now");
    let now = jiff::Timestamp::from_second(NOW).expect("a time");
    live.run(program.argument(now.to_string())).with_status(1)
}

#[track_caller]
fn assert_found(ran: &ProgramOutput, expected: &[String]) {
    let mut found = ran.findings();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn exactly_the_injected_drift_is_found_in_20_000_subscriptions() {
    let (live, expected) = Business::of(20_000).all();
    let ran = check(&live);
    assert_found(&ran, &expected);
    let rules: std::collections::BTreeSet<_> = expected
        .iter()
        .map(|found| found.split(' ').next())
        .collect();
    assert_eq!(
        rules.len(),
        16,
        "every rule that subscriptions can break: {rules:?}"
    );
    let report = ran.json();
    let subscriptions = live.stripe.world(|world| world.subscription_count());
    assert!(subscriptions > 20_000);
    let requests = live.stripe.requests().len();
    assert_eq!(report["summary"]["provider_requests"], requests);
    assert_eq!(
        live.stripe.counts(),
        [
            (Endpoint::ListSubscriptions, requests - 1),
            // The customer of the orphan is read, because it may identify the account.
            (Endpoint::RetrieveCustomer, 1),
        ]
        .into()
    );
    let pages = subscriptions.div_ceil(100);
    assert!(
        (pages..=pages + pages / 4).contains(&requests),
        "{requests} requests for {pages} pages"
    );
}

#[test]
fn provider_faults_change_no_finding() {
    let (live, expected) = Business::of(1_500).all();
    live.stripe.fail(
        Fault::RateLimited(Some(LimitReason::EndpointRate)),
        Times::Nth(3),
    );
    live.stripe.fail(Fault::ResetInBody, Times::Nth(6));
    live.stripe.fail(Fault::TruncatedJson, Times::Nth(9));
    live.stripe.fail(
        Fault::ServerError {
            status: 503,
            should_retry: None,
        },
        Times::Nth(12),
    );
    let ran = check(&live);
    assert_found(&ran, &expected);
    assert_eq!(
        live.stripe
            .requests()
            .iter()
            .filter(|request| request.disturbed)
            .count(),
        4
    );

    live.stripe.heal();
    let configuration = contract_with(
        &COLUMNS,
        &[CONTRACT[0], CONTRACT[1], "confirm_after: 100ms"],
    );
    live.configure(&configuration);
    let ran = check(&live);
    assert_found(&ran, &expected);
    assert_eq!(ran.json()["summary"]["settled"], 0);
}
