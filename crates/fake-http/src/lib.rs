//! The parts that fakes of billing providers share: everything between the network and the meaning of a request.
//!
//! A provider implements `Api`: its routes, the form of its bodies, and its answers. `Fake` serves it, records the requests,
//! and applies faults, limits and latency. `webhook` delivers events, `redirect` writes the files that make an application
//! send its requests to the fakes, and `ids` creates ids that are the same in every run.

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
mod server;
mod started_fake;
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
    recorder::{Parameter, RecordedRequest, query_of},
    server::{Fake, Transport},
    started_fake::{StartError, StartedFake},
    unsupported::Unsupported,
};
#[cfg(feature = "tls")]
pub use self::{
    proxy::{Proxy, Upstream},
    tls::{Certificates, CertificatesError},
};
