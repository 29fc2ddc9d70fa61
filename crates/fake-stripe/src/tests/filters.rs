//! Random combinations of list filters, compared with a naive scan of all objects.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    Bench, NOW,
    listing::{SUBSCRIPTIONS, naive, varied},
};
use crate::{Status, Subscription};

/// A query, and the objects that match it.
#[derive(Debug, Clone)]
struct Filter {
    status: Option<usize>,
    customer: Option<u32>,
    price: Option<&'static str>,
    created: BTreeMap<&'static str, i64>,
    period_start: Option<(&'static str, i64)>,
    period_end: Option<(&'static str, i64)>,
    send_invoice: Option<bool>,
    limit: u32,
}

impl Filter {
    fn query(&self) -> Vec<(String, String)> {
        let mut query = vec![("limit".to_owned(), self.limit.to_string())];
        let mut add = |name: String, value: String| query.push((name, value));
        match self.status {
            Some(index) => add(
                "status".into(),
                Status::DOCUMENTED.get(index).unwrap().to_string(),
            ),
            None => add("status".into(), "all".into()),
        }
        if let Some(customer) = self.customer {
            add("customer".into(), format!("cus_{customer}"));
        }
        if let Some(price) = self.price {
            add("price".into(), price.into());
        }
        for (bound, time) in &self.created {
            add(format!("created[{bound}]"), time.to_string());
        }
        if let Some((bound, time)) = self.period_start {
            add(format!("current_period_start[{bound}]"), time.to_string());
        }
        if let Some((bound, time)) = self.period_end {
            add(format!("current_period_end[{bound}]"), time.to_string());
        }
        if let Some(send) = self.send_invoice {
            add("collection_method".into(), method(send).into());
        }
        query
    }

    fn passes(&self, one: &Subscription) -> bool {
        let starts = one
            .items
            .iter()
            .map(|item| item.period.unwrap().start)
            .max()
            .unwrap();
        let ends = one
            .items
            .iter()
            .map(|item| item.period.unwrap().end)
            .min()
            .unwrap();
        self.status
            .is_none_or(|index| Status::DOCUMENTED.get(index) == Some(&one.status))
            && self
                .customer
                .is_none_or(|customer| one.customer == format!("cus_{customer}"))
            && self
                .price
                .is_none_or(|price| one.items.iter().any(|item| item.price == price))
            && self
                .created
                .iter()
                .all(|(bound, time)| holds(one.created, (bound, *time)))
            && self.period_start.is_none_or(|bound| holds(starts, bound))
            && self.period_end.is_none_or(|bound| holds(ends, bound))
            && self
                .send_invoice
                .is_none_or(|send| one.details.days_until_due.is_some() == send)
    }
}

fn method(send_invoice: bool) -> &'static str {
    if send_invoice {
        "send_invoice"
    } else {
        "charge_automatically"
    }
}

fn holds(value: i64, (bound, time): (&str, i64)) -> bool {
    match bound {
        "gt" => value > time,
        "gte" => value >= time,
        "lt" => value < time,
        _ => value <= time,
    }
}

fn bound(around: i64) -> impl Strategy<Value = (&'static str, i64)> {
    let bounds = prop::sample::select(vec!["gt", "gte", "lt", "lte"]);
    (bounds, -24_i64..24).prop_map(move |(bound, days)| (bound, around + days * 86_400))
}

/// Generates bounds of different kinds: of two of a kind Stripe uses the last.
fn bounds(around: i64) -> impl Strategy<Value = BTreeMap<&'static str, i64>> {
    prop::collection::vec(bound(around), 0..3).prop_map(|bounds| bounds.into_iter().collect())
}

prop_compose! {
    fn filters()(
        status in prop::option::weighted(0.3, 0..Status::DOCUMENTED.len()),
        customer in prop::option::weighted(0.3, 0_u32..5),
        price in prop::option::weighted(0.3, prop::sample::select(vec!["price_a", "price_b", "price_c"])),
        created in bounds(NOW - 11 * 86_400),
        period_start in prop::option::weighted(0.3, bound(NOW - 11 * 86_400)),
        period_end in prop::option::weighted(0.3, bound(NOW + 11 * 86_400)),
        send_invoice in prop::option::weighted(0.3, any::<bool>()),
        limit in 1_u32..=100,
    ) -> Filter {
        Filter { status, customer, price, created, period_start, period_end, send_invoice, limit }
    }
}

#[test]
fn any_filters_list_the_same_as_a_naive_filter() {
    let world = varied(60);
    let bench = Bench::of(varied(60));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    proptest!(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() }, |(filter in filters())| {
        let query = filter.query();
        let query: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let found = runtime.block_on(bench.walk(SUBSCRIPTIONS, &query));
        prop_assert_eq!(found, naive(&world, |one| filter.passes(one)));
    });
}
