//! Actions outside the customer's own subscriptions: one-off payments, and events about other customers.

use fake_stripe::{
    CheckoutSession, Customer, FirstPayment as Paying, Item, SessionMode, Status, Subscription,
};

use super::actions::StripeActions;
use crate::{
    commands::rehearse::{action_error::ActionError, scenario_world::STRANGERS_EMAIL},
    rehearsal::{NewEmail, PriceRole, ProviderAction, RefundedAmount, YesNo},
};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "`perform` calls this function only for these actions"
)]
impl StripeActions<'_> {
    /// Performs actions on the customer itself and on other customers.
    pub(super) fn customer_action(&mut self, action: &ProviderAction) -> Result<(), ActionError> {
        match action {
            ProviderAction::ChangeEmail { to } => {
                let fresh = format!("changed.{}", self.customer.email);
                let changed = match (to, &self.customer.email_of_another) {
                    (NewEmail::OfAnotherAccount, Some(email)) => email,
                    (NewEmail::OfAnotherAccount, None) | (NewEmail::Fresh, _) => &fresh,
                };
                self.world.change_email(&self.customer.id, changed)?;
                self.world.note(&self.customer.context.namespace, &fresh);
            }
            ProviderAction::Abandon { times } => self.abandon(*times)?,
            ProviderAction::DeleteCustomer {} => self.world.remove_customer(&self.customer.id)?,
            ProviderAction::Forget { subscription } => {
                self.world
                    .remove_object(self.customer.subscription(subscription)?);
            }
            ProviderAction::GuestPayment {} => {
                let price = self.customer.price(self.prices, PriceRole::Once)?;
                self.world.pay_as_guest(&price);
            }
            ProviderAction::Stranger {} => self.stranger()?,
            ProviderAction::Invent {} => {
                self.world.unknown_event(Some(&self.customer.id));
            }
            other => return Err(ActionError::misplaced(other)),
        }
        Ok(())
    }

    /// Creates subscriptions that expire unpaid, and are newer than all others of the customer.
    fn abandon(&mut self, times: u8) -> Result<(), ActionError> {
        let price = self.customer.price(self.prices, PriceRole::Main)?;
        for _ in 0..times {
            let one = Subscription::new(&self.customer.id, Status::Incomplete).price(&price);
            let id = self.world.subscribe(one, Paying::Declined)?;
            self.world.expire_incomplete(&id)?;
        }
        Ok(())
    }

    /// Performs payments and refunds without a subscription.
    pub(super) fn single_payment(&mut self, action: &ProviderAction) -> Result<(), ActionError> {
        let price = self.customer.price(self.prices, PriceRole::Once)?;
        match action {
            ProviderAction::PayOnce {} => {
                let session = CheckoutSession {
                    items: vec![Item::new(&price)],
                    mode: SessionMode::Payment,
                    ..self.session()
                };
                self.customer.payment = Some(self.world.pay_once(session)?);
            }
            ProviderAction::OneOffInvoice { paid } => {
                self.world.create_one_off_invoice(
                    &self.customer.id,
                    &price,
                    *paid == YesNo::Yes,
                )?;
            }
            ProviderAction::Refund { amount, .. } => {
                const PART: i64 = 100;
                let single = self.customer.payment.clone();
                let charge = single.or_else(|| self.world.refundable_charge(&self.customer.id));
                let charge = charge.unwrap_or_default();
                let amount = (*amount == RefundedAmount::Part).then_some(PART);
                self.world.refund_charge(&charge, amount, |_| {})?;
            }
            other => return Err(ActionError::misplaced(other)),
        }
        Ok(())
    }

    /// Creates a customer without an account, who subscribes, increases the quantity and cancels.
    fn stranger(&mut self) -> Result<(), ActionError> {
        let new = Customer::new("").email(STRANGERS_EMAIL);
        let customer = self.world.create_customer(new);
        let price = self.prices.price(PriceRole::Main, None);
        let price = price.ok_or(ActionError::NoPrice(PriceRole::Main))?;
        let subscription = Subscription::new(&customer, Status::Incomplete).price(price.as_str());
        let id = self.world.subscribe(subscription, Paying::Paid)?;
        self.world.change_quantity(&id, None, 2)?;
        self.world.cancel_now(&id)?;
        Ok(())
    }
}
