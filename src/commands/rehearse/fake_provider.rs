//! The interface that a rehearsal needs of a fake provider.

use std::{fmt, net::SocketAddr, time::Duration};

use compact_str::CompactString;
use futures::future::BoxFuture;

use super::{
    action_error::ActionError,
    test_customer::{EventContext, TestCustomer},
};
use crate::{
    billing::DecodeError,
    contract::{Subscription, UnixSeconds},
    rehearsal::{ProviderAction, ProviderCall, Signing, Until},
};

/// A fake billing provider: it performs actions, answers the application's requests, and delivers events.
pub(super) trait FakeProvider: fmt::Debug + Send + Sync {
    /// Returns the address that it listens on.
    fn address(&self) -> SocketAddr;

    fn add_customer(&self, email: &str, context: EventContext) -> TestCustomer;

    /// Performs an action for a customer, and returns the ids of the events that the provider sends for it.
    fn perform(
        &self,
        customer: &mut TestCustomer,
        action: &ProviderAction,
    ) -> Result<Vec<CompactString>, ActionError>;

    /// Gives events the time of the last one. Stripe's events have whole seconds, which are equal often enough.
    fn give_one_time(&self, _: &[CompactString]) {}

    /// Returns true if events of this context have the named version or a later one.
    fn has_reached(&self, version: Until, context: &EventContext) -> bool;

    /// Reads the customer's subscriptions as a check does.
    fn subscriptions(&self, customer: &TestCustomer) -> Result<Vec<Subscription>, DecodeError>;

    /// Returns an event as the provider sends it, byte for byte the same each time.
    fn event(&self, id: &str) -> Option<FakeEvent>;

    /// Returns an event as the provider sends it again on request, long after the first delivery.
    fn replayed_event(&self, id: &str) -> Option<FakeEvent>;

    /// Delivers an event to the application's handler.
    fn deliver<'a>(
        &'a self,
        body: &'a [u8],
        signing: Signing,
        timing: DeliveryTiming,
    ) -> BoxFuture<'a, DeliveryReply>;

    /// Returns the time in which the provider expects a response, if it is shorter than that of a usual client.
    fn response_limit(&self) -> Option<Duration>;

    /// Attributes requests that contain this text to the namespace.
    fn note(&self, namespace: &str, text: &str);

    /// Returns the number of the last request; 0 before the first.
    fn last_request(&self) -> u64;

    /// Lists requests after the one with this number, in the order of arrival.
    fn requests(&self, after: u64, scope: RequestScope<'_>) -> Vec<ProviderCall>;

    /// Makes the next request fail that contains one of these texts.
    fn fail_request(&self, texts: Vec<String>, status: u16) -> Box<dyn ArmedFault + '_>;
}

/// A fault that waits for a request. It is removed when it is dropped.
pub(super) trait ArmedFault: Send + Sync {
    fn has_occurred(&self) -> bool;
}

/// An event to deliver.
#[derive(Debug, Clone)]
pub(super) struct FakeEvent {
    pub(super) kind: String,
    pub(super) body: Vec<u8>,
}

/// The requests to list.
#[derive(Debug, Clone, Copy)]
pub(super) enum RequestScope<'n> {
    All,
    /// Those that refer to something of this namespace.
    Namespace(&'n str),
    /// Those that refer to nothing of any namespace, but for example to a price.
    Unattributed,
}

/// The time of a delivery.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeliveryTiming {
    /// The real time, which the signature contains. It is not the time of the scenario.
    pub(super) now: UnixSeconds,
    pub(super) timeout: Duration,
}

/// The response to a delivery, or the lack of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DeliveryReply {
    Status {
        code: u16,
        /// Beginning of the body.
        body: String,
    },
    Timeout,
    /// No response, for this reason.
    Nothing(String),
}
