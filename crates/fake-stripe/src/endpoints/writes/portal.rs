//! Sessions of the billing portal.

use super::WriteRequest;
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

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let session = PortalSession {
        customer: form.required("customer")?,
        return_url: form.optional_text("return_url")?,
        configuration: form.optional_text("configuration")?,
        ..PortalSession::default()
    };
    form.ignore(&["flow_data", "locale", "on_behalf_of"]);
    request.reject_unread_parameters()?;
    let customer = session.customer.clone();
    let customers = (&*world, &world.customers);
    if request
        .call
        .find_by_parameter(customers, "customer", customer.as_str(), "customer")?
        .deleted
    {
        return Err(ApiError::missing("customer", &customer, "customer"));
    }
    let id = request.apply(world, Some(&customer), |world| {
        world.put_portal_session(session)
    });
    let sessions = (&*world, &world.objects.portal_sessions);
    let kind = "billing_portal.session";
    let session = request.call.find(sessions, kind, &id)?;
    let view = request.call.view(world);
    request.body(world, &shapes::portal_session(session, view))
}
