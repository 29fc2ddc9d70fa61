//! Stripe's active entitlements as a source, with one request per customer: Stripe cannot list them all at once.

pub(crate) mod objects;

use std::{
    collections::BTreeSet,
    num::{NonZeroU64, NonZeroUsize},
};

use futures::{StreamExt as _, TryStreamExt as _, stream};

use self::objects::{ListedEntitlement, entitlement, listed};
use super::{
    BillingFacts, Entitlement, Error, PriceTable, ReadPlan, ReadStep, RefusalMeaning,
    combine_entitlements,
    facts::FactsBuilder,
    lookup::is_unknown_customer,
    pages::{ListElement, Pages},
    source::{BegunList, Events, Lists, OnProgress, RecordedForm, RestOfList, SourceDefinition},
    stripe,
    transport::{ReadFuture, ReadSession},
};
use crate::contract::{CustomerId, ListingScope};

/// Stripe's active entitlements.
pub(crate) static ENTITLEMENTS: SourceDefinition = SourceDefinition {
    provider: &stripe::PROVIDER,
    lists: &ActiveEntitlements,
    lookups: &stripe::StripeLookups,
    events: Events::None,
    has_subscriptions: false,
    listed_by_customer: true,
    customers_at_once: NonZeroUsize::MIN,
    extras: &[],
    permissions: stripe::permissions::ENTITLEMENTS,
    active_prices: None,
    key_page: Some(
        "https://dashboard.stripe.com/apikeys/create?name=ProdVerdict&permissions[]=rak_entitlement_read\
         &permissions[]=rak_customer_read",
    ),
    recorded_file: "stripe/entitlements.json",
    recorded_form: RecordedForm::Entitlements(entitlement),
    recorded_refunds: None,
};

/// Reads per month of accounts with few payments. Larger accounts have more
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
        let customers: BTreeSet<_> = customers.iter().cloned().collect();
        let number = u64::try_from(customers.len()).unwrap_or(u64::MAX);
        let mut plan = ReadPlan::new(true);
        plan.monthly_reads = Some(MONTHLY_READS);
        plan.steps.push(ReadStep::new(
            "entitlements of each linked customer",
            number,
        ));
        let rest = Box::new(RestOfCustomers { session, customers });
        Box::pin(async { Ok(BegunList { plan, rest }) })
    }

    fn customers<'a>(
        &'a self,
        session: ReadSession<'a>,
        customers: &'a BTreeSet<&'a CustomerId>,
    ) -> ReadFuture<'a, BillingFacts> {
        Box::pin(read_customers(session, customers))
    }
}

/// The customers whose entitlements have to be read.
#[derive(Debug)]
struct RestOfCustomers<'a> {
    session: ReadSession<'a>,
    customers: BTreeSet<CustomerId>,
}

impl<'a> RestOfList<'a> for RestOfCustomers<'a> {
    fn read<'p>(self: Box<Self>, on_progress: OnProgress<'p>) -> ReadFuture<'p, BillingFacts>
    where
        'a: 'p,
        Self: 'p,
    {
        Box::pin(async move {
            let customers = self.customers.iter().collect();
            read_all(self.session, &customers, on_progress).await
        })
    }
}

impl ListElement for ListedEntitlement {
    fn id(&self) -> &str {
        &self.id
    }
}

/// The response for one customer.
enum CustomerAnswer {
    Entitled(Vec<ListedEntitlement>),
    /// Stripe does not know the customer. The value is Stripe's error, or `None` if the id was not sent because it
    /// cannot be one.
    Unknown(Option<Error>),
}

/// Reads the entitlements of `customers`, which are all customers of the contract. `on_progress` receives the number of
/// customers read.
///
/// If Stripe knows none of them, and one exists in the other mode, the key has the wrong mode, which is an error.
async fn read_all(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
    on_progress: OnProgress<'_>,
) -> Result<BillingFacts, Error> {
    let reading = read(session, customers, on_progress).await?;
    match reading.of_the_other_mode {
        Some(error) if !reading.known => Err(error),
        Some(_) | None => Ok(reading.builder.finish()),
    }
}

/// Reads the entitlements of some customers. Unknown customers have none.
async fn read_customers(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
) -> Result<BillingFacts, Error> {
    let reading = read(session, customers, &|_| {}).await?;
    Ok(reading.builder.finish())
}

#[derive(Default)]
struct EntitlementsReading {
    builder: FactsBuilder,
    /// True if Stripe knows at least one of the customers.
    known: bool,
    of_the_other_mode: Option<Error>,
}

async fn read(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
    on_progress: OnProgress<'_>,
) -> Result<EntitlementsReading, Error> {
    let mut answers = stream::iter(customers)
        .map(|customer| async move {
            let answer = entitlements_of_customer(session, customer).await?;
            Ok::<_, Error>((*customer, answer))
        })
        .buffered(session.rate_limit().concurrency);
    let mut reading = EntitlementsReading::default();
    let mut prices = PriceTable::default();
    let mut requests = 0;
    while let Some((customer, answer)) = answers.try_next().await? {
        requests += 1;
        on_progress(requests);
        match answer {
            CustomerAnswer::Entitled(entitlements) => {
                reading.known = true;
                reading.builder.entitle(customer, entitlements, &mut prices);
            }
            CustomerAnswer::Unknown(Some(error)) if is_of_the_other_mode(&error) => {
                reading.of_the_other_mode.get_or_insert(error);
            }
            CustomerAnswer::Unknown(_) => {}
        }
    }
    Ok(reading)
}

impl FactsBuilder {
    fn entitle(
        &mut self,
        customer: &CustomerId,
        found: Vec<ListedEntitlement>,
        prices: &mut PriceTable,
    ) {
        for entitlement in &found {
            self.record_mode(entitlement.livemode, &entitlement.id);
        }
        let rows = found.into_iter().map(|listed| Entitlement {
            customer: customer.clone(),
            feature: listed.feature,
        });
        for subscription in combine_entitlements(rows, prices) {
            self.put(subscription);
        }
    }
}

fn is_of_the_other_mode(error: &Error) -> bool {
    error
        .refusal()
        .is_some_and(|refusal| matches!(refusal.meaning, RefusalMeaning::OtherMode(_)))
}

async fn entitlements_of_customer(
    session: ReadSession<'_>,
    customer: &CustomerId,
) -> Result<CustomerAnswer, Error> {
    if !stripe::is_possible_id(customer) {
        return Ok(CustomerAnswer::Unknown(None));
    }
    let filter = [("customer", customer.as_str())];
    let listing = stripe::listing("v1/entitlements/active_entitlements", &filter);
    let mut pages = Pages::new(session, &listing);
    let mut found = Vec::new();
    loop {
        match pages.next(listed).await {
            Ok(Some(page)) => found.extend(page),
            Ok(None) => return Ok(CustomerAnswer::Entitled(found)),
            Err(error) if found.is_empty() && is_unknown_customer(&error) => {
                return Ok(CustomerAnswer::Unknown(Some(error)));
            }
            Err(error) => return Err(error),
        }
    }
}
