//! Performs the actions of a scenario on the fake provider.

use std::collections::BTreeMap;

use compact_str::CompactString;
use fake_stripe::{
    ApiVersion, CheckoutSession, Coupon, EndForm, FirstPayment as Paying, GiveUp, Item, Metadata,
    PauseCollection, Payment, Renewal, Stage, Status, Subscription, TrialEnd, World,
};

use super::prices::{add_feature, add_own_price, plan_item};
use crate::{
    commands::rehearse::{
        action_error::ActionError,
        test_customer::{EventContext, TestCustomer},
    },
    rehearsal::{
        BoughtBy, CancelEncoding, Checkout, CheckoutPayment, EndOfTrial, FirstPayment, GivenUp,
        PaymentOutcome, PriceRole, Provider, ProviderAction, Subscribe, TestPrices, YesNo,
    },
};

const DAY: i64 = 86_400;

/// Performs an action at the customer's time, and returns the ids of its events.
pub(super) fn perform(
    world: &mut World,
    prices: &TestPrices,
    customer: &mut TestCustomer,
    action: &ProviderAction,
) -> Result<Vec<CompactString>, ActionError> {
    let stage = stage(world, &customer.context);
    let (done, events) = world.on_stage(&stage, |world| {
        let mut actions = StripeActions {
            world,
            prices,
            customer,
        };
        actions.perform(action)
    });
    done?;
    Ok(events)
}

/// Returns the version of the events of this context.
pub(super) fn version(world: &World, context: &EventContext) -> ApiVersion {
    // The versions were validated when the rehearsal was set up.
    let listed = context.version.as_deref().map(str::parse);
    let listed = listed.and_then(Result::ok);
    listed.unwrap_or_else(|| world.default_version.clone())
}

pub(super) fn stage(world: &World, context: &EventContext) -> Stage {
    Stage {
        clock: context.clock,
        events_version: version(world, context),
        namespace: context.namespace.clone(),
    }
}

