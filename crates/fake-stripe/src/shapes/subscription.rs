//! Subscriptions and their items.

use serde::Serialize;
use serde_json::Value;

use super::{EmptyList, List, NO_METADATA, Null, PriceShape, View, catalog::PlanShape, coupon};
use crate::world::{Item, Metadata, Status, Subscription};

/// Maximum length of an embedded list.
const EMBEDDED_PAGE: usize = 10;

#[derive(Debug, Serialize)]
pub(crate) struct SubscriptionShape<'w> {
    id: &'w str,
    object: &'static str,
    application: Null,
    application_fee_percent: Null,
    automatic_tax: AutomaticTax,
    billing_cycle_anchor: i64,
    billing_cycle_anchor_config: Null,
    billing_mode: BillingMode,
    billing_schedules: EmptyList,
    billing_thresholds: Null,
    cancel_at: Option<i64>,
    cancel_at_period_end: bool,
    canceled_at: Option<i64>,
    cancellation_details: CancellationDetails<'w>,
    collection_method: &'static str,
    created: i64,
    currency: &'w str,
    #[serde(flatten)]
    period: Option<PeriodShape>,
    customer: &'w str,
    customer_account: Option<&'w str>,
    days_until_due: Option<u32>,
    default_payment_method: Option<&'w str>,
    default_source: Null,
    default_tax_rates: EmptyList,
    description: Option<&'w str>,
    /// The discount or null before API version basil; absent since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    discount: Option<Value>,
    discounts: Vec<&'w str>,
    ended_at: Option<i64>,
    invoice_settings: InvoiceSettings,
    items: List<ItemShape<'w>>,
    latest_invoice: Option<&'w str>,
    livemode: bool,
    managed_payments: Null,
    metadata: &'w Metadata,
    next_pending_invoice_item_invoice: Null,
    on_behalf_of: Null,
    pause_collection: Option<PauseCollectionShape<'w>>,
    payment_settings: PaymentSettings,
    pending_invoice_item_interval: Null,
    pending_setup_intent: Null,
    pending_update: Null,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<PlanShape<'w>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<u32>,
    schedule: Option<&'w str>,
    start_date: i64,
    status: &'w str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_details: Option<StatusDetails<'w>>,
    test_clock: Option<&'w str>,
    transfer_data: Null,
    trial_end: Option<i64>,
    trial_settings: TrialSettings<'w>,
    trial_start: Option<i64>,
}

