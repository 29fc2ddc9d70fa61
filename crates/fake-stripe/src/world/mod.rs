//! The state of the fake Stripe: objects, the clock, and the operations that change them.

mod amounts;
mod boxed;
mod bulk;
mod catalog;
mod collection;
mod coupon;
mod customer;
mod entitlement;
mod event;
mod invoice;
mod lifecycle;
mod metadata;
mod objects;
mod payment;
mod record;
mod schedule;
mod session;
mod stage;
mod subscription;

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use fake_http::ids::IdCounters;
pub(crate) use fake_http::ids::{identifier, mix};

pub use self::{
    boxed::{Boxed, SharedDefault},
    bulk::Bulk,
    catalog::{Interval, Price, Product, Recurring},
    coupon::{Coupon, CouponValue, Discount},
    customer::{Customer, CustomerDetails},
    entitlement::{ActiveEntitlement, Feature},
    event::{Event, TestClock, WebhookEndpoint},
    invoice::{Invoice, InvoiceItem, InvoiceLine, InvoicePayment, InvoiceStatus},
    metadata::Metadata,
    payment::{Charge, Dispute, IntentStatus, PaymentIntent, PaymentMethod, Refund},
    record::{Record, RecordKind},
    schedule::{Phase, Schedule, ScheduleStatus},
    session::{CheckoutSession, PaymentStatus, PortalSession, SessionMode, SessionStatus},
    stage::{Cause, Stage},
    subscription::{Details, Item, PauseCollection, Period, Status, Subscription},
};
pub(crate) use self::{
    collection::{Collection, Object, Slot},
    entitlement::GrantedFeatures,
    lifecycle::period_length,
};
use self::{objects::Objects, stage::Context};
use super::{keys::Keys, version::ApiVersion};

/// The state of one Stripe account in one mode. The same calls in the same order produce the same state, including ids.
///
/// Methods with a verb do what Stripe does, and record the events that it would send. Methods named after an object add or
/// replace it, and those that end with `_silently` change one; neither records an event.
#[derive(Debug)]
pub struct World {
    /// Current time in seconds since 1970. It changes only explicitly.
    pub clock: i64,
    pub livemode: bool,
    /// Ids of objects that exist only in the other mode.
    pub other_mode: BTreeSet<CompactString>,
    pub account: CompactString,
    /// API version of requests without `Stripe-Version`.
    pub default_version: ApiVersion,
    pub quirks: Quirks,
    pub keys: Keys,
    pub(crate) customers: Collection<Customer>,
    pub(crate) products: Collection<Product>,
    pub(crate) prices: Collection<Price>,
    pub(crate) subscriptions: Collection<Subscription>,
    pub(crate) features: Collection<Feature>,
    pub(crate) entitlements: Collection<ActiveEntitlement>,
    /// By subscription. Those without features are left out, unless a feature may come with the next period.
    pub(crate) granted_features: BTreeMap<CompactString, GrantedFeatures>,
    pub(crate) events: Collection<Event>,
    pub(crate) webhook_endpoints: Collection<WebhookEndpoint>,
    pub(crate) test_clocks: Collection<TestClock>,
    /// Objects of the less numerous kinds.
    pub(crate) objects: Objects,
    /// Pairs of (customer, subscription), so that a lookup by customer does not scan a million subscriptions.
    by_customer: BTreeSet<(Slot, Slot)>,
    pub(crate) id_counters: IdCounters,
    pub(crate) context: Context,
}

/// Deviations of live payloads from the documentation; off unless a test enables them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quirks {
    /// Periods both on the subscription and on its items, as payloads of late 2025 had them in old versions.
    pub periods_in_both_places: bool,
    /// `plan` and `quantity` on a subscription with a single item.
    pub top_level_plan: bool,
}

impl World {
    /// Creates an empty test-mode account at this time (seconds since 1970).
    pub fn new(clock: i64) -> Self {
        Self {
            clock,
            livemode: false,
            other_mode: BTreeSet::new(),
            account: identifier("acct_1", 0, 15),
            default_version: ApiVersion::NEWEST,
            quirks: Quirks::default(),
            keys: Keys::default(),
            customers: Collection::default(),
            products: Collection::default(),
            prices: Collection::default(),
            subscriptions: Collection::default(),
            features: Collection::default(),
            entitlements: Collection::default(),
            granted_features: BTreeMap::new(),
            events: Collection::default(),
            webhook_endpoints: Collection::default(),
            test_clocks: Collection::default(),
            objects: Objects::default(),
            by_customer: BTreeSet::new(),
            id_counters: IdCounters::default(),
            context: Context::default(),
        }
    }

