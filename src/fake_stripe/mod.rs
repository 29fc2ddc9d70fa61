//! A stateful fake of Stripe: one engine with objects, a clock and a lifecycle, behind the provider's own HTTP contract.
//!
//! A request goes through `server` (routes), `exchange` (recorded, limited, disturbed, admitted) and `endpoints` (one
//! file per resource) to `shapes` (the JSON by API version) of what `world` holds.

mod ambush;
mod answer;
mod endpoints;
mod error;
mod exchange;
mod expansion;
mod faults;
mod keys;
mod latency;
mod limits;
mod line;
mod loading;
mod paging;
mod parameters;
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
    ambush::Ambush,
    endpoints::Endpoint,
    faults::{Disorder, Fault, Reshape, Times},
    keys::{Key, Keys, Permission},
    latency::Latency,
    limits::{LimitReason, Limits},
    loading::LoadProblem,
    recorder::Request,
    server::FakeStripe,
    tls::{Certificates, CertificatesError},
    version::{ApiVersion, UnknownVersion},
    world::*,
};
