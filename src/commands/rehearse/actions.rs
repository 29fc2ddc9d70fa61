//! Performs the actions of a scenario on the fake provider.

use std::collections::BTreeMap;

use compact_str::CompactString;
use fake_stripe::{
    CheckoutSession, Coupon, EndForm, FirstPayment as Paying, GiveUp, Item, Metadata,
    PauseCollection, Payment, Renewal, Status, Subscription, TrialEnd, World,
};

use super::provider::{ActError, Buyer, DAY, plan_item};
use crate::rehearsal::{
    BoughtBy, CancelEncoding, Checkout, CheckoutPayment, EndOfTrial, FirstPayment, GivenUp,
    PaymentOutcome, PriceRole, ProviderAction, Subscribe, TestPrices, YesNo,
};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "`perform` names every act and sends each to where it belongs"
)]
impl Buyer {
    /// Performs the action at the world's current time.
    pub(super) fn perform(
        &mut self,
        world: &mut World,
        prices: &TestPrices,
        action: &ProviderAction,
    ) -> Result<(), ActError> {
        match action {
            ProviderAction::Wait { .. } => Ok(()),
            ProviderAction::Checkout(checkout) => self.check_out(world, prices, checkout),
            ProviderAction::Subscribe(subscribe) => self.subscribe(world, prices, subscribe),
            ProviderAction::Pay { .. }
            | ProviderAction::ExpireIncomplete { .. }
            | ProviderAction::AsyncPayment { .. }
            | ProviderAction::Renew { .. }
            | ProviderAction::PaymentFailed { .. }
            | ProviderAction::Recover { .. }
            | ProviderAction::GiveUp { .. } => self.money(world, action),
            ProviderAction::TrialWillEnd { .. }
            | ProviderAction::EndTrial { .. }
            | ProviderAction::ScheduleCancel { .. }
            | ProviderAction::Keep { .. }
            | ProviderAction::CancelNow { .. }
            | ProviderAction::EndAtPeriodEnd { .. }
            | ProviderAction::PauseCollection { .. }
            | ProviderAction::ClearPause { .. }
            | ProviderAction::Pause { .. }
            | ProviderAction::Resume { .. } => self.term(world, action),
            ProviderAction::ChangePrice { .. }
            | ProviderAction::ScheduleChange { .. }
            | ProviderAction::EnterPhase { .. }
            | ProviderAction::ChangeQuantity { .. }
            | ProviderAction::AddItem { .. }
            | ProviderAction::RemoveItem { .. } => self.change(world, prices, action),
            ProviderAction::PayOnce {}
            | ProviderAction::OneOffInvoice { .. }
            | ProviderAction::Refund { .. } => self.single_payment(world, prices, action),
            ProviderAction::ChangeEmail { .. }
            | ProviderAction::DeleteCustomer {}
            | ProviderAction::Forget { .. }
            | ProviderAction::GuestPayment {}
            | ProviderAction::Stranger {}
            | ProviderAction::NotOurs(_)
            | ProviderAction::Abandon { .. }
            | ProviderAction::Invent {} => self.surroundings(world, prices, action),
        }
    }

    /// Payments that succeed, fail or are given up.
    fn money(&self, world: &mut World, action: &ProviderAction) -> Result<(), ActError> {
        match action {
            ProviderAction::Pay { subscription } => {
                world.pay_first_invoice(self.id(subscription)?)?;
            }
            ProviderAction::ExpireIncomplete { subscription } => {
                world.expire_incomplete(self.id(subscription)?)?;
            }
            ProviderAction::AsyncPayment {
                subscription,
                outcome,
            } => {
                let session = self.session_of(subscription)?;
                match outcome {
                    PaymentOutcome::Succeeded => world.async_payment_succeeds(session)?,
                    PaymentOutcome::Failed => world.async_payment_fails(session)?,
                }
            }
            ProviderAction::Renew { subscription, paid } => {
                let how = match paid {
                    YesNo::Yes => Renewal::Paid,
                    YesNo::No => Renewal::Draft,
                };
                world.renew_subscription(self.id(subscription)?, how)?;
            }
            ProviderAction::PaymentFailed { subscription } => {
                world.payment_fails(self.id(subscription)?)?;
            }
            ProviderAction::Recover { subscription } => world.recover(self.id(subscription)?)?,
            ProviderAction::GiveUp { subscription, then } => {
                let how = match then {
                    GivenUp::Cancel => GiveUp::Cancel,
                    GivenUp::Unpaid => GiveUp::Unpaid,
                };
                world.give_up(self.id(subscription)?, how)?;
            }
            other => return Err(ActError::misplaced(other)),
        }
        Ok(())
    }

    /// Trials, cancellations and pauses.
    fn term(&self, world: &mut World, action: &ProviderAction) -> Result<(), ActError> {
        match action {
            ProviderAction::TrialWillEnd { subscription } => {
                world.trial_will_end(self.id(subscription)?)?;
            }
            ProviderAction::EndTrial { subscription, then } => {
                let how = match then {
                    EndOfTrial::Convert => TrialEnd::Convert,
                    EndOfTrial::PaymentFails => TrialEnd::PaymentFails,
                    EndOfTrial::Cancel => TrialEnd::Cancel,
                    EndOfTrial::Pause => TrialEnd::Pause,
                };
                world.end_trial(self.id(subscription)?, how)?;
            }
            ProviderAction::ScheduleCancel {
                subscription,
                encoding,
            } => {
                let form = match encoding {
                    CancelEncoding::Flag => EndForm::FlagAndTime,
                    CancelEncoding::Time => EndForm::TimeOnly,
                };
                world.schedule_cancel(self.id(subscription)?, form)?;
            }
            ProviderAction::Keep { subscription } => {
                world.keep_subscription(self.id(subscription)?)?;
            }
            ProviderAction::CancelNow { subscription } => {
                world.cancel_now(self.id(subscription)?)?;
            }
            ProviderAction::EndAtPeriodEnd { subscription } => {
                world.end_at_period_end(self.id(subscription)?)?;
            }
            ProviderAction::PauseCollection {
                subscription,
                behavior,
            } => {
                let pause = PauseCollection {
                    behavior: behavior.as_str().into(),
                    resumes_at: None,
                };
                world.pause_collection(self.id(subscription)?, pause)?;
            }
            ProviderAction::ClearPause { subscription } => {
                world.resume_collection(self.id(subscription)?)?;
            }
            ProviderAction::Pause { subscription } => {
                world.pause_subscription(self.id(subscription)?)?;
            }
            ProviderAction::Resume { subscription } => {
                world.resume_subscription(self.id(subscription)?)?;
            }
            other => return Err(ActError::misplaced(other)),
        }
        Ok(())
    }

