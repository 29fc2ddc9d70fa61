//! Subscription schedules.

use serde_json::{Value, json};

use super::{PlanShape, View, json_object::json_object};
use crate::world::{Item, Phase, Schedule, ScheduleStatus};

pub(crate) fn schedule(schedule: &Schedule, view: View<'_>) -> Value {
    let is_released = schedule.status == ScheduleStatus::Released;
    let subscription = schedule.subscription.as_str();
    let currency = view
        .world
        .find_subscription(subscription)
        .map_or("usd", |subscription| view.world.currency_of(subscription));
    let phases: Vec<Value> = schedule
        .phases
        .iter()
        .map(|phase| phase_of(phase, currency, view))
        .collect();
    let current = schedule
        .phase_at(view.world.clock)
        .filter(|_| schedule.status == ScheduleStatus::Active)
        .map(|phase| json!({"end_date": phase.period.end, "start_date": phase.period.start}));
    let about = json!({
        "id": schedule.id.as_str(),
        "object": "subscription_schedule",
        "billing_mode": {"flexible": null, "type": "classic"},
        "canceled_at": schedule.canceled_at,
        "completed_at": schedule.completed_at,
        "created": schedule.created,
        "current_phase": current,
        "customer": schedule.customer.as_str(),
        "default_settings": default_settings(),
        "end_behavior": schedule.end_behavior.as_str(),
        "livemode": view.world.livemode,
        "metadata": &schedule.metadata,
        "pause_schedules": [],
        "phases": phases,
        "released_at": schedule.released_at,
        "released_subscription": is_released.then_some(subscription),
        "status": schedule.status.as_str(),
        "subscription": (!is_released && !subscription.is_empty()).then_some(subscription),
    });
    json_object([about], &["application", "customer_account", "test_clock"])
}

fn default_settings() -> Value {
    json_object(
        [json!({
            "automatic_tax": {"disabled_reason": null, "enabled": false, "liability": null},
            "billing_cycle_anchor": "automatic",
            "collection_method": "charge_automatically",
            "invoice_settings": invoice_settings(Some("self")),
        })],
        &[
            "application_fee_percent",
            "billing_thresholds",
            "default_payment_method",
            "description",
            "on_behalf_of",
            "transfer_data",
        ],
    )
}

fn invoice_settings(issuer: Option<&str>) -> Value {
    json_object(
        [json!({"issuer": issuer.map(|kind| json!({"type": kind}))})],
        &[
            "account_tax_ids",
            "custom_fields",
            "days_until_due",
            "description",
            "footer",
        ],
    )
}

fn phase_of(phase: &Phase, currency: &str, view: View<'_>) -> Value {
    let items: Vec<Value> = phase.items.iter().map(|item| item_of(item, view)).collect();
    json_object(
        [json!({
            "add_invoice_items": [],
            "currency": currency,
            "default_tax_rates": [],
            "discounts": [],
            "end_date": phase.period.end,
            "items": items,
            "metadata": {},
            "proration_behavior": "create_prorations",
            "start_date": phase.period.start,
        })],
        &[
            "application_fee_percent",
            "billing_cycle_anchor",
            "billing_thresholds",
            "collection_method",
            "default_payment_method",
            "description",
            "invoice_settings",
            "on_behalf_of",
            "transfer_data",
            "trial_end",
        ],
    )
}

fn item_of(item: &Item, view: View<'_>) -> Value {
    json!({
        "billing_thresholds": null,
        "discounts": [],
        "metadata": {},
        "plan": view.world.prices.get(&item.price).map(|price| PlanShape::new(price, view)),
        "price": item.price.as_str(),
        "quantity": item.quantity,
        "tax_rates": [],
    })
}
