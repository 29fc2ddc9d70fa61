//! The supported requests: path, permission, parameters and handler of each.

mod account;
mod catalog;
mod checkout;
mod coupons;
mod customers;
mod entitlements;
mod invoices;
mod money;
mod notices;
mod payments;
mod plans;
mod records;
mod schedules;
mod search;
mod subscription_items;
mod subscriptions;
mod writes;

use std::borrow::Cow;

pub(crate) use self::writes::{Method, Write, Writing, writes};

use serde::Serialize;

use super::{
    endpoint::Endpoint,
    error::ApiError,
    expansion,
    faults::Disorder,
    keys::Permission,
    paging::{Page, Window},
    parameters::{Known, Parameters, TimeRange},
    shapes::{List, View},
    version::ApiVersion,
    world::{Collection, Object, Slot, World},
};

/// One row of the route table.
pub(crate) struct Route {
    pub(crate) endpoint: Endpoint,
    pub(crate) path: &'static str,
    pub(crate) permission: Permission,
    pub(crate) parameters: &'static [&'static [Known]],
    pub(crate) answer: fn(&Call<'_>, &World) -> Result<Vec<u8>, ApiError>,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Route").field(&self.endpoint).finish()
    }
}

/// A row of one of the two tables.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Routed {
    Read(&'static Route),
    Write(&'static Write),
}

impl Routed {
    pub(crate) fn endpoint(self) -> Endpoint {
        match self {
            Self::Read(route) => route.endpoint,
            Self::Write(write) => write.endpoint,
        }
    }

    pub(crate) fn permission(self) -> Permission {
        match self {
            Self::Read(route) => route.permission,
            Self::Write(write) => write.permission,
        }
    }
}

/// Returns the routes, grouped by module.
pub(crate) fn routes() -> impl Iterator<Item = &'static Route> {
    [
        subscriptions::ROUTES,
        subscription_items::ROUTES,
        customers::ROUTES,
        catalog::ROUTES,
        account::ROUTES,
        entitlements::ROUTES,
        notices::ROUTES,
        invoices::ROUTES,
        checkout::ROUTES,
        payments::ROUTES,
        schedules::ROUTES,
        coupons::ROUTES,
        money::ROUTES,
        plans::ROUTES,
        records::ROUTES,
        search::ROUTES,
    ]
    .into_iter()
    .flatten()
}

/// An authorized request with checked parameters.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) path: &'a str,
    /// Value of `{id}` in the path.
    pub(crate) id: &'a str,
    pub(crate) parameters: &'a Parameters,
    pub(crate) version: &'a ApiVersion,
    pub(crate) key_is_live: bool,
    pub(crate) disorder: Option<Disorder>,
}

impl Call<'_> {
    pub(crate) fn view<'w>(&'w self, world: &'w World) -> View<'w> {
        View {
            world,
            version: self.version,
        }
    }

    /// Finds the object named by the path or a parameter, if it exists in the mode of the key.
    fn find<'w, T: Object>(
        &self,
        (world, collection): (&World, &'w Collection<T>),
        kind: &str,
        (id, param): (&str, &str),
    ) -> Result<&'w T, ApiError> {
        let missing = || ApiError::missing(kind, id, param);
        let object = collection.get(id).ok_or_else(missing)?;
        if self.key_is_live == world.livemode {
            Ok(object)
        } else {
            Err(missing().in_other_mode(self.key_is_live))
        }
    }

    /// Serializes an object with the requested expansions.
    fn body<T: Serialize>(&self, world: &World, shape: &T) -> Result<Vec<u8>, ApiError> {
        let broken = |error: serde_json::Error| ApiError::invalid(error.to_string());
        let paths = self.parameters.texts("expand");
        if paths.is_empty() {
            return serde_json::to_vec(shape).map_err(broken);
        }
        let mut value = serde_json::to_value(shape).map_err(broken)?;
        expansion::expand(&mut value, paths, self.view(world))?;
        serde_json::to_vec(&value).map_err(broken)
    }

    /// Returns the requested page of a list.
    fn list<'w, T: Object, S: Serialize>(
        &self,
        world: &'w World,
        listing: &Listing<'w, T>,
        wanted: impl Fn(&T) -> bool,
        shape: impl Fn(&'w T) -> S,
    ) -> Result<Vec<u8>, ApiError> {
        let window = Window::new(self.parameters, self.disorder)?;
        let slots: &[Slot] = if self.key_is_live == world.livemode {
            &listing.slots
        } else {
            &[]
        };
        let page = window.page(
            (listing.collection, slots),
            listing.word,
            listing.times,
            wanted,
        )?;
        self.page(world, page, shape)
    }

    fn page<'w, T, S: Serialize>(
        &self,
        world: &World,
        page: Page<'w, T>,
        shape: impl Fn(&'w T) -> S,
    ) -> Result<Vec<u8>, ApiError> {
        let data = page.objects.into_iter().map(shape).collect();
        self.body(world, &List::new(data, page.has_more, self.path))
    }
}

/// The source of a list.
struct Listing<'w, T> {
    collection: &'w Collection<T>,
    /// Slots with the oldest first.
    slots: Cow<'w, [Slot]>,
    word: &'static str,
    times: TimeRange,
}

impl<'w, T: Object> Listing<'w, T> {
    /// Lists the whole collection within the call's `created`.
    fn new(collection: &'w Collection<T>, word: &'static str, call: &Call<'_>) -> Self {
        Self {
            collection,
            slots: Cow::Borrowed(collection.ordered_slots()),
            word,
            times: call.parameters.times("created"),
        }
    }
}
