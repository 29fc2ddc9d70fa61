//! The provider's part: the acts of a scenario, done to the fake, and the events that come of them.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::{
    contract::PriceId,
    fake_stripe::{
        ApiVersion, CheckoutSession, Coupon, Customer, EndForm, FirstPayment as Paying, GiveUp,
        Impossible, Item, Metadata, PauseCollection as Paused, Payment, Price, Renewal, Stage,
        Subscription, TrialEnd, World,
    },
    rehearsal::{
        Act, BoughtBy, CancelEncoding, Cast, Checkout, CheckoutPayment, EndOfTrial, FirstPayment,
        GivenUp, Label, Outcome, PauseBehavior, Role, Subscribe, YesNo,
    },
};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// One customer at the provider, and what it has.
#[derive(Debug)]
pub(super) struct Buyer {
    pub(super) customer: CompactString,
    pub(super) email: String,
    /// What the application gives to its Checkout sessions.
    pub(super) client_reference_id: Option<String>,
    pub(super) session_metadata: BTreeMap<String, String>,
    pub(super) subscription_metadata: BTreeMap<String, String>,
    /// Whose ids are handed out, and what time it is for them.
    pub(super) stage: Stage,
    /// The price whose turn it is, where a play is played for each.
    pub(super) each: Option<PriceId>,
    subscriptions: BTreeMap<Label, CompactString>,
    sessions: BTreeMap<Label, CompactString>,
}

/// Why an act cannot be done: a scenario that makes no sense.
#[derive(Debug, thiserror::Error)]
pub(super) enum ActError {
    #[error("no subscription is called `{0}` yet")]
    NoSubscription(String),
    #[error("the contract has no price for the part `{0:?}`")]
    NoPrice(Role),
    #[error(transparent)]
    Impossible(#[from] Impossible),
}

impl Buyer {
    /// A new customer of the world.
    pub(super) fn new(world: &mut World, stage: Stage, email: &str) -> Self {
        let (customer, _) = world.on_stage(&stage, |world| {
            world.create_customer(Customer::new("").email(email))
        });
        Self {
            customer,
            email: email.to_owned(),
            client_reference_id: None,
            session_metadata: BTreeMap::new(),
            subscription_metadata: BTreeMap::new(),
            stage,
            each: None,
            subscriptions: BTreeMap::new(),
            sessions: BTreeMap::new(),
        }
    }

    /// The ids of its subscriptions.
    pub(super) fn subscriptions(&self) -> impl Iterator<Item = &CompactString> {
        self.subscriptions.values()
    }

    /// Lets one thing happen; gives the ids of the events that the provider sends about it.
    pub(super) fn act(
        &mut self,
        world: &mut World,
        cast: &Cast,
        act: &Act,
    ) -> Result<Vec<CompactString>, ActError> {
        self.stage.clock = self.time_of(world, act)?;
        let stage = self.stage.clone();
        let (done, events) = world.on_stage(&stage, |world| self.perform(world, cast, act));
        done?;
        Ok(events)
    }

