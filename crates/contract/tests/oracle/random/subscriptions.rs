//! Random subscriptions of a few customers, with times on both sides of every boundary.

use std::sync::Arc;

use contract::{
    CustomerId, Details, Interval, Item, Pause, Period, Price, Refund, Status, Subscription,
    SubscriptionId, Terms, UnixSeconds,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    NOW, STATUS_WORDS,
    plans::{LOOKUP_KEYS, PRODUCTS},
};

pub(crate) const PRICES: [&str; 9] = [
    "price_pro",
    "price_pro_year",
    "price_team",
    "price_free",
    "price_addon_x",
    "price_addon_y",
    "price_other",
    "price_seat_a",
    "price_seat_b",
];

const DAY: i64 = 24 * 60 * 60;

/// Seconds before and after now.
type Offsets = (i64, i64);

/// The index of its price, its quantity and its own period.
type DraftItem = (usize, Option<u64>, Option<Offsets>);

/// A subscription without its id and its prices.
#[derive(Debug, Clone)]
struct Draft {
    customer: String,
    status: &'static str,
    newness: i64,
    ended_at: Option<i64>,
    cancel_scheduled: Option<bool>,
    pause: Option<Pause>,
    days_until_due: Option<u32>,
    invoice_due: Option<i64>,
    items: Vec<DraftItem>,
    period: Option<Offsets>,
    items_have_periods: bool,
    is_refunded: bool,
}

fn period((start, end): Offsets) -> Period {
    Period::new(UnixSeconds(NOW + start), UnixSeconds(NOW + end))
}

impl Draft {
    /// Completes the subscription. `whole` fills in what the source may omit, so that most worlds allow a verdict.
    fn finish(self, number: usize, prices: &[Arc<Price>], whole: bool) -> Subscription {
        let place = i64::try_from(number).unwrap();
        let own_period = |(_, _, own): &DraftItem| own.map(period);
        let item_periods = if self.items_have_periods {
            self.items.iter().map(own_period).collect()
        } else {
            Box::default()
        };
        // Days to pay are counted from a start that is earlier by as much.
        let days_to_pay = i64::from(self.days_until_due.unwrap_or_default()) * DAY;
        let stated = self.period.or(whole.then_some((-10, 5)));
        let details = Details {
            item_periods,
            invoice_due: self.invoice_due.map(|offset| UnixSeconds(NOW + offset)),
            refund: self.is_refunded.then(|| Refund {
                id: "adj_1".into(),
                at: UnixSeconds(NOW - 5),
            }),
            ..Details::default()
        };
        let items = self.items.into_iter().map(|(price, quantity, _)| Item {
            price: Arc::clone(&prices[price]),
            quantity: quantity.or(whole.then_some(1)),
        });
        Subscription {
            id: SubscriptionId::from(format!("sub_{number}")),
            customer: CustomerId::from(self.customer),
            created: UnixSeconds(NOW - 1000 + 10 * self.newness + place),
            ended_at: self
                .ended_at
                .or(whole.then_some(-10))
                .map(|offset| UnixSeconds(NOW + offset).into()),
            period: stated.map(|(start, end)| period((start - days_to_pay, end))),
            details: (details != Details::default()).then(|| Box::new(details)),
            terms: Arc::new(Terms {
                status: Status::parse(self.status),
                cancel_scheduled: self.cancel_scheduled.or(whole.then_some(false)),
                only_cancel_at: self.cancel_scheduled == Some(true) && number.is_multiple_of(2),
                pause: self.pause,
                days_until_due: self.days_until_due,
                on_test_clock: false,
                items: items.collect(),
            }),
        }
    }
}

/// Generates up to nine subscriptions of seven customers; accounts refer to the first four.
pub(crate) fn subscriptions() -> impl Strategy<Value = Vec<Subscription>> + Clone {
    (
        prices(),
        vec(subscription(), 0..10),
        prop::bool::weighted(0.85),
    )
        .prop_map(|(prices, drafts, whole)| {
            let numbered = drafts.into_iter().enumerate();
            numbered
                .map(|(number, draft)| draft.finish(number, &prices, whole))
                .collect()
        })
}

