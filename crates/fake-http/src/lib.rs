//! The parts that fakes of billing providers share: everything between the network and the meaning of a request.
//!
//! A provider implements `Api`: its routes, the form of its bodies, and its answers. `Fake` serves it, records the requests,
//! and applies faults, limits and latency. `webhook` delivers events, `redirect` sends the requests of an application to
//! the fakes, and `ids` creates ids that are the same in every run.

mod answer;
mod api;
mod client;
mod connection;
mod engine;
mod faults;
mod hosts;
pub mod ids;
mod incoming;
mod latency;
mod limits;
mod load_problem;
mod malformed_object;
#[cfg(feature = "tls")]
mod proxy;
mod recorder;
pub mod redirect;
mod running;
mod server;
#[cfg(feature = "tls")]
mod tls;
mod unsupported;
pub mod webhook;

pub use self::{
    answer::Answer,
    api::{Api, ApiRoute, FakeWorld, PendingRequest},
    client::{application_client_builder, client_builder},
    faults::{Fault, FaultHandle, MalformedList, MalformedObject, Times},
    hosts::{PADDLE, ProviderHosts, STRIPE},
    incoming::IncomingRequest,
    latency::Latency,
    limits::{LimitReason, Limits, OverLimit},
    load_problem::LoadProblem,
    recorder::{Pair, Request, query_of},
    running::{Running, StartError},
    server::{Fake, Transport},
    unsupported::Unsupported,
};
#[cfg(feature = "tls")]
pub use self::{
    proxy::{Proxy, Upstream},
    tls::{Certificates, CertificatesError},
};
