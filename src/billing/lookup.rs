//! Looks up subscriptions and customers by their ids.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, stream};

use super::{
    BillingFacts, Decoded, Error, PriceTable, RefusalMeaning, facts::FactsBuilder,
    metadata::WireCustomer, prices::SharedPrices, source::Lookups, transport::ReadSession,
};
use crate::{
    contract::{CustomerId, Metadata, SubscriptionId},
    http::scrub::presentable,
};

/// Longer than any subscription id.
const MAX_ID_LENGTH: usize = 255;

/// Reads the subscriptions by their ids, and leaves out those that do not exist at the provider. Fails if none is found
/// and one exists in the other mode.
pub(crate) async fn subscriptions(
    session: ReadSession<'_>,
    lookups: &dyn Lookups,
    ids: &BTreeSet<&SubscriptionId>,
) -> Result<BillingFacts, Error> {
    let prices = SharedPrices::default();
    let requested = ids.iter().filter(|id| is_possible_id(id.as_str()));
    let mut answers = stream::iter(requested)
        .map(|id| subscription(session, lookups, id.as_str(), &prices))
        .buffered(session.rate_limit().concurrency);
    let mut builder = FactsBuilder::default();
    let (mut is_any_found, mut other_mode) = (false, None);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(found) => {
                is_any_found |= found.is_some();
                builder.extend(found);
            }
            Err(error) if error.is_of_other_mode() => other_mode = other_mode.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    match other_mode {
        Some(error) if !is_any_found => Err(error),
        _ => Ok(builder.finish()),
    }
}

async fn subscription(
    session: ReadSession<'_>,
    lookups: &dyn Lookups,
    id: &str,
    prices: &SharedPrices,
) -> Result<Option<Decoded>, Error> {
    match lookups.subscription(session, id, prices).await {
        Ok(found) => {
            check_id(session, id, found.subscription.id.as_str())?;
            Ok(Some(found))
        }
        Err(error) if is_unknown(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the distinct customers of the `subscriptions` that exist at the provider. Fails if none is found and one
/// exists in the other mode.
pub(crate) async fn owners(
    session: ReadSession<'_>,
    lookups: &dyn Lookups,
    subscriptions: &[SubscriptionId],
) -> Result<Vec<CustomerId>, Error> {
    let mut owners = Vec::new();
    let mut other_mode = None;
    for subscription in subscriptions
        .iter()
        .filter(|id| is_possible_id(id.as_str()))
    {
        let (id, owner) = match lookups.owner(session, subscription.as_str()).await {
            Ok(found) => found,
            Err(error) if is_unknown(&error) => continue,
            Err(error) if error.is_of_other_mode() => {
                other_mode = other_mode.or(Some(error));
                continue;
            }
            Err(error) => return Err(error),
        };
        check_id(session, subscription.as_str(), &id)?;
        owners.push(CustomerId::from(owner));
    }
    owners.sort();
    owners.dedup();
    match other_mode {
        Some(error) if owners.is_empty() => Err(error),
        _ => Ok(owners),
    }
}

/// Returns the metadata of the customers that have any. The result is empty if the key may not read customers.
pub(crate) async fn customer_metadata(
    session: ReadSession<'_>,
    lookups: &dyn Lookups,
    customers: &BTreeSet<&CustomerId>,
) -> Result<BTreeMap<CustomerId, Metadata>, Error> {
    let read = match lookups.customers(session, customers).await {
        Err(error) if is_forbidden(&error) => {
            session.extras().refuse_customers();
            return Ok(BTreeMap::new());
        }
        read => read?,
    };
    let mut shared = PriceTable::default();
    let non_empty = read.into_iter().filter_map(|customer| {
        let metadata = customer.metadata.sorted(&mut shared);
        (!metadata.is_empty()).then(|| (CustomerId::from(customer.id), metadata))
    });
    Ok(non_empty.collect())
}

/// Longest e-mail address that is sent: the longest that mail servers accept is shorter.
const MAX_EMAIL_LENGTH: usize = 512;

/// Returns the customers with this e-mail address, sorted. The result is empty if the key may not read customers.
pub(crate) async fn customers_with_email(
    session: ReadSession<'_>,
    lookups: &dyn Lookups,
    email: &str,
) -> Result<Vec<CustomerId>, Error> {
    if email.len() > MAX_EMAIL_LENGTH || email.chars().any(char::is_control) {
        return Ok(Vec::new());
    }
    let read = match lookups.customers_with_email(session, email).await {
        Err(error) if is_forbidden(&error) => {
            session.extras().refuse_customers();
            return Ok(Vec::new());
        }
        // No customer can have an address that the provider does not accept.
        Err(error) if is_unknown(&error) => return Ok(Vec::new()),
        read => read?,
    };
    // A server that ignores the filter lists other customers too.
    let has_email = |customer: &WireCustomer| {
        let stored = customer.email.as_deref();
        stored.is_some_and(|stored| stored.to_lowercase() == email.to_lowercase())
    };
    let found = read.into_iter().filter(has_email);
    let mut found: Vec<_> = found
        .map(|customer| CustomerId::from(customer.id))
        .collect();
    found.sort();
    Ok(found)
}

/// Counts the customers that exist. Returns `None` if the key may not read customers.
pub(crate) async fn count_customers(
    session: ReadSession<'_>,
    lookups: &dyn Lookups,
    customers: &BTreeSet<&CustomerId>,
) -> Result<Option<usize>, Error> {
    match lookups.customers(session, customers).await {
        Err(error) if is_forbidden(&error) => Ok(None),
        found => Ok(Some(found?.len())),
    }
}

fn is_forbidden(error: &Error) -> bool {
    let meaning = error.refusal().map(|refusal| &refusal.meaning);
    matches!(meaning, Some(RefusalMeaning::MissingPermission(_)))
}

/// Checks that the provider sent the requested object.
pub(crate) fn check_id(session: ReadSession<'_>, requested: &str, got: &str) -> Result<(), Error> {
    if requested == got {
        return Ok(());
    }
    Err(Error::ForeignObject {
        provider: session.provider().name,
        requested: presentable(requested),
        got: presentable(got),
    })
}

/// Checks that all subscriptions belong to the requested customer. A server that ignores the filter sends those of other
/// customers, which would seem to have no account.
pub(crate) fn check_owner(
    session: ReadSession<'_>,
    requested: &CustomerId,
    found: &[Decoded],
) -> Result<(), Error> {
    let mut owners = found.iter().map(|decoded| &decoded.subscription.customer);
    owners.try_for_each(|owner| check_id(session, requested.as_str(), owner.as_str()))
}

/// Returns true if the object exists in neither mode. If it exists in the other mode, the key is wrong.
pub(crate) fn is_unknown(error: &Error) -> bool {
    let meaning = error.refusal().map(|refusal| &refusal.meaning);
    matches!(
        meaning,
        Some(RefusalMeaning::NoSuchObject(_) | RefusalMeaning::BadParameter(_))
    )
}

/// Returns true if the requested customer does not exist, or only in the other mode.
pub(crate) fn is_unknown_customer(error: &Error) -> bool {
    let meaning = error.refusal().map(|refusal| &refusal.meaning);
    meaning.is_some_and(RefusalMeaning::is_unknown_customer)
}

/// Returns true if `id` can be a subscription id. Ids come from the database and may be anything; those that cannot be
/// valid are not sent.
fn is_possible_id(id: &str) -> bool {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || character == '_';
    (1..=MAX_ID_LENGTH).contains(&id.len()) && id.chars().all(is_allowed)
}
