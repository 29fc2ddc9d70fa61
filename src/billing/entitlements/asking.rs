//! Asks Stripe for the entitlements of customers, with one request for each: it cannot list them all at once.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::objects::{ListedEntitlement, listed_entitlement};
use crate::{
    billing::{
        BillingFacts, Entitlement, Error, PriceTable, combine_entitlements,
        lookup::is_unknown_customer,
        pages::{ListElement, Pages},
        source::OnProgress,
        stripe,
        transport::ReadSession,
    },
    contract::{CustomerId, SeenModes},
};

/// Features that customers may use.
pub(super) type FeaturesOfCustomers = BTreeMap<CustomerId, BTreeSet<String>>;

/// Stripe's answers about some customers.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Features of the customers that have any.
    pub(super) features: FeaturesOfCustomers,
    pub(super) seen_modes: SeenModes,
    /// True if Stripe knows at least one of the customers.
    is_one_known: bool,
    of_the_other_mode: Option<Error>,
}

impl Answers {
    /// Returns the answers. If Stripe knows none of the customers, and one exists in the other mode, the key has the
    /// wrong mode, which is an error.
    pub(super) fn reject_other_mode(self) -> Result<Self, Error> {
        match self.of_the_other_mode {
            Some(error) if !self.is_one_known => Err(error),
            of_the_other_mode => Ok(Self {
                of_the_other_mode,
                ..self
            }),
        }
    }

    /// Adds answers about other customers.
    pub(super) fn add_all(&mut self, others: Self) {
        self.is_one_known |= others.is_one_known;
        self.of_the_other_mode = self.of_the_other_mode.take().or(others.of_the_other_mode);
        self.features.extend(others.features);
        self.seen_modes.live = self.seen_modes.live.take().or(others.seen_modes.live);
        self.seen_modes.test = self.seen_modes.test.take().or(others.seen_modes.test);
    }

    pub(super) fn into_facts(self) -> BillingFacts {
        facts(self.features, self.seen_modes)
    }
}

/// Returns the billing facts for customers with these features.
pub(super) fn facts(features: FeaturesOfCustomers, seen_modes: SeenModes) -> BillingFacts {
    let rows = features.into_iter().flat_map(|(customer, features)| {
        features.into_iter().map(move |feature| Entitlement {
            customer: customer.clone(),
            feature,
        })
    });
    BillingFacts {
        subscriptions: combine_entitlements(rows, &mut PriceTable::default()),
        seen_modes,
        ..BillingFacts::default()
    }
}

/// Asks about the entitlements of each customer. Unknown customers have none. `on_progress` receives the number of
/// customers asked about.
pub(super) async fn ask(
    session: ReadSession<'_>,
    customers: impl IntoIterator<Item = &CustomerId>,
    on_progress: OnProgress<'_>,
) -> Result<Answers, Error> {
    let mut read = stream::iter(customers)
        .map(|customer| async move {
            let answer = entitlements_of_customer(session, customer).await?;
            Ok::<_, Error>((customer, answer))
        })
        .buffered(session.rate_limit().concurrency);
    let mut answers = Answers::default();
    let mut requests = 0;
    while let Some((customer, answer)) = read.try_next().await? {
        requests += 1;
        on_progress(requests);
        match answer {
            CustomerAnswer::Entitled(entitlements) => answers.add(customer, entitlements),
            CustomerAnswer::Unknown(Some(error)) if error.is_of_other_mode() => {
                answers.of_the_other_mode.get_or_insert(error);
            }
            CustomerAnswer::Unknown(_) => {}
        }
    }
    Ok(answers)
}

/// The response for one customer.
enum CustomerAnswer {
    Entitled(Vec<ListedEntitlement>),
    /// Stripe does not know the customer. The value is Stripe's error, or `None` if the id was not sent because it
    /// cannot be one.
    Unknown(Option<Error>),
}

impl ListElement for ListedEntitlement {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Answers {
    fn add(&mut self, customer: &CustomerId, found: Vec<ListedEntitlement>) {
        self.is_one_known = true;
        for entitlement in &found {
            self.seen_modes
                .record(entitlement.livemode, &entitlement.id);
        }
        if !found.is_empty() {
            let features = found.into_iter().map(|entitlement| entitlement.feature);
            self.features.insert(customer.clone(), features.collect());
        }
    }
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
        match pages.next(listed_entitlement).await {
            Ok(Some(page)) => found.extend(page),
            Ok(None) => return Ok(CustomerAnswer::Entitled(found)),
            Err(error) if found.is_empty() && is_unknown_customer(&error) => {
                return Ok(CustomerAnswer::Unknown(Some(error)));
            }
            Err(error) => return Err(error),
        }
    }
}
