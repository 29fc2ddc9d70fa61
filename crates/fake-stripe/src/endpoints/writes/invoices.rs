//! Invoices: finalize, pay, void, mark uncollectible and update.

use compact_str::CompactString;

use super::Writing;
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
        write_off,
    ),
];

/// Parameters of Stripe for new and existing invoices that have no effect here.
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

fn update(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let customer = customer(writing, world)?;
    let form = &mut writing.call.form;
    let metadata = form.metadata()?;
    let auto_advance = form.boolean("auto_advance")?;
    form.ignore(&IGNORED);
    form.ignore(&["collection_method", "days_until_due"]);
    writing.finish()?;
    let id = writing.call.id;
    writing.act(world, Some(&customer), |world| {
        world.update_invoice(id, |invoice| {
            merge(&mut invoice.metadata, metadata);
            invoice.auto_advance = auto_advance.unwrap_or(invoice.auto_advance);
        })
    })?;
    answer(writing, world)
}

fn finalize(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    writing.call.form.ignore(&["auto_advance"]);
    act(writing, world, World::finalize_invoice)
}

fn pay(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    writing.call.form.ignore(&[
        "forgive",
        "mandate",
        "off_session",
        "paid_out_of_band",
        "payment_method",
        "source",
    ]);
    act(writing, world, World::pay_invoice)
}

fn void(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    act(writing, world, World::void_invoice)
}

fn write_off(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    act(writing, world, World::write_invoice_off)
}

fn act(
    writing: &mut Writing<'_>,
    world: &mut World,
    act: fn(&mut World, &str) -> Result<(), Impossible>,
) -> Result<Vec<u8>, ApiError> {
    let customer = customer(writing, world)?;
    writing.finish()?;
    let id = writing.call.id;
    writing.act(world, Some(&customer), |world| act(world, id))?;
    answer(writing, world)
}

fn customer(writing: &Writing<'_>, world: &World) -> Result<CompactString, ApiError> {
    let invoices = (world, &world.objects.invoices);
    let asked = (writing.call.id, "id");
    let invoice = writing.call.find(invoices, "invoice", asked)?;
    Ok(invoice.customer.clone())
}

fn answer(writing: &Writing<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let invoices = (world, &world.objects.invoices);
    let asked = (writing.call.id, "id");
    let invoice = writing.call.find(invoices, "invoice", asked)?;
    writing.body(world, &shapes::invoice(invoice, writing.call.view(world)))
}
