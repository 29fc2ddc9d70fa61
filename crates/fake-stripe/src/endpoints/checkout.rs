//! `/v1/checkout/sessions`.

use super::{Call, Endpoint, Listing, Route, matches_filter};
use crate::{
    error::ApiError,
    keys::Permission,
    shapes,
    world::{CheckoutSession, Item, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::ListCheckoutSessions,
        "/v1/checkout/sessions",
        Permission::CheckoutSessionRead,
        list,
    ),
    Route::retrieve(
        Endpoint::RetrieveCheckoutSession,
        "/v1/checkout/sessions/{id}",
        Permission::CheckoutSessionRead,
        retrieve,
    ),
    Route::list(
        Endpoint::ListCheckoutLineItems,
        "/v1/checkout/sessions/{id}/line_items",
        Permission::CheckoutSessionRead,
        list_line_items,
    ),
];

fn session<'w>(call: &Call<'_>, world: &'w World) -> Result<&'w CheckoutSession, ApiError> {
    let sessions = &world.objects.sessions;
    call.find((world, sessions), "checkout.session", call.id)
}

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let session = session(call, world)?;
    call.body(world, &shapes::checkout_session(session, call.view(world)))
}

fn list(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let form = &mut call.form;
    let created = form.times("created")?;
    let status = form.optional_choice("status", &["complete", "expired", "open"])?;
    let customer = form.optional_text("customer")?;
    let email = form.field("customer_details", "email")?;
    let subscription = form.optional_text("subscription")?;
    let intent = form.optional_text("payment_intent")?;
    // No session here has any of these.
    let account = form.optional_text("customer_account")?;
    let link = form.optional_text("payment_link")?;
    let window = call.window()?;
    let wanted = |session: &CheckoutSession| {
        account.is_none()
            && link.is_none()
            && status.is_none_or(|status| session.status.as_str() == status)
            && matches_filter(customer.as_ref(), session.customer.as_deref())
            && matches_filter(email.as_ref(), session.email())
            && matches_filter(subscription.as_ref(), session.subscription.as_deref())
            && matches_filter(intent.as_ref(), session.payment_intent.as_deref())
    };
    let sessions = &world.objects.sessions;
    let listing = Listing::new(sessions, "checkout.session", window).created(created);
    call.list(world, &listing, wanted, |session| {
        shapes::checkout_session(session, call.view(world))
    })
}

fn list_line_items(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let window = call.window()?;
    let session = session(call, world)?;
    let page = window.page_of(&session.items, "item", |item: &Item| &item.id)?;
    call.page(world, page, |item| {
        shapes::checkout_line(session, item, call.view(world))
    })
}