    /// Adds or replaces a customer.
    pub fn customer(&mut self, mut customer: Customer) -> CompactString {
        self.fill(&mut customer.id, "cus_", 14);
        self.stamp(&mut customer.created);
        let id = customer.id.clone();
        self.customers.put(customer);
        id
    }

    /// Adds or replaces a product.
    pub fn product(&mut self, mut product: Product) -> CompactString {
        self.fill(&mut product.id, "prod_", 14);
        self.stamp(&mut product.created);
        let id = product.id.clone();
        self.products.put(product);
        id
    }

    /// Adds or replaces a price, and creates its product if missing.
    pub fn price(&mut self, mut price: Price) -> CompactString {
        self.fill(&mut price.id, "price_1", 18);
        self.stamp(&mut price.created);
        if self.products.get(&price.product).is_none() {
            let mut product = Product::new(
                &price.product,
                price.lookup_key.as_deref().unwrap_or(&price.id),
            );
            product.created = price.created;
            price.product = self.product(product);
        }
        let id = price.id.clone();
        self.prices.put(price);
        id
    }

    /// Adds or replaces a subscription. Creates a missing customer or price (20 dollars a month), and fills in unset
    /// fields that the status implies (periods, ends, trials).
    pub fn subscription(&mut self, mut subscription: Subscription) -> CompactString {
        self.fill(&mut subscription.id, "sub_1", 19);
        self.stamp(&mut subscription.created);
        lifecycle::imply(&mut subscription, self.clock);
        self.store(subscription)
    }