impl<'w> SubscriptionShape<'w> {
    pub(crate) fn new(subscription: &'w Subscription, view: View<'w>) -> Self {
        let details = &*subscription.details;
        let at_items = view.version.has_periods_at_items();
        let single = single(subscription).filter(|_| view.world.quirks.top_level_plan);
        let price = |item: &'w Item| view.world.prices.get(&item.price);
        Self {
            id: &subscription.id,
            object: "subscription",
            application: Null,
            application_fee_percent: Null,
            automatic_tax: AutomaticTax::new(details.automatic_tax),
            billing_cycle_anchor: details
                .billing_cycle_anchor
                .or(details.trial_end)
                .or(details.start_date)
                .unwrap_or(subscription.created),
            billing_cycle_anchor_config: Null,
            billing_mode: BillingMode::new(details.flexible_billing),
            billing_schedules: EmptyList,
            billing_thresholds: Null,
            cancel_at: details.cancel_at,
            cancel_at_period_end: details.cancel_at_period_end,
            canceled_at: details.canceled_at,
            cancellation_details: CancellationDetails {
                reason: details.cancellation_reason.as_deref(),
                ..CancellationDetails::default()
            },
            collection_method: subscription.collection_method(),
            created: subscription.created,
            currency: view.world.currency_of(subscription),
            period: PeriodShape::from_item(subscription.items.first()).filter(|_| !at_items),
            customer: &subscription.customer,
            customer_account: details.customer_account.as_deref(),
            days_until_due: details.days_until_due,
            default_payment_method: details.default_payment_method.as_deref(),
            default_source: Null,
            default_tax_rates: EmptyList,
            description: details.description.as_deref(),
            discount: (!at_items).then(|| {
                let one = details.discount.as_ref();
                one.map_or(Value::Null, |one| coupon::discount(subscription, one, view))
            }),
            discounts: details.discount.iter().map(|one| one.id.as_str()).collect(),
            ended_at: details.ended_at,
            invoice_settings: InvoiceSettings::default(),
            items: items(subscription, view),
            latest_invoice: details.latest_invoice.as_deref(),
            livemode: view.world.livemode,
            managed_payments: Null,
            metadata: &details.metadata,
            next_pending_invoice_item_invoice: Null,
            on_behalf_of: Null,
            pause_collection: details
                .pause_collection
                .as_ref()
                .map(|pause| PauseCollectionShape {
                    behavior: &pause.behavior,
                    resumes_at: pause.resumes_at,
                }),
            payment_settings: PaymentSettings::default(),
            pending_invoice_item_interval: Null,
            pending_setup_intent: Null,
            pending_update: Null,
            plan: single
                .and_then(price)
                .map(|price| PlanShape::new(price, view)),
            quantity: single.and_then(|item| item.quantity),
            schedule: details.schedule.as_deref(),
            start_date: details.start_date.unwrap_or(subscription.created),
            status: subscription.status.as_str(),
            status_details: StatusDetails::new(subscription),
            test_clock: details.test_clock.as_deref(),
            transfer_data: Null,
            trial_end: details.trial_end,
            trial_settings: TrialSettings::new(subscription),
            trial_start: details.trial_start,
        }
    }
}

/// Returns the item of a subscription with just one.
fn single(subscription: &Subscription) -> Option<&Item> {
    match subscription.items.as_slice() {
        [single] => Some(single),
        _ => None,
    }
}

fn items<'w>(subscription: &'w Subscription, view: View<'w>) -> List<ItemShape<'w>> {
    let shapes = subscription.items.iter().take(EMBEDDED_PAGE);
    let shapes = shapes
        .map(|item| ItemShape::new(subscription, item, view))
        .collect();
    let count = subscription.items.len();
    let url = format!("/v1/subscription_items?subscription={}", subscription.id);
    List::new(shapes, count > EMBEDDED_PAGE, url).counted(count)
}

#[derive(Debug, Serialize)]
pub(crate) struct ItemShape<'w> {
    id: &'w str,
    object: &'static str,
    billing_thresholds: Null,
    created: i64,
    #[serde(flatten)]
    period: Option<PeriodShape>,
    current_trial: Null,
    discounts: EmptyList,
    metadata: &'w Metadata,
    plan: Option<PlanShape<'w>>,
    price: Option<PriceShape<'w>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<u32>,
    subscription: &'w str,
    tax_rates: EmptyList,
}

impl<'w> ItemShape<'w> {
    pub(crate) fn new(subscription: &'w Subscription, item: &'w Item, view: View<'w>) -> Self {
        let price = view.world.prices.get(&item.price);
        let at_items =
            view.version.has_periods_at_items() || view.world.quirks.periods_in_both_places;
        Self {
            id: &item.id,
            object: "subscription_item",
            billing_thresholds: Null,
            created: subscription.created,
            period: PeriodShape::from_item(Some(item)).filter(|_| at_items),
            current_trial: Null,
            discounts: EmptyList,
            metadata: item.metadata.as_deref().unwrap_or(&NO_METADATA),
            plan: price.map(|price| PlanShape::new(price, view)),
            price: price.map(|price| PriceShape::new(price, view)),
            quantity: item.quantity,
            subscription: &subscription.id,
            tax_rates: EmptyList,
        }
    }
}