    /// When it happens.
    fn time_of(&self, world: &World, act: &Act) -> Result<i64, ActError> {
        let now = self.stage.clock;
        let later = match act {
            Act::Wait { days } => i64::from(*days).saturating_mul(DAY),
            Act::ExpireIncomplete { .. } => 23 * HOUR,
            Act::PaymentFailed { .. } => HOUR,
            Act::Recover { .. } => DAY,
            Act::AsyncPayment { .. } => 3 * DAY,
            Act::GiveUp { .. } => 14 * DAY,
            Act::Renew { subscription, .. }
            | Act::EndAtPeriodEnd { subscription }
            | Act::EnterPhase { subscription } => {
                return Ok(self
                    .period_end(world, subscription)?
                    .unwrap_or(now)
                    .max(now));
            }
            Act::TrialWillEnd { subscription } => {
                let end = self.trial_end(world, subscription)?;
                return Ok(end.map_or(now, |end| end.saturating_sub(3 * DAY)).max(now));
            }
            Act::EndTrial { subscription, .. } => {
                return Ok(self.trial_end(world, subscription)?.unwrap_or(now).max(now));
            }
            Act::Checkout(_)
            | Act::Subscribe(_)
            | Act::Pay { .. }
            | Act::ScheduleCancel { .. }
            | Act::Keep { .. }
            | Act::CancelNow { .. }
            | Act::ChangePrice { .. }
            | Act::MigratePrice { .. }
            | Act::ScheduleChange { .. }
            | Act::ChangeQuantity { .. }
            | Act::AddItem { .. }
            | Act::RemoveItem { .. }
            | Act::PauseCollection { .. }
            | Act::ClearPause { .. }
            | Act::Pause { .. }
            | Act::Resume { .. }
            | Act::ChangeEmail {}
            | Act::DeleteCustomer {}
            | Act::Forget { .. }
            | Act::GuestPayment {}
            | Act::Stranger {}
            | Act::Invent {} => MINUTE,
        };
        Ok(now.saturating_add(later))
    }

    fn period_end(&self, world: &World, label: &Label) -> Result<Option<i64>, ActError> {
        let subscription = world.find_subscription(self.id(label)?);
        let items = subscription.into_iter().flat_map(|one| &one.items);
        Ok(items
            .filter_map(|item| item.period)
            .map(|period| period.end)
            .max())
    }

    fn trial_end(&self, world: &World, label: &Label) -> Result<Option<i64>, ActError> {
        let subscription = world.find_subscription(self.id(label)?);
        Ok(subscription.and_then(|one| one.details.trial_end))
    }

    fn perform(&mut self, world: &mut World, cast: &Cast, act: &Act) -> Result<(), ActError> {
        match act {
            Act::Wait { .. } => {}
            Act::Checkout(checkout) => self.check_out(world, cast, checkout)?,
            Act::Subscribe(subscribe) => self.subscribe(world, cast, subscribe)?,
            Act::Pay { subscription } => world.pay_first_invoice(self.id(subscription)?)?,
            Act::ExpireIncomplete { subscription } => {
                world.expire_incomplete(self.id(subscription)?)?;
            }
            Act::AsyncPayment {
                subscription,
                outcome,
            } => {
                let session = self.sessions.get(subscription);
                let session =
                    session.ok_or_else(|| ActError::NoSubscription(subscription.0.clone()))?;
                match outcome {
                    Outcome::Succeeded => world.async_payment_succeeds(session)?,
                    Outcome::Failed => world.async_payment_fails(session)?,
                }
            }
            Act::TrialWillEnd { subscription } => world.trial_will_end(self.id(subscription)?)?,
            Act::EndTrial { subscription, then } => {
                let how = match then {
                    EndOfTrial::Convert => TrialEnd::Convert,
                    EndOfTrial::Cancel => TrialEnd::Cancel,
                    EndOfTrial::Pause => TrialEnd::Pause,
                };
                world.end_trial(self.id(subscription)?, how)?;
            }
            Act::Renew { subscription, paid } => {
                let how = match paid {
                    YesNo::Yes => Renewal::Paid,
                    YesNo::No => Renewal::Draft,
                };
                world.renew_subscription(self.id(subscription)?, how)?;
            }
            Act::PaymentFailed { subscription } => world.payment_fails(self.id(subscription)?)?,
            Act::Recover { subscription } => world.recover(self.id(subscription)?)?,
            Act::GiveUp { subscription, then } => {
                let how = match then {
                    GivenUp::Cancel => GiveUp::Cancel,
                    GivenUp::Unpaid => GiveUp::Unpaid,
                };
                world.give_up(self.id(subscription)?, how)?;
            }
            Act::ScheduleCancel {
                subscription,
                encoding,
            } => {
                let form = match encoding {
                    CancelEncoding::Flag => EndForm::FlagAndTime,
                    CancelEncoding::Time => EndForm::TimeOnly,
                };
                world.schedule_cancel(self.id(subscription)?, form)?;
            }
            Act::Keep { subscription } => world.keep_subscription(self.id(subscription)?)?,
            Act::CancelNow { subscription } => world.cancel_now(self.id(subscription)?)?,
            Act::EndAtPeriodEnd { subscription } => {
                world.end_at_period_end(self.id(subscription)?)?;
            }
            Act::ChangePrice { .. }
            | Act::MigratePrice { .. }
            | Act::ScheduleChange { .. }
            | Act::EnterPhase { .. }
            | Act::ChangeQuantity { .. }
            | Act::AddItem { .. }
            | Act::RemoveItem { .. } => self.change(world, cast, act)?,
            Act::PauseCollection {
                subscription,
                behavior,
            } => {
                let pause = Paused {
                    behavior: word(*behavior).into(),
                    resumes_at: None,
                };
                world.pause_collection(self.id(subscription)?, pause)?;
            }
            Act::ClearPause { subscription } => world.resume_collection(self.id(subscription)?)?,
            Act::Pause { subscription } => world.pause_subscription(self.id(subscription)?)?,
            Act::Resume { subscription } => world.resume_subscription(self.id(subscription)?)?,
            Act::ChangeEmail {} => {
                let changed = format!("changed.{}", self.email);
                world.change_email(&self.customer, &changed)?;
            }
            Act::DeleteCustomer {} => world.remove_customer(&self.customer)?,
            Act::Forget { subscription } => {
                world.forget(self.id(subscription)?);
            }
            Act::GuestPayment {} => {
                world.guest_payment(2_000);
            }
            Act::Stranger {} => stranger(world, cast)?,
            Act::Invent {} => {
                world.unknown_event(Some(&self.customer));
            }
        }
        Ok(())
    }

