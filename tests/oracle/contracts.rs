//! Random contracts: most say little, some change everything that a contract may change.

use std::collections::BTreeMap;

use prodverdict::contract::{
    CanceledGrace, Contract, Grace, MatchOn, Mode, Plans, PricePattern, Rule, Severity, Source,
    Status, Statuses,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::worlds::PRICES;

pub(crate) fn contract() -> impl Strategy<Value = Contract> {
    let source = prop_oneof![
        6 => Just(Source::Stripe),
        1 => Just(Source::Paddle),
        2 => Just(Source::StripeEntitlements),
    ];
    let who = (source, exempt(), prop::bool::weighted(0.15));
    let what = (plans(), free_plans(), ignore_prices(), statuses(), grace());
    let how = (
        severities(),
        option::weighted(0.1, select(vec![Mode::Live, Mode::Test])),
        option::of(select(&Severity::ALL[..])),
        option::weighted(0.3, Just("do what we do".to_owned())),
        (any::<bool>(), select(vec![0_u64, 5, 100])),
    );
    (who, what, how).prop_map(
        |(
            (source, exempt, by_subscription),
            (plans, free_plans, ignore_prices, statuses, grace),
            (severities, mode, fail_on, fix, (allow_empty, period_tolerance)),
        )| {
            let by_subscription = by_subscription && source != Source::StripeEntitlements;
            Contract {
                plans,
                free_plans: free_plans.into_iter().map(str::to_owned).collect(),
                ignore_prices,
                statuses,
                grace,
                severities,
                exempt: exempt.into_iter().collect(),
                match_on: if by_subscription {
                    MatchOn::SubscriptionId
                } else {
                    MatchOn::CustomerId
                },
                allow_empty,
                mode,
                fail_on,
                fix,
                period_tolerance,
                ..Contract::new(source)
            }
        },
    )
}

fn exempt() -> impl Strategy<Value = Vec<String>> {
    let ids = (0..9_u8).prop_map(|number| format!("usr_{number}"));
    prop_oneof![3 => Just(Vec::new()), 1 => vec(ids, 1..3)]
}

/// Empty in a third of the contracts.
fn plans() -> impl Strategy<Value = Plans> {
    let plan = select(vec!["pro", "pro", "team", "free", "3"]);
    let entry = (select(&PRICES[..]), plan);
    let usual = [
        ("price_pro", "pro"),
        ("price_pro_year", "pro"),
        ("price_team", "team"),
        ("price_free", "free"),
    ];
    prop_oneof![
        2 => Just(Plans::default()),
        3 => Just(Plans::by_price(usual)),
        2 => vec(entry, 1..6).prop_map(Plans::by_price),
    ]
}

fn free_plans() -> impl Strategy<Value = Vec<&'static str>> {
    select(vec![
        vec!["free"],
        vec!["free"],
        vec!["free", "team"],
        vec![],
    ])
}

fn ignore_prices() -> impl Strategy<Value = Vec<PricePattern>> {
    let patterns = select(vec![
        "price_addon_*",
        "price_addon_x",
        "price_other",
        "price_other*",
        "price_pro",
        "price_pro*",
        "price_PRO*",
        "addon_x",
    ]);
    prop_oneof![
        2 => Just(Vec::new()),
        3 => vec(patterns, 1..3),
    ]
    .prop_map(|texts| texts.into_iter().map(PricePattern::parse).collect())
}

fn statuses() -> impl Strategy<Value = Statuses> {
    let lists = |grant: Option<&[Status]>, deny: Option<&[Status]>| {
        Statuses::new(grant.map(<[_]>::to_vec), deny.map(<[_]>::to_vec))
    };
    let halted = Status::parse("halted");
    prop_oneof![
        6 => Just(Statuses::default()),
        1 => Just(lists(Some(&[Status::Active, Status::Trialing, Status::PastDue]), None)),
        1 => Just(lists(Some(&[Status::Trialing]), None)),
        1 => Just(lists(None, Some(&[Status::Canceled, Status::Unpaid]))),
        1 => Just(lists(Some(&[Status::Active, halted.clone()]), Some(&[Status::PastDue, Status::Canceled]))),
        1 => Just(lists(None, Some(&[halted, Status::Trialing]))),
    ]
}

fn grace() -> impl Strategy<Value = Grace> {
    let canceled = select(vec![
        CanceledGrace::For(0),
        CanceledGrace::For(10),
        CanceledGrace::For(11),
        CanceledGrace::UntilPeriodEnd,
    ]);
    (
        option::of(select(vec![0_i64, 9, 10, 11])),
        option::of(canceled),
    )
        .prop_map(|(past_due, canceled)| Grace { past_due, canceled })
}

/// The defaults, with up to three rules changed or off.
fn severities() -> impl Strategy<Value = BTreeMap<Rule, Severity>> {
    let change = (
        select(&Rule::ALL[..]),
        option::of(select(&Severity::ALL[..])),
    );
    vec(change, 0..3).prop_map(|changes| {
        let mut severities = Contract::new(Source::Stripe).severities;
        for (rule, severity) in changes {
            match severity {
                Some(severity) => severities.insert(rule, severity),
                None => severities.remove(&rule),
            };
        }
        severities
    })
}
