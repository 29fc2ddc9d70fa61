//! The JSON of every object, key by key, in the format of the requested version.
//!
//! Objects that are listed in large numbers are structs, which are written without a tree in between and in Stripe's order
//! of keys. Those whose keys depend most on the version are built with `json!`.

mod account;
mod balance;
mod catalog;
mod coupon;
mod customer;
mod entitlement;
mod event;
mod invoice;
mod json_object;
mod line;
mod payment;
mod schedule;
mod session;
mod subscription;

use serde::{Serialize, Serializer};

use self::line::pricing;
pub(crate) use self::{
    account::AccountShape,
    balance::{Movement, balance_transaction, balance_transaction_id},
    catalog::{
        PlanShape, PriceShape, ProductFeatureShape, ProductShape, currency_options,
        product_feature_id, tiers,
    },
    coupon::{coupon, discount},
    customer::{CustomerShape, invoice_prefix},
    entitlement::{ActiveEntitlementShape, FeatureShape, entitlement_summary},
    event::{EventShape, TestClockShape, WebhookEndpointShape},
    invoice::{invoice, invoice_item, invoice_payment},
    line::{checkout_line, checkout_line_id, line},
    payment::{charge, client_secret, dispute, payment_intent, payment_method, refund},
    schedule::schedule,
    session::{checkout_session, portal_session},
    subscription::{ItemShape, SubscriptionShape},
};
use super::{
    version::ApiVersion,
    world::{Metadata, World},
};

/// The context of rendering besides the object.
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
    /// Only embedded lists have it.
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
struct EmptyList;

impl Serialize for EmptyList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq([(); 0])
    }
}

static NO_METADATA: Metadata = Metadata::new();
