//! A stateful fake of Stripe: one engine with objects, a clock and a lifecycle, behind Stripe's HTTP API.
//!
//! Modules import one another in one direction. `world` is the state. `shapes` turns its objects into the JSON of an API
//! version, and `operations` changes it as Stripe would and records the events, in a `Stage` that sets the time, the API
//! version and the id namespace. A request goes through `server` (routes), `engine` (recording, limits, faults,
//! authorization) and `endpoints` (one file per resource), which use all three.
//!
//! `webhook` delivers the events, `redirect` sends the requests of an application here, and `command` is the program.

mod answer;
mod client;
pub mod command;
mod connection;
mod endpoint;
mod endpoints;
mod engine;
mod error;
mod expansion;
mod faults;
mod form;
mod idempotency;
mod incoming;
mod keys;
mod latency;
mod limits;
mod loading;
mod malformed_object;
mod operations;
mod paging;
#[cfg(feature = "tls")]
mod proxy;
mod recorder;
pub mod redirect;
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
    client::client_builder,
    endpoint::Endpoint,
    error::Unsupported,
    faults::{Armed, Fault, MalformedList, MalformedObject, Times},
    keys::{Key, Keys, Permission},
    latency::Latency,
    limits::{LimitReason, Limits},
    loading::LoadProblem,
    operations::{
        Completion, EndForm, FirstPayment, GiveUp, Impossible, NewSchedule, Payment, PhaseLength,
        Purchase, Renewal, TrialEnd, WantedPhase,
    },
    recorder::Request,
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
