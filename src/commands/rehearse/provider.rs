//! Runs the actions of a scenario on the fake and returns their events.

use std::collections::BTreeMap;

use compact_str::CompactString;
use fake_stripe::{ApiVersion, Customer, Impossible, Price, Product, Stage, World};

use crate::{
    contract::PriceId,
    rehearsal::{Label, PriceRole, ProviderAction, TestPrices},
};

/// E-mail of customers without an account.
pub(super) const STRANGERS_EMAIL: &str = "stranger@rehearsal.prodverdict.invalid";

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 24 * HOUR;

/// A customer with everything it has at the provider.
#[derive(Debug)]
pub(super) struct Buyer {
    pub(super) customer: CompactString,
    pub(super) email: String,
    /// Reference that the application passes to Checkout sessions.
    pub(super) client_reference_id: Option<String>,
    pub(super) session_metadata: BTreeMap<String, String>,
    pub(super) subscription_metadata: BTreeMap<String, String>,
    /// Clock and namespace of its ids.
    pub(super) stage: Stage,
    /// The current price, if a play runs for each price.
    pub(super) each: Option<PriceId>,
    pub(super) subscriptions: BTreeMap<Label, CompactString>,
    pub(super) sessions: BTreeMap<Label, CompactString>,
    pub(super) email_of_another: Option<String>,
    /// Charge of the last one-off payment.
    pub(super) charge: Option<CompactString>,
    /// A customer without an account.
    stranger: Option<Box<Self>>,
}

