//! Sessions of the billing portal.

use super::Writing;
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    keys::Permission,
    shapes,
    world::{PortalSession, World},
};

pub(super) const ROUTES: &[Route] = &[Route::post(
    Endpoint::CreatePortalSession,
    "/v1/billing_portal/sessions",
    Permission::PortalWrite,
    create,
)];

fn create(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut writing.call.form;
    let session = PortalSession {
        customer: form.required("customer")?,
        return_url: form.plain("return_url")?,
        configuration: form.plain("configuration")?,
        ..PortalSession::default()
    };
    form.ignore(&["flow_data", "locale", "on_behalf_of"]);
    writing.finish()?;
    let customer = session.customer.clone();
    let customers = (&*world, &world.customers);
    let asked = (customer.as_str(), "customer");
    if writing.call.find(customers, "customer", asked)?.deleted {
        return Err(ApiError::missing("customer", &customer, "customer"));
    }
    let id = writing.act(world, Some(&customer), |world| {
        world.portal_session(session)
    });
    let sessions = (&*world, &world.objects.portal_sessions);
    let kind = "billing_portal.session";
    let session = writing.call.find(sessions, kind, (&id, "id"))?;
    let view = writing.call.view(world);
    writing.body(world, &shapes::portal_session(session, view))
}
