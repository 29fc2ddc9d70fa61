//! Requests for single subscriptions and customers of Paddle.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{is_possible_id, objects::decode_live_text};
use crate::{
    billing::{
        Decoded, Error, RefusalMeaning,
        lookup::{check_id, is_unknown},
        metadata::{WireCustomer, WireCustomers},
        prices::SharedPrices,
        source::Lookups,
        transport::{Endpoint, ReadFuture, ReadSession},
    },
    contract::CustomerId,
};

const SUBSCRIPTION: Endpoint = "subscriptions/{id}";

/// Paddle's lookups.
#[derive(Debug)]
pub(super) struct PaddleLookups;

impl Lookups for PaddleLookups {
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

/// The response to a request for a single object.
#[derive(Deserialize)]
struct Enveloped {
    data: Box<RawValue>,
}

async fn subscription(
    session: ReadSession<'_>,
    id: &str,
    prices: &SharedPrices,
) -> Result<Decoded, Error> {
    let address = session.address(["subscriptions", id], &[]);
    let found: Enveloped = session.get(SUBSCRIPTION, &address).await?;
    decode_live_text(&found.data, &mut prices.locked()).map_err(|error| Error::Object {
        provider: session.provider().name,
        error: Box::new(error),
    })
}

#[derive(Deserialize)]
#[serde(expecting = "an answer with a subscription")]
struct OwnerEnvelope {
    data: PaddleOwner,
}

#[derive(Deserialize)]
#[serde(expecting = "a subscription")]
struct PaddleOwner {
    id: String,
    customer_id: String,
}

async fn owner(session: ReadSession<'_>, id: &str) -> Result<(String, String), Error> {
    let address = session.address(["subscriptions", id], &[]);
    let found: OwnerEnvelope = session.get(SUBSCRIPTION, &address).await?;
    Ok((found.data.id, found.data.customer_id))
}

/// Looks up many customers per request. If a request is refused, splits it in half and retries both halves.
async fn read_customers(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
) -> Result<Vec<WireCustomer>, Error> {
    /// A page holds 200 objects, and 100 ids fit into any URL.
    const AT_ONCE: usize = 100;
    let ids = customers.iter().filter(|customer| is_possible_id(customer));
    let ids: Vec<_> = ids.map(|customer| customer.as_str()).collect();
    let mut left: Vec<_> = ids.chunks(AT_ONCE).rev().collect();
    let mut all = Vec::new();
    while let Some(ids) = left.pop() {
        let query = [
            ("id", &*ids.join(",")),
            ("status", "active,archived"),
            ("per_page", "200"),
        ];
        let address = session.address(["customers"], &query);
        match session.get::<WireCustomers>("customers", &address).await {
            Ok(found) => {
                for customer in found.data {
                    if !ids.contains(&customer.id.as_str()) {
                        check_id(
                            session,
                            ids.first().copied().unwrap_or_default(),
                            &customer.id,
                        )?;
                    }
                    all.push(customer);
                }
            }
            Err(error) if is_unknown(&error) => {
                if ids.len() > 1 {
                    let (first, second) = ids.split_at(ids.len() / 2);
                    left.extend([second, first]);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// Asks for both spellings of an address: in lower case, as Paddle usually stores it, and as it is written.
async fn customers_with_email(
    session: ReadSession<'_>,
    email: &str,
) -> Result<Vec<WireCustomer>, Error> {
    // A comma would select two addresses at once.
    if email.contains(',') {
        return Ok(Vec::new());
    }
    let lower = email.to_lowercase();
    let spellings = if lower == email {
        lower
    } else {
        format!("{lower},{email}")
    };
    let query = [
        ("email", &*spellings),
        ("status", "active,archived"),
        ("per_page", "200"),
    ];
    let address = session.address(["customers"], &query);
    let found: WireCustomers = session.get("customers", &address).await?;
    Ok(found.data)
}

#[derive(Deserialize)]
struct CustomerEnvelope {
    data: PaddleCustomer,
}

#[derive(Deserialize)]
struct PaddleCustomer {
    id: String,
}

async fn any_customer_exists(
    session: ReadSession<'_>,
    customers: &[CustomerId],
) -> Result<bool, Error> {
    for customer in customers.iter().filter(|customer| is_possible_id(customer)) {
        let address = session.address(["customers", customer.as_str()], &[]);
        let error = match session
            .get::<CustomerEnvelope>("customers/{id}", &address)
            .await
        {
            Ok(found) if found.data.id == customer.as_str() => return Ok(true),
            Ok(_) => continue,
            Err(error) => error,
        };
        match error.refusal().map(|refusal| &refusal.meaning) {
            Some(RefusalMeaning::NoSuchObject(_) | RefusalMeaning::BadParameter(_)) => {}
            Some(RefusalMeaning::MissingPermission(_)) => return Ok(false),
            _ => return Err(error),
        }
    }
    Ok(false)
}
