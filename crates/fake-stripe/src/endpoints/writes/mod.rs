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

use std::mem;

use serde::Serialize;
use serde_json::json;

use super::{Call, Endpoint};
use crate::{
    error::ApiError,
    form::Form,
    keys::Permission,
    operations::Impossible,
    world::{Cause, World},
};

/// One row of the table.
pub(crate) struct Write {
    pub(crate) endpoint: Endpoint,
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) permission: Permission,
    pub(crate) answer: fn(&mut Writing<'_>, &mut World) -> Result<Vec<u8>, ApiError>,
}

impl Write {
    /// Returns a `POST` row, as nearly all are.
    pub(crate) const fn post(
        endpoint: Endpoint,
        path: &'static str,
        permission: Permission,
        answer: fn(&mut Writing<'_>, &mut World) -> Result<Vec<u8>, ApiError>,
    ) -> Self {
        Self {
            endpoint,
            method: Method::Post,
            path,
            permission,
            answer,
        }
    }
}

impl std::fmt::Debug for Write {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Write").field(&self.endpoint).finish()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// A read that needs the features of writes: nested parameters, or a world to try changes in.
    Get,
    Post,
    Delete,
}

/// Returns the table, grouped by module.
pub(crate) fn writes() -> impl Iterator<Item = &'static Write> {
    [
        customers::WRITES,
        catalog::WRITES,
        prices::WRITES,
        subscriptions::WRITES,
        updates::WRITES,
        subscription_items::WRITES,
        checkout::WRITES,
        invoices::WRITES,
        payments::WRITES,
        portal::WRITES,
        entitlements::WRITES,
        webhook_endpoints::WRITES,
        coupons::WRITES,
        invoice_items::WRITES,
        money::WRITES,
        new_invoices::WRITES,
        records::WRITES,
        schedules::WRITES,
    ]
    .into_iter()
    .flatten()
}

/// An authorized request with parameters that are still to be read.
#[derive(Debug)]
pub(crate) struct Writing<'a> {
    pub(crate) call: Call<'a>,
    pub(crate) form: Form,
    pub(crate) cause: Cause,
}

impl Writing<'_> {
    /// Rejects parameters that were not read. Must be called before any change.
    fn finish(&mut self) -> Result<(), ApiError> {
        mem::take(&mut self.form).finish()
    }

    /// Applies a change on behalf of this request, in the stage of the customer's last change if there is one.
    fn act<R>(
        &self,
        world: &mut World,
        customer: Option<&str>,
        act: impl FnOnce(&mut World) -> R,
    ) -> R {
        let stage = customer.and_then(|customer| world.stage_of(customer).cloned());
        world.by_request(self.cause.clone(), |world| match stage {
            Some(stage) => world.on_stage(&stage, act).0,
            None => act(world),
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
