//! Looks up subscriptions and customers by their ids.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    BillingFacts, Decoded, Error, PriceTable, RefusalMeaning,
    extras::Extra,
    facts::FactsBuilder,
    metadata::WireMetadata,
    owners::{can_be_asked, is_unknown},
    paddle,
    provider::Provider,
    stripe,
    transport::ReadSession,
};
use crate::{
    contract::{CustomerId, Metadata, SubscriptionId},
    http::scrub::presentable,
};

/// Reads those of the subscriptions that exist at the provider.
pub(crate) async fn subscriptions(
    session: ReadSession<'_>,
    ids: &BTreeSet<&SubscriptionId>,
) -> Result<BillingFacts, Error> {
    let prices = stripe::Prices::default();
    let asked = ids.iter().filter(|id| can_be_asked(id.as_str()));
    let mut answers = stream::iter(asked)
        .map(|id| subscription(session, id.as_str(), &prices))
        .buffered(session.pace().at_once);
    let mut gathering = FactsBuilder::default();
    while let Some(found) = answers.try_next().await? {
        gathering.extend(found);
    }
    Ok(gathering.finish())
}

async fn subscription(
    session: ReadSession<'_>,
    id: &str,
    prices: &stripe::Prices,
) -> Result<Option<Decoded>, Error> {
    let found = match session.provider() {
        Provider::Stripe => stripe::retrieve(session, id, prices).await,
        Provider::Paddle => paddle::retrieve(session, id, prices).await,
    };
    match found {
        Ok(found) => {
            check_id(session, id, found.subscription.id.as_str())?;
            Ok(Some(found))
        }
        Err(error) if is_unknown(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn check_id(session: ReadSession<'_>, asked: &str, got: &str) -> Result<(), Error> {
    if asked == got {
        return Ok(());
    }
    Err(Error::ForeignObject {
        provider: session.provider().name(),
        asked: presentable(asked),
        got: presentable(got),
    })
}

/// Returns the metadata of the customers that have some; empty if the key may not read customers.
pub(crate) async fn customer_metadata(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
) -> Result<BTreeMap<CustomerId, Metadata>, Error> {
    let read = match session.provider() {
        Provider::Stripe => of_stripe(session, customers).await,
        Provider::Paddle => of_paddle(session, customers).await,
    };
    let read = match read {
        Err(error) if may_not_ask(&error) => {
            session.extras().refuse(Extra::CustomerMetadata);
            return Ok(BTreeMap::new());
        }
        read => read?,
    };
    let mut words = PriceTable::default();
    let with_some = read.into_iter().filter_map(|customer| {
        let metadata = customer.metadata.sorted(&mut words);
        (!metadata.is_empty()).then(|| (CustomerId::from(customer.id), metadata))
    });
    Ok(with_some.collect())
}

fn may_not_ask(error: &Error) -> bool {
    let meaning = error.refusal().map(|refusal| &refusal.meaning);
    matches!(meaning, Some(RefusalMeaning::MissingPermission(_)))
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a customer")]
struct WireCustomer {
    id: String,
    #[serde(default, alias = "custom_data")]
    metadata: WireMetadata,
}

async fn of_stripe(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
) -> Result<Vec<WireCustomer>, Error> {
    let asked = customers
        .iter()
        .filter(|customer| stripe::can_be_asked(customer));
    let found: Vec<_> = stream::iter(asked)
        .map(|customer| one_of_stripe(session, customer))
        .buffered(session.pace().at_once)
        .try_collect()
        .await?;
    Ok(found.into_iter().flatten().collect())
}

async fn one_of_stripe(
    session: ReadSession<'_>,
    customer: &CustomerId,
) -> Result<Option<WireCustomer>, Error> {
    let address = session.address(["v1", "customers", customer.as_str()], &[]);
    match session
        .get::<WireCustomer>(stripe::CUSTOMER, &address)
        .await
    {
        Ok(found) => {
            check_id(session, customer.as_str(), &found.id)?;
            Ok(Some(found))
        }
        Err(error) if stripe::is_unknown_customer(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Deserialize)]
struct CustomerList {
    data: Vec<WireCustomer>,
}

/// Looks up many customers per request. If a request is refused, splits it in half and retries both halves.
async fn of_paddle(
    session: ReadSession<'_>,
    customers: &BTreeSet<&CustomerId>,
) -> Result<Vec<WireCustomer>, Error> {
    /// A page holds 200 objects, and 100 ids fit into any URL.
    const AT_ONCE: usize = 100;
    let asked = customers
        .iter()
        .filter(|customer| paddle::can_be_asked(customer));
    let asked: Vec<_> = asked.map(|customer| customer.as_str()).collect();
    let mut left: Vec<_> = asked.chunks(AT_ONCE).rev().collect();
    let mut all = Vec::new();
    while let Some(ids) = left.pop() {
        let query = [
            ("id", &*ids.join(",")),
            ("status", "active,archived"),
            ("per_page", "200"),
        ];
        let address = session.address(["customers"], &query);
        match session.get::<CustomerList>("customers", &address).await {
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

/// Paddle's response to a request for a single object.
#[derive(Deserialize)]
pub(crate) struct Enveloped {
    pub(crate) data: Box<RawValue>,
}
