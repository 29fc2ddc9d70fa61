//! Paddle's lists read from both ends: the requests, and lists that contradict themselves.

use std::num::NonZeroU32;

use secrecy::SecretString;
use serde_json::json;
use testing::paddle_api::{PaddleApi, PaddleWorld, paddle_subscription};

use super::scripted::{Answer, ReceivedRequest, Server, impatient};
use crate::{
    billing::{BillingFacts, BillingReader, Error, Settings},
    contract::{ListingScope, Source, Status},
    http,
};

const OPEN: [&str; 4] = ["active", "trialing", "past_due", "paused"];

/// Returns a world with this many canceled subscriptions, each followed by an open one.
fn world(pairs: usize) -> PaddleWorld {
    let mut world = PaddleWorld::default();
    for number in 0..pairs {
        let open = OPEN[number % OPEN.len()];
        for (number, status) in [(2 * number, "canceled"), (2 * number + 1, open)] {
            let customer = format!("ctm_{number}");
            world.put(paddle_subscription(number, &customer, status, "pri_pro"));
        }
    }
    world
}

fn reader(base: &str, per_minute: u32) -> BillingReader {
    let settings = Settings {
        base: Some(base.to_owned()),
        requests_per_minute: NonZeroU32::new(per_minute),
        retry_policy: impatient(),
        ..Settings::default()
    };
    let key = SecretString::from("pdl_sdbx_apikey_1");
    BillingReader::new(Source::Paddle, http::client().unwrap(), &key, &settings).unwrap()
}

async fn read(api: &PaddleApi, scope: &ListingScope) -> Result<BillingFacts, Error> {
    let reader = reader(&api.base, 1_000);
    let begun = reader.begin(scope, &[]).await?;
    begun.read(&|_| {}).await
}

fn not_canceled() -> ListingScope {
    ListingScope::NotCanceled {
        statuses: [].into(),
    }
}

#[tokio::test]
async fn history_is_not_read_unless_a_rule_needs_it() {
    let api = PaddleApi::start(world(1_000));
    let facts = read(&api, &not_canceled()).await.unwrap();
    assert_eq!(facts.subscriptions.len(), 1_000);
    let mut all = facts.subscriptions.iter();
    assert!(all.all(|one| one.status != Status::Canceled));
    // The first page of all, the count of canceled ones, and two pages of each status.
    assert_eq!(api.world().requests.len(), 10);
    let statuses = ListingScope::Statuses([Status::Active, Status::Unpaid].into());
    let facts = read(&api, &statuses).await.unwrap();
    assert_eq!(facts.subscriptions.len(), 250);
    assert_eq!(api.world().requests.len(), 13);
}

#[tokio::test]
async fn only_the_first_page_of_a_list_is_counted() {
    let api = PaddleApi::start(world(1_000));
    let facts = read(&api, &ListingScope::Everything).await.unwrap();
    assert_eq!(facts.subscriptions.len(), 2_000);
    let requests = api.world().requests.clone();
    let counted = requests.iter().filter(|request| request.is_counted);
    assert_eq!(counted.count(), 1);
    // One more than there are pages shows that the ends have met.
    assert_eq!(requests.len(), 11);
    let from_the_newest = requests
        .iter()
        .filter(|one| one.value("order_by") == Some("id[DESC]"));
    assert!((4..=6).contains(&from_the_newest.count()));
}

#[tokio::test]
async fn an_unknown_status_is_found_by_counting() {
    let mut world = world(700);
    world.put(paddle_subscription(
        9_999,
        "ctm_new",
        "suspended",
        "pri_pro",
    ));
    let api = PaddleApi::start(world);
    let facts = read(&api, &not_canceled()).await.unwrap();
    assert_eq!(facts.subscriptions.len(), 1_401);
}

#[tokio::test]
async fn without_counts_everything_is_listed() {
    let mut world = world(700);
    world.is_uncounted = true;
    let api = PaddleApi::start(world);
    let facts = read(&api, &not_canceled()).await.unwrap();
    assert_eq!(facts.subscriptions.len(), 1_400);
}

