//! Decides which customers' entitlements are known without a request about each. Pure.
//!
//! Stripe changes a customer's entitlements when a subscription begins, changes its items or ends, and when a period
//! begins, and records each change in its log. A customer without a change in the log therefore has what it had when the
//! log began, and, if its current period began within the log, the features that its products had at that moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use super::{
    asking::FeaturesOfCustomers,
    changes::{ChangeLog, LatestChange},
    products::ProductFeatures,
    renewals::RenewedProducts,
};
use crate::contract::{CustomerId, Period, Status, Subscription, UnixSeconds};

const DAY: i64 = 86_400;

/// Lengths of monthly periods, in seconds, with a day's tolerance. Others are not used: during a longer one, a product may
/// get a feature and lose it again before the next period begins.
const MONTH_SECONDS: RangeInclusive<u64> = 27 * 86_400..=32 * 86_400;

/// The shortest first period, in seconds.
const FIRST_PERIOD: i64 = 27 * DAY;

/// Time of a change of entitlements that a new period makes, in seconds since the period began.
const AFTER_RENEWAL: RangeInclusive<i64> = -3_600..=DAY;

/// Size from which a group has so many periods that usually some customer's shows each change of its products' features.
pub(super) const LARGE_GROUP: usize = 100;

/// Everything that was read, apart from answers about single customers.
#[derive(Debug)]
pub(super) struct Observed<'o> {
    pub(super) subscriptions: &'o [Subscription],
    pub(super) renewed: &'o RenewedProducts,
    pub(super) changes: &'o ChangeLog,
    pub(super) products: &'o ProductFeatures,
    /// Time since which the log of changes is complete.
    pub(super) since: UnixSeconds,
    /// True if subscriptions on test clocks may exist, which are not listed.
    pub(super) in_test_mode: bool,
}

/// The customers, grouped by how their entitlements become known.
#[derive(Debug, Default)]
pub(super) struct Decision {
    /// Known features, by customer.
    pub(super) known: FeaturesOfCustomers,
    /// Customers to ask Stripe about.
    pub(super) asked: BTreeSet<CustomerId>,
    /// Those in `asked` that must be in the log if they have any feature: otherwise Stripe does not log changes.
    pub(super) unlogged: BTreeSet<CustomerId>,
    pub(super) groups: Vec<ProductGroup>,
}

/// The customers of the same products, who have the features of these products if the witnesses have them.
#[derive(Debug)]
pub(super) struct ProductGroup {
    pub(super) features: BTreeSet<String>,
    /// Customers to ask Stripe about.
    pub(super) witnesses: BTreeSet<CustomerId>,
    pub(super) others: Vec<CustomerId>,
}

impl ProductGroup {
    /// Chooses as witnesses the customer whose period began first, and with `each_day` the first one of each day. The
    /// customers are sorted by the start of their period.
    fn new(
        features: BTreeSet<String>,
        customers: &[(UnixSeconds, &CustomerId)],
        each_day: bool,
    ) -> Self {
        let mut group = Self {
            features,
            witnesses: BTreeSet::new(),
            others: Vec::new(),
        };
        let mut last_day = None;
        for (start, customer) in customers {
            let day = each_day.then(|| day(*start));
            if last_day.replace(day) == Some(day) {
                group.others.push((*customer).clone());
            } else {
                group.witnesses.insert((*customer).clone());
            }
        }
        group
    }
}