/// The actions of one customer.
pub(super) struct StripeActions<'a> {
    pub(super) world: &'a mut World,
    pub(super) prices: &'a TestPrices,
    pub(super) customer: &'a mut TestCustomer,
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "`perform` calls this function only for these actions"
)]
impl StripeActions<'_> {
    /// Performs the action at the world's current time.
    fn perform(&mut self, action: &ProviderAction) -> Result<(), ActionError> {
        if self.customer.own.is_none() && action.roles().contains(&PriceRole::Own) {
            self.customer.own = add_own_price(self.world, self.prices);
        }
        match action {
            ProviderAction::Wait { .. } => Ok(()),
            ProviderAction::Checkout(checkout) => self.check_out(checkout),
            ProviderAction::Subscribe(subscribe) => self.subscribe(subscribe),
            ProviderAction::Pay { .. }
            | ProviderAction::ExpireIncomplete { .. }
            | ProviderAction::AsyncPayment { .. }
            | ProviderAction::Renew { .. }
            | ProviderAction::PaymentFailed { .. }
            | ProviderAction::Recover { .. }
            | ProviderAction::GiveUp { .. } => self.money(action),
            ProviderAction::TrialWillEnd { .. }
            | ProviderAction::EndTrial { .. }
            | ProviderAction::ScheduleCancel { .. }
            | ProviderAction::Keep { .. }
            | ProviderAction::CancelNow { .. }
            | ProviderAction::EndAtPeriodEnd { .. }
            | ProviderAction::PauseCollection { .. }
            | ProviderAction::ClearPause { .. }
            | ProviderAction::Pause { .. }
            | ProviderAction::Resume { .. } => self.term(action),
            ProviderAction::ChangePrice { .. }
            | ProviderAction::ScheduleChange { .. }
            | ProviderAction::EnterPhase { .. }
            | ProviderAction::ChangeQuantity { .. }
            | ProviderAction::AddItem { .. }
            | ProviderAction::AttachFeatures { .. }
            | ProviderAction::RemoveItem { .. } => self.change(action),
            ProviderAction::PayOnce {}
            | ProviderAction::OneOffInvoice { .. }
            | ProviderAction::Refund { .. } => self.single_payment(action),
            ProviderAction::ChangeEmail { .. }
            | ProviderAction::DeleteCustomer {}
            | ProviderAction::Forget { .. }
            | ProviderAction::GuestPayment {}
            | ProviderAction::Stranger {}
            | ProviderAction::NotOurs(_)
            | ProviderAction::Abandon { .. }
            | ProviderAction::Invent {} => self.customer_action(action),
            ProviderAction::SchedulePause { .. }
            | ProviderAction::ChargeOnce { .. }
            | ProviderAction::ChangeCard { .. }
            | ProviderAction::Import { .. }
            | ProviderAction::Decline {}
            | ProviderAction::InvoiceOverdue { .. } => {
                Err(ActionError::not_of(Provider::Stripe, action))
            }
        }
    }

    /// Performs payments that succeed, fail or are given up.
    fn money(&mut self, action: &ProviderAction) -> Result<(), ActionError> {
        match action {
            ProviderAction::Pay { subscription } => {
                self.world
                    .pay_first_invoice(self.customer.subscription(subscription)?)?;
            }
            ProviderAction::ExpireIncomplete { subscription } => {
                self.world
                    .expire_incomplete(self.customer.subscription(subscription)?)?;
            }
            ProviderAction::AsyncPayment {
                subscription,
                outcome,
            } => {
                let session = self.customer.checkout_of(subscription)?;
                match outcome {
                    PaymentOutcome::Succeeded => self.world.async_payment_succeeds(session)?,
                    PaymentOutcome::Failed => self.world.async_payment_fails(session)?,
                }
            }
            ProviderAction::Renew { subscription, paid } => {
                let how = match paid {
                    YesNo::Yes => Renewal::Paid,
                    YesNo::No => Renewal::Draft,
                };
                self.world
                    .renew_subscription(self.customer.subscription(subscription)?, how)?;
            }
            ProviderAction::PaymentFailed { subscription } => {
                self.world
                    .payment_fails(self.customer.subscription(subscription)?)?;
            }
            ProviderAction::Recover { subscription } => self
                .world
                .recover(self.customer.subscription(subscription)?)?,
            ProviderAction::GiveUp { subscription, then } => {
                let how = match then {
                    GivenUp::Cancel => GiveUp::Cancel,
                    GivenUp::Unpaid => GiveUp::Unpaid,
                    GivenUp::Pause => return Err(ActionError::not_of(Provider::Stripe, action)),
                };
                self.world
                    .give_up(self.customer.subscription(subscription)?, how)?;
            }
            other => return Err(ActionError::misplaced(other)),
        }
        Ok(())
    }

    /// Performs trials, cancellations and pauses.
    fn term(&mut self, action: &ProviderAction) -> Result<(), ActionError> {
        match action {
            ProviderAction::TrialWillEnd { subscription } => {
                self.world
                    .trial_will_end(self.customer.subscription(subscription)?)?;
            }
            ProviderAction::EndTrial { subscription, then } => {
                let how = match then {
                    EndOfTrial::Convert => TrialEnd::Convert,
                    EndOfTrial::PaymentFails => TrialEnd::PaymentFails,
                    EndOfTrial::Cancel => TrialEnd::Cancel,
                    EndOfTrial::Pause => TrialEnd::Pause,
                };
                self.world
                    .end_trial(self.customer.subscription(subscription)?, how)?;
            }
            ProviderAction::ScheduleCancel {
                subscription,
                encoding,
            } => {
                let form = match encoding {
                    CancelEncoding::Flag => EndForm::FlagAndTime,
                    CancelEncoding::Time => EndForm::TimeOnly,
                };
                self.world
                    .schedule_cancel(self.customer.subscription(subscription)?, form)?;
            }
            ProviderAction::Keep { subscription } => {
                self.world
                    .keep_subscription(self.customer.subscription(subscription)?)?;
            }
            ProviderAction::CancelNow { subscription } => {
                self.world
                    .cancel_now(self.customer.subscription(subscription)?)?;
            }
            ProviderAction::EndAtPeriodEnd { subscription } => {
                self.world
                    .end_at_period_end(self.customer.subscription(subscription)?)?;
            }
            ProviderAction::PauseCollection {
                subscription,
                behavior,
            } => {
                let pause = PauseCollection {
                    behavior: behavior.as_str().into(),
                    resumes_at: None,
                };
                self.world
                    .pause_collection(self.customer.subscription(subscription)?, pause)?;
            }
            ProviderAction::ClearPause { subscription } => {
                self.world
                    .resume_collection(self.customer.subscription(subscription)?)?;
            }
            ProviderAction::Pause { subscription } => {
                self.world
                    .pause_subscription(self.customer.subscription(subscription)?)?;
            }
            ProviderAction::Resume { subscription, .. } => {
                self.world
                    .resume_subscription(self.customer.subscription(subscription)?)?;
            }
            other => return Err(ActionError::misplaced(other)),
        }
        Ok(())
    }

    /// Returns a Checkout session as the application creates it.
    pub(super) fn session(&self) -> CheckoutSession {
        CheckoutSession {
            customer: Some(self.customer.id.clone()),
            client_reference_id: self
                .customer
                .checkout
                .client_reference_id
                .as_deref()
                .map(CompactString::from),
            metadata: metadata(&self.customer.checkout.metadata),
            ..CheckoutSession::default()
        }
    }

    /// Changes the items of subscriptions.
    fn change(&mut self, action: &ProviderAction) -> Result<(), ActionError> {
        match action {
            ProviderAction::ChangePrice {
                subscription,
                price,
            } => {
                let price = self.customer.price(self.prices, *price)?;
                let id = self.customer.subscription(subscription)?;
                let item = plan_item(self.world, self.prices, id);
                self.world.change_price(id, item.as_deref(), &price)?;
            }
            ProviderAction::ScheduleChange {
                subscription,
                price,
            } => {
                let price = self.customer.price(self.prices, *price)?;
                self.world
                    .schedule_change(self.customer.subscription(subscription)?, &price)?;
            }
            ProviderAction::EnterPhase { subscription } => {
                self.world
                    .enter_next_phase(self.customer.subscription(subscription)?, Renewal::Paid)?;
            }
            ProviderAction::ChangeQuantity {
                subscription,
                quantity,
            } => {
                let id = self.customer.subscription(subscription)?;
                let item = plan_item(self.world, self.prices, id);
                self.world.change_quantity(id, item.as_deref(), *quantity)?;
            }
            ProviderAction::AddItem {
                subscription,
                price,
            } => {
                let price = self.customer.price(self.prices, *price)?;
                self.world
                    .add_item(self.customer.subscription(subscription)?, Item::new(&price))?;
            }
            ProviderAction::AttachFeatures {
                subscription,
                times,
            } => {
                let id = self.customer.subscription(subscription)?;
                let subscription = self.world.find_subscription(id);
                let item = subscription.and_then(|one| one.items.first());
                let price = item.map(|item| item.price.clone()).unwrap_or_default();
                for number in 1..=*times {
                    let feature = self.prices.added_feature(number);
                    add_feature(self.world, &price, &feature);
                }
            }
            ProviderAction::RemoveItem {
                subscription,
                price,
            } => {
                let price = self.customer.price(self.prices, *price)?;
                self.world
                    .remove_item(self.customer.subscription(subscription)?, &price)?;
            }
            other => return Err(ActionError::misplaced(other)),
        }
        Ok(())
    }

    /// Returns the bought items: several prices or just one, each in this quantity unless it is metered.
    fn items(
        &self,
        several: &[PriceRole],
        (only, quantity): (PriceRole, u32),
    ) -> Result<Vec<Item>, ActionError> {
        let roles = if several.is_empty() {
            &[only][..]
        } else {
            several
        };
        let item = |role: &PriceRole| {
            let mut item = Item::new(&self.customer.price(self.prices, *role)?);
            item.quantity = (*role != PriceRole::Metered).then_some(quantity);
            Ok(item)
        };
        roles.iter().map(item).collect()
    }

    fn check_out(&mut self, checkout: &Checkout) -> Result<(), ActionError> {
        let items = self.items(&checkout.items, (checkout.price, checkout.quantity))?;
        let coupon = checkout.percent_off.map(|percent| {
            let id = format!("prodverdict_{percent}_off");
            self.world.put_coupon(Coupon::percent(&id, percent.into()))
        });
        let session = CheckoutSession {
            subscription_metadata: metadata(&self.customer.checkout.subscription_metadata),
            items,
            trial_days: checkout.trial_days.map(u32::from),
            coupon,
            ..self.session()
        };
        let label = checkout.subscription.clone();
        let payment = match checkout.payment {
            CheckoutPayment::Never => {
                let session = self.world.open_checkout(session)?;
                self.world.expire_checkout(&session)?;
                return Ok(());
            }
            CheckoutPayment::Paid => Payment::Paid,
            CheckoutPayment::Unpaid => Payment::Pending,
        };
        let purchase = self.world.checkout(session, payment)?;
        self.customer
            .checkouts
            .insert(label.clone(), purchase.session);
        self.customer
            .subscriptions
            .insert(label, purchase.subscription);
        Ok(())
    }

    fn subscribe(&mut self, subscribe: &Subscribe) -> Result<(), ActionError> {
        let mut subscription = Subscription::new(&self.customer.id, Status::Incomplete);
        let only = (subscribe.price, subscribe.quantity);
        subscription.items = self.items(&subscribe.items, only)?;
        if let Some(days) = subscribe.trial_days {
            let end = self
                .world
                .clock
                .saturating_add(DAY.saturating_mul(days.into()));
            subscription.details.trial_end = Some(end);
        }
        if subscribe.by == BoughtBy::Api {
            for (name, value) in &self.customer.checkout.subscription_metadata {
                subscription = subscription.metadata(name, value);
            }
        }
        let paying = match subscribe.payment {
            FirstPayment::Paid => Paying::Paid,
            FirstPayment::Waits => Paying::Awaited,
            FirstPayment::Fails => Paying::Declined,
        };
        let id = self.world.subscribe(subscription, paying)?;
        self.customer
            .subscriptions
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
