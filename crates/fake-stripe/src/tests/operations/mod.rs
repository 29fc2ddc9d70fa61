//! Operations: the events they record, in which order, and the objects in them, in both formats.

#![expect(clippy::indexing_slicing, reason = "a test may panic")]

mod around;
mod buying;
mod chance;
mod changing;
mod determinism;
mod ending;
mod entitlements;
mod living;
mod reference;

use compact_str::CompactString;
use serde_json::Value;

use super::NOW;
use crate::{
    ApiVersion, CheckoutSession, Coupon, Event, Feature, FirstPayment, Impossible, Interval, Item,
    Payment, Price, Purchase, Stage, Status, Subscription, World,
};

const DAY: i64 = 86_400;
const MONTH: i64 = 30 * DAY;

const OLD: &str = "2024-06-20";
const NEW: &str = "2026-10-28.endive";

const BOTH: [&str; 2] = [OLD, NEW];

/// A world with some prices, and a stage to run operations in.
struct Play {
    world: World,
    stage: Stage,
}

impl Play {
    fn new(version: &str) -> Self {
        let mut world = World::new(NOW);
        world.price(Price::monthly("price_pro", 2000).lookup_key("pro_monthly"));
        world.price(Price::monthly("price_team", 5000));
        world.price(Price::recurring("price_year", 20_000, Interval::Year));
        world.price(Price::monthly("price_usage", 0).metered());
        world.put_coupon(Coupon::percent("ALL", 100));
        world.feature(Feature::new("feat_a", "a"));
        world.feature(Feature::new("feat_b", "b"));
        Self {
            world,
            stage: Stage {
                clock: NOW,
                events_version: version.parse::<ApiVersion>().unwrap(),
                namespace: "play".into(),
            },
        }
    }

    /// Runs an operation some seconds after the previous one. Returns its events.
    fn after<R>(
        &mut self,
        seconds: i64,
        operation: impl FnOnce(&mut World) -> R,
    ) -> (R, Vec<Event>) {
        self.stage.clock += seconds;
        let (result, ids) = self.world.on_stage(&self.stage, operation);
        let events = ids
            .iter()
            .map(|id| self.world.find_event(id).unwrap().clone());
        (result, events.collect())
    }

    /// Runs an operation that must succeed. Returns its events.
    #[track_caller]
    fn events_of<R>(
        &mut self,
        seconds: i64,
        operation: impl FnOnce(&mut World) -> Result<R, Impossible>,
    ) -> RecordedEvents {
        let (result, events) = self.after(seconds, operation);
        if let Err(impossible) = result {
            panic!("{impossible}");
        }
        RecordedEvents(events)
    }

    /// Buys the plan, unless the session says something else.
    #[track_caller]
    fn buy(&mut self, session: CheckoutSession) -> (Purchase, RecordedEvents) {
        let (purchase, events) = self.after(10, |world| world.checkout(session, Payment::Paid));
        (purchase.unwrap(), RecordedEvents(events))
    }

    /// Creates a subscription of a customer with a card, without Checkout.
    #[track_caller]
    fn subscribed(&mut self, id: &str) {
        let customer = format!("cus_{id}");
        self.world
            .customer(crate::Customer::new(&customer).email("a@example.com"));
        self.events_of(10, |world| {
            let subscription = Subscription::new(&customer, Status::Active);
            world.subscribe(subscription.id(id).price("price_pro"), FirstPayment::Paid)
        });
    }

    fn status(&self, id: &str) -> &str {
        self.world.find_subscription(id).unwrap().status.as_str()
    }
}

/// Returns a session for one plan.
fn plan() -> CheckoutSession {
    CheckoutSession {
        items: vec![Item::new("price_pro")],
        customer_email: Some("b@example.com".into()),
        client_reference_id: Some("user-1".into()),
        metadata: [("from".to_owned(), "session".to_owned())].into(),
        subscription_metadata: [("userId".to_owned(), "user-1".to_owned())].into(),
        ..CheckoutSession::default()
    }
}

/// The events of an operation.
#[derive(Debug)]
struct RecordedEvents(Vec<Event>);

impl RecordedEvents {
    fn kinds(&self) -> Vec<&str> {
        self.0.iter().map(|event| event.kind.as_str()).collect()
    }

    #[track_caller]
    fn event(&self, kind: &str) -> &Event {
        let found = self.0.iter().find(|event| event.kind == kind);
        found.unwrap_or_else(|| panic!("no {kind} among {:?}", self.kinds()))
    }

    /// Returns the value at a JSON pointer in the object of the first event of a kind.
    #[track_caller]
    fn at(&self, kind: &str, pointer: &str) -> &Value {
        let object = &self.event(kind).object;
        let found = object.pointer(pointer);
        found.unwrap_or_else(|| panic!("nothing at {pointer} of {object:#}"))
    }

    #[track_caller]
    fn previous(&self, kind: &str) -> &Value {
        let event = self.event(kind);
        let previous = event.previous_attributes.as_ref();
        previous.unwrap_or_else(|| panic!("{kind} without previous attributes"))
    }

    /// Checks that all events share one second, one version and one request; Stripe's own actions have no request.
    #[track_caller]
    fn share_one_operation(&self, version: &str, is_user_operation: bool) {
        let first = self.0.first().unwrap();
        for event in &self.0 {
            assert_eq!(event.created, first.created, "{}", event.kind);
            assert_eq!(event.api_version, version, "{}", event.kind);
            assert_eq!(event.request, first.request, "{}", event.kind);
            assert_eq!(event.request.is_some(), is_user_operation, "{}", event.kind);
            assert!(event.object.is_object(), "{} without an object", event.kind);
        }
    }
}

/// Returns the id of the schedule that manages a subscription.
fn schedule_of(world: &World, subscription: &str) -> Result<CompactString, Impossible> {
    let known = world.find_subscription(subscription);
    let schedule = known.and_then(|one| one.details.schedule.clone());
    schedule.ok_or_else(|| Impossible::Unknown {
        kind: "schedule",
        id: subscription.into(),
    })
}

/// Returns the JSON pointer to the end of the period in a subscription of this API version.
fn period_end(version: &str) -> &'static str {
    if version == OLD {
        "/current_period_end"
    } else {
        "/items/data/0/current_period_end"
    }
}
