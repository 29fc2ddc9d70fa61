//! Random small worlds: few ids, so that they collide, and times on both sides of every boundary.

use std::{collections::BTreeSet, sync::Arc};

use prodverdict::contract::{
    Account, AccountColumns, AccountId, Contract, CustomerId, Facts, Field, Interval, Item,
    MatchOn, Pause, Period, Price, SeenModes, Source, Status, Subscription, SubscriptionId, Terms,
    UnixSeconds,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::contracts::contract;

pub(crate) const NOW: i64 = 1_000_000;
pub(crate) const NOW_SECONDS: UnixSeconds = UnixSeconds(NOW);

pub(crate) const PRICES: [&str; 7] = [
    "price_pro",
    "price_pro_year",
    "price_team",
    "price_free",
    "price_addon_x",
    "price_addon_y",
    "price_other",
];

const STATUS_WORDS: [&str; 14] = [
    "active",
    "active",
    "active",
    "ACTIVE",
    "trialing",
    "past_due",
    "past_due",
    "canceled",
    "Cancelled",
    "unpaid",
    "paused",
    "incomplete",
    "halted",
    "Odd",
];

/// A contract and the facts it is judged on.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) contract: Contract,
    pub(crate) facts: Facts,
}

/// Any world, also one that allows no verdict. No two subscriptions are equally new.
pub(crate) fn world() -> impl Strategy<Value = World> {
    contract().prop_flat_map(|contract| {
        facts(&contract).prop_map(move |facts| World {
            contract: contract.clone(),
            facts,
        })
    })
}

/// Any world in which many subscriptions are equally new.
pub(crate) fn tied_world() -> impl Strategy<Value = World> {
    world().prop_map(|mut world| {
        for subscription in &mut world.facts.subscriptions {
            subscription.created.0 -= subscription.created.0.rem_euclid(50);
        }
        world
    })
}

fn facts(contract: &Contract) -> impl Strategy<Value = Facts> + use<> {
    let optional = select(vec![
        Field::Seats,
        Field::Status,
        Field::SubscriptionId,
        Field::PeriodEnd,
        Field::CancelAtPeriodEnd,
        Field::UpdatedAt,
    ]);
    let plans = !contract.plans.is_empty();
    let match_on = contract.match_on;
    let mapped =
        (vec(optional, 0..5), prop::bool::weighted(0.95)).prop_map(move |(fields, with_plan)| {
            let mut mapped: BTreeSet<_> = fields.into_iter().collect();
            if plans && with_plan {
                mapped.insert(Field::Plan);
            }
            if match_on == MatchOn::SubscriptionId {
                mapped.insert(Field::SubscriptionId);
            }
            mapped
        });
    let subscriptions = match contract.source {
        Source::StripeEntitlements => entitlements().boxed(),
        Source::Stripe | Source::Paddle => subscriptions().boxed(),
    };
    let modes =
        (rarely("sub_live"), rarely("sub_test")).prop_map(|(live, test)| SeenModes { live, test });
    mapped.prop_flat_map(move |mapped| {
        let accounts = accounts(mapped.clone(), match_on);
        (
            accounts,
            subscriptions.clone(),
            modes.clone(),
            any::<bool>(),
        )
            .prop_map(
                move |(accounts, subscriptions, seen_modes, customer_known)| Facts {
                    accounts,
                    mapped: mapped.clone(),
                    subscriptions,
                    seen_modes,
                    customer_known,
                    ..Facts::default()
                },
            )
    })
}

fn rarely(object: &'static str) -> impl Strategy<Value = Option<String>> + Clone {
    option::weighted(0.2, Just(object.to_owned()))
}

/// Up to eight accounts; now and then one id is on two rows.
fn accounts(mapped: BTreeSet<Field>, match_on: MatchOn) -> impl Strategy<Value = Vec<Account>> {
    let rows = vec(account(mapped, match_on), 0..8);
    (rows, prop::bool::weighted(0.03)).prop_map(|(mut rows, twice)| {
        for (number, row) in rows.iter_mut().enumerate() {
            row.id = AccountId::from(format!("usr_{number}"));
        }
        if twice && let Some(row) = rows.first().cloned() {
            rows.push(row);
        }
        rows
    })
}

fn account(mapped: BTreeSet<Field>, match_on: MatchOn) -> impl Strategy<Value = Account> {
    let customer = prop_oneof![
        9 => (0..5_u8).prop_map(|number| Some(format!("cus_{number}"))),
        1 => Just(None),
        1 => select(vec!["", "  ", "cus_elsewhere", "CUS_0", " cus_0"]).prop_map(|id| Some(id.to_owned())),
    ];
    let plan = option::weighted(
        0.9,
        select(vec![
            "pro", "pro", "team", "free", " pro ", "Pro", "", "  ", "3",
        ]),
    );
    let paid = prop::bool::weighted(0.6);
    let exempt = prop::bool::weighted(0.15);
    (customer, paid, exempt, plan, columns(mapped)).prop_map(
        move |(customer, paid, exempt, plan, columns)| Account {
            id: AccountId::from(""),
            customer: match match_on {
                MatchOn::CustomerId => customer.map(CustomerId::from),
                MatchOn::SubscriptionId => None,
            },
            paid,
            exempt,
            plan: plan.map(Into::into),
            columns,
        },
    )
}

