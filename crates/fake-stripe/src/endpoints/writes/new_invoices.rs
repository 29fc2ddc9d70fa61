//! Invoices made by an application: create, delete, send and preview.

use compact_str::CompactString;
use serde_json::Value;

use super::{WriteRequest, customers::new_metadata, invoices::IGNORED, items::WantedItem};
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::{Form, Parameter},
    keys::Permission,
    shapes,
    world::{Invoice, InvoiceStatus, Item, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::CreateInvoice,
        "/v1/invoices",
        Permission::InvoiceWrite,
        create,
    ),
    Route::post(
        Endpoint::PreviewInvoice,
        "/v1/invoices/create_preview",
        Permission::InvoiceWrite,
        preview,
    ),
    Route::try_out(
        Endpoint::PreviewInvoice,
        "/v1/invoices/upcoming",
        Permission::InvoiceRead,
        upcoming,
    ),
    Route::post(
        Endpoint::SendInvoice,
        "/v1/invoices/{id}/send",
        Permission::InvoiceWrite,
        send,
    ),
    Route::delete(
        Endpoint::DeleteInvoice,
        "/v1/invoices/{id}",
        Permission::InvoiceWrite,
        delete,
    ),
];

/// Parameters that Stripe accepts for new invoices only, and that have no effect here.
const IGNORED_FOR_NEW: [&str; 11] = [
    "account_tax_ids",
    "application_fee_amount",
    "automatically_finalizes_at",
    "customer_account",
    "effective_at",
    "issuer",
    "number",
    "on_behalf_of",
    "rendering",
    "shipping_cost",
    "shipping_details",
];

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let customer = form.required("customer")?;
    let subscription = form.optional_text("subscription")?;
    let currency = form.optional_text("currency")?;
    let methods = ["charge_automatically", "send_invoice"];
    let method = form.choice("collection_method", &methods)?.into_option();
    let days = form.count("days_until_due")?;
    let advance = form.boolean("auto_advance")?.unwrap_or(false);
    let metadata = new_metadata(form)?;
    let words = ["exclude", "include"];
    let pending = form.choice("pending_invoice_items_behavior", &words)?;
    form.ignore(&IGNORED);
    form.ignore(&IGNORED_FOR_NEW);
    request.reject_unread_parameters()?;
    let call = &request.call;
    let found = call.find_by_parameter(
        (&*world, &world.customers),
        "customer",
        &customer,
        "customer",
    )?;
    let (email, name) = (found.email.clone(), found.details.name.clone());
    if let Some(id) = &subscription {
        let subscriptions = (&*world, &world.subscriptions);
        call.find_by_parameter(subscriptions, "subscription", id, "subscription")?;
    }
    let takes_pending = subscription.is_some() || pending == Parameter::Set("include");
    let invoice = Invoice {
        customer: customer.clone(),
        subscription,
        billing_reason: "manual".into(),
        currency: currency.unwrap_or_else(|| "usd".into()),
        customer_email: email,
        customer_name: name,
        auto_advance: advance,
        days_until_due: (method == Some("send_invoice")).then(|| days.unwrap_or(30)),
        metadata,
        ..Invoice::default()
    };
    let id = request.apply(world, Some(&customer), |world| {
        world.create_invoice(invoice, takes_pending)
    });
    invoice_response(request, world, &id)
}

/// Previews the next invoice after hypothetical changes.
fn preview(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let customer = form.optional_text("customer")?;
    let subscription = form.optional_text("subscription")?;
    let items = changes(form)?;
    form.ignore(&[
        "currency",
        "customer_details",
        "invoice_items",
        "preview_mode",
        "schedule",
    ]);
    form.ignore(&["schedule_details"]);
    form.ignore(&IGNORED);
    form.ignore(&IGNORED_FOR_NEW);
    request.reject_unread_parameters()?;
    let invoice = next(request, world, (customer, subscription), items)?;
    request.body(world, &invoice)
}

/// Previews the next invoice as before basil, when it had no id.
fn upcoming(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    if request.call.version.has_periods_at_items() {
        let gone = ApiError::invalid("Unrecognized request URL (GET: /v1/invoices/upcoming).");
        return Err(gone.status(http::StatusCode::NOT_FOUND));
    }
    let form = &mut request.call.form;
    let customer = form.optional_text("customer")?;
    let subscription = form.optional_text("subscription")?;
    let mut items = changes(form)?;
    items.extend(WantedItem::all(form, "subscription_items")?);
    form.ignore(&[
        "coupon",
        "currency",
        "customer_details",
        "invoice_items",
        "schedule",
    ]);
    form.ignore(&[
        "subscription_billing_cycle_anchor",
        "subscription_cancel_at",
        "subscription_cancel_at_period_end",
        "subscription_cancel_now",
        "subscription_default_tax_rates",
        "subscription_proration_behavior",
        "subscription_proration_date",
        "subscription_start_date",
        "subscription_trial_end",
    ]);
    form.ignore(&IGNORED);
    form.ignore(&IGNORED_FOR_NEW);
    request.reject_unread_parameters()?;
    let mut invoice = next(request, world, (customer, subscription), items)?;
    if let Some(invoice) = invoice.as_object_mut() {
        invoice.remove("id");
    }
    request.body(world, &invoice)
}