#[derive(Debug, Serialize)]
struct PeriodShape {
    current_period_end: i64,
    current_period_start: i64,
}

impl PeriodShape {
    fn from_item(item: Option<&Item>) -> Option<Self> {
        item?.period.map(|period| Self {
            current_period_end: period.end,
            current_period_start: period.start,
        })
    }
}

#[derive(Debug, Serialize)]
struct AutomaticTax {
    disabled_reason: Null,
    enabled: bool,
    liability: Option<Liability>,
}

impl AutomaticTax {
    fn new(enabled: bool) -> Self {
        Self {
            disabled_reason: Null,
            enabled,
            liability: enabled.then_some(Liability::default()),
        }
    }
}

/// The liable or issuing account: always the account itself.
#[derive(Debug, Serialize)]
struct Liability {
    #[serde(rename = "type")]
    kind: &'static str,
}

impl Default for Liability {
    fn default() -> Self {
        Self { kind: "self" }
    }
}

#[derive(Debug, Serialize)]
struct BillingMode {
    flexible: Option<Flexible>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct Flexible {
    proration_discounts: &'static str,
}

impl BillingMode {
    fn new(flexible: bool) -> Self {
        Self {
            flexible: flexible.then_some(Flexible {
                proration_discounts: "included",
            }),
            kind: if flexible { "flexible" } else { "classic" },
        }
    }
}

#[derive(Debug, Default, Serialize)]
struct CancellationDetails<'w> {
    comment: Null,
    feedback: Null,
    feedback_option: Null,
    reason: Option<&'w str>,
}

#[derive(Debug, Default, Serialize)]
struct InvoiceSettings {
    account_tax_ids: Null,
    custom_fields: Null,
    description: Null,
    footer: Null,
    issuer: Liability,
}

#[derive(Debug, Serialize)]
struct PauseCollectionShape<'w> {
    behavior: &'w str,
    resumes_at: Option<i64>,
}

#[derive(Debug, Serialize)]
struct PaymentSettings {
    payment_method_options: Null,
    payment_method_types: Null,
    save_default_payment_method: &'static str,
}

impl Default for PaymentSettings {
    fn default() -> Self {
        Self {
            payment_method_options: Null,
            payment_method_types: Null,
            save_default_payment_method: "off",
        }
    }
}

#[derive(Debug, Serialize)]
struct StatusDetails<'w> {
    paused: Paused<'w>,
}

#[derive(Debug, Serialize)]
struct Paused<'w> {
    subscription: PausedSubscription<'w>,
    transitioned_at: i64,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct PausedSubscription<'w> {
    #[serde(rename = "type")]
    kind: &'w str,
}

impl<'w> StatusDetails<'w> {
    fn new(subscription: &'w Subscription) -> Option<Self> {
        let details = &*subscription.details;
        let transitioned_at = details
            .paused_at
            .filter(|_| subscription.status == Status::Paused)?;
        let reason = details.pause_reason.as_deref();
        Some(Self {
            paused: Paused {
                subscription: PausedSubscription {
                    kind: reason.unwrap_or("trial_end_without_payment_method"),
                },
                transitioned_at,
                kind: "subscription",
            },
        })
    }
}

#[derive(Debug, Serialize)]
struct TrialSettings<'w> {
    end_behavior: EndBehavior<'w>,
}

#[derive(Debug, Serialize)]
struct EndBehavior<'w> {
    billing_cycle_anchor: Null,
    missing_payment_method: &'w str,
}

impl<'w> TrialSettings<'w> {
    fn new(subscription: &'w Subscription) -> Self {
        let wanted = subscription.details.missing_payment_method.as_deref();
        let implied = if subscription.status == Status::Paused {
            "pause"
        } else {
            "create_invoice"
        };
        Self {
            end_behavior: EndBehavior {
                billing_cycle_anchor: Null,
                missing_payment_method: wanted.unwrap_or(implied),
            },
        }
    }
}
