//! Entitlements of many customers are the same whether they are derived or asked for one by one: random histories of
//! products, features and subscriptions under Stripe's rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
};

use compact_str::CompactString;
use fake_stripe::{
    Customer, FakeStripe, Feature, Interval, Item, Price, Product, Status, Subscription, TestClock,
    World,
};
use proptest::prelude::*;
use secrecy::SecretString;

use super::plans::NOW;
use crate::{
    billing::{BillingFacts, BillingReader, Settings},
    contract::{CustomerId, Source, UnixSeconds},
    http,
};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const CUSTOMERS: usize = 70;

/// More customers of one product, so many that Stripe is asked about the first of them alone.
const CROWD: usize = 120;
const PRODUCTS: usize = 3;
const FEATURES: usize = 2;

/// As many changes of products within two months can be seen. With more, a product may lose a feature and get it back
/// twice, each time around the renewal of the same customer, and leave no trace.
const MOST_CHANGES: usize = 3;

#[derive(Debug, Clone, Copy)]
enum Action {
    Subscribe(Bought),
    /// Changes the products of a customer's subscription.
    Move(usize, &'static [usize]),
    End(usize),
    Status(usize, fn() -> Status),
    /// Attaches a feature to a product, or removes it.
    Toggle(usize, usize),
}

#[derive(Debug, Clone, Copy)]
struct Bought {
    customer: usize,
    products: &'static [usize],
    interval: Interval,
    /// Length of its trial in days; 0 for none.
    trial: i64,
}

/// What happened, each with its age in hours.
#[derive(Debug, Clone)]
struct History {
    actions: Vec<(i64, Action)>,
    customers: usize,
    in_live_mode: bool,
    /// False if Stripe's log does not show the changes.
    is_logged: bool,
}

fn products() -> impl Strategy<Value = &'static [usize]> {
    prop_oneof![
        4 => Just(&[0][..]),
        3 => Just(&[1][..]),
        2 => Just(&[2][..]),
        1 => Just(&[0, 2][..]),
    ]
}

fn bought(customer: usize) -> impl Strategy<Value = Bought> {
    let interval = prop_oneof![
        12 => Just(Interval::Month),
        1 => Just(Interval::Year),
        1 => Just(Interval::Week),
    ];
    let trial = prop_oneof![5 => Just(0), 1 => Just(14_i64)];
    (products(), interval, trial).prop_map(move |(products, interval, trial)| Bought {
        customer,
        products,
        interval,
        trial,
    })
}

fn action() -> impl Strategy<Value = Action> {
    let customer = 0..CUSTOMERS;
    let statuses: [fn() -> Status; 3] = [|| Status::PastDue, || Status::Paused, || Status::Unpaid];
    prop_oneof![
        2 => customer.clone().prop_flat_map(bought).prop_map(Action::Subscribe),
        6 => (customer.clone(), products()).prop_map(|(customer, products)| Action::Move(customer, products)),
        1 => customer.clone().prop_map(Action::End),
        1 => (customer, prop::sample::select(statuses.to_vec()))
            .prop_map(|(customer, status)| Action::Status(customer, status)),
    ]
}

fn toggle() -> impl Strategy<Value = Action> {
    (0..PRODUCTS, 0..FEATURES).prop_map(|(product, feature)| Action::Toggle(product, feature))
}

fn histories() -> impl Strategy<Value = History> {
    let old = 70 * 24..500 * 24_i64;
    let recent = prop_oneof![3 => 0..63 * 24_i64, 1 => 29 * 24..32 * 24_i64];
    let first: Vec<_> = (0..CUSTOMERS)
        .map(|customer| {
            (
                35 * 24..400 * 24_i64,
                bought(customer).prop_map(Action::Subscribe),
            )
        })
        .collect();
    (
        first,
        prop::collection::vec((0..60 * 24_i64, action()), 0..40),
        prop::collection::vec((old, toggle()), 0..8),
        prop::collection::vec((recent, toggle()), 0..=MOST_CHANGES),
        prop::bool::weighted(0.8),
    )
        .prop_map(|(first, actions, old, recent, in_live_mode)| History {
            actions: [first, actions, old, recent].concat(),
            customers: CUSTOMERS,
            in_live_mode,
            is_logged: true,
        })
}

/// A subscription with the features that it gave at its last change or begin of a period.
#[derive(Debug)]
struct Running {
    bought: Bought,
    products: &'static [usize],
    /// Products at the start of the period.
    renewed: &'static [usize],
    created: i64,
    period: (i64, i64),
    status: Status,
    features: BTreeSet<usize>,
}

