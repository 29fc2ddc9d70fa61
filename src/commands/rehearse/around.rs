//! Acts outside the customer's own subscriptions: one-off payments, and events of others.

use fake_stripe::{
    CheckoutSession, Customer, FirstPayment as Paying, Item, SessionMode, Status, Subscription,
    World,
};

use super::provider::{ActError, Buyer, STRANGERS_EMAIL};
use crate::rehearsal::{NewEmail, PriceRole, ProviderAction, RefundedAmount, TestPrices, YesNo};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "`perform` names every act and sends each to where it belongs"
)]
impl Buyer {
    /// Performs actions on the customer itself and on other customers.
    pub(super) fn surroundings(
        &self,
        world: &mut World,
        prices: &TestPrices,
        action: &ProviderAction,
    ) -> Result<(), ActError> {
        match action {
            ProviderAction::ChangeEmail { to } => {
                let fresh = format!("changed.{}", self.email);
                let changed = match (to, &self.email_of_another) {
                    (NewEmail::OfAnotherAccount, Some(email)) => email,
                    (NewEmail::OfAnotherAccount, None) | (NewEmail::Fresh, _) => &fresh,
                };
                world.change_email(&self.customer, changed)?;
                world.note(&self.stage.namespace, &fresh);
            }
            ProviderAction::Abandon { times } => self.abandon(world, prices, *times)?,
            ProviderAction::DeleteCustomer {} => world.remove_customer(&self.customer)?,
            ProviderAction::Forget { subscription } => {
                world.forget(self.id(subscription)?);
            }
            ProviderAction::GuestPayment {} => {
                let price = self.price(prices, PriceRole::Once)?;
                world.guest_payment(&price);
            }
            ProviderAction::Stranger {} => stranger(world, prices)?,
            ProviderAction::Invent {} => {
                world.unknown_event(Some(&self.customer));
            }
            other => return Err(ActError::misplaced(other)),
        }
        Ok(())
    }

    /// Creates subscriptions that expire unpaid, and are newer than all others of the customer.
    fn abandon(&self, world: &mut World, prices: &TestPrices, times: u8) -> Result<(), ActError> {
        let price = self.price(prices, PriceRole::Main)?;
        for _ in 0..times {
            let one = Subscription::new(&self.customer, Status::Incomplete).price(&price);
            let id = world.subscribe(one, Paying::Declined)?;
            world.expire_incomplete(&id)?;
        }
        Ok(())
    }

    /// Performs payments and refunds without a subscription.
    pub(super) fn single_payment(
        &mut self,
        world: &mut World,
        prices: &TestPrices,
        action: &ProviderAction,
    ) -> Result<(), ActError> {
        let price = self.price(prices, PriceRole::Once)?;
        match action {
            ProviderAction::PayOnce {} => {
                let session = CheckoutSession {
                    items: vec![Item::new(&price)],
                    mode: SessionMode::Payment,
                    ..self.session()
                };
                self.charge = Some(world.pay_once(session)?);
            }
            ProviderAction::OneOffInvoice { paid } => {
                world.one_off_invoice(&self.customer, &price, *paid == YesNo::Yes)?;
            }
            ProviderAction::Refund { amount } => {
                const PART: i64 = 100;
                let single = self.charge.clone();
                let charge = single.or_else(|| world.refundable_charge(&self.customer));
                let charge = charge.unwrap_or_default();
                let amount = (*amount == RefundedAmount::Part).then_some(PART);
                world.refund_charge(&charge, amount, |_| {})?;
            }
            other => return Err(ActError::misplaced(other)),
        }
        Ok(())
    }
}

/// Creates a customer without an account, who subscribes, increases the quantity and cancels.
fn stranger(world: &mut World, prices: &TestPrices) -> Result<(), ActError> {
    let customer = world.create_customer(Customer::new("").email(STRANGERS_EMAIL));
    let price = prices
        .price(PriceRole::Main, None)
        .ok_or(ActError::NoPrice(PriceRole::Main))?;
    let subscription = Subscription::new(&customer, Status::Incomplete);
    let id = world.subscribe(subscription.price(price.as_str()), Paying::Paid)?;
    world.change_quantity(&id, None, 2)?;
    world.cancel_now(&id)?;
    Ok(())
}
