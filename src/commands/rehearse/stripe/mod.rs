//! The fake Stripe as the provider of a rehearsal.

mod action_times;
mod actions;
mod other_actions;
mod playback;
mod prices;
mod startup;

use std::{net::SocketAddr, time::Duration};

use compact_str::CompactString;
use fake_http::webhook::Scheme;
use fake_stripe::{Impossible, StripeApi};
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
    billing::{
        DecodeError, Entitlement, PriceTable, combine_entitlements, entitlement_objects,
        stripe_objects,
    },
    contract::{CustomerId, Subscription},
    rehearsal::{ProviderAction, ProviderCall, Signing, TestPrices, Until},
};

pub(crate) use self::playback::reproduces;
pub(super) use self::startup::start;

/// The fake Stripe, with the endpoint that its events go to.
#[derive(Debug)]
pub(super) struct StripeProvider {
    served: ServedFake<StripeApi>,
    prices: TestPrices,
    /// True if the contract is about entitlements.
    has_entitlements: bool,
}

impl StripeProvider {
    fn entitlements(&self, customer: &TestCustomer) -> Result<Vec<Subscription>, DecodeError> {
        let objects = self
            .served
            .fake
            .world(|world| world.entitlement_objects(&customer.id));
        let objects = objects.iter();
        let entitlements = objects.map(|object| {
            Ok(Entitlement {
                customer: CustomerId::from(customer.id.as_str()),
                feature: entitlement_objects::listed_entitlement_from_value(object)?.feature,
            })
        });
        let entitlements = entitlements.collect::<Result<Vec<_>, DecodeError>>()?;
        Ok(combine_entitlements(
            entitlements,
            &mut PriceTable::default(),
        ))
    }
}

impl FakeProvider for StripeProvider {
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

    fn has_reached(&self, version: Until, context: &EventContext) -> bool {
        let events = self
            .served
            .fake
            .world(|world| actions::version(world, context));
        match version {
            Until::Basil => events.has_periods_at_items(),
        }
    }

    fn subscriptions(&self, customer: &TestCustomer) -> Result<Vec<Subscription>, DecodeError> {
        if self.has_entitlements {
            return self.entitlements(customer);
        }
        let objects = self
            .served
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
        self.served.fake.world(|world| {
            Some(FakeEvent {
                kind: world.find_event(id)?.kind.to_string(),
                body: world.event_body(id)?,
            })
        })
    }

    /// Stripe sends the same body again.
    fn replayed_event(&self, id: &str) -> Option<FakeEvent> {
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
        Scheme::Stripe.response_limit()
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
