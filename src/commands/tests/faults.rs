//! Reads forty pages with temporary faults of every kind, twenty times: the findings do not change by a byte.

use std::{num::NonZeroU32, time::Duration};

use fake_stripe::{Bulk, FakeStripe, Fault, LimitReason, MalformedList, Times, World};
use secrecy::SecretString;

use crate::{
    billing::{BillingReader, Error, RetryPolicy, Settings},
    contract::{Account, AccountId, Contract, CustomerId, Facts, Source, UnixSeconds, evaluate},
    http,
};

const NOW: i64 = 1_795_392_000;
const SUBSCRIPTIONS: u32 = 4_000;
const RUNS: u64 = 20;

/// Returns the temporary faults that hit one in ten requests, all with the same frequency.
fn passing() -> Vec<Fault> {
    let limited = LimitReason::ALL.map(|reason| Fault::RateLimited(Some(reason)));
    let server = [500, 502, 503, 504].map(|status| Fault::ServerError {
        status,
        should_retry: None,
    });
    limited
        .into_iter()
        .chain(server)
        .chain([
            Fault::RateLimited(None),
            Fault::RetryAfter(0),
            Fault::LockTimeout,
            Fault::HtmlBody(502),
            Fault::EmptyBody(503),
            Fault::EmptyBody(200),
            Fault::ResetBeforeAnswer,
            Fault::ResetInBody,
            Fault::TruncatedJson,
            Fault::SlowFirstByte(Duration::from_millis(30)),
            Fault::SlowTrickle {
                bytes: 100_000,
                pause: Duration::from_millis(1),
            },
            Fault::MalformedList(MalformedList::RepeatedPage),
            Fault::MalformedList(MalformedList::HasMoreWithoutData),
            Fault::MalformedList(MalformedList::ObjectTwice),
        ])
        .collect()
}

fn reader(fake: &FakeStripe) -> BillingReader {
    let settings = Settings {
        base: Some(fake.base_url()),
        requests_per_second: NonZeroU32::new(100_000),
        retry_policy: RetryPolicy {
            base: Duration::from_millis(1),
            cap: Duration::from_millis(5),
            ..RetryPolicy::default()
        },
        ..Settings::default()
    };
    let key = SecretString::from("rk_test_fakefakefakefake");
    let client = http::client().expect("a client");
    BillingReader::new(Source::Stripe, client, &key, &settings).expect("a reader")
}

/// Returns the findings as text for a database in which every tenth account has no access.
async fn found(fake: &FakeStripe) -> Result<String, Error> {
    let read = reader(fake).read_all(&[], &|_| {}).await?;
    let customers = read
        .subscriptions
        .iter()
        .map(|subscription| subscription.customer.clone());
    let accounts = customers
        .enumerate()
        .map(|(number, customer): (usize, CustomerId)| Account {
            id: AccountId::from(format!("usr_{customer}")),
            customer: Some(customer),
            paid: number % 10 != 0,
            exempt: false,
            plan: None,
            columns: None,
        });
    let facts = Facts {
        accounts: accounts.collect(),
        subscriptions: read.subscriptions,
        ..Facts::default()
    };
    let judged = evaluate(&Contract::new(Source::Stripe), &facts, UnixSeconds(NOW));
    Ok(format!("{judged:#?}"))
}

#[tokio::test]
async fn one_in_ten_failing_requests_changes_no_report() {
    let mut world = World::new(NOW);
    world.bulk(&Bulk::new(SUBSCRIPTIONS));
    let fake = FakeStripe::start_anywhere(world).expect("the fake starts");
    let undisturbed = found(&fake).await.expect("an answer");
    assert!(
        undisturbed.contains("RevenueLeak"),
        "{}",
        undisturbed.chars().take(900).collect::<String>()
    );
    let faults = passing();
    let per_thousand = 100_u64.div_ceil(faults.len().try_into().expect("a few"));
    let mut fired = 0;
    for run in 0..RUNS {
        fake.heal();
        fake.clear_requests();
        for (number, fault) in (0..).zip(&faults) {
            let seed = run * 1000 + number;
            fake.fail(fault.clone(), Times::Rate { per_thousand, seed });
        }
        let disturbed = found(&fake).await.expect("an answer");
        assert!(disturbed == undisturbed, "run {run} finds something else");
        fired += fake
            .requests()
            .iter()
            .filter(|request| request.disturbed)
            .count();
    }
    assert!(fired > 60, "{fired} faults in all");
}
