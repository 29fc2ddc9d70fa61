//! The fake Paddle as the provider of a rehearsal.

mod action_times;
mod actions;
mod prices;
mod startup;

use std::{net::SocketAddr, time::Duration};

use compact_str::CompactString;
use fake_http::webhook::Scheme;
use fake_paddle::{Impossible, PaddleApi};
use futures::future::BoxFuture;

use super::{
    action_error::ActionError,
    api_calls,
    fake_provider::{
        ArmedFault, DeliveryReply, DeliveryTiming, FakeEvent, FakeProvider, RequestScope,
    },
    served_fake::ServedFake,
    test_customer::{EventContext, TestCustomer},
};
use crate::{
    billing::{DecodeError, PriceTable, paddle_objects},
    contract::Subscription,
    rehearsal::{ProviderAction, ProviderCall, Signing, TestPrices, Until},
};

pub(super) use self::startup::start;

/// The fake Paddle, with the endpoint that its events go to.
#[derive(Debug)]
pub(super) struct PaddleProvider {
    served: ServedFake<PaddleApi>,
    prices: TestPrices,
}

impl FakeProvider for PaddleProvider {
    fn address(&self) -> SocketAddr {
        self.served.fake.address()
    }

    fn add_customer(&self, email: &str, context: EventContext) -> TestCustomer {
        self.served
            .fake
            .world(|world| actions::add_customer(world, email, context))
    }

    fn perform(
        &self,
        customer: &mut TestCustomer,
        action: &ProviderAction,
    ) -> Result<Vec<CompactString>, ActionError> {
        self.served
            .fake
            .world(|world| actions::perform(world, &self.prices, customer, action))
    }

    fn give_one_time(&self, events: &[CompactString]) {
        self.served.fake.world(|world| world.give_one_time(events));
    }

    /// Paddle's events have one version.
    fn has_reached(&self, _: Until, _: &EventContext) -> bool {
        true
    }

    fn subscriptions(&self, customer: &TestCustomer) -> Result<Vec<Subscription>, DecodeError> {
        let objects = self
            .served
            .fake
            .world(|world| world.subscription_objects(&customer.id));
        let mut prices = PriceTable::default();
        let objects = objects.iter();
        objects
            .map(|object| {
                Ok(paddle_objects::decode_recorded_value(object, &mut prices)?.subscription)
            })
            .collect()
    }

    fn event(&self, id: &str) -> Option<FakeEvent> {
        self.served.fake.world(|world| {
            Some(FakeEvent {
                kind: world.find_event(id)?.event_type.clone(),
                body: world.event_body(id)?,
            })
        })
    }

    /// A replay has the id of the event, and a new one of the notification.
    fn replayed_event(&self, id: &str) -> Option<FakeEvent> {
        self.served.fake.world(|world| world.replay(id));
        self.event(id)
    }

    fn deliver<'a>(
        &'a self,
        body: &'a [u8],
        signing: Signing,
        timing: DeliveryTiming,
    ) -> BoxFuture<'a, DeliveryReply> {
        self.served.deliver(body, signing, timing)
    }

    fn response_limit(&self) -> Option<Duration> {
        Scheme::Paddle.response_limit()
    }

    fn note(&self, namespace: &str, text: &str) {
        self.served.fake.world(|world| world.note(namespace, text));
    }

    fn last_request(&self) -> u64 {
        self.served.fake.last_request()
    }

    fn requests(&self, after: u64, scope: RequestScope<'_>) -> Vec<ProviderCall> {
        api_calls::requests(&self.served.fake, after, scope)
    }

    fn fail_request(&self, texts: Vec<String>, status: u16) -> Box<dyn ArmedFault + '_> {
        self.served.fail_request(texts, status)
    }
}

impl From<Impossible> for ActionError {
    fn from(impossible: Impossible) -> Self {
        Self::Impossible(Box::new(impossible))
    }
}