fn next(
    request: &WriteRequest<'_>,
    world: &mut World,
    (customer, subscription): (Option<CompactString>, Option<CompactString>),
    items: Vec<WantedItem>,
) -> Result<Value, ApiError> {
    let call = &request.call;
    let known = match (&subscription, &customer) {
        (Some(id), _) => {
            let subscriptions = (&*world, &world.subscriptions);
            let found =
                call.find_by_parameter(subscriptions, "subscription", id, "subscription")?;
            Some(found.id.clone())
        }
        (None, Some(id)) => {
            call.find_by_parameter((&*world, &world.customers), "customer", id, "customer")?;
            let subscriptions = world.subscriptions_of(id);
            let living = |id: &&CompactString| {
                let found = world.find_subscription(id);
                found.is_some_and(|one| !one.status.is_ended())
            };
            subscriptions.iter().rfind(living).cloned()
        }
        (None, None) => {
            return Err(ApiError::invalid(
                "You must provide either `customer`, `customer_details` or `subscription`.",
            ));
        }
    };
    for item in &items {
        item.check(request, world, "subscription_details[items]")?;
    }
    let Some(id) = known else {
        return Err(ApiError::invalid("No upcoming invoices for customer")
            .status(http::StatusCode::NOT_FOUND)
            .code("invoice_upcoming_none"));
    };
    let version = request.call.version.clone();
    Ok(world.preview_invoice(&id, &version, |world, before| {
        changed_items(world, before, items)
    }))
}

/// Reads the hypothetical items of the subscription.
fn changes(form: &mut Form) -> Result<Vec<WantedItem>, ApiError> {
    match form.hash("subscription_details")? {
        Parameter::Set(mut details) => {
            let items = WantedItem::all(&mut details, "items")?;
            details.ignore(&[
                "billing_cycle_anchor",
                "billing_mode",
                "cancel_at",
                "cancel_at_period_end",
                "cancel_now",
                "default_tax_rates",
                "proration_behavior",
                "proration_date",
                "resume_at",
                "start_date",
                "trial_end",
            ]);
            details.reject_unread_parameters()?;
            Ok(items)
        }
        Parameter::Absent | Parameter::Unset => Ok(Vec::new()),
    }
}

fn changed_items(world: &mut World, mut items: Vec<Item>, wanted: Vec<WantedItem>) -> Vec<Item> {
    for change in wanted {
        let named = change.id.clone();
        let (deleted, quantity) = (change.deleted, change.quantity);
        let made = change.make(world);
        let Some(id) = named else {
            items.extend(made);
            continue;
        };
        if deleted {
            items.retain(|item| item.id != id);
        }
        for item in items.iter_mut().filter(|item| item.id == id) {
            if let Some(made) = &made {
                item.price.clone_from(&made.price);
            }
            item.quantity = quantity.or(item.quantity);
        }
    }
    items
}

/// Sends the invoice to the customer.
fn send(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let customer = invoice(request, world)?.customer.clone();
    request.reject_unread_parameters()?;
    request.apply(world, Some(&customer), |world| world.send_invoice(id))?;
    invoice_response(request, world, id)
}

fn delete(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let invoice = invoice(request, world)?;
    let (status, customer) = (invoice.status, invoice.customer.clone());
    request.reject_unread_parameters()?;
    if status != InvoiceStatus::Draft {
        return Err(ApiError::invalid(
            "You can only delete draft invoices. To undo a finalized invoice, void it.",
        ));
    }
    request.apply(world, Some(&customer), |world| world.delete_invoice(id));
    request.deleted(world, "invoice")
}

fn invoice<'w>(request: &WriteRequest<'_>, world: &'w World) -> Result<&'w Invoice, ApiError> {
    let invoices = (world, &world.objects.invoices);
    request.call.find(invoices, "invoice", request.call.id)
}

fn invoice_response(
    request: &WriteRequest<'_>,
    world: &World,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let invoices = (world, &world.objects.invoices);
    let invoice = request.call.find(invoices, "invoice", id)?;
    request.body(world, &shapes::invoice(invoice, request.call.view(world)))
}
