//! Invoices: finalize, pay, void, mark uncollectible and update.

use compact_str::CompactString;

use super::WriteRequest;
use crate::{
    endpoint::Endpoint, endpoints::Route, error::ApiError, form::merge, keys::Permission,
    operations::Impossible, shapes, world::World,
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::UpdateInvoice,
        "/v1/invoices/{id}",
        Permission::InvoiceWrite,
        update,
    ),
    Route::post(
        Endpoint::FinalizeInvoice,
        "/v1/invoices/{id}/finalize",
        Permission::InvoiceWrite,
        finalize,
    ),
    Route::post(
        Endpoint::PayInvoice,
        "/v1/invoices/{id}/pay",
        Permission::InvoiceWrite,
        pay,
    ),
    Route::post(
        Endpoint::VoidInvoice,
        "/v1/invoices/{id}/void",
        Permission::InvoiceWrite,
        void,
    ),
    Route::post(
        Endpoint::MarkInvoiceUncollectible,
        "/v1/invoices/{id}/mark_uncollectible",
        Permission::InvoiceWrite,
        mark_uncollectible,
    ),
];

/// Parameters that Stripe accepts for new and existing invoices, and that have no effect here.
pub(super) const IGNORED: [&str; 11] = [
    "automatic_tax",
    "custom_fields",
    "default_payment_method",
    "default_source",
    "default_tax_rates",
    "description",
    "discounts",
    "due_date",
    "footer",
    "payment_settings",
    "statement_descriptor",
];

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let customer = customer(request, world)?;
    let form = &mut request.call.form;
    let metadata = form.metadata()?;
    let auto_advance = form.boolean("auto_advance")?;
    form.ignore(&IGNORED);
    form.ignore(&["collection_method", "days_until_due"]);
    request.reject_unread_parameters()?;
    let id = request.call.id;
    request.apply(world, Some(&customer), |world| {
        world.update_invoice(id, |invoice| {
            merge(&mut invoice.metadata, metadata);
            invoice.auto_advance = auto_advance.unwrap_or(invoice.auto_advance);
        })
    })?;
    invoice_response(request, world)
}

fn finalize(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    request.call.form.ignore(&["auto_advance"]);
    apply(request, world, World::finalize_invoice)
}

fn pay(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    request.call.form.ignore(&[
        "forgive",
        "mandate",
        "off_session",
        "paid_out_of_band",
        "payment_method",
        "source",
    ]);
    apply(request, world, World::pay_invoice)
}

fn void(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    apply(request, world, World::void_invoice)
}

fn mark_uncollectible(
    request: &mut WriteRequest<'_>,
    world: &mut World,
) -> Result<Vec<u8>, ApiError> {
    apply(request, world, World::mark_uncollectible)
}

fn apply(
    request: &mut WriteRequest<'_>,
    world: &mut World,
    operation: fn(&mut World, &str) -> Result<(), Impossible>,
) -> Result<Vec<u8>, ApiError> {
    let customer = customer(request, world)?;
    request.reject_unread_parameters()?;
    let id = request.call.id;
    request.apply(world, Some(&customer), |world| operation(world, id))?;
    invoice_response(request, world)
}

fn customer(request: &WriteRequest<'_>, world: &World) -> Result<CompactString, ApiError> {
    let invoices = (world, &world.objects.invoices);
    let invoice = request.call.find(invoices, "invoice", request.call.id)?;
    Ok(invoice.customer.clone())
}

fn invoice_response(request: &WriteRequest<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let invoices = (world, &world.objects.invoices);
    let invoice = request.call.find(invoices, "invoice", request.call.id)?;
    request.body(world, &shapes::invoice(invoice, request.call.view(world)))
}
