//! Subscriptions: create, cancel, pause and resume. Updates are in a separate module.

use compact_str::CompactString;

use super::{
    WriteRequest,
    customers::{check_card_exists, new_metadata},
    items::{WantedItem, check_new},
};
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::{Form, Parameter},
    keys::Permission,
    operations::FirstPayment,
    shapes::SubscriptionShape,
    world::{Discount, Item, Status, Subscription, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::CreateSubscription,
        "/v1/subscriptions",
        Permission::SubscriptionWrite,
        create,
    ),
    Route::delete(
        Endpoint::CancelSubscription,
        "/v1/subscriptions/{id}",
        Permission::SubscriptionWrite,
        cancel,
    ),
    Route::post(
        Endpoint::PauseSubscription,
        "/v1/subscriptions/{id}/pause",
        Permission::SubscriptionWrite,
        pause,
    ),
    Route::post(
        Endpoint::ResumeSubscription,
        "/v1/subscriptions/{id}/resume",
        Permission::SubscriptionWrite,
        resume,
    ),
];

/// Parameters that Stripe accepts but that have no effect here.
pub(super) const IGNORED: [&str; 17] = [
    "add_invoice_items",
    "application_fee_percent",
    "automatic_tax",
    "backdate_start_date",
    "billing_cycle_anchor_config",
    "billing_schedules",
    "billing_thresholds",
    "default_source",
    "default_tax_rates",
    "invoice_settings",
    "off_session",
    "on_behalf_of",
    "payment_settings",
    "pending_invoice_item_interval",
    "proration_behavior",
    "proration_date",
    "transfer_data",
];

pub(super) const BEHAVIORS: [&str; 4] = [
    "allow_incomplete",
    "default_incomplete",
    "error_if_incomplete",
    "pending_if_incomplete",
];

const DAY: i64 = 86_400;

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let customer = form.required("customer")?;
    let items = WantedItem::all(form, "items")?;
    let behavior = form.choice("payment_behavior", &BEHAVIORS)?.into_option();
    let mut subscription = Subscription::new(&customer, Status::Incomplete);
    read_new(form, &mut subscription, world.clock)?;
    let coupon = coupon(form)?;
    let card = form.optional_text("default_payment_method")?;
    let flag = form.boolean("cancel_at_period_end")?.unwrap_or(false);
    form.ignore(&IGNORED);
    form.ignore(&["billing_cycle_anchor", "trial_from_plan"]);
    request.reject_unread_parameters()?;

    let call = &request.call;
    let known = call.find_by_parameter(
        (&*world, &world.customers),
        "customer",
        &customer,
        "customer",
    )?;
    if known.deleted {
        return Err(ApiError::missing("customer", &customer, "customer"));
    }
    check_new(&items, request, world, "items")?;
    if let Some(coupon) = &coupon {
        call.find_by_parameter(
            (&*world, &world.objects.coupons),
            "coupon",
            coupon,
            "coupon",
        )?;
    }
    if let Some(card) = &card {
        check_card_exists(world, card)?;
        subscription.details.default_payment_method = Some(card.clone());
    }
    subscription.details.cancel_at_period_end = flag;
    let is_trial = subscription.details.trial_end.is_some();
    let has_card = card.is_some() || world.has_card(&customer);
    let is_charged = subscription.details.days_until_due.is_none();
    let payment = if behavior == Some("default_incomplete") || !is_charged {
        FirstPayment::Awaited
    } else {
        FirstPayment::Paid
    };
    if payment == FirstPayment::Paid && !has_card && !is_trial && coupon.is_none() {
        return Err(ApiError::invalid(
            "This customer has no attached payment source or default payment method. Please consider adding a default \
             payment method. For more information, visit \
             https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.",
        )
        .code("resource_missing"));
    }
    let id = request.apply(world, Some(&customer), |world| {
        let items = items.into_iter().filter_map(|item| item.make(world));
        subscription.items = items.collect::<Vec<Item>>();
        if let Some(coupon) = coupon {
            let id = world.new_discount_id();
            subscription.details.discount = Some(Discount {
                id,
                coupon,
                start: world.clock,
                checkout_session: None,
            });
        }
        world.subscribe(subscription, payment)
    })?;
    subscription_response(request, world, &id)
}

/// Reads the fields of a new subscription besides its items, for the API and for Checkout.
fn read_new(form: &mut Form, subscription: &mut Subscription, clock: i64) -> Result<(), ApiError> {
    let metadata = new_metadata(form)?;
    let description = form.text("description")?.into_option();
    let currency = form.optional_text("currency")?;
    let cancel_at = form.integer("cancel_at")?.into_option();
    let days_until_due = form.count("days_until_due")?;
    let method = form
        .choice(
            "collection_method",
            &["charge_automatically", "send_invoice"],
        )?
        .into_option();
    let mode = billing_mode(form)?;
    let trial = Trial::read(form, clock)?;
    let details = &mut subscription.details;
    details.metadata = metadata;
    details.description = description;
    details.currency = currency;
    details.cancel_at = cancel_at;
    details.flexible_billing = mode;
    if method == Some("send_invoice") {
        details.days_until_due = Some(days_until_due.unwrap_or(30));
    }
    if let Some(end) = trial.end {
        details.trial_start = Some(clock);
        details.trial_end = Some(end);
    }
    details.missing_payment_method = trial.missing_payment_method;
    Ok(())
}

