//! Refunds, disputes and payment methods.

use super::{WriteRequest, customers::new_metadata};
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::merge,
    keys::Permission,
    shapes,
    world::{Charge, PaymentMethod, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::Refunds,
        "/v1/refunds",
        Permission::ChargeWrite,
        refund,
    ),
    Route::post(
        Endpoint::Refunds,
        "/v1/refunds/{id}",
        Permission::ChargeWrite,
        update_refund,
    ),
    Route::post(
        Endpoint::Disputes,
        "/v1/disputes/{id}",
        Permission::DisputeWrite,
        update_dispute,
    ),
    Route::post(
        Endpoint::Disputes,
        "/v1/disputes/{id}/close",
        Permission::DisputeWrite,
        close_dispute,
    ),
    Route::post(
        Endpoint::CreatePaymentMethod,
        "/v1/payment_methods",
        Permission::PaymentMethodWrite,
        create_card,
    ),
    Route::post(
        Endpoint::UpdatePaymentMethod,
        "/v1/payment_methods/{id}",
        Permission::PaymentMethodWrite,
        update_card,
    ),
    Route::post(
        Endpoint::DetachPaymentMethod,
        "/v1/payment_methods/{id}/detach",
        Permission::PaymentMethodWrite,
        detach_card,
    ),
];

fn refund(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let (charge, intent) = (
        form.optional_text("charge")?,
        form.optional_text("payment_intent")?,
    );
    let amount = form.integer("amount")?.into_option();
    let reasons = ["duplicate", "fraudulent", "requested_by_customer"];
    let reason = form.choice("reason", &reasons)?.into_option();
    let metadata = new_metadata(form)?;
    form.ignore(&[
        "currency",
        "customer",
        "instructions_email",
        "origin",
        "refund_application_fee",
        "reverse_transfer",
    ]);
    let Some(named) = charge.as_ref().or(intent.as_ref()) else {
        return Err(ApiError::invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
        ));
    };
    let param = if charge.is_some() {
        "charge"
    } else {
        "payment_intent"
    };
    let is_named = |charge: &&Charge| charge.id == *named || charge.payment_intent == *named;
    let found = world.objects.charges.iter().rfind(is_named);
    let found = found.filter(|charge| !charge.declined).cloned();
    let found = found.ok_or_else(|| ApiError::missing(param, named, param))?;
    request.reject_unread_parameters()?;
    let customer = found.customer.clone();
    let id = request.apply(world, Some(&customer), |world| {
        world.refund_charge(&found.id, amount, |refund| {
            refund.reason = reason.map(Into::into);
            refund.metadata = metadata;
        })
    })?;
    refund_response(request, world, &id)
}

fn update_refund(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let refunds = (&*world, &world.objects.refunds);
    let mut refund = request.call.find(refunds, "refund", id)?.clone();
    merge(&mut refund.metadata, request.call.form.metadata()?);
    request.reject_unread_parameters()?;
    world.put_refund(refund);
    refund_response(request, world, id)
}

fn refund_response(
    request: &WriteRequest<'_>,
    world: &World,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let refunds = (world, &world.objects.refunds);
    let refund = request.call.find(refunds, "refund", id)?;
    request.body(world, &shapes::refund(refund, request.call.view(world)))
}

fn update_dispute(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let metadata = request.call.form.metadata()?;
    request.call.form.ignore(&["evidence", "submit"]);
    change_dispute(request, world, |world, id| {
        world.update_dispute(id, |dispute| merge(&mut dispute.metadata, metadata));
    })
}

/// Closes a dispute: the merchant accepts it.
fn close_dispute(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    change_dispute(request, world, World::lose_dispute)
}

fn change_dispute(
    request: &mut WriteRequest<'_>,
    world: &mut World,
    change: impl FnOnce(&mut World, &str),
) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let disputes = (&*world, &world.objects.disputes);
    let charge = request.call.find(disputes, "dispute", id)?.charge.clone();
    request.reject_unread_parameters()?;
    let charge = world.objects.charges.get(&charge);
    let customer = charge.map(|charge| charge.customer.clone());
    request.apply(world, customer.as_deref(), |world| change(world, id));
    let disputes = (&*world, &world.objects.disputes);
    let dispute = request.call.find(disputes, "dispute", id)?;
    request.body(world, &shapes::dispute(dispute, request.call.view(world)))
}

/// Parameters that Stripe accepts but that have no effect here.
const IGNORED_FOR_CARDS: [&str; 5] = [
    "allow_redisplay",
    "billing_details",
    "card",
    "customer",
    "radar_options",
];

fn create_card(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    form.choice("type", &["card"])?;
    let metadata = new_metadata(form)?;
    form.ignore(&IGNORED_FOR_CARDS);
    request.reject_unread_parameters()?;
    let id = request.apply(world, None, |world| {
        world.put_payment_method(PaymentMethod {
            metadata,
            ..PaymentMethod::default()
        })
    });
    card_response(request, world, &id)
}

fn update_card(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let mut card = card(request, world)?;
    merge(&mut card.metadata, request.call.form.metadata()?);
    request.call.form.ignore(&IGNORED_FOR_CARDS);
    request.reject_unread_parameters()?;
    let id = world.put_payment_method(card);
    card_response(request, world, &id)
}

fn detach_card(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let card = card(request, world)?;
    request.reject_unread_parameters()?;
    let Some(customer) = card.customer else {
        return Err(ApiError::invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
        ));
    };
    let id = request.call.id;
    request.apply(world, Some(&customer), |world| {
        world.detach_card(&customer, id);
    });
    card_response(request, world, id)
}

fn card(request: &WriteRequest<'_>, world: &World) -> Result<PaymentMethod, ApiError> {
    let methods = (world, &world.objects.payment_methods);
    request
        .call
        .find(methods, "PaymentMethod", request.call.id)
        .cloned()
}

fn card_response(request: &WriteRequest<'_>, world: &World, id: &str) -> Result<Vec<u8>, ApiError> {
    let methods = (world, &world.objects.payment_methods);
    let method = request.call.find(methods, "PaymentMethod", id)?;
    let view = request.call.view(world);
    request.body(world, &shapes::payment_method(method, view))
}
