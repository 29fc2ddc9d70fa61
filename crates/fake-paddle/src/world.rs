//! The state of the fake Paddle: objects, the clock, and the events so far.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use compact_str::CompactString;
use fake_http::{
    FakeWorld,
    ids::{IdCounters, ulid},
};
use jiff::{Span, Timestamp, tz::TimeZone};
use serde::Serialize;
use serde_json::{Value, json};

use crate::objects::{
    Address, Adjustment, Customer, Cycle, Event, Notification, Price, Product, Subscription,
    Transaction,
};

/// The time and the id namespace of some operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Seconds since 1970.
    pub clock: i64,
    pub namespace: CompactString,
}

/// Objects by id. Ids begin with the time, so this is the order of creation.
pub(crate) type Objects<T> = BTreeMap<String, T>;

/// The state of one Paddle account. The same calls in the same order produce the same state, including ids.
#[derive(Debug, Default)]
pub struct World {
    /// Current time in seconds since 1970. It changes only explicitly.
    pub clock: i64,
    /// True to refuse keys of a live account.
    pub refuses_live: bool,
    pub(crate) customers: Objects<Customer>,
    pub(crate) addresses: Objects<Address>,
    pub(crate) products: Objects<Product>,
    pub(crate) prices: Objects<Price>,
    pub(crate) subscriptions: Objects<Subscription>,
    pub(crate) transactions: Objects<Transaction>,
    pub(crate) adjustments: Objects<Adjustment>,
    pub(crate) events: Objects<Event>,
    /// The further notification of each replayed event, newest last.
    pub(crate) replays: Vec<(String, String)>,
    /// Subscriptions that the API no longer knows.
    pub(crate) forgotten: BTreeSet<String>,
    /// Customers whose creation was announced by an event.
    pub(crate) announced: BTreeSet<String>,
    id_counters: IdCounters,
    /// The last moment that an event or id was given, in microseconds.
    last: i64,
    recorded: Option<Vec<CompactString>>,
    /// Id counters of the inactive namespaces.
    waiting: BTreeMap<CompactString, IdCounters>,
    /// Stage of each customer's last change.
    stages: BTreeMap<String, Stage>,
    /// Namespace of an id or another word, such as an e-mail.
    namespaces: BTreeMap<CompactString, CompactString>,
}

/// Microseconds between two moments of one change: at least a millisecond.
const TICK: i64 = 1_037;

const MICROSECONDS: i64 = 1_000_000;

impl World {
    /// Creates an empty account at this time (seconds since 1970).
    pub fn new(clock: i64) -> Self {
        Self {
            clock,
            ..Self::default()
        }
    }

    /// Runs operations in a stage, then restores the world's clock and ids. Returns the ids of the recorded events, in
    /// the order of their times.
    ///
    /// The ids and times of a stage depend only on it and on the earlier ids of its namespace, whatever else happens in
    /// the world meanwhile.
    pub fn on_stage<R>(
        &mut self,
        stage: &Stage,
        acts: impl FnOnce(&mut Self) -> R,
    ) -> (R, Vec<CompactString>) {
        let clock = mem::replace(&mut self.clock, stage.clock);
        let last = mem::replace(&mut self.last, 0);
        let recorded = self.recorded.replace(Vec::new());
        let waiting = self.waiting.remove(&stage.namespace);
        let theirs = waiting.unwrap_or_else(|| IdCounters::new(&stage.namespace));
        let ours = mem::replace(&mut self.id_counters, theirs);
        let result = acts(self);
        let mut theirs = mem::replace(&mut self.id_counters, ours);
        for id in theirs.take_fresh() {
            self.note(&stage.namespace, &id);
        }
        self.waiting.insert(stage.namespace.clone(), theirs);
        self.clock = clock;
        self.last = last;
        let events = mem::replace(&mut self.recorded, recorded).unwrap_or_default();
        for id in &events {
            let event = self.events.get(id.as_str());
            let customer = event.and_then(|event| event.data.get("customer_id")?.as_str());
            if let Some(customer) = customer.map(str::to_owned) {
                self.stages.insert(customer, stage.clone());
            }
        }
        (result, events)
    }

    /// Returns the stage of a customer's last change, which the application's own changes to the customer should use.
    pub(crate) fn stage_of(&self, customer: &str) -> Option<Stage> {
        self.stages.get(customer).cloned()
    }

    /// Assigns a word, such as an e-mail or an account's id, to a namespace: requests that contain it belong there.
    pub fn note(&mut self, namespace: &str, word: &str) {
        self.namespaces.insert(word.into(), namespace.into());
    }

    /// Returns the next moment. Moments increase strictly, by more than a millisecond.
    pub(crate) fn tick(&mut self) -> Timestamp {
        let begins = self.clock.saturating_mul(MICROSECONDS);
        self.last = begins.max(self.last).saturating_add(TICK);
        Timestamp::from_microsecond(self.last).unwrap_or_default()
    }

    /// Returns a new id.
    pub(crate) fn id(&mut self, prefix: &'static str) -> String {
        let milliseconds = self.tick().as_millisecond();
        let form = |number| ulid(prefix, milliseconds, number);
        self.id_counters.next_in_form(prefix, form).into()
    }