impl Running {
    fn renews(&self) -> bool {
        !matches!(self.status, Status::Canceled | Status::Paused)
    }
}

/// Plays a history by Stripe's rules.
struct Play {
    world: World,
    running: Vec<Running>,
    /// Features of each product.
    attached: [BTreeSet<usize>; PRODUCTS],
    customers: usize,
    is_logged: bool,
}

impl Play {
    fn features(&self, products: &[usize]) -> BTreeSet<usize> {
        let attached = products
            .iter()
            .filter_map(|product| self.attached.get(*product));
        attached.flatten().copied().collect()
    }

    fn play(mut self, history: &History) -> World {
        let mut actions = history.actions.clone();
        actions.sort_by_key(|(age, _)| -age);
        for (age, action) in actions {
            let at = NOW - age * HOUR;
            self.renew_until(at);
            self.world.clock = at;
            self.act(action);
        }
        self.renew_until(NOW);
        self.world.clock = NOW;
        self.finish()
    }

    fn renew_until(&mut self, time: i64) {
        loop {
            let due = self.running.iter().enumerate();
            let due = due.filter(|(_, one)| one.renews() && one.period.1 <= time);
            let Some((place, end)) = due
                .map(|(place, one)| (place, one.period.1))
                .min_by_key(|(place, end)| (*end, *place))
            else {
                return;
            };
            self.world.clock = end;
            self.change(place, |one| {
                let length = period_length(one.bought.interval);
                one.period = (end, end + length);
                one.renewed = one.products;
                if one.status == Status::Trialing {
                    one.status = Status::Active;
                }
            });
        }
    }

    /// Changes a subscription in a way that makes Stripe determine its features again.
    fn change(&mut self, place: usize, change: impl FnOnce(&mut Running)) {
        let Some(one) = self.running.get_mut(place) else {
            return;
        };
        change(one);
        let (customer, products) = (one.bought.customer, one.products);
        let features = self.features(products);
        if let Some(one) = self.running.get_mut(place) {
            one.features = features;
        }
        self.entitle(customer);
    }

    fn entitle(&mut self, number: usize) {
        if !self.is_logged {
            return;
        }
        let features = self.features_of_customer(number);
        self.world
            .change_entitlements(&customer(number), &features)
            .expect("the customer and the features exist");
    }

    fn features_of_customer(&self, number: usize) -> Vec<CompactString> {
        let open = self.running.iter();
        let open =
            open.filter(|one| one.bought.customer == number && one.status != Status::Canceled);
        let features: BTreeSet<_> = open.flat_map(|one| one.features.clone()).collect();
        let ids = features.into_iter();
        ids.map(|number| format!("feat_{number}").into()).collect()
    }

    /// Returns the customer's newest subscription that has not ended.
    fn open(&self, customer: usize) -> Option<usize> {
        self.running
            .iter()
            .rposition(|one| one.bought.customer == customer && one.status != Status::Canceled)
    }

    fn act(&mut self, action: Action) {
        let now = self.world.clock;
        match action {
            Action::Subscribe(bought) => {
                let (status, end) = match bought.trial {
                    0 => (Status::Active, now + period_length(bought.interval)),
                    days => (Status::Trialing, now + days * DAY),
                };
                self.running.push(Running {
                    bought,
                    products: bought.products,
                    renewed: bought.products,
                    created: now,
                    period: (now, end),
                    status,
                    features: self.features(bought.products),
                });
                self.entitle(bought.customer);
            }
            Action::Move(customer, products) => {
                if let Some(place) = self.open(customer) {
                    self.change(place, |one| one.products = products);
                }
            }
            Action::End(customer) => self.set_status(customer, Status::Canceled),
            Action::Status(customer, status) => self.set_status(customer, status()),
            Action::Toggle(product, feature) => {
                if let Some(attached) = self.attached.get_mut(product)
                    && !attached.remove(&feature)
                {
                    attached.insert(feature);
                }
            }
        }
    }

    fn set_status(&mut self, customer: usize, status: Status) {
        if let Some(place) = self.open(customer)
            && let Some(one) = self.running.get_mut(place)
        {
            one.status = status;
            self.entitle(customer);
        }
    }

