//! Reads active entitlements with one request per customer: Stripe cannot list them all at once.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    BillingFacts, Error, Meaning, PriceTable,
    entitlement_objects::{Entitlement, Listed, listed, standing_in},
    facts::Gathering,
    pages::{self, Pages},
    stripe::{can_be_asked, is_unknown_customer, listing},
    transport::Session,
};
use crate::contract::CustomerId;

impl pages::Listed for Listed {
    fn id(&self) -> &str {
        &self.id
    }
}

/// The response for one customer.
enum Answer {
    Entitled(Vec<Listed>),
    /// Stripe does not know the customer. Holds its error response, or `None` if the id was never sent.
    Unknown(Option<Error>),
}

/// Reads the entitlements of `customers`, taken as the complete set. `on_progress` receives the number of customers
/// read.
///
/// If none of them is known and one exists in the other mode, the key has the wrong mode.
pub(crate) async fn read_all(
    session: Session<'_>,
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
    session: Session<'_>,
    customers: &BTreeSet<&CustomerId>,
) -> Result<BillingFacts, Error> {
    let reading = read(session, customers, &|_| {}).await?;
    Ok(reading.gathering.finish())
}

#[derive(Default)]
struct Reading {
    gathering: Gathering,
    /// True if Stripe knows at least one of the customers.
    known: bool,
    of_the_other_mode: Option<Error>,
}

async fn read(
    session: Session<'_>,
    customers: &BTreeSet<&CustomerId>,
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<Reading, Error> {
    let mut answers = stream::iter(customers)
        .map(|customer| async move {
            let answer = of_customer(session, customer).await?;
            Ok::<_, Error>((*customer, answer))
        })
        .buffered(session.pace().at_once);
    let mut reading = Reading::default();
    let mut prices = PriceTable::default();
    let mut asked = 0;
    while let Some((customer, answer)) = answers.try_next().await? {
        asked += 1;
        on_progress(asked);
        match answer {
            Answer::Entitled(entitlements) => {
                reading.known = true;
                reading
                    .gathering
                    .entitle(customer, entitlements, &mut prices);
            }
            Answer::Unknown(Some(error)) if is_of_the_other_mode(&error) => {
                reading.of_the_other_mode.get_or_insert(error);
            }
            Answer::Unknown(_) => {}
        }
    }
    Ok(reading)
}

impl Gathering {
    fn entitle(&mut self, customer: &CustomerId, found: Vec<Listed>, prices: &mut PriceTable) {
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
        .is_some_and(|refusal| matches!(refusal.meaning, Meaning::OtherMode(_)))
}

async fn of_customer(session: Session<'_>, customer: &CustomerId) -> Result<Answer, Error> {
    if !can_be_asked(customer) {
        return Ok(Answer::Unknown(None));
    }
    let filter = [("customer", customer.as_str())];
    let listing = listing("v1/entitlements/active_entitlements", &filter);
    let mut pages = Pages::new(session, &listing);
    let mut found = Vec::new();
    loop {
        match pages.next(listed).await {
            Ok(Some(page)) => found.extend(page),
            Ok(None) => return Ok(Answer::Entitled(found)),
            Err(error) if found.is_empty() && is_unknown_customer(&error) => {
                return Ok(Answer::Unknown(Some(error)));
            }
            Err(error) => return Err(error),
        }
    }
}
