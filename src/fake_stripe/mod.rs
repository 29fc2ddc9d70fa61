//! A stateful fake of Stripe: one engine with objects, a clock and a lifecycle, behind the provider's own HTTP contract.
//!
//! A request goes through `server` (routes), `exchange` (recorded, limited, disturbed, admitted) and `endpoints` (one
//! file per resource) to `shapes` (the JSON by API version) of what `world` holds. What happens in a world are its
//! `acts`: each changes it and records the events that the provider would send, on a `Stage` that says when, in which
//! shape, and with whose ids.

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
