//! A stateful fake of Stripe: one engine with objects, a clock and a lifecycle, behind Stripe's HTTP API.
//!
//! A request goes through `server` (routes), `exchange` (recording, limits, faults, authorization) and `endpoints` (one
//! file per resource) to `shapes` (the JSON by API version) of the objects in `world`. The `acts` of a world change it
//! and record the events that Stripe would send, in a `Stage` that sets the time, the API version and the id namespace.

mod answer;
mod arrival;
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
mod proxy;
mod recorder;
mod reshape;
mod server;
mod shapes;
#[cfg(test)]
mod tests;
mod tls;
mod version;
mod world;

pub use self::{
    endpoints::Endpoint,
    faults::{Armed, Disorder, Fault, Reshape, Times},
    keys::{Key, Keys, Permission},
    latency::Latency,
    limits::{LimitReason, Limits},
    loading::LoadProblem,
    proxy::{Proxy, Upstream},
    recorder::{Request, Unplayed},
    server::FakeStripe,
    tls::{Certificates, CertificatesError},
    version::{ApiVersion, UnknownVersion},
    world::*,
};
