//! The part of a fake provider's state in which scenarios are played.

use compact_str::CompactString;
use fake_http::{FakeWorld, webhook::Scheme};

use super::{
    action_error::ActionError,
    fake_provider::FakeEvent,
    test_customer::{EventContext, TestCustomer},
};
use crate::{
    billing::DecodeError,
    contract::{Source, Subscription},
    rehearsal::{ProviderAction, TestPrices, Until},
};

/// E-mail of customers without an account.
pub(super) const STRANGERS_EMAIL: &str = "stranger@rehearsal.prodverdict.invalid";

/// The state of a fake provider.
pub(super) trait ScenarioWorld: FakeWorld {
    const SCHEME: Scheme;

    fn add_customer(&mut self, email: &str, context: EventContext) -> TestCustomer;

    /// Returns the time of a customer's next action.
    fn time_of(&self, customer: &TestCustomer, action: &ProviderAction)
    -> Result<i64, ActionError>;

    /// Performs an action at the customer's time, and returns the ids of its events.
    fn perform(
        &mut self,
        prices: &TestPrices,
        customer: &mut TestCustomer,
        action: &ProviderAction,
    ) -> Result<Vec<CompactString>, ActionError>;

    /// Gives events the time of the last one. Stripe's events have whole seconds, which are equal often enough.
    fn give_one_time(&mut self, _: &[CompactString]) {}

    /// Returns true if events of this context have the named version or a later one. Paddle's have one version.
    fn has_reached(&self, _: Until, _: &EventContext) -> bool {
        true
    }

    /// Reads the customer's subscriptions as a check of this source does.
    fn subscriptions(
        &self,
        customer: &TestCustomer,
        source: Source,
    ) -> Result<Vec<Subscription>, DecodeError>;

    fn event(&self, id: &str) -> Option<FakeEvent>;

    /// Prepares an event to be sent again on request. Stripe sends the same body.
    fn replay(&mut self, _: &str) {}

    /// Attributes requests that contain this text to the namespace.
    fn note(&mut self, namespace: &str, text: &str);
}

/// Performs an action when its time has come, and returns the ids of its events. Actions of somebody else are those of a
/// customer without an account.
pub(super) fn perform_when_due<W: ScenarioWorld>(
    world: &mut W,
    prices: &TestPrices,
    customer: &mut TestCustomer,
    action: &ProviderAction,
) -> Result<Vec<CompactString>, ActionError> {
    if let ProviderAction::NotOurs(action) = action {
        let context = &customer.context;
        let stranger = customer
            .stranger
            .get_or_insert_with(|| Box::new(world.add_customer(STRANGERS_EMAIL, context.clone())));
        return perform_when_due(world, prices, stranger, action);
    }
    customer.context.clock = world.time_of(customer, action)?;
    world.perform(prices, customer, action)
}
