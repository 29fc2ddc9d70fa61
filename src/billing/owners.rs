//! Finds the customers of subscriptions, for accounts that store only the subscription id.

use serde::Deserialize;

use super::{Error, RefusalMeaning, provider::Provider, transport::ReadSession};
use crate::{
    contract::{CustomerId, SubscriptionId},
    http::scrub::presentable,
};

/// Longer than any subscription id.
const LONGEST_ID: usize = 255;

#[derive(Deserialize)]
#[serde(expecting = "a subscription")]
struct Stripe {
    id: String,
    customer: String,
}

#[derive(Deserialize)]
#[serde(expecting = "an answer with a subscription")]
struct Paddle {
    data: PaddleData,
}

#[derive(Deserialize)]
#[serde(expecting = "a subscription")]
struct PaddleData {
    id: String,
    customer_id: String,
}

/// Returns the distinct customers of `subscriptions`, as far as the provider knows them.
pub(crate) async fn find(
    session: ReadSession<'_>,
    subscriptions: &[SubscriptionId],
) -> Result<Vec<CustomerId>, Error> {
    let mut owners = Vec::new();
    for subscription in subscriptions.iter().filter(|id| can_be_asked(id.as_str())) {
        let (id, owner) = match retrieve(session, subscription.as_str()).await {
            Ok(found) => found,
            Err(error) if is_unknown(&error) => continue,
            Err(error) => return Err(error),
        };
        if id != subscription.as_str() {
            return Err(Error::ForeignObject {
                provider: session.provider().name(),
                asked: presentable(subscription.as_str()),
                got: presentable(&id),
            });
        }
        owners.push(CustomerId::from(owner));
    }
    owners.sort();
    owners.dedup();
    Ok(owners)
}

/// Returns the ids of the subscription found and its customer.
async fn retrieve(session: ReadSession<'_>, id: &str) -> Result<(String, String), Error> {
    match session.provider() {
        Provider::Stripe => {
            let address = session.address(["v1", "subscriptions", id], &[]);
            let found: Stripe = session.get("v1/subscriptions/{id}", &address).await?;
            Ok((found.id, found.customer))
        }
        Provider::Paddle => {
            let address = session.address(["subscriptions", id], &[]);
            let found: Paddle = session.get("subscriptions/{id}", &address).await?;
            Ok((found.data.id, found.data.customer_id))
        }
    }
}

/// Returns true if the subscription does not exist. One of the other mode does not count: the key is wrong then.
pub(crate) fn is_unknown(error: &Error) -> bool {
    let meaning = error.refusal().map(|refusal| &refusal.meaning);
    matches!(
        meaning,
        Some(RefusalMeaning::NoSuchObject(_) | RefusalMeaning::BadParameter(_))
    )
}

/// Returns true if `id` can be a subscription id. Ids come from the database and may be anything; those that cannot be
/// valid are not sent.
pub(crate) fn can_be_asked(id: &str) -> bool {
    let is_mark = |character: char| character.is_ascii_alphanumeric() || character == '_';
    (1..=LONGEST_ID).contains(&id.len()) && id.chars().all(is_mark)
}
