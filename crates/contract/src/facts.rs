//! Facts from the database and the provider, as plain values. Readers create them, and the evaluator judges them.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::{AccountId, CustomerId, Moment, Price, Status, SubscriptionId, UnixSeconds};

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
    PaidElsewhere,
    PastDueSince,
}

impl Field {
    pub const ALL: [Self; 13] = [
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
        Self::PaidElsewhere,
        Self::PastDueSince,
    ];

    /// Returns the name used in `columns:` of the configuration.
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
            Self::PaidElsewhere => "paid_elsewhere",
            Self::PastDueSince => "past_due_since",
        }
    }

    /// Returns the field of that name; `stripe_customer_id` is an alias of `customer_id`.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "stripe_customer_id" {
            return Some(Self::CustomerId);
        }
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }
}

/// A word of a row, shared between equal rows. There may be millions of pointers to words, and a pointer to a `str`
/// would be twice as large.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Word(Arc<Box<str>>);

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Word {
    fn borrow(&self) -> &str {
        self
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl Default for Word {
    fn default() -> Self {
        Self::from("")
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self(Arc::new(text.into()))
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self(Arc::new(text.into()))
    }
}

/// One row that can hold paid access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// Customer id as stored; blank counts as not linked.
    pub customer: Option<CustomerId>,
    pub paid: bool,
    pub exempt: bool,
    pub plan: Option<Word>,
    /// Values of the optional columns; `None` if the contract maps none of them.
    pub columns: Option<Box<AccountColumns>>,
}

/// The optional columns of an account. [`Facts::mapped`] lists those that are mapped; one that is NULL is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountColumns {
    pub seats: Option<i64>,
    pub status: Option<Word>,
    pub subscription_id: Option<SubscriptionId>,
    pub period_end: Option<UnixSeconds>,
    pub cancel_at_period_end: bool,
    pub updated_at: Option<UnixSeconds>,
    /// True if something unknown to the provider pays for the account: another provider, an invoice, a gift card.
    pub paid_elsewhere: bool,
    /// Time since which payment is overdue.
    pub past_due_since: Option<UnixSeconds>,
    /// All customers but the first, which is [`Account::customer`], if the customer column holds a list.
    pub other_customers: Box<[CustomerId]>,
}

/// One subscription of the provider, or the active entitlements of one customer standing in for one. It dereferences to
/// its terms: `subscription.status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub id: SubscriptionId,
    pub customer: CustomerId,
    pub created: UnixSeconds,
    /// Time when it stopped, not when the cancellation was requested.
    pub ended_at: Option<Moment>,
    /// `None` if the source does not provide it.
    pub period: Option<Period>,
    /// Rare facts that differ from or add to the other fields; `None` for most subscriptions.
    pub details: Option<Box<Details>>,
    /// Shared by the readers: most of millions of subscriptions have the same few terms.
    pub terms: Arc<Terms>,
}

/// Facts that few subscriptions have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// Period of each item, in the order of items. If empty, all items have the subscription's.
    pub item_periods: Box<[Option<Period>]>,
    /// Due date of the latest invoice; without one, the time when it was made. Read for `past_due` subscriptions only.
    pub invoice_due: Option<UnixSeconds>,
    pub scheduled: Option<ScheduledChange>,
    /// Refund of everything that was paid for the current period. Read only if a rule needs it.
    pub refund: Option<Refund>,
    pub metadata: Metadata,
}

/// An approved refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub id: Box<str>,
    pub at: UnixSeconds,
}

/// A change of a subscription that the provider makes at a later time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduledChange {
    pub action: ScheduledAction,
    pub at: UnixSeconds,
    /// End of a pause, if it has one.
    pub resumes: Option<UnixSeconds>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduledAction {
    Cancel,
    Pause,
    Resume,
}

/// The provider's `metadata` or `custom_data`: keys in order, each with its value as text. Values that are not scalars
/// are left out.
pub type Metadata = Box<[(Word, Box<str>)]>;

/// `pause_collection.behavior`: treatment of invoices during the pause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pause {
    /// According to the provider's docs, the service is not provided.
    Void,
    KeepAsDraft,
    MarkUncollectible,
    /// A word that this version does not know.
    Other(Box<str>),
}

impl Pause {
    pub fn parse(word: &str) -> Self {
        match word {
            "void" => Self::Void,
            "keep_as_draft" => Self::KeepAsDraft,
            "mark_uncollectible" => Self::MarkUncollectible,
            other => Self::Other(other.into()),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Void => "void",
            Self::KeepAsDraft => "keep_as_draft",
            Self::MarkUncollectible => "mark_uncollectible",
            Self::Other(word) => word,
        }
    }
}