fn subscription() -> impl Strategy<Value = Draft> + Clone {
    let customer = prop_oneof![
        12 => (0..5_u8).prop_map(|number| format!("cus_{number}")),
        5 => select(vec!["cus_5", "cus_6", "cus_nobody"]).prop_map(str::to_owned),
    ];
    let terms = (
        select(&STATUS_WORDS[..]),
        option::weighted(0.97, any::<bool>()),
        option::weighted(
            0.3,
            select(vec![
                Pause::Void,
                Pause::Void,
                Pause::KeepAsDraft,
                Pause::MarkUncollectible,
                Pause::parse("odd"),
            ]),
        ),
        option::weighted(0.75, select(vec![1, 1, 30, 0])),
    );
    let times = (
        0..10_i64,
        option::weighted(0.95, select(vec![-30, -11, -10, -9, 0, 1])),
        option::weighted(0.6, select(vec![-30, -11, -10, -9, 0, 1])),
        option::weighted(0.93, offsets()),
    );
    let items = prop_oneof![1 => vec(item(), 0..1), 14 => vec(item(), 1..4)];
    let flags = (prop::bool::weighted(0.8), prop::bool::weighted(0.8));
    (customer, terms, times, items, flags).prop_map(
        |(
            customer,
            (status, cancel_scheduled, pause, days_until_due),
            (newness, ended_at, invoice_due, period),
            items,
            (items_have_periods, is_refunded),
        )| Draft {
            customer,
            status,
            newness,
            ended_at,
            cancel_scheduled,
            pause,
            days_until_due,
            invoice_due,
            items,
            period,
            items_have_periods,
            is_refunded,
        },
    )
}

fn offsets() -> impl Strategy<Value = Offsets> + Clone {
    (
        select(vec![-30, -11, -10, -9, -1, 0]),
        select(vec![-1, 0, 1, 5, 100]),
    )
}

fn item() -> impl Strategy<Value = DraftItem> + Clone {
    (
        0..PRICES.len(),
        option::weighted(0.93, 0..4_u64),
        option::weighted(0.8, offsets()),
    )
}

fn prices() -> impl Strategy<Value = Vec<Arc<Price>>> + Clone {
    vec(price(), PRICES.len()).prop_map(|prices| {
        let named = PRICES.iter().zip(prices);
        named
            .map(|(id, price)| {
                Arc::new(Price {
                    id: (*id).into(),
                    ..price
                })
            })
            .collect()
    })
}

fn price() -> impl Strategy<Value = Price> + Clone {
    // On both sides of "monthly or more often".
    let recurring = select(vec![
        (Interval::Day, 1),
        (Interval::Day, 31),
        (Interval::Day, 32),
        (Interval::Week, 4),
        (Interval::Week, 5),
        (Interval::Month, 1),
        (Interval::Month, 1),
        (Interval::Month, 1),
        (Interval::Month, 2),
        (Interval::Year, 1),
    ]);
    (
        option::weighted(0.6, select(&LOOKUP_KEYS[..])),
        option::weighted(0.8, select(&PRODUCTS[..])),
        option::weighted(0.9, select(vec!["usd", "usd", "eur"])),
        option::weighted(0.9, select(vec![0, 1, 6, 7, 900, 1999, 2900, -300])),
        option::weighted(0.9, recurring),
        prop::bool::weighted(0.15),
    )
        .prop_map(
            |(lookup_key, product, currency, unit_amount, recurring, metered)| Price {
                lookup_key: lookup_key.map(str::to_owned),
                product: product.map(str::to_owned),
                currency: currency.map(str::to_owned),
                unit_amount,
                recurring,
                metered,
                ..Price::bare("")
            },
        )
}

/// Generates each customer's active entitlements as one subscription with the customer's id.
pub(crate) fn entitlements() -> impl Strategy<Value = Vec<Subscription>> + Clone {
    let features = vec(0..PRICES.len(), 0..4);
    vec(features, 6).prop_map(|customers| {
        let numbered = customers.into_iter().enumerate();
        let held = numbered.filter(|(_, features)| !features.is_empty());
        held.map(|(number, features)| {
            let customer = format!("cus_{number}");
            Subscription {
                id: SubscriptionId::from(customer.clone()),
                customer: CustomerId::from(customer),
                created: UnixSeconds(0),
                ended_at: None,
                period: None,
                details: None,
                terms: Arc::new(Terms {
                    status: Status::Active,
                    cancel_scheduled: None,
                    only_cancel_at: false,
                    pause: None,
                    days_until_due: None,
                    on_test_clock: false,
                    items: features.into_iter().map(feature).collect(),
                }),
            }
        })
        .collect()
    })
}

fn feature(number: usize) -> Item {
    Item {
        price: Arc::new(Price::bare(PRICES[number])),
        quantity: None,
    }
}
