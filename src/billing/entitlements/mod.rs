//! Stripe's active entitlements as a source. Stripe lists them for one customer at a time; those of many customers are
//! derived from other lists as far as these decide them.

mod asking;
mod changes;
mod decision;
mod derived;
pub(crate) mod objects;
mod products;
mod renewals;
mod subscriptions;

use std::{
    collections::BTreeSet,
    num::{NonZeroU64, NonZeroUsize},
};

use self::{asking::ask, changes::ChangePages, objects::entitlement};
use super::{
    BillingFacts, PricesOfCustomers, ReadPlan, ReadStep,
    source::{
        BegunList, Events, Lists, OnProgress, OptionalExtra, RecordedForm, RestOfList,
        SourceDefinition, WantedWhen,
    },
    stripe,
    transport::{ReadFuture, ReadSession},
};
use crate::contract::{CustomerId, ListingScope};

/// Stripe's active entitlements.
pub(crate) static ENTITLEMENTS: SourceDefinition = SourceDefinition {
    provider: &stripe::PROVIDER,
    lists: &ActiveEntitlements,
    lookups: &stripe::StripeLookups,
    events: Some(Events::Log {
        log: &stripe::events::ENTITLEMENT_EVENTS,
        max_requests: stripe::events::MAX_REQUESTS,
    }),
    has_subscriptions: false,
    listed_by_customer: true,
    customers_at_once: NonZeroUsize::MIN,
    extras: &[
        OptionalExtra {
            extra: derived::SUBSCRIPTIONS,
            when: WantedWhen::Always,
        },
        OptionalExtra {
            extra: derived::INVOICES,
            when: WantedWhen::Always,
        },
        OptionalExtra {
            extra: derived::PRODUCTS,
            when: WantedWhen::Always,
        },
        OptionalExtra {
            extra: derived::EVENTS,
            when: WantedWhen::Always,
        },
    ],
    permissions: stripe::permissions::ENTITLEMENTS,
    active_prices: None,
    key_page: Some(
        "https://dashboard.stripe.com/apikeys/create?name=ProdVerdict&permissions[]=rak_entitlement_read\
         &permissions[]=rak_customer_read&permissions[]=rak_subscription_read&permissions[]=rak_product_read\
         &permissions[]=rak_event_read&permissions[]=rak_invoice_read",
    ),
    recorded_file: "stripe/entitlements.json",
    recorded_form: RecordedForm::Entitlements(entitlement),
    recorded_refunds: None,
};

/// Monthly read allowance of small accounts. Larger accounts have more
/// (<https://docs.stripe.com/rate-limits#api-read-request-allocations>).
const MONTHLY_READS: NonZeroU64 = NonZeroU64::new(10_000).unwrap();

/// Stripe's lists of entitlements.
#[derive(Debug)]
struct ActiveEntitlements;

impl Lists for ActiveEntitlements {
    fn begin<'a>(
        &'a self,
        session: ReadSession<'a>,
        _: &'a ListingScope,
        customers: &'a [CustomerId],
    ) -> ReadFuture<'a, BegunList<'a>> {
        Box::pin(begin(session, customers.iter().cloned().collect()))
    }

    fn customers<'a>(
        &'a self,
        session: ReadSession<'a>,
        customers: &'a BTreeSet<&'a CustomerId>,
    ) -> ReadFuture<'a, BillingFacts> {
        Box::pin(async move {
            let answers = ask(session, customers.iter().copied(), &|_| {}).await?;
            Ok(answers.into_facts())
        })
    }

    fn changed_from<'a>(
        &'a self,
        session: ReadSession<'a>,
        derived: &'a PricesOfCustomers,
    ) -> ReadFuture<'a, BTreeSet<CustomerId>> {
        Box::pin(async move {
            let newest = ChangePages::begin(session).await?;
            Ok(newest.log().changed_from(derived))
        })
    }
}

async fn begin(
    session: ReadSession<'_>,
    customers: BTreeSet<CustomerId>,
) -> Result<BegunList<'_>, super::Error> {
    let before = session.requests();
    let (plan, rest): (_, Box<dyn RestOfList<'_>>) =
        if let Some((plan, derivation)) = derived::begin(session, &customers).await? {
            (plan, Box::new(derivation))
        } else {
            let mut plan = ReadPlan::new(true);
            let number = u64::try_from(customers.len()).unwrap_or(u64::MAX);
            let step = ReadStep::new("entitlements of each linked customer", number);
            plan.steps.push(step);
            (plan, Box::new(EachCustomer { session, customers }))
        };
    let plan = ReadPlan {
        sent: session.requests().saturating_sub(before),
        monthly_reads: Some(MONTHLY_READS),
        ..plan
    };
    Ok(BegunList { plan, rest })
}

/// The customers to ask Stripe about.
#[derive(Debug)]
struct EachCustomer<'a> {
    session: ReadSession<'a>,
    customers: BTreeSet<CustomerId>,
}

impl<'a> RestOfList<'a> for EachCustomer<'a> {
    fn read<'p>(self: Box<Self>, on_progress: OnProgress<'p>) -> ReadFuture<'p, BillingFacts>
    where
        'a: 'p,
        Self: 'p,
    {
        Box::pin(async move {
            let answers = ask(self.session, &self.customers, on_progress).await?;
            Ok(answers.reject_other_mode()?.into_facts())
        })
    }
}
