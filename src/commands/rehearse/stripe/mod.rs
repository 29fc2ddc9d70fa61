//! The fake Stripe as the provider of a rehearsal.

mod action_times;
mod actions;
mod api_calls;
mod other_actions;
mod playback;
mod preloads;
mod prices;
mod redirection;
mod startup;

use std::net::SocketAddr;

use compact_str::CompactString;
use fake_stripe::{
    Armed, FakeStripe, Fault, Impossible, Times,
    webhook::{Endpoint, Reply, Signature},
};
use futures::future::BoxFuture;

use super::{
    action_error::ActionError,
    fake_provider::{
        ArmedFault, DeliveryReply, DeliveryTiming, FakeEvent, FakeProvider, RequestScope,
    },
    test_customer::{EventContext, TestCustomer},
};
use crate::{
    billing::{DecodeError, PriceTable, stripe_objects},
    contract::Subscription,
    rehearsal::{ProviderAction, ProviderCall, Signing, TestPrices, Until},
};

pub(crate) use self::playback::reproduces;
pub(super) use self::{
    preloads::write_preloads,
    redirection::Redirection,
    startup::{HandlerAddress, event_version, start},
};

/// The fake Stripe, with the endpoint that its events go to.
#[derive(Debug)]
pub(super) struct StripeProvider {
    fake: FakeStripe,
    endpoint: Endpoint,
    prices: TestPrices,
}

impl FakeProvider for StripeProvider {
    fn address(&self) -> SocketAddr {
        self.fake.address()
    }

    fn add_customer(&self, email: &str, context: EventContext) -> TestCustomer {
        self.fake
            .world(|world| actions::add_customer(world, email, context))
    }

    fn perform(
        &self,
        customer: &mut TestCustomer,
        action: &ProviderAction,
    ) -> Result<Vec<CompactString>, ActionError> {
        self.fake
            .world(|world| actions::perform(world, &self.prices, customer, action))
    }

    fn has_reached(&self, version: Until, context: &EventContext) -> bool {
        let events = self.fake.world(|world| actions::version(world, context));
        match version {
            Until::Basil => events.has_periods_at_items(),
        }
    }

    fn subscriptions(&self, customer: &TestCustomer) -> Result<Vec<Subscription>, DecodeError> {
        let objects = self
            .fake
            .world(|world| world.subscription_objects(&customer.id));
        let mut prices = PriceTable::default();
        let objects = objects.iter();
        objects
            .map(|object| {
                Ok(stripe_objects::decode_recorded_value(object, &mut prices)?.subscription)
            })
            .collect()
    }

    fn event(&self, id: &str) -> Option<FakeEvent> {
        self.fake.world(|world| {
            Some(FakeEvent {
                kind: world.find_event(id)?.kind.to_string(),
                body: world.event_body(id)?,
            })
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
        Box::new(StripeFault {
            armed: self.fake.fail_mentioning(texts, fault, Times::Nth(1)),
            fake: &self.fake,
        })
    }
}

/// A fault injected into one request.
#[derive(Debug)]
struct StripeFault<'f> {
    armed: Armed,
    fake: &'f FakeStripe,
}

impl ArmedFault for StripeFault<'_> {
    fn has_occurred(&self) -> bool {
        self.armed.has_fired()
    }
}

impl Drop for StripeFault<'_> {
    fn drop(&mut self) {
        self.fake.disarm(&self.armed);
    }
}

impl From<Impossible> for ActionError {
    fn from(impossible: Impossible) -> Self {
        Self::Impossible(Box::new(impossible))
    }
}
