//! Reads Stripe's log of changes of customers' entitlements, each with the complete list after it.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::objects::{Summary, summary};
use crate::{
    billing::{
        DecodeError, Error, PricesOfCustomers,
        decoding::{check_kind, from_text},
        pages::{ListElement, Pages},
        stripe::{self, PAGE_SIZE, events::SUMMARY_UPDATED},
        transport::ReadSession,
    },
    contract::{CustomerId, PriceId, UnixSeconds},
    http::scrub::presentable,
};

/// Age up to which Stripe lists events.
pub(super) const EVENT_RETENTION_SECONDS: i64 = 30 * 86_400;

/// The changes of all customers that Stripe lists.
#[derive(Debug, Default)]
pub(super) struct ChangeLog {
    latest: BTreeMap<CustomerId, LatestChange>,
    /// True if an event could not be decoded, so that its change may concern any customer.
    has_unreadable: bool,
}

/// The latest change of a customer's entitlements.
#[derive(Debug)]
pub(super) struct LatestChange {
    pub(super) at: UnixSeconds,
    /// Features after the change. `None` if the log does not show all of them, or if simultaneous events disagree.
    pub(super) features: Option<BTreeSet<String>>,
    /// Features before the change. `None` if the log does not show all of them.
    pub(super) before: Option<BTreeSet<String>>,
}

impl LatestChange {
    /// Returns false if the change shows that the customer had other features before it, or has the same ones after it.
    fn is_from(&self, features: &BTreeSet<PriceId>) -> bool {
        let are_equal = |shown: &BTreeSet<String>| {
            shown
                .iter()
                .map(String::as_str)
                .eq(features.iter().map(PriceId::as_str))
        };
        self.before.as_ref().is_none_or(are_equal) && !self.features.as_ref().is_some_and(are_equal)
    }
}

impl ChangeLog {
    pub(super) fn latest(&self, customer: &CustomerId) -> Option<&LatestChange> {
        self.latest.get(customer)
    }

    /// Returns false if an event could not be decoded, so that its change may concern any customer.
    pub(super) fn is_readable(&self) -> bool {
        !self.has_unreadable
    }

    /// Returns true if nobody's entitlements changed.
    pub(super) fn is_empty(&self) -> bool {
        self.latest.is_empty()
    }

    /// Returns those of the customers whose latest change is from these derived prices, which have the names of features,
    /// to others. The change is newer than the derivation, which would have followed it, or asked about the customer.
    pub(super) fn changed_from(&self, derived: &PricesOfCustomers) -> BTreeSet<CustomerId> {
        let is_change = |(customer, derived): &(&CustomerId, &BTreeSet<PriceId>)| {
            self.latest(customer)
                .is_some_and(|change| change.is_from(derived))
        };
        let changed = derived.iter().filter(is_change);
        changed.map(|(customer, _)| customer.clone()).collect()
    }

    fn add_event(&mut self, at: UnixSeconds, event: &WireEvent) -> Result<(), DecodeError> {
        // A server that ignores the filter lists other events too.
        if event.kind == SUMMARY_UPDATED {
            let WireData {
                object,
                previous_attributes,
            } = &event.data;
            self.add(at, summary(object, previous_attributes.as_ref())?);
        }
        Ok(())
    }

    pub(super) fn add(&mut self, at: UnixSeconds, change: Summary) {
        let Summary {
            customer,
            features,
            before,
        } = change;
        let change = LatestChange {
            at,
            features,
            before,
        };
        let Some(known) = self.latest.get_mut(&customer) else {
            self.latest.insert(customer, change);
            return;
        };
        match at.cmp(&known.at) {
            Ordering::Less => {}
            Ordering::Equal if known.features == change.features => {}
            Ordering::Equal => known.features = None,
            Ordering::Greater => *known = change,
        }
    }
}

/// The log, as far as it has been read.
#[derive(Debug)]
pub(super) struct ChangePages<'a> {
    pages: Pages<'a>,
    log: ChangeLog,
    /// Time of the oldest event so far.
    oldest: Option<UnixSeconds>,
    read: u64,
}

