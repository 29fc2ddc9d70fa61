//! The customer of a test account at a fake provider.

use std::collections::BTreeMap;

use compact_str::CompactString;

use super::action_error::ActionError;
use crate::{
    contract::PriceId,
    rehearsal::{Label, PriceRole, TestPrices},
};

/// A customer, with the ids of everything that it has at the provider.
#[derive(Debug)]
pub(super) struct TestCustomer {
    pub(super) id: CompactString,
    pub(super) email: String,
    pub(super) context: EventContext,
    /// Values that the application passes to its checkouts.
    pub(super) checkout: CheckoutValues,
    /// The current price, if a play runs for each price.
    pub(super) each: Option<PriceId>,
    /// A price whose product no other customer buys.
    pub(super) own: Option<PriceId>,
    pub(super) email_of_another: Option<String>,
    pub(super) subscriptions: BTreeMap<Label, CompactString>,
    pub(super) checkouts: BTreeMap<Label, CompactString>,
    /// The last one-off payment.
    pub(super) payment: Option<CompactString>,
    /// A customer without an account.
    pub(super) stranger: Option<Box<Self>>,
}

/// The time, version and namespace of a customer's events.
#[derive(Debug, Clone)]
pub(super) struct EventContext {
    /// Seconds since 1970.
    pub(super) clock: i64,
    /// Version of the events; `None` for the configured one.
    pub(super) version: Option<String>,
    /// Namespace of ids. Requests that refer to one of them belong to the customer.
    pub(super) namespace: CompactString,
}

/// The values by which the application finds the account of a purchase.
#[derive(Debug, Clone, Default)]
pub(super) struct CheckoutValues {
    pub(super) client_reference_id: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) subscription_metadata: BTreeMap<String, String>,
    pub(super) custom_data: BTreeMap<String, String>,
}

impl TestCustomer {
    pub(super) fn new(id: CompactString, email: &str, context: EventContext) -> Self {
        Self {
            id,
            email: email.to_owned(),
            context,
            checkout: CheckoutValues::default(),
            each: None,
            own: None,
            email_of_another: None,
            subscriptions: BTreeMap::new(),
            checkouts: BTreeMap::new(),
            payment: None,
            stranger: None,
        }
    }

    pub(super) fn subscription(&self, label: &Label) -> Result<&CompactString, ActionError> {
        let id = self.subscriptions.get(label);
        id.ok_or_else(|| ActionError::NoSubscription(label.0.clone()))
    }

    /// Returns the checkout that created a subscription.
    pub(super) fn checkout_of(&self, label: &Label) -> Result<&CompactString, ActionError> {
        let checkout = self.checkouts.get(label);
        checkout.ok_or_else(|| ActionError::NoSubscription(label.0.clone()))
    }

    pub(super) fn price(
        &self,
        prices: &TestPrices,
        role: PriceRole,
    ) -> Result<String, ActionError> {
        let price = if role == PriceRole::Own {
            self.own.clone()
        } else {
            prices.price(role, self.each.as_ref())
        };
        price
            .map(|price| price.to_string())
            .ok_or(ActionError::NoPrice(role))
    }
}