    /// What changes the items of a subscription.
    fn change(&self, world: &mut World, cast: &Cast, act: &Act) -> Result<(), ActError> {
        match act {
            Act::ChangePrice {
                subscription,
                price,
            } => {
                let price = self.price(cast, *price)?;
                let id = self.id(subscription)?;
                let item = self.plan_item(world, cast, id);
                world.change_price(id, item.as_deref(), &price)?;
            }
            Act::MigratePrice {
                subscription,
                price,
            } => {
                let new = self.price(cast, *price)?;
                let id = self.id(subscription)?.clone();
                let old = world
                    .find_subscription(&id)
                    .and_then(|one| one.items.first())
                    .map(|item| item.price.clone())
                    .unwrap_or_default();
                // The old price serves the other accounts of the rehearsal, so only this subscription moves.
                world.price(Price::monthly(&new, 2_500));
                let item = self.plan_item(world, cast, &id);
                world.change_price(&id, item.as_deref().or(Some(&old)), &new)?;
            }
            Act::ScheduleChange {
                subscription,
                price,
            } => {
                let price = self.price(cast, *price)?;
                world.schedule_change(self.id(subscription)?, &price)?;
            }
            Act::EnterPhase { subscription } => {
                world.enter_next_phase(self.id(subscription)?, Renewal::Paid)?;
            }
            Act::ChangeQuantity {
                subscription,
                quantity,
            } => {
                let id = self.id(subscription)?;
                let item = self.plan_item(world, cast, id);
                world.change_quantity(id, item.as_deref(), *quantity)?;
            }
            Act::AddItem {
                subscription,
                price,
            } => {
                let price = self.price(cast, *price)?;
                world.add_item(self.id(subscription)?, Item::new(&price))?;
            }
            Act::RemoveItem {
                subscription,
                price,
            } => {
                let price = self.price(cast, *price)?;
                world.remove_item(self.id(subscription)?, &price)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn check_out(
        &mut self,
        world: &mut World,
        cast: &Cast,
        checkout: &Checkout,
    ) -> Result<(), ActError> {
        let roles = match checkout.items.as_slice() {
            [] => vec![checkout.price],
            items => items.to_vec(),
        };
        let mut items = Vec::new();
        for role in roles {
            let mut item = Item::new(&self.price(cast, role)?);
            item.quantity = (role != Role::Metered).then_some(checkout.quantity);
            items.push(item);
        }
        let coupon = checkout.percent_off.map(|percent| {
            let id = format!("prodverdict_{percent}_off");
            world.coupon(Coupon::percent(&id, percent.into()))
        });
        let session = CheckoutSession {
            customer: Some(self.customer.clone()),
            client_reference_id: self.client_reference_id.as_deref().map(CompactString::from),
            metadata: metadata(&self.session_metadata),
            subscription_metadata: metadata(&self.subscription_metadata),
            items,
            trial_days: checkout.trial_days.map(u32::from),
            coupon,
            ..CheckoutSession::default()
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
        cast: &Cast,
        subscribe: &Subscribe,
    ) -> Result<(), ActError> {
        let price = self.price(cast, subscribe.price)?;
        let mut subscription =
            Subscription::new(&self.customer, crate::fake_stripe::Status::Incomplete).price(&price);
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

    fn id(&self, label: &Label) -> Result<&CompactString, ActError> {
        let id = self.subscriptions.get(label);
        id.ok_or_else(|| ActError::NoSubscription(label.0.clone()))
    }

    fn price(&self, cast: &Cast, role: Role) -> Result<String, ActError> {
        let price = cast.price(role, self.each.as_ref());
        price
            .map(|price| price.to_string())
            .ok_or(ActError::NoPrice(role))
    }

    /// The item of a subscription that has a plan; none: the first one.
    fn plan_item(&self, world: &World, cast: &Cast, id: &str) -> Option<CompactString> {
        let items = world
            .find_subscription(id)
            .into_iter()
            .flat_map(|one| &one.items);
        let mut items = items.filter(|item| {
            let mut paid = cast.paid.iter();
            paid.any(|price| price.as_str() == item.price)
        });
        items.next().map(|item| item.id.clone())
    }
}

/// Somebody who is a customer and has no account subscribes and leaves.
fn stranger(world: &mut World, cast: &Cast) -> Result<(), ActError> {
    let email = "stranger@rehearsal.prodverdict.invalid";
    let customer = world.create_customer(Customer::new("").email(email));
    let price = cast
        .price(Role::Main, None)
        .ok_or(ActError::NoPrice(Role::Main))?;
    let subscription = Subscription::new(&customer, crate::fake_stripe::Status::Incomplete);
    let id = world.subscribe(subscription.price(price.as_str()), Paying::Paid)?;
    world.cancel_now(&id)?;
    Ok(())
}

/// The world that a rehearsal begins with: a price for every part, unless the fixtures bring it.
pub(super) fn furnish(world: &mut World, cast: &Cast, version: &ApiVersion) {
    world.default_version = version.clone();
    let yearly = cast.price(Role::Yearly, None);
    let mut amount = 2_000;
    for id in &cast.paid {
        let is_yearly = yearly.as_ref() == Some(id);
        let price = if is_yearly {
            Price::yearly(id.as_str(), amount * 10)
        } else {
            Price::monthly(id.as_str(), amount)
        };
        if world.find_price(id.as_str()).is_none() {
            world.price(price);
        }
        amount += 3_000;
    }
    for (role, price) in [
        (Role::Unknown, Price::monthly as fn(&str, i64) -> Price),
        (Role::Addon, Price::monthly),
        (Role::Metered, |id, amount| {
            Price::monthly(id, amount).metered()
        }),
    ] {
        let id = cast.price(role, None);
        if let Some(id) = id.filter(|id| world.find_price(id.as_str()).is_none()) {
            world.price(price(id.as_str(), 500));
        }
    }
}

fn metadata(values: &BTreeMap<String, String>) -> Metadata {
    values
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn word(behavior: PauseBehavior) -> &'static str {
    match behavior {
        PauseBehavior::KeepAsDraft => "keep_as_draft",
        PauseBehavior::MarkUncollectible => "mark_uncollectible",
        PauseBehavior::Void => "void",
    }
}