impl<'a> ChangePages<'a> {
    /// Reads the first page.
    pub(super) async fn begin(session: ReadSession<'a>) -> Result<Self, Error> {
        let listing = stripe::listing("v1/events", &[("type", SUMMARY_UPDATED)]);
        let mut begun = Self {
            pages: Pages::new(session, &listing),
            log: ChangeLog::default(),
            oldest: None,
            read: 0,
        };
        begun.next_page().await?;
        Ok(begun)
    }

    /// Returns the number of pages left if the rest is as dense as the part that was read.
    pub(super) fn pages_left(&self, now: UnixSeconds) -> u64 {
        if !self.pages.has_more() {
            return 0;
        }
        let age = self.oldest.map_or(0, |oldest| now.distance(oldest)).max(1);
        let all = self
            .read
            .saturating_mul(EVENT_RETENTION_SECONDS.unsigned_abs())
            / age;
        all.saturating_sub(self.read).div_ceil(PAGE_SIZE).max(1)
    }

    /// Reads the rest. Returns `None` if it has more than this number of pages.
    pub(super) async fn read(mut self, most: u64) -> Result<Option<ChangeLog>, Error> {
        for _ in 0..most {
            if !self.pages.has_more() {
                return Ok(Some(self.log));
            }
            self.next_page().await?;
        }
        Ok(Some(self.log).filter(|_| !self.pages.has_more()))
    }

    /// Returns what the pages that were read show.
    pub(super) fn log(&self) -> &ChangeLog {
        &self.log
    }

    async fn next_page(&mut self) -> Result<(), Error> {
        for event in self.pages.next(listed_event).await?.unwrap_or_default() {
            self.read += 1;
            let at = UnixSeconds(event.created);
            self.oldest = Some(at);
            if let Err(error) = self.log.add_event(at, &event) {
                tracing::warn!("{}: {error}", presentable(&event.id));
                self.log.has_unreadable = true;
            }
        }
        Ok(())
    }
}

/// An event, whose object is in the API version that its account had when it happened.
#[derive(Deserialize)]
#[serde(expecting = "an event")]
struct WireEvent {
    object: Option<String>,
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    data: WireData,
}

#[derive(Deserialize)]
#[serde(expecting = "the data of an event")]
struct WireData {
    object: Value,
    previous_attributes: Option<Value>,
}

impl ListElement for WireEvent {
    fn id(&self) -> &str {
        &self.id
    }
}

fn listed_event(text: &RawValue) -> Result<WireEvent, DecodeError> {
    let event: WireEvent = from_text("event", text)?;
    check_kind("event", event.object.as_deref(), &event.id)?;
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(features: &[&str]) -> BTreeSet<String> {
        features.iter().map(|one| (*one).to_owned()).collect()
    }

    /// Features of a summary; `None` if it does not show them.
    type Features = Option<&'static [&'static str]>;

    #[test]
    fn only_a_change_from_what_was_derived_explains_another_answer() {
        let changes: [(Features, Features, bool); 7] = [
            (Some(&["pro"]), Some(&["pro", "team"]), true),
            (Some(&["pro"]), Some(&[]), true),
            // Not all features are shown.
            (Some(&["pro"]), None, true),
            (None, Some(&["team"]), true),
            // It had something else before.
            (Some(&["basic"]), Some(&["basic", "team"]), false),
            (Some(&[]), Some(&["team"]), false),
            // The derivation followed this one.
            (Some(&["basic"]), Some(&["pro"]), false),
        ];
        for (before, features, is_explained) in changes {
            let mut log = ChangeLog::default();
            let change = Summary {
                customer: CustomerId::from("cus_1"),
                features: features.map(set),
                before: before.map(set),
            };
            log.add(UnixSeconds(7), change);
            let prices = |customer: &str| {
                let prices = BTreeSet::from([PriceId::from("pro")]);
                (CustomerId::from(customer), prices)
            };
            let derived = PricesOfCustomers::from([prices("cus_1"), prices("cus_2")]);
            let changed = log.changed_from(&derived);
            assert_eq!(!changed.is_empty(), is_explained, "{before:?} {features:?}");
            assert!(!changed.contains(&CustomerId::from("cus_2")));
        }
    }
}
