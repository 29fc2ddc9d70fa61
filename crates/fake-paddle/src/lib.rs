//! A stateful fake of Paddle Billing: objects, a clock and a lifecycle, behind Paddle's HTTP API.
//!
//! Modules import one another in one direction. `objects` are the JSON objects of the API, every key present. `world` holds
//! them and runs a `Stage`; `operations` change them as Paddle would and record the events in its order. `fake-http` serves
//! requests; `api` (keys, errors) and `endpoints` (one file per resource) answer them.

mod api;
pub mod command;
mod endpoint;
mod endpoints;
mod error;
mod loading;
mod objects;
mod operations;
#[cfg(test)]
mod tests;
mod world;

use fake_http::Limits;

pub use self::{
    api::PaddleApi,
    endpoint::Endpoint,
    objects::{
        Address, Adjustment, Customer, Cycle, Event, Item, ManagementUrls, Money, Notification,
        Period, Price, Product, QuantityRange, ScheduledChange, Subscription, Transaction,
        TransactionItem,
    },
    operations::{Checkout, GiveUp, Impossible, Purchase, RefundDecision, TrialEnd},
    world::{Stage, World},
};

/// A fake Paddle on a local port.
pub type FakePaddle = fake_http::Fake<PaddleApi>;

/// A received request, without its API key.
pub type RecordedRequest = fake_http::RecordedRequest<Endpoint>;

/// Paddle's documented limit for an address.
pub const LIMITS: Limits = Limits {
    per_minute: Some(240),
    ..Limits::NONE
};
