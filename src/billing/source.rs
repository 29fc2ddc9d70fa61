//! Defines the sources of facts: the objects of a provider that are read, and the requests that read them.

use std::{collections::BTreeSet, fmt, num::NonZeroUsize};

use serde_json::{Value, value::RawValue};

use super::{
    BillingFacts, DecodeError, Decoded, Entitlement, PriceTable, PricesOfCustomers, ReadPlan,
    Settings,
    extras::Extra,
    metadata::WireCustomer,
    pages::ListQuery,
    prices::SharedPrices,
    provider::Provider,
    transport::{ReadFuture, ReadSession},
};
use crate::contract::{
    CustomerId, DeliveryLog, EventLog, Field, ListingScope, Mode, SubscriptionId, UnixSeconds,
};

/// A kind of object that decides who has paid, with everything in which it differs from other kinds.
#[derive(Debug)]
pub struct SourceDefinition {
    pub(crate) provider: &'static Provider,
    pub(crate) lists: &'static dyn Lists,
    pub(crate) lookups: &'static dyn Lookups,
    pub(crate) events: Option<Events>,
    /// True if the objects are subscriptions, which have ids.
    pub(crate) has_subscriptions: bool,
    /// True if the objects can only be listed customer by customer.
    pub(crate) listed_by_customer: bool,
    /// Number of customers whose objects one request can list.
    pub(crate) customers_at_once: NonZeroUsize,
    pub(crate) extras: &'static [OptionalExtra],
    /// Permissions that the reads need, the necessary ones first.
    pub(crate) permissions: &'static [PermissionDefinition],
    /// The list of active prices, each with its product, if the provider has one.
    pub(crate) active_prices: Option<fn() -> ListQuery>,
    /// Page that creates a key with no more permissions than the reads need.
    pub(crate) key_page: Option<&'static str>,
    pub(crate) recorded_file: &'static str,
    pub(crate) recorded_form: RecordedForm,
    /// The recorded form of refunds, if the reader can read them.
    pub(crate) recorded_refunds: Option<RecordedRefunds>,
}

/// Lists of the source's objects.
pub(crate) trait Lists: fmt::Debug + Sync {
    /// Reads the first pages of the scope, as far as an estimate of the cost needs. `customers` are those to list if the
    /// source is listed by customer.
    fn begin<'a>(
        &'a self,
        session: ReadSession<'a>,
        scope: &'a ListingScope,
        customers: &'a [CustomerId],
    ) -> ReadFuture<'a, BegunList<'a>>;

    /// Reads all objects of `customers`. Unknown customers have none.
    fn customers<'a>(
        &'a self,
        session: ReadSession<'a>,
        customers: &'a BTreeSet<&'a CustomerId>,
    ) -> ReadFuture<'a, BillingFacts>;

    /// Returns those of the customers who had these derived prices until a recent event. A source that derives nothing
    /// needs no events.
    fn changed_from<'a>(
        &'a self,
        _: ReadSession<'a>,
        _: &'a PricesOfCustomers,
    ) -> ReadFuture<'a, BTreeSet<CustomerId>> {
        Box::pin(async { Ok(BTreeSet::new()) })
    }
}

/// A started list with its estimated cost.
#[derive(Debug)]
pub(crate) struct BegunList<'a> {
    pub(crate) plan: ReadPlan,
    pub(crate) rest: Box<dyn RestOfList<'a> + 'a>,
}

/// The part of a list that is still to be read.
pub(crate) trait RestOfList<'a>: fmt::Debug {
    /// Reads the rest. `on_progress` receives the number of objects or customers read.
    fn read<'p>(self: Box<Self>, on_progress: OnProgress<'p>) -> ReadFuture<'p, BillingFacts>
    where
        'a: 'p,
        Self: 'p;
}

/// Receives the number of objects read so far.
pub(crate) type OnProgress<'p> = &'p (dyn Fn(u64) + Sync);

/// Requests for single objects by their ids. They are the same for all sources of a provider.
pub(crate) trait Lookups: fmt::Debug + Sync {
    /// Reads one subscription.
    fn subscription<'a>(
        &'a self,
        session: ReadSession<'a>,
        id: &'a str,
        prices: &'a SharedPrices,
    ) -> ReadFuture<'a, Decoded>;

    /// Returns the ids of a subscription and of its customer, as the provider spells them.
    fn owner<'a>(
        &'a self,
        session: ReadSession<'a>,
        id: &'a str,
    ) -> ReadFuture<'a, (String, String)>;

    /// Reads the customers that exist.
    fn customers<'a>(
        &'a self,
        session: ReadSession<'a>,
        customers: &'a BTreeSet<&'a CustomerId>,
    ) -> ReadFuture<'a, Vec<WireCustomer>>;

    /// Lists a page of the customers with this e-mail address. May list others too.
    fn customers_with_email<'a>(
        &'a self,
        session: ReadSession<'a>,
        email: &'a str,
    ) -> ReadFuture<'a, Vec<WireCustomer>>;

    /// Returns true if the provider knows one of `customers`; false if the key may not read them.
    fn any_customer_exists<'a>(
        &'a self,
        session: ReadSession<'a>,
        customers: &'a [CustomerId],
    ) -> ReadFuture<'a, bool>;
}

