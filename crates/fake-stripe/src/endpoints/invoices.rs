//! `/v1/invoices` and `/v1/invoice_payments`.

use super::{Call, Endpoint, Listing, Route, matches_filter};
use crate::{
    error::ApiError,
    keys::Permission,
    shapes,
    world::{Invoice, InvoiceLine, InvoicePayment, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::ListInvoices,
        "/v1/invoices",
        Permission::InvoiceRead,
        list,
    ),
    Route::retrieve(
        Endpoint::RetrieveInvoice,
        "/v1/invoices/{id}",
        Permission::InvoiceRead,
        retrieve,
    ),
    Route::list(
        Endpoint::ListInvoiceLines,
        "/v1/invoices/{id}/lines",
        Permission::InvoiceRead,
        list_lines,
    ),
    Route::list(
        Endpoint::ListInvoicePayments,
        "/v1/invoice_payments",
        Permission::InvoiceRead,
        list_payments,
    ),
    Route::retrieve(
        Endpoint::RetrieveInvoicePayment,
        "/v1/invoice_payments/{id}",
        Permission::InvoiceRead,
        retrieve_payment,
    ),
];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let invoice = call.find((world, &world.objects.invoices), "invoice", call.id)?;
    call.body(world, &shapes::invoice(invoice, call.view(world)))
}

fn list(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    const STATUSES: [&str; 5] = ["draft", "open", "paid", "uncollectible", "void"];
    let form = &mut call.form;
    let created = form.times("created")?;
    let status = form.optional_choice("status", &STATUSES)?;
    let customer = form.optional_text("customer")?;
    let subscription = form.optional_text("subscription")?;
    let due = form.times("due_date")?;
    let method = form.optional_text("collection_method")?;
    let account = form.optional_text("customer_account")?;
    let window = call.window()?;
    let wanted = |invoice: &Invoice| {
        status.is_none_or(|status| invoice.status.as_str() == status)
            && matches_filter(customer.as_ref(), invoice.customer.as_str())
            && matches_filter(subscription.as_ref(), invoice.subscription.as_deref())
            && matches_filter(method.as_ref(), invoice.collection_method())
            && account.is_none()
            && due.admits(invoice.due_date())
    };
    let listing = Listing::new(&world.objects.invoices, "invoice", window).created(created);
    call.list(world, &listing, wanted, |invoice| {
        shapes::invoice(invoice, call.view(world))
    })
}

fn list_lines(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let window = call.window()?;
    let invoice = call.find((world, &world.objects.invoices), "invoice", call.id)?;
    let page = window.page_of(&invoice.lines, "line_item", |line: &InvoiceLine| &line.id)?;
    call.page(world, page, |line| {
        shapes::line(invoice, line, call.view(world))
    })
}

fn retrieve_payment(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let payments = &world.objects.invoice_payments;
    let payment = call.find((world, payments), "invoice_payment", call.id)?;
    call.body(world, &shapes::invoice_payment(payment, call.view(world)))
}

fn list_payments(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let form = &mut call.form;
    let created = form.times("created")?;
    let status = form.optional_choice("status", &["canceled", "open", "paid"])?;
    let invoice = form.optional_text("invoice")?;
    let intent = form.field("payment", "payment_intent")?;
    let kind = form.field("payment", "type")?;
    let window = call.window()?;
    let wanted = |payment: &InvoicePayment| {
        status.is_none_or(|status| payment.status() == status)
            && matches_filter(invoice.as_ref(), payment.invoice.as_str())
            && matches_filter(intent.as_ref(), payment.payment_intent.as_str())
            && matches_filter(kind.as_ref(), "payment_intent")
    };
    let payments = &world.objects.invoice_payments;
    let listing = Listing::new(payments, "invoice_payment", window).created(created);
    call.list(world, &listing, wanted, |payment| {
        shapes::invoice_payment(payment, call.view(world))
    })
}