    /// Adds the products and the subscriptions as they are at last.
    fn finish(mut self) -> World {
        for (number, attached) in self.attached.iter().enumerate() {
            let mut product = Product::new(&format!("prod_{number}"), "Product");
            let ids = attached.iter().map(|one| format!("feat_{one}").into());
            product.features = ids.collect();
            self.world.product(product);
            for interval in [Interval::Week, Interval::Month, Interval::Year] {
                let mut price = Price::recurring(&price(number, interval), 900, interval);
                price.product = format!("prod_{number}").into();
                self.world.price(price);
            }
        }
        if !self.is_logged {
            for number in 0..self.customers {
                for feature in self.features_of_customer(number) {
                    self.world.entitle(&customer(number), &feature);
                }
            }
        }
        for one in self.running {
            let customer = customer(one.bought.customer);
            let items = |products: &'static [usize]| {
                products.iter().map(|product| {
                    let item = Item::new(&price(*product, one.bought.interval));
                    item.period(one.period.0, one.period.1)
                })
            };
            let mut subscription = Subscription::new(&customer, one.status).created(one.created);
            for item in items(one.renewed) {
                subscription = subscription.item(item);
            }
            if customer == clocked() && !self.world.livemode {
                subscription = subscription.with(|details| {
                    details.test_clock = Some("clock_1".into());
                });
            }
            let id = self.world.subscription(subscription);
            let is_first = one.period.0 == one.created;
            let reason = if is_first {
                "subscription_create"
            } else {
                "subscription_cycle"
            };
            self.world.draft_invoice(&id, reason);
            self.world
                .change_subscription_silently(&id, |subscription| {
                    subscription.items = items(one.products).collect();
                });
        }
        self.world
    }
}

/// Returns the customer that is on a test clock in test mode.
fn clocked() -> String {
    customer(CUSTOMERS - 1)
}

fn customer(number: usize) -> String {
    format!("cus_{number:02}")
}

fn price(product: usize, interval: Interval) -> String {
    format!("price_{product}_{}", interval.as_str())
}

fn period_length(interval: Interval) -> i64 {
    match interval {
        Interval::Day => DAY,
        Interval::Week => 7 * DAY,
        Interval::Month => 31 * DAY,
        Interval::Year => 365 * DAY,
    }
}

impl History {
    fn world(&self) -> World {
        let mut world = World::new(NOW - 600 * DAY);
        world.livemode = self.in_live_mode;
        for number in 0..FEATURES {
            // The last one is known by its id alone.
            let key = if number + 1 < FEATURES {
                format!("feature_{number}")
            } else {
                String::new()
            };
            world.feature(Feature::new(&format!("feat_{number}"), &key));
        }
        for number in 0..self.customers {
            world.customer(Customer::new(&customer(number)));
        }
        if !self.in_live_mode {
            world.test_clock(TestClock {
                id: "clock_1".into(),
                created: NOW,
                frozen_time: NOW,
                name: None,
            });
        }
        let play = Play {
            world,
            running: Vec::new(),
            attached: [[0].into(), [0, 1].into(), [0, 1].into()],
            customers: self.customers,
            is_logged: self.is_logged,
        };
        play.play(self)
    }
}

/// Reads the entitlements of every customer, and returns them with the number of requests. Without a time, each is asked
/// for.
fn read(fake: &FakeStripe, history: &History, now: Option<UnixSeconds>) -> (BillingFacts, u64) {
    let settings = Settings {
        base: Some(fake.base_url()),
        requests_per_second: NonZeroU32::new(100_000),
        now,
        ..Settings::default()
    };
    let mode = if history.in_live_mode { "live" } else { "test" };
    let key = SecretString::from(format!("rk_{mode}_fakefakefakefake"));
    let client = http::client().expect("a client");
    let reader = BillingReader::new(Source::StripeEntitlements, client, &key, &settings);
    let reader = reader.expect("a reader");
    // Some customers do not exist.
    let customers = (0..history.customers + 2).map(|number| CustomerId::from(customer(number)));
    let customers: Vec<_> = customers.collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    let facts = runtime.block_on(reader.read_all(&customers, &|_| {}));
    (facts.expect("answers"), reader.requests())
}

/// Returns the features of each customer.
fn features(facts: &BillingFacts) -> BTreeMap<&str, Vec<&str>> {
    let subscriptions = facts.subscriptions.iter();
    let features = subscriptions.map(|one| {
        let items = one.items.iter().map(|item| item.price.id.as_str());
        (one.customer.as_str(), items.collect())
    });
    features.collect()
}

