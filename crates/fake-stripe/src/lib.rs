//! A stateful fake of Stripe: one engine with objects, a clock and a lifecycle, behind Stripe's HTTP API.
//!
//! A request goes through `server` (routes), `exchange` (recording, limits, faults, authorization) and `endpoints` (one
//! file per resource) to `shapes` (the JSON by API version) of the objects in `world`. The `acts` of a world change it
//! and record the events that Stripe would send, in a `Stage` that sets the time, the API version and the id namespace.
//!
//! `webhook` delivers the events, `redirect` sends the requests of an application here, and `command` is the program.

mod answer;
mod arrival;
pub mod command;
mod endpoints;
mod error;
mod exchange;
mod expansion;
mod faults;
mod form;
mod idempotency;
mod keys;
mod latency;
mod limits;
mod line;
mod loading;
mod paging;
mod parameters;
#[cfg(feature = "tls")]
mod proxy;
mod recorder;
pub mod redirect;
mod reshape;
mod server;
mod shapes;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
mod tls;
mod version;
pub mod webhook;
mod world;

pub use self::{
    endpoints::Endpoint,
    faults::{Armed, Disorder, Fault, Reshape, Times},
    keys::{Key, Keys, Permission},
    latency::Latency,
    limits::{LimitReason, Limits},
    loading::LoadProblem,
    recorder::{Request, Unplayed},
    server::FakeStripe,
    version::{ApiVersion, UnknownVersion},
    world::*,
};
#[cfg(feature = "tls")]
pub use self::{
    proxy::{Proxy, Upstream},
    tls::{Certificates, CertificatesError},
};

/// Examples of the README, tested like documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