/// The provider's log of events.
#[derive(Debug)]
pub(crate) enum Events {
    Log {
        log: &'static dyn EventReads,
        /// Maximum number of requests for the evidence of findings.
        max_requests: u64,
    },
    /// The provider records the deliveries about each subscription.
    Deliveries {
        reads: &'static dyn DeliveryReads,
        /// Maximum number of subscriptions that are looked up.
        max_subscriptions: usize,
        /// Maximum number of requests for the evidence of findings.
        max_requests: u64,
    },
}

/// Requests for deliveries.
pub(crate) trait DeliveryReads: fmt::Debug + Sync {
    /// Reads the deliveries about these subscriptions.
    fn about<'a>(
        &'a self,
        session: ReadSession<'a>,
        subscriptions: &'a [SubscriptionId],
    ) -> ReadFuture<'a, DeliveryLog>;
}

/// Requests for events.
pub(crate) trait EventReads: fmt::Debug + Sync {
    /// Reads changes of subscriptions, newest first, until `is_sufficient`.
    fn changes<'a>(
        &'a self,
        session: ReadSession<'a>,
        is_sufficient: &'a (dyn Fn(&EventLog) -> bool + Sync),
    ) -> ReadFuture<'a, EventLog>;

    /// Passes on events of every type since a time, newest first, about `max` of them at most. Returns true if there
    /// are more.
    fn all<'a>(
        &'a self,
        session: ReadSession<'a>,
        since: UnixSeconds,
        max: u64,
        take: &'a mut (dyn FnMut(Value) + Send),
    ) -> ReadFuture<'a, bool>;
}

/// An optional fact, and the condition under which it is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OptionalExtra {
    pub(crate) extra: Extra,
    pub(crate) when: WantedWhen,
}

/// A permission of a key, with the smallest request that needs it.
#[derive(Debug)]
pub(crate) struct PermissionDefinition {
    /// Name in the provider's spelling.
    pub(crate) name: &'static str,
    /// The objects that it lets a key read.
    pub(crate) objects: &'static str,
    pub(crate) when: WantedWhen,
    /// Effect on a check whose key lacks the permission; `None` if no check is possible then.
    pub(crate) lost: Option<&'static str>,
    pub(crate) path: &'static str,
    pub(crate) query: &'static [(&'static str, &'static str)],
}

/// The condition under which an optional fact or a permission is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WantedWhen {
    Always,
    /// Findings are explained by events.
    Evidence,
    /// The contract has a grace from the due date of an invoice.
    Invoices,
    /// The contract has a rule about refunds.
    Refunds,
    TestMode,
}

impl WantedWhen {
    pub(crate) fn applies(self, settings: &Settings, mode: Option<Mode>) -> bool {
        match self {
            Self::Always => true,
            Self::Evidence => settings.evidence,
            Self::Invoices => settings.invoices,
            Self::Refunds => settings.refunds,
            Self::TestMode => mode == Some(Mode::Test),
        }
    }
}

/// The recorded form of refunds: two files of the provider's objects, each with the check of one.
#[derive(Debug, Clone, Copy)]
pub struct RecordedRefunds {
    pub adjustments: RecordedObjects,
    pub transactions: RecordedObjects,
    /// Marks the subscriptions that were refunded.
    pub mark: fn(&mut BillingFacts, &[Value], &[Value]),
}

/// A file of objects, and the check of one of them.
pub type RecordedObjects = (&'static str, fn(&Value) -> Result<(), DecodeError>);

/// The form of recorded objects.
#[derive(Debug, Clone, Copy)]
pub enum RecordedForm {
    Subscriptions {
        from_text: fn(&RawValue, &mut PriceTable) -> Result<Decoded, DecodeError>,
        from_value: fn(&Value, &mut PriceTable) -> Result<Decoded, DecodeError>,
    },
    /// Entitlements of customers, which [`combine_entitlements`](super::combine_entitlements) turns into subscriptions.
    Entitlements(fn(&Value) -> Result<Entitlement, DecodeError>),
}

impl SourceDefinition {
    /// Returns the file with recorded objects.
    pub fn recorded_file(&self) -> &'static str {
        self.recorded_file
    }

    pub fn recorded_form(&self) -> RecordedForm {
        self.recorded_form
    }

    pub fn recorded_refunds(&self) -> Option<RecordedRefunds> {
        self.recorded_refunds
    }

    /// Returns true if the objects can only be listed customer by customer.
    pub fn is_listed_by_customer(&self) -> bool {
        self.listed_by_customer
    }

    /// Returns the usual prefix of the provider's ids in a column; `None` if it holds no ids of the provider.
    pub fn usual_prefix(&self, field: Field) -> Option<&'static str> {
        match field {
            Field::CustomerId => Some(self.provider.customer_ids),
            Field::SubscriptionId => Some(self.provider.subscription_ids),
            Field::Id
            | Field::HasPaidAccess
            | Field::Plan
            | Field::Exempt
            | Field::Seats
            | Field::Status
            | Field::PeriodEnd
            | Field::CancelAtPeriodEnd
            | Field::UpdatedAt
            | Field::PaidElsewhere
            | Field::PastDueSince => None,
        }
    }

    /// Returns true if the lifecycles of subscriptions can be read from the provider's events.
    pub fn has_lifecycles(&self) -> bool {
        self.has_subscriptions && matches!(self.events, Some(Events::Log { .. }))
    }
}