    /// Returns a Checkout session as the application creates it.
    pub(super) fn session(&self) -> CheckoutSession {
        CheckoutSession {
            customer: Some(self.customer.clone()),
            client_reference_id: self.client_reference_id.as_deref().map(CompactString::from),
            metadata: metadata(&self.session_metadata),
            ..CheckoutSession::default()
        }
    }

    /// Changes of a subscription's items.
    fn change(
        &self,
        world: &mut World,
        prices: &TestPrices,
        action: &ProviderAction,
    ) -> Result<(), ActError> {
        match action {
            ProviderAction::ChangePrice {
                subscription,
                price,
            } => {
                let price = self.price(prices, *price)?;
                let id = self.id(subscription)?;
                let item = plan_item(world, prices, id);
                world.change_price(id, item.as_deref(), &price)?;
            }
            ProviderAction::ScheduleChange {
                subscription,
                price,
            } => {
                let price = self.price(prices, *price)?;
                world.schedule_change(self.id(subscription)?, &price)?;
            }
            ProviderAction::EnterPhase { subscription } => {
                world.enter_next_phase(self.id(subscription)?, Renewal::Paid)?;
            }
            ProviderAction::ChangeQuantity {
                subscription,
                quantity,
            } => {
                let id = self.id(subscription)?;
                let item = plan_item(world, prices, id);
                world.change_quantity(id, item.as_deref(), *quantity)?;
            }
            ProviderAction::AddItem {
                subscription,
                price,
            } => {
                let price = self.price(prices, *price)?;
                world.add_item(self.id(subscription)?, Item::new(&price))?;
            }
            ProviderAction::RemoveItem {
                subscription,
                price,
            } => {
                let price = self.price(prices, *price)?;
                world.remove_item(self.id(subscription)?, &price)?;
            }
            other => return Err(ActError::misplaced(other)),
        }
        Ok(())
    }

    /// Returns the bought items: several prices or just one, each in this quantity unless it is metered.
    fn items(
        &self,
        prices: &TestPrices,
        several: &[PriceRole],
        (only, quantity): (PriceRole, u32),
    ) -> Result<Vec<Item>, ActError> {
        let roles = if several.is_empty() {
            &[only][..]
        } else {
            several
        };
        let item = |role: &PriceRole| {
            let mut item = Item::new(&self.price(prices, *role)?);
            item.quantity = (*role != PriceRole::Metered).then_some(quantity);
            Ok(item)
        };
        roles.iter().map(item).collect()
    }

    fn check_out(
        &mut self,
        world: &mut World,
        prices: &TestPrices,
        checkout: &Checkout,
    ) -> Result<(), ActError> {
        let items = self.items(prices, &checkout.items, (checkout.price, checkout.quantity))?;
        let coupon = checkout.percent_off.map(|percent| {
            let id = format!("prodverdict_{percent}_off");
            world.coupon(Coupon::percent(&id, percent.into()))
        });
        let session = CheckoutSession {
            subscription_metadata: metadata(&self.subscription_metadata),
            items,
            trial_days: checkout.trial_days.map(u32::from),
            coupon,
            ..self.session()
        };
        let label = checkout.subscription.clone();
        let payment = match checkout.payment {
            CheckoutPayment::Never => {
                let session = world.open_checkout(session)?;
                world.expire_checkout(&session)?;
                return Ok(());
            }
            CheckoutPayment::Paid => Payment::Paid,
            CheckoutPayment::Unpaid => Payment::Pending,
        };
        let purchase = world.checkout(session, payment)?;
        self.sessions.insert(label.clone(), purchase.session);
        self.subscriptions.insert(label, purchase.subscription);
        Ok(())
    }

    fn subscribe(
        &mut self,
        world: &mut World,
        prices: &TestPrices,
        subscribe: &Subscribe,
    ) -> Result<(), ActError> {
        let mut subscription = Subscription::new(&self.customer, Status::Incomplete);
        let only = (subscribe.price, subscribe.quantity);
        subscription.items = self.items(prices, &subscribe.items, only)?;
        if let Some(days) = subscribe.trial_days {
            let end = world.clock.saturating_add(DAY.saturating_mul(days.into()));
            subscription.details.trial_end = Some(end);
        }
        if subscribe.by == BoughtBy::Api {
            for (name, value) in &self.subscription_metadata {
                subscription = subscription.metadata(name, value);
            }
        }
        let paying = match subscribe.payment {
            FirstPayment::Paid => Paying::Paid,
            FirstPayment::Waits => Paying::Awaited,
            FirstPayment::Fails => Paying::Declined,
        };
        let id = world.subscribe(subscription, paying)?;
        self.subscriptions
            .insert(subscribe.subscription.clone(), id);
        Ok(())
    }
}

fn metadata(values: &BTreeMap<String, String>) -> Metadata {
    values
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
