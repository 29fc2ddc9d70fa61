//! Finds the object with an id. The key that holds the id determines the kind of object.

use serde_json::Value;

use super::{super::error::ApiError, shape};
use crate::shapes::{
    self, AccountShape, CustomerShape, FeatureShape, Movement, PlanShape, PriceShape, ProductShape,
    SubscriptionShape, TestClockShape, View,
};

/// Returns `None` if the fake has no such object.
pub(super) fn object_of(key: &str, id: &str, view: View<'_>) -> Result<Option<Value>, ApiError> {
    let world = view.world;
    let price = || world.prices.get(id);
    let found = match key {
        "customer" => world
            .customers
            .get(id)
            .map(|customer| shape(&CustomerShape::new(customer, view))),
        "product" => world
            .products
            .get(id)
            .map(|product| shape(&ProductShape::new(product, view))),
        "default_price" | "price" => price().map(|price| shape(&PriceShape::new(price, view))),
        "plan" => price().map(|price| shape(&PlanShape::new(price, view))),
        "feature" => world
            .features
            .get(id)
            .map(|feature| shape(&FeatureShape::new(feature, view))),
        "test_clock" => world
            .test_clocks
            .get(id)
            .map(|clock| shape(&TestClockShape::new(clock, view))),
        "subscription" => world
            .subscriptions
            .get(id)
            .map(|subscription| shape(&SubscriptionShape::new(subscription, view))),
        "account" | "on_behalf_of" | "destination" => {
            (world.account == id).then(|| shape(&AccountShape::new(view)))
        }
        _ => paid_or_planned(key, id, view).map(Ok),
    };
    found.transpose()
}

/// Finds objects of billing, payment and schedules.
fn paid_or_planned(key: &str, id: &str, view: View<'_>) -> Option<Value> {
    let some = &view.world.objects;
    match key {
        "invoice" | "latest_invoice" | "latest_revision" => {
            let invoice = some.invoices.get(id);
            invoice.map(|invoice| shapes::invoice(invoice, view))
        }
        "payment_intent" => {
            let intent = some.payment_intents.get(id);
            intent.map(|intent| shapes::payment_intent(intent, view))
        }
        "charge" | "latest_charge" => {
            let charge = some.charges.get(id);
            charge.map(|charge| shapes::charge(charge, view))
        }
        "default_payment_method" | "payment_method" => {
            let method = some.payment_methods.get(id);
            method.map(|method| shapes::payment_method(method, view))
        }
        "schedule" | "subscription_schedule" => {
            let schedule = some.schedules.get(id);
            schedule.map(|schedule| shapes::schedule(schedule, view))
        }
        "coupon" => {
            let coupon = some.coupons.get(id);
            coupon.map(|coupon| shapes::coupon(coupon, view))
        }
        "balance_transaction" => {
            let charge = some.charges.iter().find(|one| is_source(id, &one.id));
            let refund = some.refunds.iter().find(|one| is_source(id, &one.id));
            let movement = charge.map(Movement::of_charge);
            let movement = movement.or_else(|| refund.map(Movement::of_refund));
            movement.map(|movement| shapes::balance_transaction(&movement))
        }
        "promotion_code"
        | "setup_intent"
        | "pending_setup_intent"
        | "payment_link"
        | "configuration" => some.records.get(id).map(|record| record.object.clone()),
        _ => None,
    }
}

fn is_source(transaction: &str, source: &str) -> bool {
    shapes::balance_transaction_id(source) == transaction
}
