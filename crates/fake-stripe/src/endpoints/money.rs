//! Cards, refunds, disputes, balance transactions and invoice items.

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    paging::Window,
    parameters::{Kind, Known, LIST, RETRIEVE, known},
    shapes::{self, Movement},
    world::{Dispute, InvoiceItem, PaymentMethod, Refund, World},
};

type Answer = fn(&Call<'_>, &World) -> Result<Vec<u8>, ApiError>;

const fn route(
    (endpoint, path): (Endpoint, &'static str),
    permission: Permission,
    parameters: &'static [&'static [Known]],
    answer: Answer,
) -> Route {
    Route {
        endpoint,
        path,
        permission,
        parameters,
        answer,
    }
}

pub(super) const ROUTES: &[Route] = &[
    route(
        (Endpoint::ListPaymentMethods, "/v1/payment_methods"),
        Permission::PaymentMethodRead,
        &[
            &LIST,
            &[
                known("allow_redisplay", Kind::Text),
                known("customer", Kind::Text),
                known("customer_account", Kind::Text),
                known("type", Kind::Text),
            ],
        ],
        list_methods,
    ),
    route(
        (
            Endpoint::ListPaymentMethods,
            "/v1/customers/{id}/payment_methods",
        ),
        Permission::PaymentMethodRead,
        &[
            &LIST,
            &[
                known("allow_redisplay", Kind::Text),
                known("type", Kind::Text),
            ],
        ],
        list_methods,
    ),
    route(
        (
            Endpoint::RetrievePaymentMethod,
            "/v1/customers/{id}/payment_methods/{method}",
        ),
        Permission::PaymentMethodRead,
        &[&RETRIEVE],
        retrieve_method,
    ),
    route(
        (Endpoint::Refunds, "/v1/refunds"),
        Permission::ChargeRead,
        &[
            &LIST,
            &[
                known("charge", Kind::Text),
                known("created", Kind::Times),
                known("payment_intent", Kind::Text),
            ],
        ],
        list_refunds,
    ),
    route(
        (Endpoint::Refunds, "/v1/refunds/{id}"),
        Permission::ChargeRead,
        &[&RETRIEVE],
        retrieve_refund,
    ),
    route(
        (Endpoint::Refunds, "/v1/charges/{id}/refunds"),
        Permission::ChargeRead,
        &[&LIST],
        list_refunds,
    ),
    route(
        (Endpoint::Disputes, "/v1/disputes"),
        Permission::DisputeRead,
        &[
            &LIST,
            &[
                known("charge", Kind::Text),
                known("created", Kind::Times),
                known("payment_intent", Kind::Text),
            ],
        ],
        list_disputes,
    ),
    route(
        (Endpoint::Disputes, "/v1/disputes/{id}"),
        Permission::DisputeRead,
        &[&RETRIEVE],
        retrieve_dispute,
    ),
    route(
        (Endpoint::BalanceTransactions, "/v1/balance_transactions"),
        Permission::BalanceRead,
        &[
            &LIST,
            &[
                known("created", Kind::Times),
                known("currency", Kind::Text),
                known("source", Kind::Text),
                known("type", Kind::Text),
            ],
        ],
        list_movements,
    ),
    route(
        (
            Endpoint::BalanceTransactions,
            "/v1/balance_transactions/{id}",
        ),
        Permission::BalanceRead,
        &[&RETRIEVE],
        retrieve_movement,
    ),
    route(
        (Endpoint::InvoiceItems, "/v1/invoiceitems"),
        Permission::InvoiceRead,
        &[
            &LIST,
            &[
                known("created", Kind::Times),
                known("customer", Kind::Text),
                known("customer_account", Kind::Text),
                known("invoice", Kind::Text),
                known("pending", Kind::Boolean),
            ],
        ],
        list_items,
    ),
    route(
        (Endpoint::InvoiceItems, "/v1/invoiceitems/{id}"),
        Permission::InvoiceRead,
        &[&RETRIEVE],
        retrieve_item,
    ),
];

fn list_methods(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let owner = (!call.id.is_empty()).then_some(call.id);
    let customer = owner.or_else(|| call.parameters.text("customer"));
    if let Some(customer) = customer {
        call.find(
            (world, &world.customers),
            "customer",
            (customer, if owner.is_some() { "id" } else { "customer" }),
        )?;
    }
    let kind = call.parameters.text("type").unwrap_or("card");
    let elsewhere = call.parameters.text("customer_account").is_some();
    let redisplay = call.parameters.text("allow_redisplay").unwrap_or("limited");
    let wanted = |method: &PaymentMethod| {
        kind == "card"
            && redisplay == "limited"
            && !elsewhere
            && customer.is_some()
            && method.customer.as_deref() == customer
    };
    let listing = Listing::new(&world.objects.payment_methods, "PaymentMethod", call);
    call.list(world, &listing, wanted, |method| {
        shapes::payment_method(method, call.view(world))
    })
}

fn retrieve_method(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let id = call.path.rsplit('/').next().unwrap_or_default();
    let methods = &world.objects.payment_methods;
    let method = call.find((world, methods), "PaymentMethod", (id, "id"))?;
    if method.customer.as_deref() != Some(call.id) {
        return Err(ApiError::missing("PaymentMethod", id, "id"));
    }
    call.body(world, &shapes::payment_method(method, call.view(world)))
}

fn list_refunds(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let owner = (!call.id.is_empty()).then_some(call.id);
    let charge = owner.or_else(|| call.parameters.text("charge"));
    let intent = call.parameters.text("payment_intent");
    let wanted = |refund: &Refund| {
        charge.is_none_or(|charge| refund.charge == charge)
            && intent.is_none_or(|intent| refund.payment_intent == intent)
    };
    let listing = Listing::new(&world.objects.refunds, "refund", call);
    call.list(world, &listing, wanted, |refund| {
        shapes::refund(refund, call.view(world))
    })
}

fn retrieve_refund(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let refund = call.find((world, &world.objects.refunds), "refund", (call.id, "id"))?;
    call.body(world, &shapes::refund(refund, call.view(world)))
}

fn list_disputes(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let charge = call.parameters.text("charge");
    let intent = call.parameters.text("payment_intent");
    let wanted = |dispute: &Dispute| {
        charge.is_none_or(|charge| dispute.charge == charge)
            && intent.is_none_or(|intent| dispute.payment_intent == intent)
    };
    let listing = Listing::new(&world.objects.disputes, "dispute", call);
    call.list(world, &listing, wanted, |dispute| {
        shapes::dispute(dispute, call.view(world))
    })
}

fn retrieve_dispute(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let dispute = call.find((world, &world.objects.disputes), "dispute", (call.id, "id"))?;
    call.body(world, &shapes::dispute(dispute, call.view(world)))
}

/// Returns all balance transactions, newest first.
fn movements(world: &World) -> Vec<Movement<'_>> {
    let paid = world.objects.charges.iter().filter(|one| !one.declined);
    let refunds = world.objects.refunds.iter().map(Movement::of_refund);
    let mut all: Vec<_> = paid.map(Movement::of_charge).chain(refunds).collect();
    all.sort_by_key(|movement| std::cmp::Reverse(movement.created));
    all
}

