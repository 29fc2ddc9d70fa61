//! The fake Paddle as the provider of a rehearsal.

mod action_times;
mod actions;
mod prices;
mod startup;

use compact_str::CompactString;
use fake_http::webhook::Scheme;
use fake_paddle::{Impossible, World};

use super::{
    action_error::ActionError,
    fake_provider::FakeEvent,
    scenario_world::ScenarioWorld,
    test_customer::{EventContext, TestCustomer},
};
use crate::{
    billing::{DecodeError, PriceTable, paddle_objects},
    contract::{Source, Subscription},
    rehearsal::{ProviderAction, TestPrices},
};

pub(super) use self::startup::start;

impl ScenarioWorld for World {
    const SCHEME: Scheme = Scheme::Paddle;

    fn add_customer(&mut self, email: &str, context: EventContext) -> TestCustomer {
        let stage = actions::stage(&context);
        let (id, _) = self.on_stage(&stage, |world| world.create_customer(email));
        TestCustomer::new(id.into(), email, context)
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

    fn give_one_time(&mut self, events: &[CompactString]) {
        self.give_one_time(events);
    }

    fn subscriptions(
        &self,
        customer: &TestCustomer,
        _: Source,
    ) -> Result<Vec<Subscription>, DecodeError> {
        let objects = self.subscription_objects(&customer.id);
        let mut prices = PriceTable::default();
        let objects = objects.iter();
        objects
            .map(|object| {
                Ok(paddle_objects::decode_recorded_value(object, &mut prices)?.subscription)
            })
            .collect()
    }

    fn event(&self, id: &str) -> Option<FakeEvent> {
        Some(FakeEvent {
            kind: self.find_event(id)?.event_type.clone(),
            body: self.event_body(id)?,
        })
    }

    /// A replay has the id of the event, and a new one of the notification.
    fn replay(&mut self, id: &str) {
        self.replay(id);
    }

    fn note(&mut self, namespace: &str, text: &str) {
        self.note(namespace, text);
    }
}

impl From<Impossible> for ActionError {
    fn from(impossible: Impossible) -> Self {
        Self::Impossible(Box::new(impossible))
    }
}