/// Properties that many subscriptions share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub status: Status,
    /// True if `cancel_at_period_end` or `cancel_at` is set; `None` if the source does not provide it.
    pub cancel_scheduled: Option<bool>,
    /// True if only `cancel_at` is set, to a date, and `cancel_at_period_end` is false.
    pub only_cancel_at: bool,
    /// `pause_collection`, if it is set.
    pub pause: Option<Pause>,
    /// Days to pay, for a subscription whose invoices are sent to the customer.
    pub days_until_due: Option<u32>,
    /// True if it is on a test clock, so that its times are simulated.
    pub on_test_clock: bool,
    pub items: Box<[Item]>,
}

impl Deref for Subscription {
    type Target = Terms;

    fn deref(&self) -> &Terms {
        &self.terms
    }
}

impl DerefMut for Subscription {
    /// Copies shared terms on the first write.
    fn deref_mut(&mut self) -> &mut Terms {
        Arc::make_mut(&mut self.terms)
    }
}

/// Current period of a subscription. If its items have separate periods, it lasts from the latest start, as in the
/// provider's own filter, to the latest end, until which something is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    start: Moment,
    end: UnixSeconds,
}

impl Period {
    pub fn new(start: UnixSeconds, end: UnixSeconds) -> Self {
        let start = Moment::from(start);
        Self { start, end }
    }

    /// Returns the period of a subscription whose items have these.
    pub fn of_items(periods: impl IntoIterator<Item = Self>) -> Option<Self> {
        let later = |a: Self, b: Self| Self::new(a.start().max(b.start()), a.end.max(b.end));
        periods.into_iter().reduce(later)
    }

    pub fn start(self) -> UnixSeconds {
        self.start.into()
    }

    pub fn end(self) -> UnixSeconds {
        self.end
    }
}

impl Subscription {
    pub fn ended_at(&self) -> Option<UnixSeconds> {
        self.ended_at.map(UnixSeconds::from)
    }

    pub fn period_start(&self) -> Option<UnixSeconds> {
        self.period.map(Period::start)
    }

    pub fn period_end(&self) -> Option<UnixSeconds> {
        self.period.map(Period::end)
    }
}

/// One price of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub price: Arc<Price>,
    /// `None` for a metered price, or if the source does not provide it.
    pub quantity: Option<u64>,
}

/// An example of an object that the provider marked as live data, and one marked as test data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenModes {
    pub live: Option<String>,
    pub test: Option<String>,
}

impl SeenModes {
    /// Records the mode of an object; the first of each mode is kept as an example.
    pub fn record(&mut self, livemode: Option<bool>, example: &str) {
        let seen = match livemode {
            Some(true) => &mut self.live,
            Some(false) => &mut self.test,
            None => return,
        };
        seen.get_or_insert_with(|| example.to_owned());
    }
}

/// Words that the rows hold in a column mapped with `in:`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredWords {
    pub words: BTreeSet<Box<str>>,
    /// True if the rows hold more different words than are kept.
    pub has_more: bool,
}

impl StoredWords {
    /// Maximum number of words kept.
    pub const MAX: usize = 256;

    pub fn add(&mut self, word: &str) {
        if self.words.contains(word) {
            return;
        }
        if self.words.len() < Self::MAX {
            self.words.insert(word.into());
        } else {
            self.has_more = true;
        }
    }
}

/// Input for judging one contract.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub accounts: Vec<Account>,
    /// Optional columns that were read.
    pub mapped: BTreeSet<Field>,
    pub subscriptions: Vec<Subscription>,
    pub seen_modes: SeenModes,
    /// True if a lookup of the accounts' customers found at least one of them.
    pub customer_known: bool,
    /// Words in the column of each field that is mapped with `in:`.
    pub stored_words: BTreeMap<Field, StoredWords>,
    /// Metadata of customers, as far as it was read.
    pub customer_metadata: BTreeMap<CustomerId, Metadata>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_stored_words_as_allowed_are_kept() {
        let mut stored = StoredWords::default();
        for number in 0..StoredWords::MAX {
            stored.add(&number.to_string());
        }
        stored.add("0");
        assert!(!stored.has_more);
        stored.add("one more");
        assert!(stored.has_more);
        assert_eq!(stored.words.len(), StoredWords::MAX);
    }
}