fn list_movements(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let (times, currency) = (
        call.parameters.times("created"),
        call.parameters.text("currency"),
    );
    let (source, kind) = (call.parameters.text("source"), call.parameters.text("type"));
    let is_wanted = |movement: &Movement<'_>| {
        let is = if movement.amount > 0 {
            "charge"
        } else {
            "refund"
        };
        times.contains(movement.created)
            && currency.is_none_or(|currency| movement.currency == currency)
            && source.is_none_or(|source| movement.source == source)
            && kind.is_none_or(|kind| kind == is)
    };
    let found: Vec<(String, Movement<'_>)> = movements(world)
        .into_iter()
        .filter(is_wanted)
        .map(|movement| (shapes::balance_transaction_id(movement.source), movement))
        .collect();
    let window = Window::new(call.parameters, call.disorder)?;
    let page = window.page_of(&found, "balance_transaction", |(id, _)| id)?;
    call.page(world, page, |(_, movement)| {
        shapes::balance_transaction(movement)
    })
}

fn retrieve_movement(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let mut all = movements(world).into_iter();
    let found = all.find(|one| shapes::balance_transaction_id(one.source) == call.id);
    let movement = found.ok_or_else(|| ApiError::missing("balance transaction", call.id, "id"))?;
    call.body(world, &shapes::balance_transaction(&movement))
}

fn list_items(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let customer = call.parameters.text("customer");
    let invoice = call.parameters.text("invoice");
    let pending = call.parameters.boolean("pending");
    let elsewhere = call.parameters.text("customer_account").is_some();
    let wanted = |item: &InvoiceItem| {
        !elsewhere
            && customer.is_none_or(|customer| item.customer == customer)
            && invoice.is_none_or(|invoice| item.invoice.as_deref() == Some(invoice))
            && pending.is_none_or(|pending| item.invoice.is_none() == pending)
    };
    let listing = Listing::new(&world.objects.invoice_items, "invoiceitem", call);
    call.list(world, &listing, wanted, |item| {
        shapes::invoice_item(item, call.view(world))
    })
}

fn retrieve_item(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let items = &world.objects.invoice_items;
    let item = call.find((world, items), "invoiceitem", (call.id, "id"))?;
    call.body(world, &shapes::invoice_item(item, call.view(world)))
}