fn columns(mapped: BTreeSet<Field>) -> impl Strategy<Value = Option<Box<AccountColumns>>> {
    let seats = option::weighted(0.9, -1..6_i64);
    let status = option::weighted(0.9, select(&STATUS_WORDS[..]));
    let subscription = prop_oneof![
        9 => (0..8_u8).prop_map(|number| Some(format!("sub_{number}"))),
        1 => Just(None),
        1 => select(vec!["", " ", "sub_elsewhere"]).prop_map(|id| Some(id.to_owned())),
    ];
    let period_end = option::weighted(
        0.9,
        select(vec![-6, -5, 0, 1, 4, 5, 6, 10, 11, 95, 100, 106]),
    );
    (seats, status, subscription, period_end, any::<bool>()).prop_map(
        move |(seats, status, subscription, period_end, cancel)| {
            let any = mapped.iter().any(|field| *field != Field::Plan);
            let is = |field| mapped.contains(&field);
            any.then(|| {
                Box::new(AccountColumns {
                    seats: seats.filter(|_| is(Field::Seats)),
                    status: status.filter(|_| is(Field::Status)).map(Into::into),
                    subscription_id: subscription
                        .filter(|_| is(Field::SubscriptionId))
                        .map(SubscriptionId::from),
                    period_end: period_end
                        .filter(|_| is(Field::PeriodEnd))
                        .map(|offset| UnixSeconds(NOW + offset)),
                    cancel_at_period_end: cancel && is(Field::CancelAtPeriodEnd),
                    ..AccountColumns::default()
                })
            })
        },
    )
}

/// Up to eight subscriptions of five customers, one of whom no account names.
fn subscriptions() -> impl Strategy<Value = Vec<Subscription>> + Clone {
    (prices(), vec(subscription(), 0..8), any::<bool>()).prop_map(|(prices, drafts, whole)| {
        let numbered = drafts.into_iter().enumerate();
        numbered
            .map(|(number, draft)| draft.finish(number, &prices, whole))
            .collect()
    })
}

/// The place of its price, and its quantity.
type DraftItem = (usize, Option<u64>);

/// A subscription before it has its id and its prices.
#[derive(Debug, Clone)]
struct Draft {
    customer: String,
    status: &'static str,
    newness: i64,
    ended_at: Option<i64>,
    cancel_scheduled: Option<bool>,
    paused_void: bool,
    items: Vec<DraftItem>,
    period: Option<(i64, i64)>,
}

impl Draft {
    /// `whole` fills what the source might not say, so that most worlds allow a verdict.
    fn finish(self, number: usize, prices: &[Arc<Price>], whole: bool) -> Subscription {
        let place = i64::try_from(number).unwrap();
        let items = self.items.into_iter().map(|(price, quantity)| Item {
            price: Arc::clone(&prices[price]),
            quantity: quantity.or(whole.then_some(1)),
        });
        let period = self.period.or(whole.then_some((-10, 5)));
        Subscription {
            id: SubscriptionId::from(format!("sub_{number}")),
            customer: CustomerId::from(self.customer),
            created: UnixSeconds(NOW - 1000 + 10 * self.newness + place),
            ended_at: self
                .ended_at
                .or(whole.then_some(-10))
                .map(|offset| UnixSeconds(NOW + offset).into()),
            period: period
                .map(|(start, end)| Period::new(UnixSeconds(NOW + start), UnixSeconds(NOW + end))),
            details: None,
            terms: Arc::new(Terms {
                status: Status::parse(self.status),
                cancel_scheduled: self.cancel_scheduled.or(whole.then_some(false)),
                only_cancel_at: false,
                pause: self.paused_void.then_some(Pause::Void),
                days_until_due: None,
                on_test_clock: false,
                items: items.collect(),
            }),
        }
    }
}

fn subscription() -> impl Strategy<Value = Draft> + Clone {
    let customer = prop_oneof![
        12 => (0..5_u8).prop_map(|number| format!("cus_{number}")),
        1 => Just("cus_nobody".to_owned()),
    ];
    let period = option::weighted(
        0.93,
        (
            select(vec![-30, -11, -10, -9, -1, 0]),
            select(vec![-1, 0, 1, 5, 100]),
        ),
    );
    let item = (0..PRICES.len(), option::weighted(0.93, 0..4_u64));
    (
        customer,
        select(&STATUS_WORDS[..]),
        0..10_i64,
        option::weighted(0.95, select(vec![-30, -11, -10, -9, 0, 1])),
        option::weighted(0.97, any::<bool>()),
        prop::bool::weighted(0.1),
        prop_oneof![1 => vec(item.clone(), 0..1), 14 => vec(item, 1..4)],
        period,
    )
        .prop_map(
            |(
                customer,
                status,
                newness,
                ended_at,
                cancel_scheduled,
                paused_void,
                items,
                period,
            )| Draft {
                customer,
                status,
                newness,
                ended_at,
                cancel_scheduled,
                paused_void,
                items,
                period,
            },
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
    let interval = select(vec![
        Interval::Day,
        Interval::Week,
        Interval::Month,
        Interval::Month,
        Interval::Year,
    ]);
    (
        option::weighted(0.9, select(vec!["usd", "usd", "eur"])),
        option::weighted(0.9, select(vec![0, 1, 6, 7, 900, 1999, 2900, -300])),
        option::weighted(0.9, (interval, 1..4_u32)),
        prop::bool::weighted(0.15),
    )
        .prop_map(|(currency, unit_amount, recurring, metered)| Price {
            currency: currency.map(str::to_owned),
            unit_amount,
            recurring,
            metered,
            ..Price::bare("")
        })
}

/// Each customer's active entitlements as one subscription that carries the customer's id.
fn entitlements() -> impl Strategy<Value = Vec<Subscription>> + Clone {
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
