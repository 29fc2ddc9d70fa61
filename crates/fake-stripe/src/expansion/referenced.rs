//! Finds the object that an id refers to. The key that holds the id determines the kind of object.

use serde_json::Value;

use super::{super::error::ApiError, shape};
use crate::shapes::{
    self, AccountShape, CustomerShape, FeatureShape, Movement, PlanShape, PriceShape, ProductShape,
    SubscriptionShape, TestClockShape, View,
};

/// Returns the object with an id that was found under a key, or `None` if the fake has no such object.
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
        _ => less_common_object(key, id, view).map(Ok),
    };
    found.transpose()
}

/// Returns an object of the less numerous kinds, or `None` if the fake has no such object.
fn less_common_object(key: &str, id: &str, view: View<'_>) -> Option<Value> {
    let objects = &view.world.objects;
    match key {
        "invoice" | "latest_invoice" | "latest_revision" => {
            let invoice = objects.invoices.get(id);
            invoice.map(|invoice| shapes::invoice(invoice, view))
        }
        "payment_intent" => {
            let intent = objects.payment_intents.get(id);
            intent.map(|intent| shapes::payment_intent(intent, view))
        }
        "charge" | "latest_charge" => {
            let charge = objects.charges.get(id);
            charge.map(|charge| shapes::charge(charge, view))
        }
        "default_payment_method" | "payment_method" => {
            let method = objects.payment_methods.get(id);
            method.map(|method| shapes::payment_method(method, view))
        }
        "schedule" | "subscription_schedule" => {
            let schedule = objects.schedules.get(id);
            schedule.map(|schedule| shapes::schedule(schedule, view))
        }
        "coupon" => {
            let coupon = objects.coupons.get(id);
            coupon.map(|coupon| shapes::coupon(coupon, view))
        }
        "balance_transaction" => {
            let is_source = |source: &str| shapes::balance_transaction_id(source) == id;
            let charge = objects.charges.iter().find(|charge| is_source(&charge.id));
            let refund = objects.refunds.iter().find(|refund| is_source(&refund.id));
            charge
                .map(Movement::of_charge)
                .or_else(|| refund.map(Movement::of_refund))
                .map(|movement| shapes::balance_transaction(&movement))
        }
        "promotion_code"
        | "setup_intent"
        | "pending_setup_intent"
        | "payment_link"
        | "configuration" => objects.records.get(id).map(|record| record.object.clone()),
        _ => None,
    }
}
