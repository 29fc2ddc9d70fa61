//! Decides whose entitlements are known without asking for them. Pure.
//!
//! Stripe changes a customer's entitlements when a subscription begins, changes its items or ends, and when a period
//! begins, and records each change in its log. A customer without a change in the log therefore has what it had when the
//! log begins; and if the running period began within the log, what its products had then.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use super::{
    asking::FeaturesOfCustomers,
    changes::{ChangeLog, LatestChange},
    products::ProductFeatures,
};
use crate::contract::{CustomerId, Status, Subscription, UnixSeconds};

/// Lengths of the periods from which features are derived: those of a month. During a longer one, a product may get a
/// feature, and later lose it for the moment at which the next period begins.
const MONTH: RangeInclusive<u64> = 27 * 86_400..=32 * 86_400;

/// The shortest first period, in seconds.
const FIRST_PERIOD: i64 = 27 * 86_400;

/// Everything that was read, apart from answers about single customers.
#[derive(Debug)]
pub(super) struct Observed<'o> {
    pub(super) subscriptions: &'o [Subscription],
    pub(super) changes: &'o ChangeLog,
    pub(super) products: &'o ProductFeatures,
    /// Time since which the log of changes is complete.
    pub(super) since: UnixSeconds,
    /// True if subscriptions on test clocks may exist, which are not listed.
    pub(super) in_test_mode: bool,
}

/// The customers by the way in which their entitlements become known.
#[derive(Debug, Default)]
pub(super) struct Decision {
    /// Features of customers that are known.
    pub(super) known: FeaturesOfCustomers,
    /// Customers that have to be asked for.
    pub(super) asked: BTreeSet<CustomerId>,
    /// Those of them who must have a change in the log if they have any feature and the log is complete.
    pub(super) unlogged: BTreeSet<CustomerId>,
    pub(super) groups: Vec<ProductGroup>,
}

/// The customers of the same products, who have the features of these products if the first of them has.
#[derive(Debug)]
pub(super) struct ProductGroup {
    pub(super) features: BTreeSet<String>,
    /// Sorted by the begin of the running period.
    pub(super) customers: Vec<CustomerId>,
}

impl ProductGroup {
    /// Returns the customer whose running period began first.
    pub(super) fn first(&self) -> Option<&CustomerId> {
        self.customers.first()
    }
}

pub(super) fn decide(customers: &BTreeSet<CustomerId>, observed: &Observed<'_>) -> Decision {
    if !observed.changes.is_readable() {
        return Decision {
            asked: customers.clone(),
            ..Decision::default()
        };
    }
    let open = open_subscriptions(customers, observed.subscriptions);
    let mut decision = Decision::default();
    let mut groups: BTreeMap<BTreeSet<&str>, Vec<(UnixSeconds, &CustomerId)>> = BTreeMap::new();
    let mut contradicted = BTreeSet::new();
    for customer in customers {
        let open = open.get(customer).map(Vec::as_slice).unwrap_or_default();
        match observed.changes.latest(customer) {
            Some(LatestChange {
                features: Some(features),
                ..
            }) => {
                contradicted.extend(contradiction(observed, open, features));
                if !features.is_empty() {
                    decision.known.insert(customer.clone(), features.clone());
                }
            }
            None if open.is_empty() && !observed.in_test_mode => {}
            None if !observed.changes.has_moved(customer)
                && let Some((products, begin)) = ground(open, observed.since)
                && observed.products.of_all(products.iter().copied()).is_some() =>
            {
                groups.entry(products).or_default().push((begin, customer));
            }
            latest => {
                let began = |one: &&Subscription| one.created >= observed.since;
                if latest.is_none() && !open.is_empty() && open.iter().all(began) {
                    decision.unlogged.insert(customer.clone());
                }
                decision.asked.insert(customer.clone());
            }
        }
    }
    for (products, mut customers) in groups {
        customers.sort_unstable();
        let customers = customers.into_iter().map(|(_, customer)| customer.clone());
        match observed.products.of_all(products.iter().copied()) {
            Some(features) if !contradicted.contains(&products) => {
                decision.groups.push(ProductGroup {
                    customers: customers.collect(),
                    features,
                });
            }
            _ => decision.asked.extend(customers),
        }
    }
    decision
}

