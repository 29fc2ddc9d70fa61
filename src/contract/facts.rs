//! What the database says and what the provider says, as plain values. Readers make them, the evaluator judges them.

use std::{collections::BTreeSet, sync::Arc};

use super::{AccountId, CustomerId, Price, Status, SubscriptionId, UnixSeconds};

/// A column of an account that a contract can map, under its canonical name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Id,
    CustomerId,
    HasPaidAccess,
    Plan,
    Exempt,
    Seats,
    Status,
    SubscriptionId,
    PeriodEnd,
    CancelAtPeriodEnd,
    UpdatedAt,
}

impl Field {
    pub const ALL: [Self; 11] = [
        Self::Id,
        Self::CustomerId,
        Self::HasPaidAccess,
        Self::Plan,
        Self::Exempt,
        Self::Seats,
        Self::Status,
        Self::SubscriptionId,
        Self::PeriodEnd,
        Self::CancelAtPeriodEnd,
        Self::UpdatedAt,
    ];

    /// The name it has in `columns:` of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::CustomerId => "customer_id",
            Self::HasPaidAccess => "has_paid_access",
            Self::Plan => "plan",
            Self::Exempt => "exempt",
            Self::Seats => "seats",
            Self::Status => "status",
            Self::SubscriptionId => "subscription_id",
            Self::PeriodEnd => "period_end",
            Self::CancelAtPeriodEnd => "cancel_at_period_end",
            Self::UpdatedAt => "updated_at",
        }
    }

    /// The field of that name; `stripe_customer_id` is the published spelling of `customer_id`.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "stripe_customer_id" {
            return Some(Self::CustomerId);
        }
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }
}

/// One row that can hold paid access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// As stored; blank counts as not linked.
    pub customer: Option<CustomerId>,
    pub paid: bool,
    pub exempt: bool,
    pub plan: Option<Arc<str>>,
    /// What the optional columns hold; none when the contract maps none of them.
    pub columns: Option<Box<AccountColumns>>,
}

/// The optional columns of an account. Which of them are mapped is said by [`Facts::mapped`]; a mapped one that is
/// null is none here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountColumns {
    pub seats: Option<i64>,
    pub status: Option<Arc<str>>,
    pub subscription_id: Option<SubscriptionId>,
    pub period_end: Option<UnixSeconds>,
    pub cancel_at_period_end: bool,
    pub updated_at: Option<UnixSeconds>,
}

/// One subscription of the provider, or the active entitlements of one customer standing in for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub id: SubscriptionId,
    pub customer: CustomerId,
    pub status: Status,
    pub created: UnixSeconds,
    /// When it stopped, which is not when somebody asked it to.
    pub ended_at: Option<UnixSeconds>,
    /// `cancel_at_period_end` or `cancel_at` is set; none when the source does not say.
    pub cancel_scheduled: Option<bool>,
    /// `pause_collection.behavior` is `void`: the provider's docs say the service is not provided.
    pub paused_void: bool,
    /// Of most subscriptions the same few, so that readers share them.
    pub items: Arc<[Item]>,
    /// None when the source does not say.
    pub period: Option<Period>,
}

/// The current period of a subscription. Where its items have periods of their own, it lasts from the latest start, as
/// the provider's own filter reads it, to the latest end, until which something is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub start: UnixSeconds,
    pub end: UnixSeconds,
}

impl Period {
    /// That of a subscription whose items have these.
    pub fn of_items(periods: impl IntoIterator<Item = Self>) -> Option<Self> {
        periods.into_iter().reduce(|one, other| Self {
            start: one.start.max(other.start),
            end: one.end.max(other.end),
        })
    }
}

impl Subscription {
    pub fn period_start(&self) -> Option<UnixSeconds> {
        self.period.map(|period| period.start)
    }

    pub fn period_end(&self) -> Option<UnixSeconds> {
        self.period.map(|period| period.end)
    }
}

/// One price of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub price: Arc<Price>,
    /// None for a metered price, or when the source does not say.
    pub quantity: Option<u64>,
}

/// Examples of objects that the provider marked as live or as test data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenModes {
    pub live: Option<String>,
    pub test: Option<String>,
}

/// Everything one contract is judged on.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub accounts: Vec<Account>,
    /// The optional columns that were read.
    pub mapped: BTreeSet<Field>,
    pub subscriptions: Vec<Subscription>,
    pub seen_modes: SeenModes,
    /// The provider was asked for some of the accounts' customers by id, and one of them exists.
    pub customer_known: bool,
}
