//! Refunds, disputes and payment methods.

use super::{Writing, customers::new_metadata};
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

fn refund(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut writing.call.form;
    let (charge, intent) = (form.plain("charge")?, form.plain("payment_intent")?);
    let amount = form.integer("amount")?.set();
    let reasons = ["duplicate", "fraudulent", "requested_by_customer"];
    let reason = form.choice("reason", &reasons)?.set();
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
    let is_named = |one: &&Charge| one.id == *named || one.payment_intent == *named;
    let found = world.objects.charges.iter().rfind(is_named);
    let found = found.filter(|one| !one.declined).cloned();
    let found = found.ok_or_else(|| ApiError::missing(param, named, param))?;
    writing.finish()?;
    let customer = found.customer.clone();
    let id = writing.act(world, Some(&customer), |world| {
        world.refund_charge(&found.id, amount, |refund| {
            refund.reason = reason.map(Into::into);
            refund.metadata = metadata;
        })
    })?;
    answer_refund(writing, world, &id)
}

fn update_refund(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = writing.call.id;
    let refunds = (&*world, &world.objects.refunds);
    let mut refund = writing.call.find(refunds, "refund", (id, "id"))?.clone();
    merge(&mut refund.metadata, writing.call.form.metadata()?);
    writing.finish()?;
    world.add_refund(refund);
    answer_refund(writing, world, id)
}

fn answer_refund(writing: &Writing<'_>, world: &World, id: &str) -> Result<Vec<u8>, ApiError> {
    let refunds = (world, &world.objects.refunds);
    let refund = writing.call.find(refunds, "refund", (id, "id"))?;
    writing.body(world, &shapes::refund(refund, writing.call.view(world)))
}

fn update_dispute(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let metadata = writing.call.form.metadata()?;
    writing.call.form.ignore(&["evidence", "submit"]);
    change_dispute(writing, world, |world, id| {
        world.update_dispute(id, |dispute| merge(&mut dispute.metadata, metadata));
    })
}

/// Closes a dispute: the merchant accepts it.
fn close_dispute(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    change_dispute(writing, world, World::lose_dispute)
}

fn change_dispute(
    writing: &mut Writing<'_>,
    world: &mut World,
    change: impl FnOnce(&mut World, &str),
) -> Result<Vec<u8>, ApiError> {
    let id = writing.call.id;
    let disputes = (&*world, &world.objects.disputes);
    let charge = writing
        .call
        .find(disputes, "dispute", (id, "id"))?
        .charge
        .clone();
    writing.finish()?;
    let charge = world.objects.charges.get(&charge);
    let customer = charge.map(|charge| charge.customer.clone());
    writing.act(world, customer.as_deref(), |world| change(world, id));
    let disputes = (&*world, &world.objects.disputes);
    let dispute = writing.call.find(disputes, "dispute", (id, "id"))?;
    writing.body(world, &shapes::dispute(dispute, writing.call.view(world)))
}

/// Parameters of Stripe that have no effect here.
const OF_A_CARD: [&str; 5] = [
    "allow_redisplay",
    "billing_details",
    "card",
    "customer",
    "radar_options",
];

fn create_card(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut writing.call.form;
    form.choice("type", &["card"])?;
    let metadata = new_metadata(form)?;
    form.ignore(&OF_A_CARD);
    writing.finish()?;
    let id = writing.act(world, None, |world| {
        world.payment_method(PaymentMethod {
            metadata,
            ..PaymentMethod::default()
        })
    });
    answer_card(writing, world, &id)
}

fn update_card(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let mut card = card(writing, world)?;
    merge(&mut card.metadata, writing.call.form.metadata()?);
    writing.call.form.ignore(&OF_A_CARD);
    writing.finish()?;
    let id = world.payment_method(card);
    answer_card(writing, world, &id)
}

fn detach_card(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let card = card(writing, world)?;
    writing.finish()?;
    let Some(customer) = card.customer else {
        return Err(ApiError::invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
        ));
    };
    let id = writing.call.id;
    writing.act(world, Some(&customer), |world| {
        world.detach_card(&customer, id);
    });
    answer_card(writing, world, id)
}

fn card(writing: &Writing<'_>, world: &World) -> Result<PaymentMethod, ApiError> {
    let methods = (world, &world.objects.payment_methods);
    let asked = (writing.call.id, "id");
    writing.call.find(methods, "PaymentMethod", asked).cloned()
}

fn answer_card(writing: &Writing<'_>, world: &World, id: &str) -> Result<Vec<u8>, ApiError> {
    let methods = (world, &world.objects.payment_methods);
    let method = writing.call.find(methods, "PaymentMethod", (id, "id"))?;
    let view = writing.call.view(world);
    writing.body(world, &shapes::payment_method(method, view))
}
