//! Random `plans` and `plan_order`: keys of every kind that match the same prices, and words that plans share.

use contract::{PlanKey, PlanKeyKind, PlanWords, Plans};
use proptest::{collection::vec, prelude::*, sample::select};

use super::subscriptions::PRICES;

pub(crate) const LOOKUP_KEYS: [&str; 3] = ["gold_month", "gold_year", "silver"];
pub(crate) const PRODUCTS: [&str; 3] = ["prod_gold", "prod_silver", "prod_seats"];

/// Generates plans, none in a fifth of the contracts.
pub(crate) fn plans() -> impl Strategy<Value = Plans> {
    let entry = (select(&PRICES[..]), words()).prop_map(|(price, words)| {
        let key = key(PlanKeyKind::Price, price, false);
        (key, words)
    });
    let usual = [
        ("price_pro", "pro"),
        ("price_pro_year", "pro"),
        ("price_team", "team"),
        ("price_free", "free"),
    ];
    let with_keys = (prop::bool::ANY, vec((any_key(), words()), 1..5)).prop_map(
        move |(with_usual, entries)| {
            let first = with_usual.then(|| Plans::by_price(usual));
            let mut plans = first.unwrap_or_default();
            for (key, words) in entries {
                plans.insert(key, words);
            }
            plans
        },
    );
    prop_oneof![
        2 => Just(Plans::default()),
        2 => Just(Plans::by_price(usual)),
        2 => vec(entry, 2..8).prop_map(Plans::from_iter),
        5 => with_keys,
    ]
}

fn key(kind: PlanKeyKind, text: &str, is_prefix: bool) -> PlanKey {
    PlanKey {
        kind,
        text: text.to_owned(),
        is_prefix,
    }
}

/// Generates keys of every kind. Each kind has prefixes of seven letters, so that lengths tie.
fn any_key() -> impl Strategy<Value = PlanKey> {
    let price_beginnings = select(vec![
        "price_",
        "price_p",
        "price_t",
        "price_pro",
        "price_addon_",
    ]);
    let lookup_beginnings = select(vec!["gold", "gold_mo", "gold_month"]);
    let product_beginnings = select(vec!["prod_", "prod_go", "prod_s"]);
    prop_oneof![
        select(&PRICES[..]).prop_map(|text| key(PlanKeyKind::Price, text, false)),
        select(&LOOKUP_KEYS[..]).prop_map(|text| key(PlanKeyKind::LookupKey, text, false)),
        select(&PRODUCTS[..]).prop_map(|text| key(PlanKeyKind::Product, text, false)),
        price_beginnings.prop_map(|text| key(PlanKeyKind::Price, text, true)),
        lookup_beginnings.prop_map(|text| key(PlanKeyKind::LookupKey, text, true)),
        product_beginnings.prop_map(|text| key(PlanKeyKind::Product, text, true)),
    ]
}

fn words() -> impl Strategy<Value = PlanWords> {
    select(vec![
        vec!["pro"],
        vec!["pro"],
        vec!["team"],
        vec!["free"],
        vec!["3"],
        vec!["pro", "PRO"],
        vec!["PRO", "pro"],
        vec!["team", "pro"],
        vec!["basic", "free"],
    ])
    .prop_map(|words| PlanWords::new(words).unwrap())
}

pub(crate) fn plan_order() -> impl Strategy<Value = Vec<String>> {
    let order = select(vec![
        vec!["free", "pro", "team"],
        vec!["team", "pro"],
        vec!["pro"],
        vec!["PRO", "team", "pro"],
    ]);
    let order = order.prop_map(|words| words.into_iter().map(str::to_owned).collect());
    prop_oneof![1 => Just(Vec::new()), 6 => order]
}
