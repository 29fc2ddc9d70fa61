//! Paddle read by status and from both ends of each list gives the findings of a full listing; a list that contradicts
//! itself gives none.

use std::num::NonZeroU32;

use proptest::prelude::*;
use secrecy::SecretString;
use testing::paddle_api::{PaddleApi, PaddleWorld, paddle_subscription};

use super::plans::{Application, CUSTOMERS, NEW_WORD, applications, on_a_full_listing, on_a_plan};
use crate::{
    billing::{BillingReader, Error, Settings},
    contract::{
        CanceledGrace, CustomerId, Evaluation, ListingScope, Plans, PricePattern, Source, Status,
    },
    http,
};

const DAY: i64 = 86_400;

const WORDS: [&str; 6] = [
    "active", "trialing", "past_due", "paused", "canceled", NEW_WORD,
];

fn reader(api: &PaddleApi) -> BillingReader {
    let settings = Settings {
        base: Some(api.base.clone()),
        requests_per_minute: NonZeroU32::new(100_000),
        ..Settings::default()
    };
    let key = SecretString::from("pdl_sdbx_apikey_fakefakefakefake");
    let client = http::client().expect("a client");
    BillingReader::new(Source::Paddle, client, &key, &settings).expect("a reader")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Returns an application that pays Paddle.
fn of_paddle(mut application: Application) -> Application {
    for account in &mut application.accounts {
        let customer = account.customer.as_ref();
        account.customer =
            customer.map(|one| CustomerId::from(one.as_str().replace("cus_", "ctm_")));
    }
    let contract = &mut application.contract;
    contract.source = Source::Paddle;
    if contract.grace.canceled == Some(CanceledGrace::UntilPeriodEnd) {
        // The configuration of a Paddle contract cannot have it.
        contract.grace.canceled = Some(CanceledGrace::For(5 * DAY));
    }
    if !contract.ignore_prices.is_empty() {
        let mapped = ["pro", "team", "free"];
        contract.plans = Plans::by_price(mapped.map(|plan| (format!("pri_{plan}"), plan)));
        contract.ignore_prices = vec![PricePattern::parse("pri_addon_*")];
    }
    application
}

/// Subscriptions of a few customers, with a status and a price each.
fn bought() -> impl Strategy<Value = Vec<(usize, &'static str, &'static str)>> {
    let prices = ["pri_pro", "pri_team", "pri_free", "pri_addon_1", "pri_else"];
    let one = (
        0..CUSTOMERS,
        prop::sample::select(WORDS.to_vec()),
        prop::sample::select(prices.to_vec()),
    );
    prop::collection::vec(one, 0..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn paddle_by_status_finds_the_same_as_a_full_listing(
        application in applications(),
        bought in bought(),
        history in prop_oneof![1 => Just(0_usize), 4 => 1_300..1_500_usize],
    ) {
        let application = of_paddle(application);
        let mut world = PaddleWorld::default();
        for number in 0..history {
            world.put(paddle_subscription(number, &format!("ctm_old{number}"), "canceled", "pri_addon_1"));
        }
        for (number, (customer, status, price)) in (0..).zip(bought) {
            // Some are older than the history, and some are younger.
            let number = if number % 2 == 0 { 2_000 + number } else { number * 90 };
            world.put(paddle_subscription(number, &format!("ctm_{customer}"), status, price));
        }
        let api = PaddleApi::start(world);
        let findings = |judged: Result<Evaluation, _>| judged.map(|evaluation| evaluation.findings);
        let runtime = runtime();
        let full = findings(runtime.block_on(on_a_full_listing(&application, &reader(&api))));
        let planned = findings(runtime.block_on(on_a_plan(&application, &reader(&api))));
        prop_assert_eq!(planned, full);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_ends_of_a_list_meet_wherever_they_are(
        words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..40),
        page in 1..7_usize,
        is_uncounted in any::<bool>(),
    ) {
        let mut world = PaddleWorld { page: Some(page), is_uncounted, ..PaddleWorld::default() };
        for (number, word) in words.iter().enumerate() {
            world.put(paddle_subscription(number, "ctm_1", word, "pri_pro"));
        }
        let api = PaddleApi::start(world);
        let wanted = [Status::Active, Status::PastDue];
        let scopes = [ListingScope::Everything, ListingScope::Statuses(wanted.clone().into())];
        for scope in scopes {
            let (facts, is_everything) = runtime().block_on(async {
                let reader = reader(&api);
                let begun = reader.begin(&scope, &[]).await.expect("a plan");
                let is_everything = begun.plan().is_everything;
                (begun.read(&|_| {}).await.expect("a listing"), is_everything)
            });
            let expected = words.iter().filter(|word| is_everything || wanted.contains(&Status::parse(word)));
            prop_assert_eq!(facts.subscriptions.len(), expected.count());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_stays_as_it_is_is_never_lost_while_others_change(
        words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 1..40),
        page in 1..5_usize,
        changes in prop::collection::vec((0..25_usize, 0..60_usize, prop::sample::select(WORDS.to_vec())), 0..6),
        is_uncounted in any::<bool>(),
    ) {
        let mut world = PaddleWorld { page: Some(page), is_uncounted, ..PaddleWorld::default() };
        let id = |number| format!("sub_01k{number:023}");
        for (number, word) in words.iter().enumerate() {
            world.put(paddle_subscription(number, "ctm_1", word, "pri_pro"));
        }
        // Numbers beyond the others are made meanwhile.
        for (request, number, word) in &changes {
            let changed = paddle_subscription(*number, "ctm_1", word, "pri_pro");
            world.changes.entry(*request).or_default().push(changed);
        }
        let api = PaddleApi::start(world);
        let wanted = [Status::Active, Status::Trialing, Status::PastDue];
        for scope in [ListingScope::Everything, ListingScope::Statuses(wanted.clone().into())] {
            let read = runtime().block_on(async {
                let reader = reader(&api);
                let begun = reader.begin(&scope, &[]).await?;
                begun.read(&|_| {}).await
            });
            let facts = match read {
                Ok(facts) => facts,
                Err(Error::NoProgress { .. } | Error::CutShort { .. }) => continue,
                Err(other) => panic!("{other:?}"),
            };
            for (number, word) in words.iter().enumerate() {
                let stayed = changes.iter().all(|(_, changed, _)| *changed != number);
                if stayed && wanted.contains(&Status::parse(word)) {
                    let mut read = facts.subscriptions.iter();
                    prop_assert!(read.any(|one| one.id.as_str() == id(number)), "{number} is lost");
                }
            }
        }
    }
}