/// Sorts the customers by what was read about them.
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
    let mut changed_products = BTreeSet::new();
    let used = features_of_each_set(observed, &open);
    for customer in customers {
        let open = open.get(customer).map(Vec::as_slice).unwrap_or_default();
        changed_products.extend(changed_products_of(observed, &used, customer, open));
        match observed.changes.latest(customer) {
            Some(LatestChange {
                features: Some(features),
                ..
            }) if features.is_empty() || has_known_products(observed, open) => {
                contradicted.extend(contradiction(observed, open, features));
                if !features.is_empty() {
                    decision.known.insert(customer.clone(), features.clone());
                }
            }
            None if open.is_empty() && !observed.in_test_mode => {}
            None if let Some((products, start)) =
                deciding_products(open, observed.renewed, observed.since)
                && observed.products.of_all(products.iter().copied()).is_some() =>
            {
                groups.entry(products).or_default().push((start, customer));
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
        let features = observed.products.of_all(products.iter().copied());
        let Some(features) = features.filter(|_| !contradicted.contains(&products)) else {
            let customers = customers.into_iter().map(|(_, customer)| customer.clone());
            decision.asked.extend(customers);
            continue;
        };
        customers.sort_unstable();
        let each_day = customers.len() < LARGE_GROUP || !products.is_disjoint(&changed_products);
        let group = ProductGroup::new(features, &customers, each_day);
        decision.groups.push(group);
    }
    decision
}

/// Adds the features of the groups whose witnesses have those of their products, and returns the customers of the others.
pub(super) fn resolve_groups(
    groups: Vec<ProductGroup>,
    answers: &FeaturesOfCustomers,
    known: &mut FeaturesOfCustomers,
) -> BTreeSet<CustomerId> {
    let none = BTreeSet::new();
    let mut unresolved = BTreeSet::new();
    for group in groups {
        let mut witnesses = group.witnesses.iter();
        let has_changed = witnesses.any(|one| answers.get(one).unwrap_or(&none) != &group.features);
        if has_changed {
            unresolved.extend(group.others);
        } else if !group.features.is_empty() {
            let others = group.others.into_iter();
            known.extend(others.map(|customer| (customer, group.features.clone())));
        }
    }
    unresolved
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
pub(super) fn deciding_products<'o>(
    open: &[&'o Subscription],
    renewed: &RenewedProducts,
    since: UnixSeconds,
) -> Option<(BTreeSet<&'o str>, UnixSeconds)> {
    let (subscription, products) = only_products(open)?;
    let period = subscription.period?;
    let details = subscription.details.as_deref();
    let is_one_period = details.is_none_or(|details| details.item_periods.is_empty());
    // A subscription that began within the log should be in it. A first period of this length is neither a short trial nor
    // a part of a month.
    let earliest_start = subscription.created.plus(FIRST_PERIOD).max(since);
    let is_within = subscription.created < since && earliest_start <= period.start();
    // A customer that changed its products since has the features of the time of that change.
    let is_unchanged = renewed
        .get(&subscription.id)
        .is_some_and(|before| before.iter().eq(&products));
    let decides = is_one_period && is_a_month(period) && is_within && is_unchanged;
    decides.then_some((products, period.start()))
}

/// Returns the number of the day.
pub(super) fn day(time: UnixSeconds) -> i64 {
    time.0.div_euclid(DAY)
}

/// Returns false for a period whose customers are always asked about.
pub(super) fn is_a_month(period: Period) -> bool {
    MONTH_SECONDS.contains(&period.start().distance(period.end()))
}

/// Returns the customer's only subscription with its products, if it is in use.
pub(super) fn only_products<'o>(
    open: &[&'o Subscription],
) -> Option<(&'o Subscription, BTreeSet<&'o str>)> {
    let [subscription] = open else {
        return None;
    };
    let is_in_use = matches!(subscription.status, Status::Active | Status::Trialing)
        && subscription.pause.is_none()
        && !subscription.on_test_clock
        && !subscription.items.is_empty()
        && subscription
            .items
            .iter()
            .all(|item| item.quantity != Some(0));
    if !is_in_use {
        return None;
    }
    Some((subscription, known_products([*subscription])?))
}

/// Returns the products of these subscriptions. `None` if a price does not show its product.
fn known_products<'o>(
    subscriptions: impl IntoIterator<Item = &'o Subscription>,
) -> Option<BTreeSet<&'o str>> {
    let items = subscriptions.into_iter().flat_map(|one| one.items.iter());
    let products = items.map(|item| item.price.product.as_deref());
    products.collect()
}

/// Returns false if a product of these subscriptions does not show what its customers may use, or if there are none.
fn has_known_products(observed: &Observed<'_>, open: &[&Subscription]) -> bool {
    let products = known_products(open.iter().copied()).filter(|products| !products.is_empty());
    products.is_some_and(|products| observed.products.of_all(products).is_some())
}

/// Returns the features of each set of products that a customer has.
fn features_of_each_set(
    observed: &Observed<'_>,
    open: &BTreeMap<&CustomerId, Vec<&Subscription>>,
) -> BTreeSet<BTreeSet<String>> {
    let sets = open.values().filter_map(|open| only_products(open));
    let sets: BTreeSet<_> = sets.map(|(_, products)| products).collect();
    let features = sets.into_iter();
    features
        .filter_map(|products| observed.products.of_all(products))
        .collect()
}

/// Returns the products of a renewal at which the customer's features changed; empty if they did not. If it had all
/// features of other products before, it has changed to cheaper ones, and the features of none have changed.
fn changed_products_of<'o>(
    observed: &Observed<'o>,
    used: &BTreeSet<BTreeSet<String>>,
    customer: &CustomerId,
    open: &[&'o Subscription],
) -> BTreeSet<&'o str> {
    let change = observed.changes.latest(customer);
    let Some((change, (subscription, products))) = change.zip(only_products(open)) else {
        return BTreeSet::new();
    };
    let is_renewal = subscription.period.is_some_and(|period| {
        let after = change.at.0.saturating_sub(period.start().0);
        AFTER_RENEWAL.contains(&after)
    });
    let before = change
        .before
        .as_ref()
        .filter(|before| used.contains(*before));
    let is_downgrade = before
        .zip(change.features.as_ref())
        .is_some_and(|(before, after)| before.is_superset(after));
    if subscription.created >= observed.since || !is_renewal || is_downgrade {
        return BTreeSet::new();
    }
    let renewed = observed.renewed.get(&subscription.id);
    renewed.map_or(products, |renewed| {
        renewed.iter().map(String::as_str).collect()
    })
}

