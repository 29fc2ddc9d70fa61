//! Reads active entitlements with one request per customer: Stripe cannot list them all at once.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    BillingFacts, Error, PriceTable, RefusalMeaning,
    entitlement_objects::{Entitlement, ListedEntitlement, listed, standing_in},
    facts::FactsBuilder,
    pages::{self, Pages},
    stripe::{can_be_asked, is_unknown_customer, listing},
    transport::ReadSession,
};
use crate::contract::CustomerId;

impl pages::ListElement for ListedEntitlement {
    fn id(&self) -> &str {
        &self.id
    }
}

/// The response for one customer.
enum CustomerAnswer {
    Entitled(Vec<ListedEntitlement>),
    /// Stripe does not know the customer. Holds its error response, or `None` if the id was never sent.
    Unknown(Option<Error>),
}

/// Reads the entitlements of `customers`, taken as the complete set. `on_progress` receives the number of customers
/// read.
///
/// If none of them is known and one exists in the other mode, the key has the wrong mode.
pub(crate) async fn read_all(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<BillingFacts, Error> {
    let reading = read(session, customers, on_progress).await?;
    match reading.of_the_other_mode {
        Some(error) if !reading.known => Err(error),
        Some(_) | None => Ok(reading.gathering.finish()),
    }
}

/// Reads the entitlements of some customers. Unknown customers have none.
pub(crate) async fn read_customers(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
) -> Result<BillingFacts, Error> {
    let reading = read(session, customers, &|_| {}).await?;
    Ok(reading.gathering.finish())
}

#[derive(Default)]
struct EntitlementsReading {
    gathering: FactsBuilder,
    /// True if Stripe knows at least one of the customers.
    known: bool,
    of_the_other_mode: Option<Error>,
}

async fn read(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<EntitlementsReading, Error> {
    let mut answers = stream::iter(customers)
        .map(|customer| async move {
            let answer = of_customer(session, customer).await?;
            Ok::<_, Error>((*customer, answer))
        })
        .buffered(session.pace().at_once);
    let mut reading = EntitlementsReading::default();
    let mut prices = PriceTable::default();
    let mut asked = 0;
    while let Some((customer, answer)) = answers.try_next().await? {
        asked += 1;
        on_progress(asked);
        match answer {
            CustomerAnswer::Entitled(entitlements) => {
                reading.known = true;
                reading
                    .gathering
                    .entitle(customer, entitlements, &mut prices);
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
            self.saw_mode(entitlement.livemode, &entitlement.id);
        }
        let rows = found.into_iter().map(|listed| Entitlement {
            customer: customer.clone(),
            feature: listed.feature,
        });
        for subscription in standing_in(rows, prices) {
            self.put(subscription);
        }
    }
}

fn is_of_the_other_mode(error: &Error) -> bool {
    error
        .refusal()
        .is_some_and(|refusal| matches!(refusal.meaning, RefusalMeaning::OtherMode(_)))
}

async fn of_customer(
    session: ReadSession<'_>,
    customer: &CustomerId,
) -> Result<CustomerAnswer, Error> {
    if !can_be_asked(customer) {
        return Ok(CustomerAnswer::Unknown(None));
    }
    let filter = [("customer", customer.as_str())];
    let listing = listing("v1/entitlements/active_entitlements", &filter);
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