fn billing_mode(form: &mut Form) -> Result<bool, ApiError> {
    let Parameter::Set(mut mode) = form.hash("billing_mode")? else {
        return Ok(false);
    };
    let kind = mode.choice("type", &["classic", "flexible"])?.into_option();
    mode.ignore(&["flexible"]);
    mode.reject_unread_parameters()?;
    Ok(kind == Some("flexible"))
}

/// The trial parameters of a request.
#[derive(Debug, Default)]
pub(super) struct Trial {
    pub(super) end: Option<i64>,
    pub(super) days: Option<u32>,
    pub(super) missing_payment_method: Option<CompactString>,
}

impl Trial {
    pub(super) fn read(form: &mut Form, clock: i64) -> Result<Self, ApiError> {
        let days = form.count("trial_period_days")?.filter(|days| *days > 0);
        let end = match form.text("trial_end")? {
            Parameter::Set(now) if now == "now" => None,
            Parameter::Set(text) => {
                let end = text.parse().map_err(|_malformed| {
                    ApiError::invalid(format!("Invalid integer: {text}"))
                        .code("parameter_invalid_integer")
                        .param("trial_end")
                })?;
                Some(end)
            }
            Parameter::Absent | Parameter::Unset => None,
        };
        let mut missing_payment_method = None;
        if let Parameter::Set(mut settings) = form.hash("trial_settings")? {
            if let Parameter::Set(mut behavior) = settings.hash("end_behavior")? {
                let words = ["cancel", "create_invoice", "pause"];
                let chosen = behavior
                    .choice("missing_payment_method", &words)?
                    .into_option();
                missing_payment_method = chosen.map(CompactString::from);
                behavior.reject_unread_parameters()?;
            }
            settings.reject_unread_parameters()?;
        }
        let counted = days.map(|days| clock.saturating_add(DAY.saturating_mul(i64::from(days))));
        Ok(Self {
            end: end.or(counted).filter(|end| *end > clock),
            days,
            missing_payment_method,
        })
    }
}

/// Reads `coupon`, or `discounts[0][coupon]`.
pub(super) fn coupon(form: &mut Form) -> Result<Option<CompactString>, ApiError> {
    let mut coupon = form.optional_text("coupon")?;
    for mut discount in form.list("discounts")? {
        coupon = discount.optional_text("coupon")?.or(coupon);
        discount.ignore(&["discount", "promotion_code"]);
        discount.reject_unread_parameters()?;
    }
    form.ignore(&["promotion_code"]);
    Ok(coupon)
}

fn cancel(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let customer = customer_of_active(request, world)?;
    let form = &mut request.call.form;
    form.ignore(&["cancellation_details", "invoice_now", "prorate"]);
    request.reject_unread_parameters()?;
    let id = request.call.id;
    request.apply(world, Some(&customer), |world| world.cancel_now(id))?;
    subscription_response(request, world, id)
}

fn pause(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let customer = customer_of_active(request, world)?;
    let form = &mut request.call.form;
    form.ignore(&["bill_for", "invoicing_behavior", "type"]);
    request.reject_unread_parameters()?;
    let id = request.call.id;
    request.apply(world, Some(&customer), |world| world.pause_subscription(id))?;
    subscription_response(request, world, id)
}

fn resume(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let customer = customer_of_active(request, world)?;
    let form = &mut request.call.form;
    form.ignore(&[
        "billing_cycle_anchor",
        "payment_behavior",
        "proration_behavior",
        "proration_date",
    ]);
    request.reject_unread_parameters()?;
    let id = request.call.id;
    request.apply(world, Some(&customer), |world| {
        world.resume_subscription(id)
    })?;
    subscription_response(request, world, id)
}

/// Returns the customer of the subscription in the path. Stripe answers "not found" if the subscription has ended.
pub(super) fn customer_of_active(
    request: &WriteRequest<'_>,
    world: &World,
) -> Result<CompactString, ApiError> {
    let id = request.call.id;
    let subscriptions = (world, &world.subscriptions);
    let found = request.call.find(subscriptions, "subscription", id)?;
    if found.status.is_ended() {
        return Err(ApiError::missing("subscription", id, "id"));
    }
    Ok(found.customer.clone())
}

pub(super) fn subscription_response(
    request: &WriteRequest<'_>,
    world: &World,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let subscriptions = (world, &world.subscriptions);
    let found = request.call.find(subscriptions, "subscription", id)?;
    request.body(
        world,
        &SubscriptionShape::new(found, request.call.view(world)),
    )
}