/// Returns the customer's products if its last logged features differ from theirs. Their features then changed, so they
/// decide nothing for other customers either.
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
    use crate::contract::{Details, Item, Pause, Price};

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
    /// Each has renewed with the products that it has, except for `moved` and `unknown`.
    fn decided(subscriptions: &[Subscription], changes: &ChangeLog, in_test_mode: bool) -> String {
        let known = subscriptions
            .iter()
            .filter(|one| one.id.as_str() != "unknown");
        let renewed = known.map(|one| {
            let items = one.items.iter();
            let products = match one.id.as_str() {
                "moved" => set(&["prod_team"]),
                _ => items
                    .filter_map(|item| item.price.product.clone())
                    .collect(),
            };
            (one.id.clone(), products)
        });
        let renewed = renewed.collect();
        let products = ProductFeatures::from_iter([
            ("prod_pro", Some(set(&["pro"]))),
            ("prod_team", Some(set(&["pro", "team"]))),
            ("prod_archived", None),
        ]);
        let customers = subscriptions.iter().map(|one| one.customer.clone());
        let customers = customers.chain([CustomerId::from("cus_1")]).collect();
        let observed = Observed {
            subscriptions,
            renewed: &renewed,
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
            let witnesses: Vec<_> = one.witnesses.iter().map(CustomerId::as_str).collect();
            let others = one.others.iter().map(|one| format!("+{one}"));
            let others = others.collect::<String>();
            format!("derived {}{others} {:?}", witnesses.join("&"), one.features)
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
            before: None,
        }
    }

    #[test]
    fn features_follow_from_one_monthly_subscription_in_use() {
        assert_eq!(on_quiet_days(&[bought("1", 3)]), r#"derived cus_1 {"pro"}"#);
        let changes: [(&str, Change); 15] = [
            ("unknown", |one| one.id = "unknown".into()),
            ("of none", |one| {
                let none = Item {
                    quantity: Some(0),
                    ..item(Some("prod_pro"))
                };
                one.items = [none].into();
            }),
            ("moved", |one| one.id = "moved".into()),
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
    fn a_small_group_has_a_witness_of_each_day() {
        let mut both = bought("4", 7);
        both.items = [item(Some("prod_team")), item(Some("prod_pro"))].into();
        assert_eq!(
            on_quiet_days(&[bought("1", 3), bought("2", 9), bought("3", 9), both]),
            r#"derived cus_1&cus_2+cus_3 {"pro"}, derived cus_4 {"pro", "team"}"#
        );
    }

    #[test]
    fn a_large_group_has_one_witness_unless_its_product_changed() {
        let mut all: Vec<_> = (0..100)
            .map(|number| bought(&format!("{number:03}"), 20))
            .collect();
        let mut team = bought("team", 3);
        team.items = [item(Some("prod_team"))].into();
        all.extend([bought("first", 25), bought("1", 3), team]);
        let witnesses = |log: &ChangeLog| {
            let text = decided(&all, log, false);
            let derived = text.split("derived ").nth(1).unwrap_or_default();
            derived.split('+').next().unwrap_or_default().to_owned()
        };
        assert_eq!(witnesses(&ChangeLog::default()), "cus_first");
        let mut log = ChangeLog::default();
        let renewal = NOW.plus(-20 * DAY);
        // Any other time is that of a change of plan.
        log.add(renewal.plus(2 * DAY), change("cus_007", Some(&["pro"])));
        assert_eq!(witnesses(&log), "cus_first");
        let renewed = |before: &[&str]| {
            let mut log = ChangeLog::default();
            let before = Some(set(before));
            let change = Summary {
                before,
                ..change("cus_007", Some(&["pro"]))
            };
            log.add(renewal, change);
            witnesses(&log)
        };
        assert_eq!(renewed(&[]), "cus_000&cus_1&cus_first");
        assert_eq!(renewed(&["pro", "beta"]), "cus_000&cus_1&cus_first");
        // It had another product until then.
        assert_eq!(renewed(&["pro", "team"]), "cus_first");
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
        let open = [bought("1", 3)];
        assert_eq!(
            decided(&open, &log, false),
            r#"known cus_1 {"pro", "team"}"#
        );
        log.add(NOW.plus(-5), change("cus_1", Some(&["pro", "team"])));
        assert_eq!(
            decided(&open, &log, false),
            r#"known cus_1 {"pro", "team"}"#
        );
        // Something else than an event ended them, such as the deletion of the customer.
        assert_eq!(decided(&[], &log, false), "asked cus_1");
        log.add(NOW.plus(-5), change("cus_1", Some(&["team"])));
        assert_eq!(decided(&[], &log, false), "asked cus_1");
        log.add(NOW.plus(-4), change("cus_1", Some(&[])));
        assert_eq!(decided(&[], &log, false), "");
        log.add(NOW.plus(-3), change("cus_1", None));
        assert_eq!(decided(&[], &log, false), "asked cus_1");
        let mut archived = bought("1", 3);
        archived.items = [item(Some("prod_archived"))].into();
        log.add(NOW.plus(-2), change("cus_1", Some(&["old"])));
        assert_eq!(decided(&[archived], &log, false), "asked cus_1");
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
