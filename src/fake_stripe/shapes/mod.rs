//! The JSON of every object, key by key, in the shape of the version that was asked for.

mod account;
mod catalog;
mod customer;
mod entitlement;
mod notice;
mod subscription;

use serde::{Serialize, Serializer};

pub(crate) use self::{
    account::AccountShape,
    catalog::{PriceShape, ProductFeatureShape, ProductShape},
    customer::CustomerShape,
    entitlement::{ActiveEntitlementShape, FeatureShape},
    notice::{EventShape, TestClockShape, WebhookEndpointShape},
    subscription::{ItemShape, SubscriptionShape},
};
use super::{
    version::ApiVersion,
    world::{Metadata, World},
};

/// What rendering needs to know besides the object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'w> {
    pub(crate) world: &'w World,
    pub(crate) version: &'w ApiVersion,
}

/// The envelope of a list.
#[derive(Debug, Serialize)]
pub(crate) struct List<T> {
    object: &'static str,
    data: Vec<T>,
    has_more: bool,
    /// Kept by embedded lists only; lists of their own lost it years ago.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_count: Option<usize>,
    url: String,
}

impl<T> List<T> {
    pub(crate) fn new(data: Vec<T>, has_more: bool, url: impl Into<String>) -> Self {
        Self {
            object: "list",
            data,
            has_more,
            total_count: None,
            url: url.into(),
        }
    }

    fn counted(self, total_count: usize) -> Self {
        Self {
            total_count: Some(total_count),
            ..self
        }
    }
}

/// A key that is always null here.
#[derive(Debug, Clone, Copy, Default)]
struct Null;

impl Serialize for Null {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

/// A list that is always empty here.
#[derive(Debug, Clone, Copy, Default)]
struct Empty;

impl Serialize for Empty {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq([(); 0])
    }
}

static NO_METADATA: Metadata = Metadata::new();
