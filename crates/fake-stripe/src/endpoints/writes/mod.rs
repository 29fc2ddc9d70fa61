//! The supported write requests: path, permission and handler of each.

mod catalog;
mod checkout;
mod coupons;
mod customers;
mod entitlements;
mod invoice_items;
mod invoices;
mod items;
mod money;
mod new_invoices;
mod payments;
mod portal;
mod prices;
mod records;
mod schedules;
mod subscription_items;
mod subscriptions;
mod updates;
mod webhook_endpoints;

use serde::Serialize;
use serde_json::json;

use super::{Call, Route};
use crate::{
    error::ApiError,
    operations::Impossible,
    world::{Cause, World},
};

/// The routes, grouped by module.
pub(super) const ROUTES: [&[Route]; 18] = [
    customers::ROUTES,
    catalog::ROUTES,
    prices::ROUTES,
    subscriptions::ROUTES,
    updates::ROUTES,
    subscription_items::ROUTES,
    checkout::ROUTES,
    invoices::ROUTES,
    payments::ROUTES,
    portal::ROUTES,
    entitlements::ROUTES,
    webhook_endpoints::ROUTES,
    coupons::ROUTES,
    invoice_items::ROUTES,
    money::ROUTES,
    new_invoices::ROUTES,
    records::ROUTES,
    schedules::ROUTES,
];

/// An authorized write request.
#[derive(Debug)]
pub(crate) struct WriteRequest<'a> {
    pub(crate) call: Call<'a>,
    pub(crate) cause: Cause,
}

impl WriteRequest<'_> {
    /// Rejects parameters that were not read. Must be called before any change.
    fn reject_unread_parameters(&mut self) -> Result<(), ApiError> {
        self.call.reject_unread_parameters()
    }

    /// Applies a change on behalf of this request, in the stage of the customer's last change, if any.
    fn apply<R>(
        &self,
        world: &mut World,
        customer: Option<&str>,
        operation: impl FnOnce(&mut World) -> R,
    ) -> R {
        let stage = customer.and_then(|customer| world.stage_of(customer).cloned());
        world.by_request(self.cause.clone(), |world| match stage {
            Some(stage) => world.on_stage(&stage, operation).0,
            None => operation(world),
        })
    }

    fn body<T: Serialize>(&self, world: &World, shape: &T) -> Result<Vec<u8>, ApiError> {
        self.call.body(world, shape)
    }

    /// Returns the stub of a deleted object.
    fn deleted(&self, world: &World, object: &str) -> Result<Vec<u8>, ApiError> {
        let stub = json!({"id": self.call.id, "object": object, "deleted": true});
        self.body(world, &stub)
    }
}

impl From<Impossible> for ApiError {
    fn from(impossible: Impossible) -> Self {
        match &impossible {
            Impossible::Unknown { kind, id } => Self::missing(kind, id, kind),
            Impossible::NotNow { .. } => Self::invalid(impossible.to_string()),
        }
    }
}
