//! Objects stored as requested: create, update and their few other actions.

mod fields;
mod templates;

use compact_str::CompactString;
use serde_json::{Map, Value, json};

use self::fields::{GivenFields, merge_fields};
use super::{WriteRequest, customers::is_test_card};
use crate::{
    endpoint::Endpoint,
    endpoints::{
        Route,
        records::{Spec, find, no_kind},
    },
    error::ApiError,
    keys::Permission,
    world::{RecordKind, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::PromotionCodes,
        "/v1/promotion_codes",
        Permission::PromotionCodeWrite,
        create,
    ),
    Route::post(
        Endpoint::PromotionCodes,
        "/v1/promotion_codes/{id}",
        Permission::PromotionCodeWrite,
        update,
    ),
    Route::post(
        Endpoint::TaxRates,
        "/v1/tax_rates",
        Permission::TaxRateWrite,
        create,
    ),
    Route::post(
        Endpoint::TaxRates,
        "/v1/tax_rates/{id}",
        Permission::TaxRateWrite,
        update,
    ),
    Route::post(
        Endpoint::TaxIds,
        "/v1/tax_ids",
        Permission::CustomerWrite,
        create,
    ),
    Route::post(
        Endpoint::TaxIds,
        "/v1/customers/{id}/tax_ids",
        Permission::CustomerWrite,
        create,
    ),
    Route::delete(
        Endpoint::TaxIds,
        "/v1/tax_ids/{id}",
        Permission::CustomerWrite,
        delete,
    ),
    Route::post(
        Endpoint::SetupIntents,
        "/v1/setup_intents",
        Permission::SetupIntentWrite,
        create,
    ),
    Route::post(
        Endpoint::SetupIntents,
        "/v1/setup_intents/{id}",
        Permission::SetupIntentWrite,
        update,
    ),
    Route::post(
        Endpoint::SetupIntents,
        "/v1/setup_intents/{id}/confirm",
        Permission::SetupIntentWrite,
        confirm,
    ),
    Route::post(
        Endpoint::SetupIntents,
        "/v1/setup_intents/{id}/cancel",
        Permission::SetupIntentWrite,
        cancel,
    ),
    Route::post(
        Endpoint::CreditNotes,
        "/v1/credit_notes",
        Permission::InvoiceWrite,
        create,
    ),
    Route::post(
        Endpoint::CreditNotes,
        "/v1/credit_notes/{id}",
        Permission::InvoiceWrite,
        update,
    ),
    Route::post(
        Endpoint::CreditNotes,
        "/v1/credit_notes/{id}/void",
        Permission::InvoiceWrite,
        void,
    ),
    Route::post(
        Endpoint::PaymentLinks,
        "/v1/payment_links",
        Permission::PaymentLinkWrite,
        create,
    ),
    Route::post(
        Endpoint::PaymentLinks,
        "/v1/payment_links/{id}",
        Permission::PaymentLinkWrite,
        update,
    ),
    Route::post(
        Endpoint::PortalConfigurations,
        "/v1/billing_portal/configurations",
        Permission::PortalWrite,
        create,
    ),
    Route::post(
        Endpoint::PortalConfigurations,
        "/v1/billing_portal/configurations/{id}",
        Permission::PortalWrite,
        update,
    ),
];

fn spec(request: &WriteRequest<'_>) -> Result<&'static Spec, ApiError> {
    Spec::for_path(request.call.path).ok_or_else(|| no_kind(request.call.path))
}

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let spec = spec(request)?;
    let mut given = GivenFields::read_new(spec.kind, &mut request.call.form)?;
    request.reject_unread_parameters()?;
    let owner = (!request.call.id.is_empty()).then(|| CompactString::from(request.call.id));
    let customer = owner.or(given.customer());
    if let Some(customer) = &customer {
        let customers = (&*world, &world.customers);
        request
            .call
            .find_by_parameter(customers, "customer", customer, "customer")?;
    }
    let customer = templates::complete(spec.kind, &mut given.fields, customer, world)?;
    let livemode = world.livemode;
    let confirmed = given.confirmed;
    let id = request.apply(world, customer.as_deref(), |world| {
        world.create_record(spec.kind, customer.clone(), |id, created| {
            let fixed = json!({
                "id": id,
                "created": created,
                "livemode": livemode,
                "customer": customer.as_deref(),
            });
            templates::object(spec.kind, fields_of(fixed), given.fields)
        })
    });
    if confirmed {
        succeed(request, world, &id);
    }
    record_response(request, world, &id)
}

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let spec = spec(request)?;
    let customer = find(&request.call, world, spec)?.customer.clone();
    let given = GivenFields::read(spec.kind, &mut request.call.form)?;
    request.reject_unread_parameters()?;
    change(request, world, customer.as_deref(), "updated", given.fields);
    record_response(request, world, request.call.id)
}

fn delete(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let spec = spec(request)?;
    let customer = find(&request.call, world, spec)?.customer.clone();
    request.reject_unread_parameters()?;
    let id = request.call.id;
    request.apply(world, customer.as_deref(), |world| world.delete_record(id));
    request.deleted(world, "tax_id")
}

/// Confirms a setup intent: a card is saved for later.
fn confirm(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    find(&request.call, world, spec(request)?)?;
    let given = GivenFields::read(RecordKind::SetupIntent, &mut request.call.form)?;
    request.reject_unread_parameters()?;
    let id = request.call.id;
    if !given.fields.is_empty() {
        world.change_record(id, "updated", |object| merge_fields(object, given.fields));
    }
    succeed(request, world, id);
    record_response(request, world, id)
}

fn succeed(request: &WriteRequest<'_>, world: &mut World, id: &str) {
    let Some(record) = world.objects.records.get(id) else {
        return;
    };
    let customer = record.customer.clone();
    let card = record.object.get("payment_method").and_then(Value::as_str);
    let card = card
        .filter(|card| !is_test_card(card))
        .map(ToOwned::to_owned);
    request.apply(world, customer.as_deref(), |world| {
        let card = match &customer {
            Some(customer) => world.attach_card(customer, card.as_deref()),
            None => card.map(CompactString::from),
        };
        world.change_record(id, "succeeded", |object| {
            let done = json!({"payment_method": card, "status": "succeeded"});
            merge_fields(object, fields_of(done));
        });
    });
}

fn cancel(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let reason = request.call.form.optional_text("cancellation_reason")?;
    let done = json!({"cancellation_reason": reason, "status": "canceled"});
    end(request, world, "canceled", done)
}

fn void(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let done = json!({"status": "void", "voided_at": world.clock});
    end(request, world, "voided", done)
}

fn end(
    request: &mut WriteRequest<'_>,
    world: &mut World,
    happened: &str,
    done: Value,
) -> Result<Vec<u8>, ApiError> {
    let customer = find(&request.call, world, spec(request)?)?.customer.clone();
    request.reject_unread_parameters()?;
    change(
        request,
        world,
        customer.as_deref(),
        happened,
        fields_of(done),
    );
    record_response(request, world, request.call.id)
}

fn change(
    request: &WriteRequest<'_>,
    world: &mut World,
    customer: Option<&str>,
    happened: &str,
    given: Map<String, Value>,
) {
    let id = request.call.id;
    request.apply(world, customer, |world| {
        world.change_record(id, happened, |object| merge_fields(object, given));
    });
}

fn fields_of(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

fn record_response(
    request: &WriteRequest<'_>,
    world: &World,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let records = (world, &world.objects.records);
    let word = spec(request)?.word;
    let record = request.call.find(records, word, id)?;
    request.body(world, &record.object)
}
