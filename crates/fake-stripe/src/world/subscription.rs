//! A subscription, its items and its statuses.

use std::{fmt, sync::LazyLock};

use compact_str::CompactString;

use super::{
    Discount, Metadata,
    boxed::{Boxed, SharedDefault},
    collection::implement_object,
};

/// A subscription as the world stores it. The world fills in an empty `id`, a `created` of 0, and the missing periods
/// of items.
#[derive(Debug, Clone, Default)]
pub struct Subscription {
    pub id: CompactString,
    pub customer: CompactString,
    pub status: Status,
    pub created: i64,
    pub items: Vec<Item>,
    pub details: Boxed<Details>,
}

/// The fields of a subscription that are rarely set.
#[derive(Debug, Clone, Default)]
pub struct Details {
    pub metadata: Metadata,
    pub cancel_at: Option<i64>,
    pub cancel_at_period_end: bool,
    pub canceled_at: Option<i64>,
    pub cancellation_reason: Option<CompactString>,
    pub ended_at: Option<i64>,
    pub start_date: Option<i64>,
    pub trial_start: Option<i64>,
    pub trial_end: Option<i64>,
    pub pause_collection: Option<PauseCollection>,
    pub paused_at: Option<i64>,
    /// Days until an invoice is due. If set, the collection method is `send_invoice`.
    pub days_until_due: Option<u32>,
    pub flexible_billing: bool,
    pub automatic_tax: bool,
    pub currency: Option<CompactString>,
    pub customer_account: Option<CompactString>,
    pub default_payment_method: Option<CompactString>,
    pub description: Option<CompactString>,
    pub latest_invoice: Option<CompactString>,
    pub schedule: Option<CompactString>,
    pub test_clock: Option<CompactString>,
    pub billing_cycle_anchor: Option<i64>,
    pub discount: Option<Discount>,
    /// Behavior if the trial ends without a card: `cancel`, `create_invoice` or `pause`.
    pub missing_payment_method: Option<CompactString>,
    /// Reason for the pause, as Stripe spells it.
    pub pause_reason: Option<CompactString>,
}

impl SharedDefault for Details {
    fn shared() -> &'static Self {
        static SHARED: LazyLock<Details> = LazyLock::new(Details::default);
        &SHARED
    }
}

/// A pause of collection: invoices are still created, but not collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseCollection {
    /// `void`, `keep_as_draft` or `mark_uncollectible`.
    pub behavior: CompactString,
    pub resumes_at: Option<i64>,
}

/// One price of a subscription. The world fills in an empty `id`.
#[derive(Debug, Clone)]
pub struct Item {
    pub id: CompactString,
    pub price: CompactString,
    /// `None` for a metered price.
    pub quantity: Option<u32>,
    pub period: Option<Period>,
    pub metadata: Option<Box<Metadata>>,
}

/// A billing period; the end is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub start: i64,
    pub end: i64,
}

impl Item {
    /// Returns an item with one unit of a price.
    pub fn new(price: &str) -> Self {
        Self {
            id: CompactString::default(),
            price: price.into(),
            quantity: Some(1),
            period: None,
            metadata: None,
        }
    }

    #[must_use]
    pub fn quantity(mut self, quantity: u32) -> Self {
        self.quantity = Some(quantity);
        self
    }

    /// Removes the quantity, because a metered price bills reported usage instead.
    #[must_use]
    pub fn metered(mut self) -> Self {
        self.quantity = None;
        self
    }

    #[must_use]
    pub fn period(mut self, start: i64, end: i64) -> Self {
        self.period = Some(Period { start, end });
        self
    }
}

impl Subscription {
    pub fn new(customer: &str, status: Status) -> Self {
        Self {
            customer: customer.into(),
            status,
            ..Self::default()
        }
    }

    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.id = id.into();
        self
    }

    #[must_use]
    pub fn created(mut self, created: i64) -> Self {
        self.created = created;
        self
    }

    /// Adds one unit of a price.
    #[must_use]
    pub fn price(self, price: &str) -> Self {
        self.item(Item::new(price))
    }

    #[must_use]
    pub fn item(mut self, item: Item) -> Self {
        self.items.push(item);
        self
    }

    #[must_use]
    pub fn metadata(mut self, name: &str, value: &str) -> Self {
        self.details
            .metadata
            .insert(name.to_owned(), value.to_owned());
        self
    }

    /// Changes any of the details.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Details)) -> Self {
        change(&mut self.details);
        self
    }

    /// Returns the latest start of the items' periods, which the filter `current_period_start` compares.
    pub(crate) fn latest_period_start(&self) -> Option<i64> {
        self.items
            .iter()
            .filter_map(|item| item.period)
            .map(|period| period.start)
            .max()
    }

    /// Returns the earliest end of the items' periods, which the filter `current_period_end` compares.
    pub(crate) fn earliest_period_end(&self) -> Option<i64> {
        self.items
            .iter()
            .filter_map(|item| item.period)
            .map(|period| period.end)
            .min()
    }

    pub(crate) fn collection_method(&self) -> &'static str {
        match self.details.days_until_due {
            Some(_) => "send_invoice",
            None => "charge_automatically",
        }
    }
}

/// The status of a subscription. `Other` is for statuses that Stripe may add.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Status {
    #[default]
    Active,
    Trialing,
    PastDue,
    Unpaid,
    Canceled,
    Incomplete,
    IncompleteExpired,
    Paused,
    Other(Box<str>),
}

impl Status {
    /// The statuses that Stripe documents.
    pub const DOCUMENTED: [Self; 8] = [
        Self::Active,
        Self::PastDue,
        Self::Unpaid,
        Self::Canceled,
        Self::Incomplete,
        Self::IncompleteExpired,
        Self::Trialing,
        Self::Paused,
    ];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Trialing => "trialing",
            Self::PastDue => "past_due",
            Self::Unpaid => "unpaid",
            Self::Canceled => "canceled",
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Paused => "paused",
            Self::Other(word) => word,
        }
    }

    /// Returns true if the subscription has ended for good, as the filter `status=ended` defines it.
    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Canceled | Self::IncompleteExpired)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

implement_object!(Subscription);
