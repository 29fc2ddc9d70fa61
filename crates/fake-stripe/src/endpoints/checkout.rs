//! `/v1/checkout/sessions`.

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    paging::Window,
    parameters::{Kind, LIST, RETRIEVE, known, one_of},
    shapes,
    world::{CheckoutSession, Item, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route {
        endpoint: Endpoint::ListCheckoutSessions,
        path: "/v1/checkout/sessions",
        permission: Permission::CheckoutSessionRead,
        parameters: &[
            &LIST,
            &[
                known("created", Kind::Times),
                known("customer", Kind::Text),
                known("customer_account", Kind::Text),
                known("customer_details", Kind::Fields(&["email"])),
                known("payment_intent", Kind::Text),
                known("payment_link", Kind::Text),
                known("status", Kind::Text),
                known("subscription", Kind::Text),
            ],
        ],
        answer: list,
    },
    Route {
        endpoint: Endpoint::RetrieveCheckoutSession,
        path: "/v1/checkout/sessions/{id}",
        permission: Permission::CheckoutSessionRead,
        parameters: &[&RETRIEVE],
        answer: retrieve,
    },
    Route {
        endpoint: Endpoint::ListCheckoutLineItems,
        path: "/v1/checkout/sessions/{id}/line_items",
        permission: Permission::CheckoutSessionRead,
        parameters: &[&LIST],
        answer: list_line_items,
    },
];

fn session<'w>(call: &Call<'_>, world: &'w World) -> Result<&'w CheckoutSession, ApiError> {
    let sessions = &world.objects.sessions;
    call.find((world, sessions), "checkout.session", (call.id, "id"))
}

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let session = session(call, world)?;
    call.body(world, &shapes::checkout_session(session, call.view(world)))
}

fn list(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    const STATUSES: [&str; 3] = ["complete", "expired", "open"];
    let parameters = call.parameters;
    let status = parameters.text("status");
    if status.is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(one_of("status", &STATUSES));
    }
    let customer = parameters.text("customer");
    let email = parameters.field("customer_details", "email");
    let subscription = parameters.text("subscription");
    let intent = parameters.text("payment_intent");
    // No session here has any of these.
    let elsewhere = ["customer_account", "payment_link"];
    let is_elsewhere = elsewhere.iter().any(|name| parameters.text(name).is_some());
    let wanted = |session: &CheckoutSession| {
        !is_elsewhere
            && status.is_none_or(|status| session.status.as_str() == status)
            && customer.is_none_or(|customer| session.customer.as_deref() == Some(customer))
            && email.is_none_or(|email| session.email() == Some(email))
            && subscription.is_none_or(|asked| session.subscription.as_deref() == Some(asked))
            && intent.is_none_or(|asked| session.payment_intent.as_deref() == Some(asked))
    };
    let listing = Listing::new(&world.objects.sessions, "checkout.session", call);
    call.list(world, &listing, wanted, |session| {
        shapes::checkout_session(session, call.view(world))
    })
}

fn list_line_items(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let session = session(call, world)?;
    let window = Window::new(call.parameters, call.disorder)?;
    let page = window.page_of(&session.items, "item", |item: &Item| &item.id)?;
    call.page(world, page, |item| {
        shapes::checkout_line(session, item, call.view(world))
    })
}