/// Returns the subscriptions of each customer that have not ended.
pub(super) fn open_subscriptions<'o>(
    customers: &BTreeSet<CustomerId>,
    subscriptions: &'o [Subscription],
) -> BTreeMap<&'o CustomerId, Vec<&'o Subscription>> {
    let mut open: BTreeMap<&CustomerId, Vec<&Subscription>> = BTreeMap::new();
    let has_ended =
        |one: &&Subscription| matches!(one.status, Status::Canceled | Status::IncompleteExpired);
    let linked = subscriptions
        .iter()
        .filter(|one| customers.contains(&one.customer));
    for subscription in linked.filter(|one| !has_ended(one)) {
        let of_customer = open.entry(&subscription.customer).or_default();
        of_customer.push(subscription);
    }
    open
}

/// Returns the products whose features the customer has, and since when, unless something else may decide what it has.
pub(super) fn ground<'o>(
    open: &[&'o Subscription],
    since: UnixSeconds,
) -> Option<(BTreeSet<&'o str>, UnixSeconds)> {
    let (subscription, products) = only_products(open)?;
    let period = subscription.period?;
    let details = subscription.details.as_deref();
    let is_one_period = details.is_none_or(|details| details.item_periods.is_empty());
    let is_a_month = MONTH.contains(&period.start().distance(period.end()));
    // A subscription that began within the log should be in it. Neither a trial nor a part of a month came before.
    let begin = subscription.created.plus(FIRST_PERIOD).max(since);
    let is_within = subscription.created < since && begin <= period.start();
    (is_one_period && is_a_month && is_within).then_some((products, period.start()))
}

/// Returns the customer's only subscription with its products, if it is in use.
fn only_products<'o>(open: &[&'o Subscription]) -> Option<(&'o Subscription, BTreeSet<&'o str>)> {
    let [subscription] = open else {
        return None;
    };
    let is_in_use = matches!(subscription.status, Status::Active | Status::Trialing)
        && subscription.pause.is_none()
        && !subscription.on_test_clock
        && !subscription.items.is_empty();
    if !is_in_use {
        return None;
    }
    let products = subscription.items.iter();
    let products = products.map(|item| item.price.product.as_deref());
    Some((subscription, products.collect::<Option<_>>()?))
}