    /// Changes a subscription. Does not adjust the fields that its status implies; `set_status`, `cancel` and the other
    /// transitions do that. Returns false if it does not exist.
    pub fn change_subscription_silently(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Subscription),
    ) -> bool {
        let Some(mut subscription) = self.subscriptions.get(id).cloned() else {
            return false;
        };
        change(&mut subscription);
        subscription.id = id.into();
        self.store(subscription);
        true
    }

    /// Deletes a customer as Stripe does: ends its subscriptions and leaves a stub that can be retrieved.
    pub fn delete_customer_silently(&mut self, id: &str) -> bool {
        for subscription in self.subscriptions_of(id) {
            self.cancel_silently(&subscription);
        }
        let Some(customer) = self.customers.get(id).cloned() else {
            return false;
        };
        self.customers.put(customer.deleted());
        true
    }

    /// Stores a subscription and creates missing objects that it refers to.
    fn store(&mut self, mut subscription: Subscription) -> CompactString {
        if self.customers.get(&subscription.customer).is_none() {
            let customer = Customer::new(&subscription.customer).created(subscription.created);
            subscription.customer = self.customer(customer);
        }
        for item in &mut subscription.items {
            self.fill(&mut item.id, "si_", 14);
            if self.prices.get(&item.price).is_none() {
                item.price = self.price(Price::monthly(&item.price, 2000));
            }
        }
        lifecycle::fill_periods(&mut subscription, &self.prices, self.clock);
        let (id, customer) = (subscription.id.clone(), subscription.customer.clone());
        if let Some(slot) = self.subscriptions.slot(&id) {
            self.unlink(slot);
        }
        let slot = self.subscriptions.put(subscription);
        self.link(slot, &customer);
        id
    }

    /// Adds or replaces a feature.
    pub fn feature(&mut self, mut feature: Feature) -> CompactString {
        self.fill(&mut feature.id, "feat_", 19);
        self.stamp(&mut feature.created);
        let id = feature.id.clone();
        self.features.put(feature);
        id
    }

    /// Entitles a customer to a feature now. Creates either if missing.
    pub fn entitle(&mut self, customer: &str, feature: &str) -> CompactString {
        let mut id = CompactString::default();
        self.fill(&mut id, "ent_", 19);
        if self.customers.get(customer).is_none() {
            self.customer(Customer::new(customer));
        }
        if self.features.get(feature).is_none() {
            self.feature(Feature::new(feature, feature));
        }
        self.entitlements.put(ActiveEntitlement {
            id: id.clone(),
            created: self.clock,
            customer: customer.into(),
            feature: feature.into(),
        });
        id
    }

    /// Adds an event to the event list.
    pub fn event(&mut self, mut event: Event) -> CompactString {
        self.fill(&mut event.id, "evt_1", 19);
        self.stamp(&mut event.created);
        let id = event.id.clone();
        self.events.put(event);
        id
    }

    pub fn webhook_endpoint(&mut self, mut endpoint: WebhookEndpoint) -> CompactString {
        self.fill(&mut endpoint.id, "we_1", 19);
        self.stamp(&mut endpoint.created);
        let id = endpoint.id.clone();
        self.webhook_endpoints.put(endpoint);
        id
    }

    pub fn test_clock(&mut self, mut clock: TestClock) -> CompactString {
        self.fill(&mut clock.id, "clock_1", 17);
        self.stamp(&mut clock.created);
        let id = clock.id.clone();
        self.test_clocks.put(clock);
        id
    }

    /// Returns all subscriptions in insertion order.
    pub fn subscriptions(&self) -> impl Iterator<Item = &Subscription> {
        self.subscriptions.iter()
    }

    pub fn subscription_count(&self) -> usize {
        self.subscriptions.len()
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

    /// Finds a feature by its lookup key or its id.
    pub fn find_feature(&self, key: &str) -> Option<&Feature> {
        let mut features = self.features.iter();
        let by_key = features.find(|feature| feature.lookup_key == key);
        by_key.or_else(|| self.features.get(key))
    }

    pub fn find_customer(&self, id: &str) -> Option<&Customer> {
        self.customers.get(id)
    }

    pub fn find_invoice(&self, id: &str) -> Option<&Invoice> {
        self.objects.invoices.get(id)
    }

    pub fn find_session(&self, id: &str) -> Option<&CheckoutSession> {
        self.objects.sessions.get(id)
    }

    pub fn find_event(&self, id: &str) -> Option<&Event> {
        self.events.get(id)
    }

    pub fn find_schedule(&self, id: &str) -> Option<&Schedule> {
        self.objects.schedules.get(id)
    }

    /// Returns the ids of a customer's subscriptions in insertion order.
    pub fn subscriptions_of(&self, customer: &str) -> Vec<CompactString> {
        self.slots_of(customer)
            .filter_map(|slot| self.subscriptions.at(slot))
            .map(|subscription| subscription.id.clone())
            .collect()
    }

    /// Sorts every collection into list order, which changes may have disturbed.
    pub(crate) fn put_in_order(&mut self) {
        self.customers.put_in_order();
        self.products.put_in_order();
        self.prices.put_in_order();
        self.subscriptions.put_in_order();
        self.features.put_in_order();
        self.entitlements.put_in_order();
        self.events.put_in_order();
        self.webhook_endpoints.put_in_order();
        self.test_clocks.put_in_order();
        self.objects.put_in_order();
    }

    pub(crate) fn slots_of(&self, customer: &str) -> impl Iterator<Item = Slot> + '_ {
        let range = self
            .customers
            .slot(customer)
            .map(|slot| (slot, 0)..=(slot, Slot::MAX));
        range
            .into_iter()
            .flat_map(|range| self.by_customer.range(range))
            .map(|(_, slot)| *slot)
    }

    fn link(&mut self, subscription: Slot, customer: &str) {
        if let Some(customer) = self.customers.slot(customer) {
            self.by_customer.insert((customer, subscription));
        }
    }

    /// Links all subscriptions with their customers, after slots have changed.
    pub(crate) fn link_all(&mut self) {
        let linked = |(slot, subscription): (Slot, &Subscription)| {
            let customer = self.customers.slot(&subscription.customer)?;
            Some((customer, slot))
        };
        let subscriptions = self.subscriptions.iter().enumerate();
        self.by_customer = subscriptions.filter_map(linked).collect();
    }

    fn unlink(&mut self, subscription: Slot) {
        let customer = self
            .subscriptions
            .at(subscription)
            .and_then(|subscription| self.customers.slot(&subscription.customer));
        if let Some(customer) = customer {
            self.by_customer.remove(&(customer, subscription));
        }
    }

    pub(crate) fn fill(&mut self, id: &mut CompactString, prefix: &'static str, length: usize) {
        if id.is_empty() {
            *id = self.id_counters.next(prefix, length);
        }
    }

    pub(crate) fn stamp(&self, created: &mut i64) {
        if *created == 0 {
            *created = self.clock;
        }
    }
}
