//! A stateful fake of Stripe: one engine with objects, a clock and a lifecycle, behind Stripe's HTTP API.
//!
//! Modules import one another in one direction. `world` is the state. `shapes` turns its objects into the JSON of an API
//! version, and `operations` changes it as Stripe would and records the events, in a `Stage` that sets the time, the API
//! version and the id namespace. `fake-http` serves requests; `api` (authorization, idempotency keys, versions) and
//! `endpoints` (one file per resource) answer them, and use all three.
//!
//! `command` is the program.

mod answer;
mod api;
pub mod command;
mod endpoint;
mod endpoints;
mod error;
mod expansion;
mod form;
mod idempotency;
mod keys;
mod loading;
mod operations;
mod paging;
mod rates;
mod shapes;
#[cfg(test)]
mod tests;
mod version;
mod world;

#[cfg(feature = "tls")]
pub use fake_http::{Certificates, CertificatesError};
pub use fake_http::{
    Fault, FaultHandle, Latency, LimitReason, Limits, LoadProblem, MalformedList, MalformedObject,
    Times, Unsupported, client_builder,
};

pub use self::{
    api::StripeApi,
    endpoint::Endpoint,
    keys::{Key, Keys, Permission},
    operations::{
        Completion, EndForm, FirstPayment, GiveUp, Impossible, NewSchedule, Payment, PhaseLength,
        Purchase, Renewal, TrialEnd, WantedPhase,
    },
    rates::{LIVE_LIMITS, SANDBOX_LIMITS},
    version::{ApiVersion, UnknownVersion},
    world::*,
};

/// A fake Stripe on a local port.
pub type FakeStripe = fake_http::Fake<StripeApi>;

/// A received request, without its API key.
pub type RecordedRequest = fake_http::RecordedRequest<Endpoint>;

/// Examples of the README, tested like documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
