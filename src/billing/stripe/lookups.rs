//! Requests for single subscriptions and customers of Stripe.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    listing::{EXPAND, INVOICES, complete, is_possible_id},
    objects::decode_live_text,
};
use crate::{
    billing::{
        Decoded, Error, RefusalMeaning,
        extras::is_refusal,
        lookup::{check_id, is_unknown, is_unknown_customer},
        metadata::{WireCustomer, WireCustomers},
        prices::SharedPrices,
        source::Lookups,
        transport::{Endpoint, ReadFuture, ReadSession},
    },
    contract::CustomerId,
};

const SUBSCRIPTION: Endpoint = "v1/subscriptions/{id}";
const CUSTOMER: Endpoint = "v1/customers/{id}";

/// Requests Stripe's objects by their ids.
#[derive(Debug)]
pub(crate) struct StripeLookups;

impl Lookups for StripeLookups {
    fn subscription<'a>(
        &'a self,
        session: ReadSession<'a>,
        id: &'a str,
        prices: &'a SharedPrices,
    ) -> ReadFuture<'a, Decoded> {
        Box::pin(subscription(session, id, prices))
    }

    fn owner<'a>(
        &'a self,
        session: ReadSession<'a>,
        id: &'a str,
    ) -> ReadFuture<'a, (String, String)> {
        Box::pin(owner(session, id))
    }

    fn customers<'a>(
        &'a self,
        session: ReadSession<'a>,
        customers: &'a BTreeSet<&'a CustomerId>,
    ) -> ReadFuture<'a, Vec<WireCustomer>> {
        Box::pin(read_customers(session, customers))
    }

    fn customers_with_email<'a>(
        &'a self,
        session: ReadSession<'a>,
        email: &'a str,
    ) -> ReadFuture<'a, Vec<WireCustomer>> {
        Box::pin(customers_with_email(session, email))
    }

    fn any_customer_exists<'a>(
        &'a self,
        session: ReadSession<'a>,
        customers: &'a [CustomerId],
    ) -> ReadFuture<'a, bool> {
        Box::pin(any_customer_exists(session, customers))
    }
}

async fn subscription(
    session: ReadSession<'_>,
    id: &str,
    prices: &SharedPrices,
) -> Result<Decoded, Error> {
    let address = |query: &[_]| session.address(["v1", "subscriptions", id], query);
    let mut text = None;
    if session.extras().wants(INVOICES) {
        let expanded = address(&[(EXPAND, "latest_invoice")]);
        match session.get::<Box<RawValue>>(SUBSCRIPTION, &expanded).await {
            Ok(found) => text = Some(found),
            Err(error) if is_unknown(&error) || !is_refusal(&error) => return Err(error),
            Err(_) => {}
        }
    }
    let text = match text {
        Some(text) => text,
        None => {
            session
                .get::<Box<RawValue>>(SUBSCRIPTION, &address(&[]))
                .await?
        }
    };
    let decoded = decode_live_text(&text, &mut prices.locked());
    let mut decoded = decoded.map_err(|error| Error::Object {
        provider: session.provider().name,
        error: Box::new(error),
    })?;
    if decoded.may_have_more_items {
        complete(session, &mut decoded, prices).await?;
    }
    Ok(decoded)
}

#[derive(Deserialize)]
#[serde(expecting = "a subscription")]
struct StripeOwner {
    id: String,
    customer: String,
}

async fn owner(session: ReadSession<'_>, id: &str) -> Result<(String, String), Error> {
    let address = session.address(["v1", "subscriptions", id], &[]);
    let found: StripeOwner = session.get(SUBSCRIPTION, &address).await?;
    Ok((found.id, found.customer))
}

async fn read_customers(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
) -> Result<Vec<WireCustomer>, Error> {
    let possible = customers.iter().filter(|customer| is_possible_id(customer));
    let found: Vec<_> = stream::iter(possible)
        .map(|customer| read_customer(session, customer))
        .buffered(session.rate_limit().concurrency)
        .try_collect()
        .await?;
    Ok(found.into_iter().flatten().collect())
}

async fn read_customer(
    session: ReadSession<'_>,
    customer: &CustomerId,
) -> Result<Option<WireCustomer>, Error> {
    let address = session.address(["v1", "customers", customer.as_str()], &[]);
    match session.get::<WireCustomer>(CUSTOMER, &address).await {
        Ok(found) => {
            check_id(session, customer.as_str(), &found.id)?;
            Ok(Some(found))
        }
        Err(error) if is_unknown_customer(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Stripe compares case, so only customers with exactly this address are listed.
async fn customers_with_email(
    session: ReadSession<'_>,
    email: &str,
) -> Result<Vec<WireCustomer>, Error> {
    let query = [("email", email), ("limit", "100")];
    let address = session.address(["v1", "customers"], &query);
    let found: WireCustomers = session.get("v1/customers", &address).await?;
    Ok(found.data)
}

#[derive(Deserialize)]
struct StripeCustomer {
    id: String,
}

/// Returns true if one of the customers exists, even if it is deleted. Fails if they exist only in the other mode.
async fn any_customer_exists(
    session: ReadSession<'_>,
    customers: &[CustomerId],
) -> Result<bool, Error> {
    let mut other_mode_error = None;
    for customer in customers.iter().filter(|customer| is_possible_id(customer)) {
        let address = session.address(["v1", "customers", customer.as_str()], &[]);
        let error = match session.get::<StripeCustomer>(CUSTOMER, &address).await {
            Ok(found) if found.id == customer.as_str() => return Ok(true),
            Ok(_) => continue,
            Err(error) => error,
        };
        match error.refusal().map(|refusal| &refusal.meaning) {
            Some(RefusalMeaning::OtherMode(_)) => other_mode_error = Some(error),
            Some(RefusalMeaning::NoSuchObject(_)) => {}
            Some(RefusalMeaning::MissingPermission(_)) => return Ok(false),
            _ => return Err(error),
        }
    }
    other_mode_error.map_or(Ok(false), Err)
}
