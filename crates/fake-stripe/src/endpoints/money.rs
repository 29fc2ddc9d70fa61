//! Cards, refunds, disputes, balance transactions and invoice items.

use compact_str::CompactString;

use super::{Call, Endpoint, Listing, Route, matches_filter};
use crate::{
    error::ApiError,
    form::{Form, TimeRange},
    keys::Permission,
    shapes::{self, Movement},
    world::{Dispute, InvoiceItem, PaymentMethod, Refund, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::ListPaymentMethods,
        "/v1/payment_methods",
        Permission::PaymentMethodRead,
        list_methods,
    ),
    Route::list(
        Endpoint::ListPaymentMethods,
        "/v1/customers/{id}/payment_methods",
        Permission::PaymentMethodRead,
        list_methods,
    ),
    Route::retrieve(
        Endpoint::RetrievePaymentMethod,
        "/v1/customers/{id}/payment_methods/{method}",
        Permission::PaymentMethodRead,
        retrieve_method,
    ),
    Route::list(
        Endpoint::Refunds,
        "/v1/refunds",
        Permission::ChargeRead,
        list_refunds,
    ),
    Route::retrieve(
        Endpoint::Refunds,
        "/v1/refunds/{id}",
        Permission::ChargeRead,
        retrieve_refund,
    ),
    Route::list(
        Endpoint::Refunds,
        "/v1/charges/{id}/refunds",
        Permission::ChargeRead,
        list_refunds,
    ),
    Route::list(
        Endpoint::Disputes,
        "/v1/disputes",
        Permission::DisputeRead,
        list_disputes,
    ),
    Route::retrieve(
        Endpoint::Disputes,
        "/v1/disputes/{id}",
        Permission::DisputeRead,
        retrieve_dispute,
    ),
    Route::list(
        Endpoint::BalanceTransactions,
        "/v1/balance_transactions",
        Permission::BalanceRead,
        list_movements,
    ),
    Route::retrieve(
        Endpoint::BalanceTransactions,
        "/v1/balance_transactions/{id}",
        Permission::BalanceRead,
        retrieve_movement,
    ),
    Route::list(
        Endpoint::InvoiceItems,
        "/v1/invoiceitems",
        Permission::InvoiceRead,
        list_items,
    ),
    Route::retrieve(
        Endpoint::InvoiceItems,
        "/v1/invoiceitems/{id}",
        Permission::InvoiceRead,
        retrieve_item,
    ),
];

fn list_methods(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let redisplay = call.form.optional_text("allow_redisplay")?;
    let kind = call.form.optional_text("type")?;
    let (param, customer, account) = if call.id.is_empty() {
        let customer = call.form.optional_text("customer")?;
        (
            "customer",
            customer,
            call.form.optional_text("customer_account")?,
        )
    } else {
        ("id", Some(call.id.into()), None)
    };
    let window = call.window()?;
    if let Some(customer) = &customer {
        call.find_by_parameter((world, &world.customers), "customer", customer, param)?;
    }
    let wanted = |method: &PaymentMethod| {
        matches_filter(kind.as_ref(), "card")
            && matches_filter(redisplay.as_ref(), "limited")
            && account.is_none()
            && customer.is_some()
            && method.customer == customer
    };
    let methods = &world.objects.payment_methods;
    let listing = Listing::new(methods, "PaymentMethod", window);
    call.list(world, &listing, wanted, |method| {
        shapes::payment_method(method, call.view(world))
    })
}

fn retrieve_method(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let id = call.path.rsplit('/').next().unwrap_or_default();
    let methods = &world.objects.payment_methods;
    let method = call.find((world, methods), "PaymentMethod", id)?;
    if method.customer.as_deref() != Some(call.id) {
        return Err(ApiError::missing("PaymentMethod", id, "id"));
    }
    call.body(world, &shapes::payment_method(method, call.view(world)))
}

fn list_refunds(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let (created, charge, intent) = if call.id.is_empty() {
        payment_filters(&mut call.form)?
    } else {
        (TimeRange::ALL, Some(call.id.into()), None)
    };
    let window = call.window()?;
    let wanted = |refund: &Refund| {
        matches_filter(charge.as_ref(), refund.charge.as_str())
            && matches_filter(intent.as_ref(), refund.payment_intent.as_str())
    };
    let listing = Listing::new(&world.objects.refunds, "refund", window).created(created);
    call.list(world, &listing, wanted, |refund| {
        shapes::refund(refund, call.view(world))
    })
}

/// Reads `created`, `charge` and `payment_intent`.
fn payment_filters(
    form: &mut Form,
) -> Result<(TimeRange, Option<CompactString>, Option<CompactString>), ApiError> {
    Ok((
        form.times("created")?,
        form.optional_text("charge")?,
        form.optional_text("payment_intent")?,
    ))
}

fn retrieve_refund(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let refund = call.find((world, &world.objects.refunds), "refund", call.id)?;
    call.body(world, &shapes::refund(refund, call.view(world)))
}

fn list_disputes(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let (created, charge, intent) = payment_filters(&mut call.form)?;
    let window = call.window()?;
    let wanted = |dispute: &Dispute| {
        matches_filter(charge.as_ref(), dispute.charge.as_str())
            && matches_filter(intent.as_ref(), dispute.payment_intent.as_str())
    };
    let listing = Listing::new(&world.objects.disputes, "dispute", window).created(created);
    call.list(world, &listing, wanted, |dispute| {
        shapes::dispute(dispute, call.view(world))
    })
}

fn retrieve_dispute(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let dispute = call.find((world, &world.objects.disputes), "dispute", call.id)?;
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

fn list_movements(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let form = &mut call.form;
    let created = form.times("created")?;
    let currency = form.optional_text("currency")?;
    let source = form.optional_text("source")?;
    let kind = form.optional_text("type")?;
    let window = call.window()?;
    let is_wanted = |movement: &Movement<'_>| {
        let is = if movement.amount > 0 {
            "charge"
        } else {
            "refund"
        };
        created.contains(movement.created)
            && matches_filter(currency.as_ref(), movement.currency)
            && matches_filter(source.as_ref(), movement.source)
            && matches_filter(kind.as_ref(), is)
    };
    let found: Vec<(String, Movement<'_>)> = movements(world)
        .into_iter()
        .filter(is_wanted)
        .map(|movement| (shapes::balance_transaction_id(movement.source), movement))
        .collect();
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

fn list_items(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let form = &mut call.form;
    let created = form.times("created")?;
    let customer = form.optional_text("customer")?;
    let invoice = form.optional_text("invoice")?;
    let pending = form.boolean("pending")?;
    let account = form.optional_text("customer_account")?;
    let window = call.window()?;
    let wanted = |item: &InvoiceItem| {
        account.is_none()
            && matches_filter(customer.as_ref(), item.customer.as_str())
            && matches_filter(invoice.as_ref(), item.invoice.as_deref())
            && pending.is_none_or(|pending| item.invoice.is_none() == pending)
    };
    let items = &world.objects.invoice_items;
    let listing = Listing::new(items, "invoiceitem", window).created(created);
    call.list(world, &listing, wanted, |item| {
        shapes::invoice_item(item, call.view(world))
    })
}

fn retrieve_item(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let items = &world.objects.invoice_items;
    let item = call.find((world, items), "invoiceitem", call.id)?;
    call.body(world, &shapes::invoice_item(item, call.view(world)))
}