/// Checks that both ways of reading agree.
fn compare(history: &History) -> Result<(), TestCaseError> {
    let fake = FakeStripe::start_anywhere(history.world()).expect("the fake starts");
    let (derived, requests) = read(&fake, history, Some(UnixSeconds(NOW)));
    let (asked, most) = read(&fake, history, None);
    prop_assert_eq!(features(&derived), features(&asked));
    prop_assert_eq!(&derived.subscriptions, &asked.subscriptions);
    prop_assert!(asked.derived.is_empty());
    // With few customers of many products, asking about each may be cheaper.
    let is_cheaper = requests < most || derived.derived.is_empty();
    prop_assert!(is_cheaper, "{} requests instead of {}", requests, most);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn derived_entitlements_are_those_that_stripe_lists(history in histories()) {
        compare(&history)?;
    }
}

/// Returns a subscription by the month to a product, whose current period began this many hours ago.
fn monthly(customer: usize, products: &'static [usize], began: i64) -> (i64, Action) {
    let bought = Bought {
        customer,
        products,
        interval: Interval::Month,
        trial: 0,
    };
    (began + 3 * 31 * 24, Action::Subscribe(bought))
}

#[test]
fn changes_of_products_are_seen_although_the_log_has_none() {
    // The second product has both features, as the first has in all but the last case.
    let first_as_second = (200 * 24, Action::Toggle(0, 1));
    let removed = |age| (age, Action::Toggle(1, 1));
    let attached = removed;
    let histories = [
        // Neither customer's period has begun since.
        vec![
            removed(10 * 24),
            monthly(0, &[1], 25 * 24),
            monthly(1, &[1], 20 * 24),
        ],
        // The first one came from another product with the same features, after the change.
        vec![
            removed(120 * 24),
            attached(20 * 24),
            monthly(0, &[0], 29 * 24),
            (10 * 24, Action::Move(0, &[1])),
            monthly(1, &[1], 25 * 24),
        ],
        // The first one came from another product with the same features before the log begins.
        vec![
            removed(120 * 24),
            attached(36 * 24),
            monthly(0, &[0], 28 * 24),
            (35 * 24, Action::Move(0, &[1])),
            removed(12 * 24),
            monthly(1, &[1], 10 * 24),
            attached(8 * 24),
        ],
        // The second one's period began while the feature was away, which is too long ago for the log.
        vec![
            monthly(0, &[1], 31 * 24 - 2),
            removed(31 * 24 - 6),
            monthly(1, &[1], 31 * 24 - 10),
            attached(31 * 24 - 14),
        ],
        // The same, but recently enough.
        vec![
            monthly(0, &[1], 29 * 24),
            removed(20 * 24),
            monthly(1, &[1], 19 * 24),
            attached(18 * 24),
        ],
    ];
    for (number, special) in histories.into_iter().enumerate() {
        let special = special.into_iter().chain([first_as_second]);
        let history = among_others(special, true);
        compare(&history).unwrap_or_else(|error| panic!("history {number}: {error}"));
    }
}

#[test]
fn the_first_of_many_customers_has_renewed_with_its_product() {
    let toggled = |age| (age, Action::Toggle(1, 1));
    // It came from another product with the same features, after a feature was attached that the others still lack.
    let special = [
        (200 * 24, Action::Toggle(0, 1)),
        toggled(120 * 24),
        toggled(20 * 24),
        monthly(0, &[0], 29 * 24),
        (10 * 24, Action::Move(0, &[1])),
    ];
    let mut history = among_others(special, true);
    history.customers += CROWD;
    let crowd = (CUSTOMERS..history.customers).map(|customer| monthly(customer, &[1], 25 * 24));
    history.actions.extend(crowd);
    compare(&history).expect("equal answers");
}

#[test]
fn an_empty_log_decides_nothing() {
    let toggled = |age| (age, Action::Toggle(1, 1));
    // Its entitlements must have changed within the log.
    let newcomer = monthly(2, &[2], -91 * 24);
    let special = [
        monthly(0, &[1], 29 * 24),
        toggled(20 * 24),
        monthly(1, &[1], 19 * 24),
        toggled(18 * 24),
        newcomer,
    ];
    let history = among_others(special, false);
    let fake = FakeStripe::start_anywhere(history.world()).expect("the fake starts");
    let (derived, _) = read(&fake, &history, Some(UnixSeconds(NOW)));
    let (asked, _) = read(&fake, &history, None);
    assert_eq!(features(&derived), features(&asked));
}

/// Returns what happened among customers of another product.
fn among_others(special: impl IntoIterator<Item = (i64, Action)>, is_logged: bool) -> History {
    let others = (3..CUSTOMERS).map(|customer| {
        let age = i64::try_from(customer).expect("a small number");
        monthly(customer, &[2], 24 + age * 4)
    });
    History {
        actions: others.chain(special).collect(),
        customers: CUSTOMERS,
        in_live_mode: true,
        is_logged,
    }
}