/// Returns the products of a customer who was last seen with other features: they may have been others for somebody else
/// too.
fn contradiction<'o>(
    observed: &Observed<'_>,
    open: &[&'o Subscription],
    features: &BTreeSet<String>,
) -> Option<BTreeSet<&'o str>> {
    let (_, products) = only_products(open)?;
    let derived = observed.products.of_all(products.iter().copied());
    (derived.as_ref() != Some(features)).then_some(products)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use contract::testing::{NOW, subscription};

    use super::{super::objects::Summary, *};
    use crate::contract::{Details, Item, Pause, Period, Price};

    const DAY: i64 = 86_400;

    fn item(product: Option<&str>) -> Item {
        let product = product.map(str::to_owned);
        let price = Price {
            product,
            ..Price::bare("price")
        };
        Item {
            price: Arc::new(price),
            quantity: None,
        }
    }

    type Change = fn(&mut Subscription);

    /// Returns an active subscription to the product `prod_pro` by the month, which began this many days ago.
    fn bought(name: &str, began: i64) -> Subscription {
        let mut bought = subscription(name, "active", "").items([item(Some("prod_pro"))]);
        bought.period = Some(days(-began, 30 - began));
        bought
    }

    fn days(start: i64, end: i64) -> Period {
        Period::new(NOW.plus(start * DAY), NOW.plus(end * DAY))
    }

    fn set(features: &[&str]) -> BTreeSet<String> {
        features.iter().map(|one| (*one).to_owned()).collect()
    }

    /// Decides on the customers of these subscriptions and on `cus_1`, and describes the decision.
    fn decided(subscriptions: &[Subscription], changes: &ChangeLog, in_test_mode: bool) -> String {
        let products = ProductFeatures::from_iter([
            ("prod_pro", Some(set(&["pro"]))),
            ("prod_team", Some(set(&["pro", "team"]))),
            ("prod_archived", None),
        ]);
        let customers = subscriptions.iter().map(|one| one.customer.clone());
        let customers = customers.chain([CustomerId::from("cus_1")]).collect();
        let observed = Observed {
            subscriptions,
            changes,
            products: &products,
            since: NOW.plus(-29 * DAY),
            in_test_mode,
        };
        let decision = decide(&customers, &observed);
        let asked = decision.asked.iter().map(|one| format!("asked {one}"));
        let known = decision.known.iter();
        let known = known.map(|(one, features)| format!("known {one} {features:?}"));
        let groups = decision.groups.iter();
        let groups = groups.map(|one| {
            let customers: Vec<_> = one.customers.iter().map(CustomerId::as_str).collect();
            format!("derived {} {:?}", customers.join("+"), one.features)
        });
        asked
            .chain(known)
            .chain(groups)
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn on_quiet_days(subscriptions: &[Subscription]) -> String {
        decided(subscriptions, &ChangeLog::default(), false)
    }

    fn change(customer: &str, features: Option<&[&str]>) -> Summary {
        Summary {
            customer: CustomerId::from(customer),
            features: features.map(set),
        }
    }

    #[test]
    fn features_follow_from_one_monthly_subscription_in_use() {
        assert_eq!(on_quiet_days(&[bought("1", 3)]), r#"derived cus_1 {"pro"}"#);
        let changes: [(&str, Change); 12] = [
            ("late", |one| one.status = Status::PastDue),
            ("paused", |one| one.pause = Some(Pause::KeepAsDraft)),
            ("clocked", |one| one.on_test_clock = true),
            ("old", |one| one.period = Some(days(-30, 0))),
            ("undated", |one| one.period = None),
            ("yearly", |one| one.period = Some(days(-3, 362))),
            ("weekly", |one| one.period = Some(days(-3, 4))),
            ("new", |one| one.created = NOW.plus(-28 * DAY)),
            ("after a trial", |one| one.created = NOW.plus(-29 * DAY - 1)),
            ("mixed", |one| {
                one.details = Some(Box::new(Details {
                    item_periods: [Some(days(-3, 27)), None].into(),
                    ..Details::default()
                }));
            }),
            ("without a product", |one| {
                one.items = [item(Some("prod_pro")), item(None)].into();
            }),
            ("archived", |one| {
                one.items = [item(Some("prod_archived"))].into();
            }),
        ];
        for (name, change) in changes {
            let mut one = bought("1", 3);
            change(&mut one);
            assert_eq!(on_quiet_days(&[one]), "asked cus_1", "{name}");
        }
        let two = [bought("1", 3), bought("1", 4).id("sub_2")];
        assert_eq!(on_quiet_days(&two), "asked cus_1");
        let mut ended = bought("1", 4).id("sub_2");
        ended.status = Status::Canceled;
        assert_eq!(
            on_quiet_days(&[bought("1", 3), ended]),
            r#"derived cus_1 {"pro"}"#
        );
    }

    #[test]
    fn the_first_of_a_group_is_whose_period_began_first() {
        let mut both = bought("4", 7);
        both.items = [item(Some("prod_team")), item(Some("prod_pro"))].into();
        assert_eq!(
            on_quiet_days(&[bought("1", 3), bought("2", 9), bought("3", 9), both]),
            r#"derived cus_2+cus_3+cus_1 {"pro"}, derived cus_4 {"pro", "team"}"#
        );
    }

    #[test]
    fn nobody_without_a_subscription_is_asked_for_in_live_mode() {
        assert_eq!(on_quiet_days(&[]), "");
        assert_eq!(decided(&[], &ChangeLog::default(), true), "asked cus_1");
    }

    #[test]
    fn the_newest_change_shows_what_a_customer_has() {
        let mut log = ChangeLog::default();
        log.add(NOW.plus(-5), change("cus_1", Some(&["pro", "team"])));
        log.add(NOW.plus(-9), change("cus_1", Some(&["pro"])));
        assert_eq!(decided(&[], &log, false), r#"known cus_1 {"pro", "team"}"#);
        log.add(NOW.plus(-5), change("cus_1", Some(&["pro", "team"])));
        assert_eq!(decided(&[], &log, false), r#"known cus_1 {"pro", "team"}"#);
        log.add(NOW.plus(-5), change("cus_1", Some(&["team"])));
        assert_eq!(decided(&[], &log, false), "asked cus_1");
        log.add(NOW.plus(-4), change("cus_1", Some(&[])));
        assert_eq!(decided(&[], &log, false), "");
        log.add(NOW.plus(-3), change("cus_1", None));
        assert_eq!(decided(&[], &log, false), "asked cus_1");
    }

    #[test]
    fn a_product_that_had_other_features_decides_nothing() {
        let mut log = ChangeLog::default();
        log.add(NOW.plus(-5), change("cus_2", Some(&["old"])));
        assert_eq!(
            decided(&[bought("1", 3), bought("2", 3)], &log, false),
            r#"asked cus_1, known cus_2 {"old"}"#
        );
    }
}
