//! Performs the actions of a scenario on the fake provider.

use compact_str::CompactString;
use fake_paddle::{Checkout as PaddleCheckout, GiveUp, RefundDecision, Stage, TrialEnd, World};
use serde_json::{Value, json};

use crate::{
    commands::rehearse::{
        action_error::ActionError,
        scenario_world::STRANGERS_EMAIL,
        test_customer::{EventContext, TestCustomer},
    },
    rehearsal::{
        BoughtBy, BuyerEmail, Checkout, CheckoutPayment, EndOfTrial, FirstPayment, GivenUp, Label,
        NewEmail, PriceRole, Provider, ProviderAction, RefundedAmount, Subscribe, TestPrices,
        YesNo,
    },
};

/// Performs an action at the customer's time, and returns the ids of its events.
pub(super) fn perform(
    world: &mut World,
    prices: &TestPrices,
    customer: &mut TestCustomer,
    action: &ProviderAction,
) -> Result<Vec<CompactString>, ActionError> {
    let stage = stage(&customer.context);
    let (done, events) = world.on_stage(&stage, |world| {
        let mut actions = PaddleActions {
            world,
            prices,
            customer,
        };
        actions.perform(action)
    });
    done?;
    Ok(events)
}

pub(super) fn stage(context: &EventContext) -> Stage {
    Stage {
        clock: context.clock,
        namespace: context.namespace.clone(),
    }
}

