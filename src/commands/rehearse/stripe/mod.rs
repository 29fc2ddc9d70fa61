//! The fake Stripe as the provider of a rehearsal.

mod action_times;
mod actions;
mod other_actions;
mod playback;
mod prices;
mod startup;

use compact_str::CompactString;
use fake_http::webhook::Scheme;
use fake_stripe::{Customer, Impossible, World};

use super::{
    action_error::ActionError,
    fake_provider::FakeEvent,
    scenario_world::ScenarioWorld,
    test_customer::{EventContext, TestCustomer},
};
use crate::{
    billing::{
        DecodeError, Entitlement, PriceTable, combine_entitlements, entitlement_objects,
        stripe_objects,
    },
    contract::{CustomerId, Source, Subscription},
    rehearsal::{ProviderAction, TestPrices, Until},
};

pub(crate) use self::playback::reproduces;
pub(super) use self::startup::start;

impl ScenarioWorld for World {
    const SCHEME: Scheme = Scheme::Stripe;

    fn add_customer(&mut self, email: &str, context: EventContext) -> TestCustomer {
        let stage = actions::stage(self, &context);
        let (id, _) = self.on_stage(&stage, |world| {
            world.create_customer(Customer::new("").email(email))
        });
        TestCustomer::new(id, email, context)
    }

    fn time_of(
        &self,
        customer: &TestCustomer,
        action: &ProviderAction,
    ) -> Result<i64, ActionError> {
        action_times::time_of(self, customer, action)
    }

    fn perform(
        &mut self,
        prices: &TestPrices,
        customer: &mut TestCustomer,
        action: &ProviderAction,
    ) -> Result<Vec<CompactString>, ActionError> {
        actions::perform(self, prices, customer, action)
    }

    fn has_reached(&self, version: Until, context: &EventContext) -> bool {
        let events = actions::version(self, context);
        match version {
            Until::Basil => events.has_periods_at_items(),
        }
    }

    fn subscriptions(
        &self,
        customer: &TestCustomer,
        source: Source,
    ) -> Result<Vec<Subscription>, DecodeError> {
        if source == Source::StripeEntitlements {
            return entitlements(self, customer);
        }
        let objects = self.subscription_objects(&customer.id);
        let mut prices = PriceTable::default();
        let objects = objects.iter();
        objects
            .map(|object| {
                Ok(stripe_objects::decode_recorded_value(object, &mut prices)?.subscription)
            })
            .collect()
    }

    fn event(&self, id: &str) -> Option<FakeEvent> {
        Some(FakeEvent {
            kind: self.find_event(id)?.kind.to_string(),
            body: self.event_body(id)?,
        })
    }

    fn note(&mut self, namespace: &str, text: &str) {
        self.note(namespace, text);
    }
}

fn entitlements(world: &World, customer: &TestCustomer) -> Result<Vec<Subscription>, DecodeError> {
    let objects = world.entitlement_objects(&customer.id);
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

impl From<Impossible> for ActionError {
    fn from(impossible: Impossible) -> Self {
        Self::Impossible(Box::new(impossible))
    }
}
