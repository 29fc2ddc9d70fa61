//! A fake provider that listens, with the endpoint that its events go to.

use std::{net::SocketAddr, time::Duration};

use compact_str::CompactString;
use fake_http::{
    Api, Fake, Fault, FaultHandle, Times,
    webhook::{Endpoint, Reply, Signature},
};
use futures::future::BoxFuture;

use super::{
    action_error::ActionError,
    api_calls,
    fake_provider::{
        ArmedFault, DeliveryReply, DeliveryTiming, FakeEvent, FakeProvider, RequestScope,
    },
    scenario_world::{ScenarioWorld, perform_when_due},
    test_customer::{EventContext, TestCustomer},
};
use crate::{
    billing::DecodeError,
    contract::{Source, Subscription},
    rehearsal::{ProviderAction, ProviderCall, Signing, TestPrices, Until},
};

/// A fake with the endpoint that its events go to.
#[derive(Debug)]
pub(super) struct ServedFake<A: Api> {
    pub(super) fake: Fake<A>,
    pub(super) endpoint: Endpoint,
    pub(super) prices: TestPrices,
    /// The objects that the contract is about.
    pub(super) source: Source,
}

impl<A: Api<World: ScenarioWorld>> FakeProvider for ServedFake<A> {
    fn address(&self) -> SocketAddr {
        self.fake.address()
    }

    fn add_customer(&self, email: &str, context: EventContext) -> TestCustomer {
        self.fake.world(|world| world.add_customer(email, context))
    }

    fn perform(
        &self,
        customer: &mut TestCustomer,
        action: &ProviderAction,
    ) -> Result<Vec<CompactString>, ActionError> {
        self.fake
            .world(|world| perform_when_due(world, &self.prices, customer, action))
    }

    fn give_one_time(&self, events: &[CompactString]) {
        self.fake.world(|world| world.give_one_time(events));
    }

    fn has_reached(&self, version: Until, context: &EventContext) -> bool {
        self.fake.world(|world| world.has_reached(version, context))
    }

    fn subscriptions(&self, customer: &TestCustomer) -> Result<Vec<Subscription>, DecodeError> {
        self.fake
            .world(|world| world.subscriptions(customer, self.source))
    }

    fn event(&self, id: &str) -> Option<FakeEvent> {
        self.fake.world(|world| world.event(id))
    }

    fn replayed_event(&self, id: &str) -> Option<FakeEvent> {
        self.fake.world(|world| {
            world.replay(id);
            world.event(id)
        })
    }

    fn deliver<'a>(
        &'a self,
        body: &'a [u8],
        signing: Signing,
        timing: DeliveryTiming,
    ) -> BoxFuture<'a, DeliveryReply> {
        let signature = match signing {
            Signing::AsDocumented => Signature::Right,
            Signing::WithTwoSecrets => Signature::Second,
            Signing::NotAtAll => Signature::None,
            Signing::WithAnotherSecret => Signature::WrongSecret,
            Signing::ThenTamperedWith => Signature::Tampered,
            Signing::TenMinutesAgo => Signature::TooOld,
        };
        Box::pin(async move {
            let timing = (timing.now.0, timing.timeout);
            match self.endpoint.deliver(body, signature, timing).await {
                Reply::Status { code, body } => DeliveryReply::Status { code, body },
                Reply::Silence => DeliveryReply::Timeout,
                Reply::Nothing(reason) => DeliveryReply::Nothing(reason),
            }
        })
    }

    fn response_limit(&self) -> Option<Duration> {
        A::World::SCHEME.response_limit()
    }

    fn note(&self, namespace: &str, text: &str) {
        self.fake.world(|world| world.note(namespace, text));
    }

    fn last_request(&self) -> u64 {
        self.fake.last_request()
    }

    fn requests(&self, after: u64, scope: RequestScope<'_>) -> Vec<ProviderCall> {
        api_calls::requests(&self.fake, after, scope)
    }

    fn fail_request(&self, texts: Vec<String>, status: u16) -> Box<dyn ArmedFault + '_> {
        let fault = match status {
            429 => Fault::RateLimited(None),
            status => Fault::ServerError {
                status,
                should_retry: Some(false),
            },
        };
        Box::new(InjectedFault {
            armed: self.fake.fail_mentioning(texts, fault, Times::Nth(1)),
            fake: &self.fake,
        })
    }
}

/// A fault injected into one request.
#[derive(Debug)]
struct InjectedFault<'f, A: Api> {
    armed: FaultHandle,
    fake: &'f Fake<A>,
}

impl<A: Api> ArmedFault for InjectedFault<'_, A> {
    fn has_occurred(&self) -> bool {
        self.armed.has_fired()
    }
}

impl<A: Api> Drop for InjectedFault<'_, A> {
    fn drop(&mut self) {
        self.fake.disarm(&self.armed);
    }
}
