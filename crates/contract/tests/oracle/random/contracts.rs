//! Random contracts: most set little, some change everything that a contract may change.

use std::collections::BTreeMap;

use contract::{
    CanceledGrace, ColumnName, Contract, Field, Grace, MatchOn, Mode, Pause, PauseMeaning,
    PausePolicy, PricePattern, Rule, Seats, Severity, Source, Status, Statuses,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    plans::{plan_order, plans},
    seat_policies::seats,
};

pub(crate) fn contract() -> impl Strategy<Value = Contract> {
    let source = prop_oneof![
        6 => Just(Source::Stripe),
        2 => Just(Source::Paddle),
        1 => Just(Source::StripeEntitlements),
    ];
    let who = (
        source,
        exempt(),
        prop::bool::weighted(0.15),
        select(vec!["user", "user", "user", "team", "Work-Space"]),
        metadata_account(),
    );
    let what = (
        plans(),
        plan_order(),
        free_plans(),
        ignore_prices(),
        seats(),
    );
    let when = (statuses(), grace(), pause(), status_words());
    let how = (
        severities(),
        option::weighted(0.1, select(vec![Mode::Live, Mode::Test])),
        option::of(select(&Severity::ALL[..])),
        option::weighted(0.3, Just("do what we do".to_owned())),
        any::<bool>(),
        period_limits(),
        prop::bool::weighted(0.1),
    );
    (who, what, when, how).prop_map(
        |(
            (source, exempt, by_subscription, entity, metadata_account),
            (plans, plan_order, free_plans, ignore_prices, seats),
            (statuses, grace, pause, status_words),
            (
                severities,
                mode,
                fail_on,
                fix,
                allow_empty,
                (period_tolerance, renewal_delay),
                by_word,
            ),
        )| {
            let entitled = source == Source::StripeEntitlements;
            let match_on = if by_subscription && !entitled {
                MatchOn::SubscriptionId
            } else {
                MatchOn::CustomerId
            };
            Contract {
                entity: entity.to_owned(),
                columns: by_word
                    .then(|| (Field::HasPaidAccess, status_column()))
                    .into_iter()
                    .collect(),
                plans,
                plan_order,
                free_plans: free_plans.into_iter().map(str::to_owned).collect(),
                ignore_prices,
                statuses,
                pause,
                grace,
                seats: if entitled { Seats::default() } else { seats },
                status_words,
                metadata_account,
                severities,
                exempt: exempt.into_iter().collect(),
                match_on,
                allow_empty,
                mode,
                fail_on,
                fix: fix.as_deref().map(of_published_rules).unwrap_or_default(),
                period_tolerance,
                renewal_delay,
                ..Contract::new(source)
            }
        },
    )
}

fn status_column() -> ColumnName {
    ColumnName::In {
        column: "state".to_owned(),
        values: vec!["live".to_owned(), "trial".to_owned()],
    }
}

/// Returns `period_tolerance` and `renewal_delay`.
fn period_limits() -> impl Strategy<Value = (u64, u64)> {
    (
        select(vec![0_u64, 0, 5, 100]),
        select(vec![0_u64, 0, 10, 11, 50]),
    )
}

fn of_published_rules(fix: &str) -> BTreeMap<Rule, String> {
    let shared = Rule::all_with_handler_rules().filter(|rule| rule.info().uses_contract_severity);
    shared.map(|rule| (rule, fix.to_owned())).collect()
}

fn metadata_account() -> impl Strategy<Value = Vec<String>> {
    let keys = select(vec!["ref", "owner"]);
    prop_oneof![3 => Just(Vec::new()), 2 => vec(keys.prop_map(str::to_owned), 1..3)]
}

fn pause() -> impl Strategy<Value = PausePolicy> {
    let meaning = || {
        select(vec![
            PauseMeaning::Grant,
            PauseMeaning::Deny,
            PauseMeaning::Unjudged,
        ])
    };
    let behavior = select(vec![Pause::Void, Pause::Void, Pause::KeepAsDraft]);
    let by_behavior = vec((behavior, meaning()), 1..3).prop_map(BTreeMap::from_iter);
    (
        option::weighted(0.3, meaning()),
        option::weighted(0.5, by_behavior),
    )
        .prop_map(|(all, by_behavior)| PausePolicy {
            all,
            by_behavior: by_behavior.unwrap_or_default(),
        })
}

fn status_words() -> impl Strategy<Value = BTreeMap<Status, Vec<String>>> {
    let status = select(vec![
        Status::Active,
        Status::Active,
        Status::PastDue,
        Status::Canceled,
    ]);
    let words = select(vec![
        vec!["LIVE"],
        vec!["ACTIVE", "LIVE"],
        vec!["LATE", "past_due"],
        vec!["canceled"],
    ]);
    let entry = (status, words).prop_map(|(status, words)| {
        let words = words.into_iter().map(str::to_owned).collect();
        (status, words)
    });
    prop_oneof![
        1 => Just(BTreeMap::new()),
        5 => vec(entry, 2..4).prop_map(BTreeMap::from_iter),
    ]
}

fn exempt() -> impl Strategy<Value = Vec<String>> {
    let ids = (0..9_u8).prop_map(|number| format!("usr_{number}"));
    prop_oneof![3 => Just(Vec::new()), 1 => vec(ids, 1..3)]
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
        "price_seat_*",
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
        9 => Just(Statuses::default()),
        1 => Just(lists(Some(&[Status::Active, Status::Trialing, Status::PastDue]), None)),
        1 => Just(lists(Some(&[Status::Trialing]), None)),
        1 => Just(lists(Some(&[Status::Active, Status::Trialing, Status::Paused, Status::Canceled]), None)),
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
        option::weighted(0.9, select(vec![0_i64, 9, 10, 10, 11])),
        option::of(canceled),
    )
        .prop_map(|(past_due, canceled)| Grace { past_due, canceled })
}

/// Generates the defaults, with up to three rules changed or off.
fn severities() -> impl Strategy<Value = BTreeMap<Rule, Severity>> {
    let change = (
        select(&Rule::ALL[..]),
        option::of(select(&Severity::ALL[..])),
    );
    (vec(change, 0..3), prop::bool::weighted(0.9)).prop_map(|(changes, judges_refunds)| {
        let mut severities = Contract::new(Source::Stripe).severities;
        if judges_refunds {
            severities.insert(Rule::RefundedAccess, Severity::Medium);
        }
        for (rule, severity) in changes {
            match severity {
                Some(severity) => severities.insert(rule, severity),
                None => severities.remove(&rule),
            };
        }
        severities
    })
}
