//! `/v1/invoices` and `/v1/invoice_payments`.

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    paging::Window,
    parameters::{Kind, LIST, RETRIEVE, known, one_of},
    shapes,
    world::{Invoice, InvoiceLine, InvoicePayment, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route {
        endpoint: Endpoint::ListInvoices,
        path: "/v1/invoices",
        permission: Permission::InvoiceRead,
        parameters: &[
            &LIST,
            &[
                known("collection_method", Kind::Text),
                known("created", Kind::Times),
                known("customer", Kind::Text),
                known("customer_account", Kind::Text),
                known("due_date", Kind::Times),
                known("status", Kind::Text),
                known("subscription", Kind::Text),
            ],
        ],
        answer: list,
    },
    Route {
        endpoint: Endpoint::RetrieveInvoice,
        path: "/v1/invoices/{id}",
        permission: Permission::InvoiceRead,
        parameters: &[&RETRIEVE],
        answer: retrieve,
    },
    Route {
        endpoint: Endpoint::ListInvoiceLines,
        path: "/v1/invoices/{id}/lines",
        permission: Permission::InvoiceRead,
        parameters: &[&LIST],
        answer: list_lines,
    },
    Route {
        endpoint: Endpoint::ListInvoicePayments,
        path: "/v1/invoice_payments",
        permission: Permission::InvoiceRead,
        parameters: &[
            &LIST,
            &[
                known("created", Kind::Times),
                known("invoice", Kind::Text),
                known("payment", Kind::Fields(&["payment_intent", "type"])),
                known("status", Kind::Text),
            ],
        ],
        answer: list_payments,
    },
    Route {
        endpoint: Endpoint::RetrieveInvoicePayment,
        path: "/v1/invoice_payments/{id}",
        permission: Permission::InvoiceRead,
        parameters: &[&RETRIEVE],
        answer: retrieve_payment,
    },
];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let invoice = call.find((world, &world.objects.invoices), "invoice", (call.id, "id"))?;
    call.body(world, &shapes::invoice(invoice, call.view(world)))
}

fn list(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    const STATUSES: [&str; 5] = ["draft", "open", "paid", "uncollectible", "void"];
    let parameters = call.parameters;
    let status = parameters.text("status");
    if status.is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(one_of("status", &STATUSES));
    }
    let customer = parameters.text("customer");
    let subscription = parameters.text("subscription");
    let due = parameters.times("due_date");
    let method = parameters.text("collection_method");
    let account = parameters.text("customer_account");
    let wanted = |invoice: &Invoice| {
        status.is_none_or(|status| invoice.status.as_str() == status)
            && customer.is_none_or(|customer| invoice.customer == customer)
            && subscription.is_none_or(|asked| invoice.subscription.as_deref() == Some(asked))
            && method.is_none_or(|method| invoice.collection_method() == method)
            && account.is_none()
            && due.admits(invoice.due_date())
    };
    let listing = Listing::new(&world.objects.invoices, "invoice", call);
    call.list(world, &listing, wanted, |invoice| {
        shapes::invoice(invoice, call.view(world))
    })
}

fn list_lines(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let invoice = call.find((world, &world.objects.invoices), "invoice", (call.id, "id"))?;
    let window = Window::new(call.parameters, call.disorder)?;
    let page = window.page_of(&invoice.lines, "line_item", |line: &InvoiceLine| &line.id)?;
    call.page(world, page, |line| {
        shapes::line(invoice, line, call.view(world))
    })
}

fn retrieve_payment(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let payments = &world.objects.invoice_payments;
    let payment = call.find((world, payments), "invoice_payment", (call.id, "id"))?;
    call.body(world, &shapes::invoice_payment(payment, call.view(world)))
}

fn list_payments(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    const STATUSES: [&str; 3] = ["canceled", "open", "paid"];
    let parameters = call.parameters;
    let status = parameters.text("status");
    if status.is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(one_of("status", &STATUSES));
    }
    let invoice = parameters.text("invoice");
    let intent = parameters.field("payment", "payment_intent");
    let kind = parameters.field("payment", "type");
    let wanted = |payment: &InvoicePayment| {
        status.is_none_or(|status| payment.status() == status)
            && invoice.is_none_or(|invoice| payment.invoice == invoice)
            && intent.is_none_or(|intent| payment.payment_intent == intent)
            && kind.is_none_or(|kind| kind == "payment_intent")
    };
    let listing = Listing::new(&world.objects.invoice_payments, "invoice_payment", call);
    call.list(world, &listing, wanted, |payment| {
        shapes::invoice_payment(payment, call.view(world))
    })
}
