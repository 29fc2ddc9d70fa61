//! The supported requests: path, permission, parameters and handler of each.

mod account;
mod catalog;
mod checkout;
mod coupons;
mod customers;
mod entitlements;
mod events;
mod invoices;
mod money;
mod payments;
mod plans;
mod records;
mod schedules;
mod search;
mod subscription_items;
mod subscriptions;
mod writes;

use std::{borrow::Cow, mem};

use compact_str::CompactString;
use fake_http::MalformedList;
use serde::Serialize;

pub(crate) use self::writes::WriteRequest;

use super::{
    endpoint::Endpoint,
    error::ApiError,
    expansion,
    form::{Form, TimeRange},
    keys::Permission,
    paging::{Page, Window},
    shapes::{List, View},
    version::ApiVersion,
    world::{Collection, Object, Slot, World},
};

/// A handler that reads the world and accepts no parameter except `expand`. Like every handler, it returns the body of
/// the response.
type RetrieveHandler = fn(&Call<'_>, &World) -> Result<Vec<u8>, ApiError>;

/// A handler that reads the world, according to its parameters.
type ListHandler = fn(&mut Call<'_>, &World) -> Result<Vec<u8>, ApiError>;

/// A handler that changes the world.
type WriteHandler = fn(&mut WriteRequest<'_>, &mut World) -> Result<Vec<u8>, ApiError>;

/// The handler of a request.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    Retrieve(RetrieveHandler),
    List(ListHandler),
    Write(WriteHandler),
}

/// A method of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Delete,
}

/// One row of the route table.
pub struct Route {
    pub(crate) endpoint: Endpoint,
    pub(crate) verb: Verb,
    pub(crate) path: &'static str,
    pub(crate) permission: Permission,
    pub(crate) handler: Handler,
}

impl Route {
    const fn retrieve(
        endpoint: Endpoint,
        path: &'static str,
        permission: Permission,
        answer: RetrieveHandler,
    ) -> Self {
        let handler = Handler::Retrieve(answer);
        Self::new((endpoint, Verb::Get, path), permission, handler)
    }

    const fn list(
        endpoint: Endpoint,
        path: &'static str,
        permission: Permission,
        answer: ListHandler,
    ) -> Self {
        let handler = Handler::List(answer);
        Self::new((endpoint, Verb::Get, path), permission, handler)
    }

    const fn post(
        endpoint: Endpoint,
        path: &'static str,
        permission: Permission,
        answer: WriteHandler,
    ) -> Self {
        let handler = Handler::Write(answer);
        Self::new((endpoint, Verb::Post, path), permission, handler)
    }

    const fn delete(
        endpoint: Endpoint,
        path: &'static str,
        permission: Permission,
        answer: WriteHandler,
    ) -> Self {
        let handler = Handler::Write(answer);
        Self::new((endpoint, Verb::Delete, path), permission, handler)
    }

    /// Returns a `GET` whose handler makes changes in the world and undoes them.
    const fn try_out(
        endpoint: Endpoint,
        path: &'static str,
        permission: Permission,
        answer: WriteHandler,
    ) -> Self {
        let handler = Handler::Write(answer);
        Self::new((endpoint, Verb::Get, path), permission, handler)
    }

    const fn new(
        (endpoint, verb, path): (Endpoint, Verb, &'static str),
        permission: Permission,
        handler: Handler,
    ) -> Self {
        Self {
            endpoint,
            verb,
            path,
            permission,
            handler,
        }
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Route").field(&self.endpoint).finish()
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
        events::ROUTES,
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
    .chain(writes::ROUTES)
    .flatten()
}

/// An authorized request with parameters that are still to be read.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) path: &'a str,
    /// Value of `{id}` in the path.
    pub(crate) id: &'a str,
    /// Paths of `expand[]`.
    pub(crate) expand: Vec<CompactString>,
    pub(crate) form: Form,
    pub(crate) version: &'a ApiVersion,
    pub(crate) key_is_live: bool,
    pub(crate) malformed: Option<MalformedList>,
}

impl Call<'_> {
    pub(crate) fn view<'w>(&'w self, world: &'w World) -> View<'w> {
        View {
            world,
            version: self.version,
        }
    }

    /// Rejects parameters that were not read. Must be called before any lookup or change.
    pub(crate) fn reject_unread_parameters(&mut self) -> Result<(), ApiError> {
        mem::take(&mut self.form).reject_unread_parameters()
    }

    /// Reads the page that a list must return. Must be called last, because it rejects all parameters that were not
    /// read.
    fn window(&mut self) -> Result<Window, ApiError> {
        let window = Window::read(&mut self.form, self.malformed)?;
        self.reject_unread_parameters()?;
        Ok(window)
    }

    /// Finds the object named by the path, if it exists in the mode of the key.
    fn find<'w, T: Object>(
        &self,
        objects: (&World, &'w Collection<T>),
        kind: &str,
        id: &str,
    ) -> Result<&'w T, ApiError> {
        self.find_by_parameter(objects, kind, id, "id")
    }

    /// Finds the object whose id a parameter holds, if it exists in the mode of the key. Errors name the parameter.
    fn find_by_parameter<'w, T: Object>(
        &self,
        (world, collection): (&World, &'w Collection<T>),
        kind: &str,
        id: &str,
        parameter: &str,
    ) -> Result<&'w T, ApiError> {
        let missing = || ApiError::missing(kind, id, parameter);
        let object = collection.get(id).ok_or_else(|| {
            if world.other_mode.contains(id) {
                missing().in_other_mode(self.key_is_live)
            } else {
                missing()
            }
        })?;
        if self.key_is_live == world.livemode {
            Ok(object)
        } else {
            Err(missing().in_other_mode(self.key_is_live))
        }
    }

    /// Serializes an object with the requested expansions.
    fn body<T: Serialize>(&self, world: &World, shape: &T) -> Result<Vec<u8>, ApiError> {
        let broken = |error: serde_json::Error| ApiError::invalid(error.to_string());
        if self.expand.is_empty() {
            return serde_json::to_vec(shape).map_err(broken);
        }
        let mut value = serde_json::to_value(shape).map_err(broken)?;
        expansion::expand(&mut value, &self.expand, self.view(world))?;
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
        let slots: &[Slot] = if self.key_is_live == world.livemode {
            &listing.slots
        } else {
            &[]
        };
        let page = listing.window.page(
            (listing.collection, slots),
            listing.word,
            listing.created,
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
    created: TimeRange,
    window: Window,
}

impl<'w, T: Object> Listing<'w, T> {
    /// Lists the whole collection.
    fn new(collection: &'w Collection<T>, word: &'static str, window: Window) -> Self {
        Self {
            collection,
            slots: Cow::Borrowed(collection.ordered_slots()),
            word,
            created: TimeRange::ALL,
            window,
        }
    }

    fn created(self, created: TimeRange) -> Self {
        Self { created, ..self }
    }
}

/// Returns true if a filter matches a value. An object without the value matches only if there is no filter.
fn matches_filter<'v>(
    requested: Option<&CompactString>,
    value: impl Into<Option<&'v str>>,
) -> bool {
    requested.is_none_or(|requested| value.into() == Some(requested))
}