    /// Records an event about an object, as it is now.
    pub(crate) fn record(&mut self, kind: &str, object: &impl Serialize) {
        let data = serde_json::to_value(object).unwrap_or_default();
        let event_id = self.id("evt_");
        let occurred_at = self.tick();
        if let Some(recorded) = &mut self.recorded {
            recorded.push(event_id.as_str().into());
        }
        let event = Event {
            event_id: event_id.clone(),
            event_type: kind.to_owned(),
            occurred_at: format!("{occurred_at:.6}"),
            data,
        };
        self.events.insert(event_id, event);
    }

    /// Gives events the `occurred_at` of the last one: Paddle promises no order within a moment.
    pub fn give_one_time(&mut self, events: &[CompactString]) {
        let last = events.last().and_then(|id| self.events.get(id.as_str()));
        let Some(occurred_at) = last.map(|event| event.occurred_at.clone()) else {
            return;
        };
        for id in events {
            if let Some(event) = self.events.get_mut(id.as_str()) {
                event.occurred_at.clone_from(&occurred_at);
            }
        }
    }

    /// Records an event of an unknown type with an unknown object.
    pub fn unknown_event(&mut self, customer: &str) {
        let id = self.id("nvl_");
        let object = json!({"id": id, "customer_id": customer, "matter": {"state": "solid"}});
        self.record("novelty.materialized", &object);
    }

    /// Returns the notification of an event: the first one, or that of its last replay.
    pub(crate) fn notification(&self, event: &Event) -> Notification {
        let replays = self.replays.iter().rev();
        let replay = replays
            .filter(|(id, _)| *id == event.event_id)
            .map(|(_, notification)| notification.clone())
            .next();
        Notification {
            event_id: event.event_id.clone(),
            event_type: event.event_type.clone(),
            occurred_at: event.occurred_at.clone(),
            notification_id: replay.unwrap_or_else(|| event.event_id.replacen("evt_", "ntf_", 1)),
            data: event.data.clone(),
        }
    }

    /// Sends an event again with a new notification, and returns its id.
    pub fn replay(&mut self, event: &str) -> Option<String> {
        self.events.get(event)?;
        let earlier = self.replays.iter().filter(|(id, _)| id == event);
        let count = earlier.count().saturating_add(1).to_string();
        let base = event.replacen("evt_", "ntf_", 1);
        let kept = base.len().saturating_sub(count.len());
        let notification = format!("{}{count}", base.get(..kept).unwrap_or_default());
        self.replays.push((event.to_owned(), notification.clone()));
        Some(notification)
    }

    pub fn find_event(&self, id: &str) -> Option<&Event> {
        self.events.get(id)
    }

    /// Returns the body of an event's delivery: compact JSON.
    pub fn event_body(&self, id: &str) -> Option<Vec<u8>> {
        let event = self.events.get(id)?;
        serde_json::to_vec(&self.notification(event)).ok()
    }

    pub fn find_subscription(&self, id: &str) -> Option<&Subscription> {
        self.subscriptions.get(id)
    }

    pub fn find_price(&self, id: &str) -> Option<&Price> {
        self.prices.get(id)
    }

    pub fn find_product(&self, id: &str) -> Option<&Product> {
        self.products.get(id)
    }

    /// Returns a customer's subscriptions as the API shows them, oldest first.
    pub fn subscription_objects(&self, customer: &str) -> Vec<Value> {
        let subscriptions = self.subscriptions.values();
        subscriptions
            .filter(|one| one.customer_id == customer)
            .filter_map(|one| serde_json::to_value(one.with_urls()).ok())
            .collect()
    }

    /// Adds or replaces a product, without an event.
    pub fn product(&mut self, product: Product) {
        self.products.insert(product.id.clone(), product);
    }

    /// Adds or replaces a price, without an event.
    pub fn price(&mut self, price: Price) {
        self.prices.insert(price.id.clone(), price);
    }

    /// Adds or replaces a customer, without an event.
    pub fn customer(&mut self, customer: Customer) {
        self.announced.insert(customer.id.clone());
        self.customers.insert(customer.id.clone(), customer);
    }

    /// Adds or replaces a subscription, without an event.
    pub fn subscription(&mut self, subscription: Subscription) {
        self.subscriptions
            .insert(subscription.id.clone(), subscription);
    }
}

/// Returns the time one cycle later.
pub(crate) fn after(time: Timestamp, cycle: &Cycle) -> Timestamp {
    let count = i64::from(cycle.frequency);
    let span = match cycle.interval.as_str() {
        "day" => Span::new().days(count),
        "week" => Span::new().weeks(count),
        "year" => Span::new().years(count),
        _ => Span::new().months(count),
    };
    let later = time.to_zoned(TimeZone::UTC).checked_add(span);
    later.map_or(time, |later| later.timestamp())
}

impl FakeWorld for World {
    fn clock(&self) -> i64 {
        self.clock
    }

    fn set_clock(&mut self, clock: i64) {
        self.clock = clock;
    }

    fn namespaces_of<'r>(&self, words: impl Iterator<Item = &'r str>) -> BTreeSet<CompactString> {
        words
            .filter_map(|word| self.namespaces.get(word).cloned())
            .collect()
    }
}