/// The reason why an action is impossible, which makes the scenario invalid.
#[derive(Debug, thiserror::Error)]
pub(super) enum ActError {
    #[error("no subscription is called `{0}` yet")]
    NoSubscription(String),
    #[error("the contract has no price for the role `{0:?}`")]
    NoPrice(PriceRole),
    #[error(transparent)]
    Impossible(#[from] Impossible),
    #[error("`{0}` cannot be performed here")]
    Misplaced(String),
}

impl ActError {
    /// Returns the error for an action in the wrong match; `perform` prevents it.
    pub(super) fn misplaced(action: &ProviderAction) -> Self {
        Self::Misplaced(format!("{action:?}"))
    }
}

impl Buyer {
    /// Creates a customer in the world.
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
            email_of_another: None,
            charge: None,
            stranger: None,
        }
    }

    pub(super) fn subscription_ids(&self) -> impl Iterator<Item = &CompactString> {
        self.subscriptions.values()
    }

    /// Performs an action, and returns the ids of the events that the provider sends for it.
    pub(super) fn act(
        &mut self,
        world: &mut World,
        prices: &TestPrices,
        action: &ProviderAction,
    ) -> Result<Vec<CompactString>, ActError> {
        if let ProviderAction::NotOurs(action) = action {
            let stage = &self.stage;
            let stranger = self
                .stranger
                .get_or_insert_with(|| Box::new(Self::new(world, stage.clone(), STRANGERS_EMAIL)));
            return stranger.act(world, prices, action);
        }
        self.stage.clock = self.time_of(world, action)?;
        let stage = self.stage.clone();
        let (done, events) = world.on_stage(&stage, |world| self.perform(world, prices, action));
        done?;
        Ok(events)
    }

    /// Returns the time of the action.
    fn time_of(&self, world: &World, action: &ProviderAction) -> Result<i64, ActError> {
        let now = self.stage.clock;
        let later = match action {
            ProviderAction::Wait { days } => i64::from(*days).saturating_mul(DAY),
            ProviderAction::ExpireIncomplete { .. } => 23 * HOUR,
            ProviderAction::PaymentFailed { .. } => HOUR,
            ProviderAction::Recover { .. } => DAY,
            ProviderAction::AsyncPayment { .. } => 3 * DAY,
            ProviderAction::GiveUp { .. } => 14 * DAY,
            ProviderAction::Renew { subscription, .. }
            | ProviderAction::EndAtPeriodEnd { subscription }
            | ProviderAction::EnterPhase { subscription } => {
                return Ok(self
                    .period_end(world, subscription)?
                    .unwrap_or(now)
                    .max(now));
            }
            ProviderAction::TrialWillEnd { subscription } => {
                let end = self.trial_end(world, subscription)?;
                return Ok(end.map_or(now, |end| end.saturating_sub(3 * DAY)).max(now));
            }
            ProviderAction::EndTrial { subscription, .. } => {
                return Ok(self.trial_end(world, subscription)?.unwrap_or(now).max(now));
            }
            ProviderAction::Checkout(_)
            | ProviderAction::Subscribe(_)
            | ProviderAction::Pay { .. }
            | ProviderAction::ScheduleCancel { .. }
            | ProviderAction::Keep { .. }
            | ProviderAction::CancelNow { .. }
            | ProviderAction::ChangePrice { .. }
            | ProviderAction::ScheduleChange { .. }
            | ProviderAction::ChangeQuantity { .. }
            | ProviderAction::AddItem { .. }
            | ProviderAction::RemoveItem { .. }
            | ProviderAction::PauseCollection { .. }
            | ProviderAction::ClearPause { .. }
            | ProviderAction::Pause { .. }
            | ProviderAction::Resume { .. }
            | ProviderAction::ChangeEmail { .. }
            | ProviderAction::DeleteCustomer {}
            | ProviderAction::Forget { .. }
            | ProviderAction::GuestPayment {}
            | ProviderAction::Stranger {}
            | ProviderAction::NotOurs(_)
            | ProviderAction::Abandon { .. }
            | ProviderAction::PayOnce {}
            | ProviderAction::OneOffInvoice { .. }
            | ProviderAction::Refund { .. }
            | ProviderAction::Invent {} => MINUTE,
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

    pub(super) fn session_of(&self, label: &Label) -> Result<&CompactString, ActError> {
        let session = self.sessions.get(label);
        session.ok_or_else(|| ActError::NoSubscription(label.0.clone()))
    }

    pub(super) fn id(&self, label: &Label) -> Result<&CompactString, ActError> {
        let id = self.subscriptions.get(label);
        id.ok_or_else(|| ActError::NoSubscription(label.0.clone()))
    }

    pub(super) fn price(&self, prices: &TestPrices, role: PriceRole) -> Result<String, ActError> {
        let price = prices.price(role, self.each.as_ref());
        price
            .map(|price| price.to_string())
            .ok_or(ActError::NoPrice(role))
    }
}

/// Returns the first item with a paid plan. With `None`, callers use the first item.
pub(super) fn plan_item(world: &World, prices: &TestPrices, id: &str) -> Option<CompactString> {
    let items = world
        .find_subscription(id)
        .into_iter()
        .flat_map(|one| &one.items);
    let mut items = items.filter(|item| {
        let mut paid = prices.paid.iter();
        paid.any(|price| price.id.as_str() == item.price)
    });
    items.next().map(|item| item.id.clone())
}

/// Adds a price for every role, unless the fixtures contain it. Returns the ids of the events about the new objects.
pub(super) fn furnish(
    world: &mut World,
    prices: &TestPrices,
    version: &ApiVersion,
) -> Vec<CompactString> {
    world.default_version = version.clone();
    let stage = Stage {
        clock: world.clock,
        events_version: version.clone(),
        namespace: "catalog".into(),
    };
    let ((), events) = world.on_stage(&stage, |world| stock(world, prices));
    events
}

fn stock(world: &mut World, prices: &TestPrices) {
    let yearly = prices.price(PriceRole::Yearly, None);
    let mut amount = 2_000;
    for paid in &prices.paid {
        let id = paid.id.as_str();
        let is_yearly = yearly.as_ref() == Some(&paid.id);
        let mut price = if is_yearly {
            Price::yearly(id, amount * 10)
        } else {
            Price::monthly(id, amount)
        };
        price.product = paid.product.as_deref().unwrap_or_default().into();
        price.lookup_key = paid.lookup_key.as_deref().map(Into::into);
        sell(world, price);
        amount += 3_000;
    }
    for role in [
        PriceRole::Unknown,
        PriceRole::Addon,
        PriceRole::Metered,
        PriceRole::Once,
    ] {
        let Some(id) = prices.price(role, None) else {
            continue;
        };
        sell(
            world,
            match role {
                PriceRole::Metered => Price::monthly(id.as_str(), 500).metered(),
                PriceRole::Once => Price::one_time(id.as_str(), 500),
                PriceRole::Main
                | PriceRole::Other
                | PriceRole::OtherIfAny
                | PriceRole::Third
                | PriceRole::Yearly
                | PriceRole::Each
                | PriceRole::Unknown
                | PriceRole::Addon => Price::monthly(id.as_str(), 500),
            },
        );
    }
}

/// Creates a price, and its product if it is missing.
fn sell(world: &mut World, mut price: Price) {
    if world.find_price(&price.id).is_some() {
        return;
    }
    if world.find_product(&price.product).is_none() {
        let name = price.lookup_key.as_deref().unwrap_or(&price.id);
        price.product = world.create_product(Product::new(&price.product, name));
    }
    world.create_price(price);
}
