//! Invoice items: added to a draft or to the next invoice.

use super::{WriteRequest, customers::new_metadata, prices::PriceData};
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::{Form, Parameter, merge},
    keys::Permission,
    shapes,
    world::{InvoiceItem, InvoiceLine, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::InvoiceItems,
        "/v1/invoiceitems",
        Permission::InvoiceWrite,
        create,
    ),
    Route::post(
        Endpoint::InvoiceItems,
        "/v1/invoiceitems/{id}",
        Permission::InvoiceWrite,
        update,
    ),
    Route::delete(
        Endpoint::InvoiceItems,
        "/v1/invoiceitems/{id}",
        Permission::InvoiceWrite,
        delete,
    ),
];

/// Parameters that Stripe accepts but that have no effect here.
const IGNORED: [&str; 8] = [
    "customer_account",
    "discountable",
    "discounts",
    "period",
    "tax_behavior",
    "tax_code",
    "tax_rates",
    "unit_amount_decimal",
];

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let customer = form.required("customer")?;
    let invoice = form.optional_text("invoice")?;
    let subscription = form.optional_text("subscription")?.unwrap_or_default();
    let quantity = form.count("quantity")?;
    let amount = form.integer("amount")?.into_option();
    let unit = form.integer("unit_amount")?.into_option();
    let currency = form
        .optional_text("currency")?
        .map(|currency| currency.to_lowercase());
    let description = form.text("description")?.into_option().unwrap_or_default();
    let metadata = new_metadata(form)?;
    let price = price(form)?;
    let data = match form.hash("price_data")? {
        Parameter::Set(mut data) => {
            let read = PriceData::read(&mut data)?;
            data.reject_unread_parameters()?;
            Some(read)
        }
        Parameter::Absent | Parameter::Unset => None,
    };
    form.ignore(&IGNORED);
    request.reject_unread_parameters()?;
    let call = &request.call;
    call.find_by_parameter(
        (&*world, &world.customers),
        "customer",
        &customer,
        "customer",
    )?;
    if let Some(invoice) = &invoice {
        let invoices = (&*world, &world.objects.invoices);
        call.find_by_parameter(invoices, "invoice", invoice, "invoice")?;
    }
    let known = match &price {
        Some(price) => {
            Some(call.find_by_parameter((&*world, &world.prices), "price", price, "price")?)
        }
        None => None,
    };
    let each = unit.or(known.and_then(|price| price.unit_amount));
    let times = i64::from(quantity.unwrap_or(1));
    let currency = known.map(|price| price.currency.clone()).or(currency);
    let id = request.apply(world, Some(&customer), |world| {
        let price = price.or_else(|| data.map(|data| data.make(world)));
        let made = price.as_deref().and_then(|price| world.find_price(price));
        let each = each.or(made.and_then(|price| price.unit_amount));
        let currency = currency.or(made.map(|price| price.currency.clone()));
        world.create_invoice_item(InvoiceItem {
            customer: customer.clone(),
            subscription,
            currency: currency.unwrap_or_else(|| "usd".into()),
            invoice,
            line: InvoiceLine {
                amount: amount.unwrap_or_else(|| each.unwrap_or_default().saturating_mul(times)),
                description,
                price: price.unwrap_or_default(),
                quantity: Some(quantity.unwrap_or(1)),
                metadata,
                ..InvoiceLine::default()
            },
            ..InvoiceItem::default()
        })
    });
    item_response(request, world, &id)
}

/// Reads the price: `pricing[price]` since basil, `price` before.
fn price(form: &mut Form) -> Result<Option<compact_str::CompactString>, ApiError> {
    let older = form.optional_text("price")?;
    let Parameter::Set(mut pricing) = form.hash("pricing")? else {
        return Ok(older);
    };
    let price = pricing.optional_text("price")?;
    pricing.reject_unread_parameters()?;
    Ok(price.or(older))
}

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let mut item = item(request, world)?;
    let form = &mut request.call.form;
    item.line.amount = form
        .integer("amount")?
        .into_option()
        .unwrap_or(item.line.amount);
    if let Some(description) = form.text("description")?.into_option() {
        item.line.description = description;
    }
    item.line.quantity = form.count("quantity")?.or(item.line.quantity);
    merge(&mut item.line.metadata, form.metadata()?);
    form.ignore(&IGNORED);
    request.reject_unread_parameters()?;
    let id = world.put_invoice_item(item);
    item_response(request, world, &id)
}

fn delete(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let item = item(request, world)?;
    request.reject_unread_parameters()?;
    if item.invoice.is_some() {
        return Err(ApiError::invalid(
            "You cannot delete an invoice item that is attached to an invoice.",
        ));
    }
    request.apply(world, Some(&item.customer), |world| {
        world.delete_invoice_item(&item.id);
    });
    request.deleted(world, "invoiceitem")
}

fn item(request: &WriteRequest<'_>, world: &World) -> Result<InvoiceItem, ApiError> {
    let items = (world, &world.objects.invoice_items);
    request
        .call
        .find(items, "invoiceitem", request.call.id)
        .cloned()
}

fn item_response(request: &WriteRequest<'_>, world: &World, id: &str) -> Result<Vec<u8>, ApiError> {
    let items = (world, &world.objects.invoice_items);
    let item = request.call.find(items, "invoiceitem", id)?;
    request.body(world, &shapes::invoice_item(item, request.call.view(world)))
}