/// The actions of one customer.
struct PaddleActions<'a> {
    world: &'a mut World,
    prices: &'a TestPrices,
    customer: &'a mut TestCustomer,
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "each function hands on what the next one knows, and the last refuses the rest"
)]
impl PaddleActions<'_> {
    /// Performs the action at the world's current time. Does purchases itself, and hands on every other action.
    fn perform(&mut self, action: &ProviderAction) -> Result<(), ActionError> {
        match action {
            ProviderAction::Wait { .. } => {}
            ProviderAction::Checkout(checkout) => self.buy(checkout, action)?,
            ProviderAction::Subscribe(subscribe) => self.subscribe(subscribe, action)?,
            ProviderAction::Import { subscription } => {
                let checkout = self.checkout(&[PriceRole::Main], 1)?;
                let id = self.world.import(&checkout)?;
                self.remember(subscription, id);
            }
            ProviderAction::Decline {} => {
                let price = self.price(PriceRole::Main)?;
                let data = self.custom_data();
                self.world.decline(&self.customer.id, &price, data)?;
            }
            _ => return self.pay(action),
        }
        Ok(())
    }

    /// Performs payments and ends of trials, and hands on every other action.
    fn pay(&mut self, action: &ProviderAction) -> Result<(), ActionError> {
        match action {
            ProviderAction::Renew { subscription, paid } => {
                let id = self.customer.subscription(subscription)?;
                self.world.renew(id, *paid == YesNo::Yes)?;
            }
            ProviderAction::PaymentFailed { subscription } => {
                let id = self.customer.subscription(subscription)?;
                self.world.payment_fails(id)?;
            }
            ProviderAction::InvoiceOverdue { subscription } => {
                let id = self.customer.subscription(subscription)?;
                self.world.invoice_overdue(id)?;
            }
            ProviderAction::Recover { subscription } => {
                self.world
                    .recover(self.customer.subscription(subscription)?)?;
            }
            ProviderAction::GiveUp { subscription, then } => {
                let then = match then {
                    GivenUp::Cancel => GiveUp::Cancel,
                    GivenUp::Pause => GiveUp::Pause,
                    GivenUp::Unpaid => return Err(not_of_paddle(action)),
                };
                let id = self.customer.subscription(subscription)?;
                self.world.give_up(id, then)?;
            }
            ProviderAction::EndTrial { subscription, then } => {
                let id = self.customer.subscription(subscription)?;
                match then {
                    EndOfTrial::Convert => self.world.end_trial(id, TrialEnd::Convert)?,
                    EndOfTrial::PaymentFails => self.world.end_trial(id, TrialEnd::PaymentFails)?,
                    EndOfTrial::Cancel | EndOfTrial::Pause => return Err(not_of_paddle(action)),
                }
            }
            ProviderAction::ChargeOnce { subscription } => {
                let price = self.price(PriceRole::Once)?;
                let id = self.customer.subscription(subscription)?;
                self.world.charge(id, &price)?;
            }
            ProviderAction::ChangeCard { subscription } => {
                let id = self.customer.subscription(subscription)?;
                self.world.change_card(id)?;
            }
            _ => return self.end(action),
        }
        Ok(())
    }

    /// Performs cancellations and pauses, and hands on every other action.
    fn end(&mut self, action: &ProviderAction) -> Result<(), ActionError> {
        match action {
            ProviderAction::ScheduleCancel { subscription, .. } => {
                let id = self.customer.subscription(subscription)?;
                self.world.schedule(id, "cancel")?;
            }
            ProviderAction::SchedulePause { subscription } => {
                let id = self.customer.subscription(subscription)?;
                self.world.schedule(id, "pause")?;
            }
            ProviderAction::Keep { subscription } => {
                self.world.keep(self.customer.subscription(subscription)?)?;
            }
            ProviderAction::CancelNow { subscription } => {
                let id = self.customer.subscription(subscription)?;
                self.world.cancel_now(id)?;
            }
            ProviderAction::EndAtPeriodEnd { subscription } => {
                let id = self.customer.subscription(subscription)?;
                self.world.end_at_period_end(id)?;
            }
            ProviderAction::Pause { subscription } => {
                let id = self.customer.subscription(subscription)?;
                self.world.pause_now(id)?;
            }
            ProviderAction::Resume { subscription, paid } => {
                let id = self.customer.subscription(subscription)?;
                self.world.resume(id, *paid == YesNo::Yes)?;
            }
            _ => return self.change(action),
        }
        Ok(())
    }

    /// Changes the items of subscriptions, and hands on every other action.
    fn change(&mut self, action: &ProviderAction) -> Result<(), ActionError> {
        match action {
            ProviderAction::ChangePrice {
                subscription,
                price,
            } => {
                let price = self.price(*price)?;
                let id = self.customer.subscription(subscription)?;
                let from = self.plan_price(id);
                self.world.change_price(id, from.as_deref(), &price)?;
            }
            ProviderAction::ChangeQuantity {
                subscription,
                quantity,
            } => {
                let id = self.customer.subscription(subscription)?;
                let of = self.plan_price(id);
                self.world.change_quantity(id, of.as_deref(), *quantity)?;
            }
            ProviderAction::AddItem {
                subscription,
                price,
            } => {
                let price = self.price(*price)?;
                let id = self.customer.subscription(subscription)?;
                self.world.add_item(id, &price)?;
            }
            ProviderAction::RemoveItem {
                subscription,
                price,
            } => {
                let price = self.price(*price)?;
                let id = self.customer.subscription(subscription)?;
                self.world.remove_item(id, &price)?;
            }
            _ => return self.other(action),
        }
        Ok(())
    }

    /// Performs actions outside the customer's own subscriptions, and refuses those that do not exist with Paddle.
    fn other(&mut self, action: &ProviderAction) -> Result<(), ActionError> {
        let customer = self.customer.id.clone();
        match action {
            ProviderAction::PayOnce {} => {
                let price = self.price(PriceRole::Once)?;
                let data = self.custom_data();
                let paid = self.world.pay_once(Some(&customer), &price, data)?;
                self.customer.payment = Some(paid.into());
            }
            ProviderAction::OneOffInvoice { paid } => {
                let price = self.price(PriceRole::Once)?;
                let is_paid = *paid == YesNo::Yes;
                self.world.invoice_once(&customer, &price, is_paid)?;
            }
            ProviderAction::Refund { amount, approved } => {
                let single = self.customer.payment.as_ref().map(ToString::to_string);
                let paid = single.or_else(|| self.world.refundable(&customer));
                let is_full = *amount == RefundedAmount::Rest;
                let decision = match approved {
                    YesNo::Yes => RefundDecision::Approved,
                    YesNo::No => RefundDecision::Rejected,
                };
                self.world
                    .refund(&paid.unwrap_or_default(), is_full, decision)?;
            }
            ProviderAction::GuestPayment {} => {
                let price = self.price(PriceRole::Once)?;
                self.world.pay_once(None, &price, None)?;
            }
            ProviderAction::ChangeEmail { to } => {
                let fresh = format!("changed.{}", self.customer.email);
                let changed = match (to, &self.customer.email_of_another) {
                    (NewEmail::OfAnotherAccount, Some(email)) => email,
                    (NewEmail::OfAnotherAccount, None) | (NewEmail::Fresh, _) => &fresh,
                };
                self.world.change_email(&customer, changed)?;
                self.world.note(&self.customer.context.namespace, &fresh);
            }
            ProviderAction::Forget { subscription } => {
                let id = self.customer.subscription(subscription)?;
                self.world.forget(id);
            }
            ProviderAction::Abandon { times } => {
                let checkout = self.checkout(&[PriceRole::Main], 1)?;
                for _ in 0..*times {
                    let bought = self.world.buy(&checkout)?;
                    self.world.cancel_now(&bought.subscription)?;
                }
            }
            ProviderAction::Stranger {} => self.stranger()?,
            ProviderAction::Invent {} => self.world.unknown_event(&customer),
            _ => return Err(not_of_paddle(action)),
        }
        Ok(())
    }

    /// Creates a customer without an account, who subscribes, increases the quantity and cancels.
    fn stranger(&mut self) -> Result<(), ActionError> {
        let customer = self.world.create_customer(STRANGERS_EMAIL);
        let price = self.price(PriceRole::Main)?;
        let bought = self.world.buy(&PaddleCheckout {
            customer,
            items: vec![(price, 1)],
            ..PaddleCheckout::default()
        })?;
        let id = &bought.subscription;
        self.world.change_quantity(id, None, 2)?;
        self.world.cancel_now(id)?;
        Ok(())
    }

    fn buy(&mut self, checkout: &Checkout, action: &ProviderAction) -> Result<(), ActionError> {
        if checkout.payment != CheckoutPayment::Paid {
            return Err(not_of_paddle(action));
        }
        if checkout.email == BuyerEmail::Another {
            let email = format!("another.{}", self.customer.email);
            self.customer.id = self.world.create_customer(&email).into();
        }
        let roles = roles(&checkout.items, checkout.price);
        let wanted = PaddleCheckout {
            trial_days: checkout.trial_days.map(u32::from),
            is_free: checkout.percent_off == Some(100),
            ..self.checkout(&roles, checkout.quantity)?
        };
        let bought = self.world.buy(&wanted)?;
        let transaction = bought.transaction.into();
        let label = checkout.subscription.clone();
        self.customer.checkouts.insert(label, transaction);
        self.remember(&checkout.subscription, bought.subscription);
        Ok(())
    }

    fn subscribe(
        &mut self,
        subscribe: &Subscribe,
        action: &ProviderAction,
    ) -> Result<(), ActionError> {
        if subscribe.payment != FirstPayment::Paid {
            return Err(not_of_paddle(action));
        }
        let roles = roles(&subscribe.items, subscribe.price);
        let checkout = self.checkout(&roles, subscribe.quantity)?;
        let custom_data = match subscribe.by {
            BoughtBy::Api => checkout.custom_data.clone(),
            BoughtBy::Dashboard | BoughtBy::Invoice => None,
            BoughtBy::AnotherApp => Some(json!({"workspace": "elsewhere", "seats": "4"})),
        };
        let bought = self.world.buy(&PaddleCheckout {
            trial_days: subscribe.trial_days.map(u32::from),
            by_api: true,
            is_invoiced: subscribe.by == BoughtBy::Invoice,
            custom_data,
            ..checkout
        })?;
        self.remember(&subscribe.subscription, bought.subscription);
        Ok(())
    }

    /// Returns a checkout of these prices as the application opens it.
    fn checkout(&self, roles: &[PriceRole], quantity: u32) -> Result<PaddleCheckout, ActionError> {
        let item = |role: &PriceRole| Ok((self.price(*role)?, quantity));
        Ok(PaddleCheckout {
            customer: self.customer.id.to_string(),
            items: roles.iter().map(item).collect::<Result<_, ActionError>>()?,
            custom_data: self.custom_data(),
            ..PaddleCheckout::default()
        })
    }

    fn custom_data(&self) -> Option<Value> {
        let data = &self.customer.checkout.custom_data;
        (!data.is_empty()).then(|| json!(data))
    }

    fn price(&self, role: PriceRole) -> Result<String, ActionError> {
        self.customer.price(self.prices, role)
    }

    /// Returns the first price of a subscription that buys a plan. With `None`, callers use the first item.
    fn plan_price(&self, id: &str) -> Option<String> {
        let items = self.world.find_subscription(id)?.items.iter();
        let mut prices = items.map(|item| item.price.id.as_str());
        let is_paid = |price: &&str| {
            let mut paid = self.prices.paid.iter();
            paid.any(|paid| paid.price.id.as_str() == *price)
        };
        prices.find(is_paid).map(str::to_owned)
    }

    /// Stores the id of a subscription under the label by which later steps name it.
    fn remember(&mut self, label: &Label, id: String) {
        self.customer.subscriptions.insert(label.clone(), id.into());
    }
}

/// Returns the prices of a purchase: several, or just one.
fn roles(several: &[PriceRole], only: PriceRole) -> Vec<PriceRole> {
    if several.is_empty() {
        vec![only]
    } else {
        several.to_vec()
    }
}

fn not_of_paddle(action: &ProviderAction) -> ActionError {
    ActionError::not_of(Provider::Paddle, action)
}
