//! Random `seats`: packages, included seats, prices that sell seats, and rows without a limit.

use contract::{Included, PricePattern, Seats};
use proptest::{option, prelude::*, sample::select};

pub(crate) fn seats() -> impl Strategy<Value = Seats> {
    let included = prop_oneof![
        1 => Just(Included::Number(0)),
        2 => (1..4_u64).prop_map(Included::Number),
        5 => select(vec![
            vec![("pro", 3), ("team", 1)],
            vec![("PRO", 2), ("pro", 1)],
            vec![("team", 4)],
        ])
        .prop_map(by_plan),
    ];
    let prices = select(vec![
        vec!["price_seat_*"],
        vec!["price_seat_*"],
        vec!["price_seat_*", "price_addon_*"],
        vec!["price_pro*"],
    ]);
    let unlimited = select(vec![
        vec![],
        vec![None],
        vec![Some(-1)],
        vec![None, Some(-1)],
        vec![Some(3)],
    ]);
    let unlimited_prices = select(vec![
        vec!["price_team", "price_pro*"],
        vec!["price_other", "price_addon_*"],
        vec!["price_seat_*"],
    ]);
    (
        select(vec![1, 2, 2, 3]),
        included,
        option::weighted(0.4, prices.prop_map(patterns)),
        unlimited,
        option::weighted(0.9, unlimited_prices.prop_map(patterns)),
    )
        .prop_map(
            |(per_unit, included, prices, unlimited, unlimited_prices)| Seats {
                per_unit,
                included,
                prices,
                unlimited,
                unlimited_prices,
            },
        )
}

fn patterns(texts: Vec<&str>) -> Vec<PricePattern> {
    texts.into_iter().map(PricePattern::parse).collect()
}

fn by_plan(numbers: Vec<(&str, u64)>) -> Included {
    let named = numbers
        .into_iter()
        .map(|(plan, number)| (plan.to_owned(), number));
    Included::ByPlan(named.collect())
}