/// Serves a list of 1,000 active subscriptions, ten a page, with a change to each answer.
async fn served(
    change: impl Fn(&ReceivedRequest, &mut Vec<usize>, &mut bool, &mut i64) + Send + Sync + 'static,
) -> Server {
    Server::start(move |_, request| {
        let is_descending = request.value("order_by") == Some("id[DESC]");
        let number = |id: &str| id.trim_start_matches("sub_01k").parse::<usize>().unwrap();
        let after = request.value("after").map(number);
        let mut ids: Vec<usize> = (0..100).collect();
        if is_descending {
            ids.reverse();
        }
        if let Some(after) = after {
            let is_left = |id: &usize| if is_descending { *id < after } else { *id > after };
            ids.retain(is_left);
        }
        let (mut has_more, mut total) = (ids.len() > 10, 100);
        ids.truncate(10);
        if request.value("per_page") == Some("1") {
            ids.truncate(1);
            has_more = true;
        }
        change(request, &mut ids, &mut has_more, &mut total);
        let one = |id: &usize| paddle_subscription(*id, "ctm_1", "active", "pri_pro");
        Answer::ok(&json!({
            "data": ids.iter().map(one).collect::<Vec<_>>(),
            "meta": {"pagination": {"has_more": has_more, "next": "https://x/?a=b", "estimated_total": total}},
        }))
    })
    .await
}

fn active() -> ListingScope {
    ListingScope::Statuses([Status::Active].into())
}

async fn read_served(server: &Server, scope: &ListingScope) -> Result<usize, Error> {
    let reader = reader(&server.base, 1_000);
    let begun = reader.begin(scope, &[]).await?;
    Ok(begun.read(&|_| {}).await?.subscriptions.len())
}

#[tokio::test]
async fn a_server_without_the_other_order_is_read_from_one_end() {
    // Whatever is requested, the oldest come first.
    let server = served(|request, ids, has_more, total| {
        *total = -1;
        if request.value("order_by") == Some("id[DESC]") {
            *ids = (0..10).collect();
            *has_more = true;
        }
    })
    .await;
    assert_eq!(
        read_served(&server, &ListingScope::Everything)
            .await
            .unwrap(),
        100
    );
    assert_eq!(read_served(&server, &active()).await.unwrap(), 100);
}

#[tokio::test]
async fn a_list_that_ends_early_on_one_end_is_read_from_the_other() {
    for end in ["id[ASC]", "id[DESC]"] {
        let server = served(move |request, ids, has_more, total| {
            *total = -1;
            let is_later = request.value("after").is_some();
            if request.value("order_by") == Some(end) && is_later {
                ids.truncate(5);
                *has_more = false;
            }
        })
        .await;
        assert_eq!(
            read_served(&server, &ListingScope::Everything)
                .await
                .unwrap(),
            100,
            "{end}"
        );
    }
}

#[tokio::test]
async fn ends_that_do_not_meet_are_an_error() {
    let server = served(|request, ids, has_more, total| {
        *total = -1;
        if request.value("after").is_some() {
            ids.truncate(5);
            *has_more = false;
        }
    })
    .await;
    for scope in [ListingScope::Everything, active()] {
        let error = read_served(&server, &scope).await.unwrap_err();
        let message = error.to_string();
        assert!(message.ends_with("its two ends do not meet"), "{message}");
    }
}

#[tokio::test]
async fn a_list_shorter_than_its_count_is_an_error() {
    // Gaps, which both ends skip.
    let server = served(|_, ids, _, total| {
        *total = 2_000;
        ids.retain(|id| id % 2 == 0);
    })
    .await;
    for scope in [ListingScope::Everything, active()] {
        let error = read_served(&server, &scope).await.unwrap_err();
        assert!(matches!(error, Error::CutShort { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn subscriptions_that_leave_a_status_are_no_contradiction() {
    // Canceled after the first page of the list: the count is smaller when it is requested again.
    let server = served(|request, _, _, total| {
        let is_again = request.value("per_page") == Some("1");
        let is_list = request.value("status").is_some();
        *total = if is_list && !is_again { 102 } else { 100 };
        if !is_list {
            *total = 2_000;
        }
    })
    .await;
    assert_eq!(read_served(&server, &active()).await.unwrap(), 100);
}
