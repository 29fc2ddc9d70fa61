//! Lists: every object once and in order, whatever the page size, the direction and the filter.

use super::{Bench, NOW, ids, text};
use crate::{Bulk, Customer, Item, Price, Status, Subscription, World};

pub(super) const SUBSCRIPTIONS: &str = "/v1/subscriptions";

/// Builds subscriptions that differ in everything that can be filtered, with several in each second.
pub(super) fn varied(count: u32) -> World {
    let mut world = World::new(NOW);
    world.price(Price::monthly("price_a", 1000));
    world.price(Price::monthly("price_b", 2000));
    world.price(Price::yearly("price_c", 3000));
    for number in 0..count {
        let status = Status::DOCUMENTED
            .into_iter()
            .cycle()
            .nth(usize::try_from(number).unwrap())
            .unwrap();
        let price = ["price_a", "price_b", "price_c"]
            .into_iter()
            .cycle()
            .nth(usize::try_from(number / 2).unwrap());
        let age = i64::from((number * 7) % 23) * 86_400;
        let mut subscription = Subscription::new(&format!("cus_{}", number % 5), status)
            .created(NOW - age)
            .price(price.unwrap());
        if number % 4 == 0 {
            subscription = subscription.item(Item::new("price_c").quantity(number));
        }
        if number % 3 == 0 {
            subscription = subscription.with(|details| details.days_until_due = Some(30));
        }
        world.subscription(subscription);
    }
    world
}

/// Returns the ids of the matching subscriptions, newest first; within a second the last one added comes first.
pub(super) fn naive(world: &World, passes: impl Fn(&Subscription) -> bool) -> Vec<String> {
    let mut found: Vec<_> = world
        .subscriptions()
        .enumerate()
        .filter(|(_, one)| passes(one))
        .collect();
    found.sort_by_key(|(position, one)| std::cmp::Reverse((one.created, *position)));
    found
        .into_iter()
        .map(|(_, one)| one.id.to_string())
        .collect()
}

/// Pages from the oldest object towards the newest with `ending_before`.
async fn walk_back(bench: &Bench, query: &[(&str, &str)]) -> Vec<String> {
    let forwards = bench.walk(SUBSCRIPTIONS, query).await;
    let Some(mut cursor) = forwards.last().cloned() else {
        return forwards;
    };
    let mut all = vec![cursor.clone()];
    loop {
        let mut query = query.to_vec();
        query.push(("ending_before", &cursor));
        let page = bench.get(SUBSCRIPTIONS, &query).await;
        let mut newer = ids(&page);
        newer.extend(all);
        all = newer;
        let Some(first) = all
            .first()
            .filter(|_| page.get("has_more") == Some(&true.into()))
        else {
            return all;
        };
        cursor = first.clone();
    }
}

#[tokio::test]
async fn paging_gives_each_object_once_and_in_order() {
    let expected = naive(&varied(47), |_| true);
    let bench = Bench::of(varied(47));
    for limit in ["1", "2", "3", "7", "10", "46", "47", "48", "100"] {
        let query = [("status", "all"), ("limit", limit)];
        assert_eq!(
            bench.walk(SUBSCRIPTIONS, &query).await,
            expected,
            "limit {limit}"
        );
        assert_eq!(
            walk_back(&bench, &query).await,
            expected,
            "limit {limit}, backwards"
        );
    }
}

#[tokio::test]
async fn a_page_has_ten_objects_unless_asked_otherwise() {
    let bench = Bench::of(varied(47));
    let page = bench.get(SUBSCRIPTIONS, &[("status", "all")]).await;
    assert_eq!(ids(&page).len(), 10);
    assert_eq!(text(&page, "/object"), "list");
    assert_eq!(text(&page, "/url"), "/v1/subscriptions");
    assert!(page.get("total_count").is_none());
}

#[tokio::test]
async fn an_empty_list_is_a_list() {
    let bench = Bench::of(World::new(NOW));
    let page = bench.get(SUBSCRIPTIONS, &[]).await;
    assert_eq!(
        page,
        serde_json::json!({"object": "list", "data": [], "has_more": false, "url": "/v1/subscriptions"})
    );
}

#[tokio::test]
async fn each_status_lists_its_subscriptions() {
    let world = varied(47);
    let bench = Bench::of(varied(47));
    for status in Status::DOCUMENTED {
        let expected = naive(&world, |one| one.status == status);
        assert!(!expected.is_empty());
        let query = [("status", status.as_str()), ("limit", "4")];
        assert_eq!(
            bench.walk(SUBSCRIPTIONS, &query).await,
            expected,
            "{status}"
        );
    }
    let ended = naive(&world, |one| one.status.is_ended());
    assert_eq!(
        bench.walk(SUBSCRIPTIONS, &[("status", "ended")]).await,
        ended
    );
    let default = naive(&world, |one| one.status != Status::Canceled);
    assert_eq!(bench.walk(SUBSCRIPTIONS, &[]).await, default);
}

#[tokio::test]
async fn a_deleted_customers_subscriptions_are_listed_as_canceled() {
    let mut world = World::new(NOW);
    let id = world.subscription(Subscription::new("cus_gone", Status::Active).price("price_a"));
    world.delete_customer_silently("cus_gone");
    let bench = Bench::of(world);
    assert_eq!(
        bench.walk(SUBSCRIPTIONS, &[("status", "canceled")]).await,
        [id.as_str()]
    );
    assert!(bench.walk(SUBSCRIPTIONS, &[]).await.is_empty());
}

#[tokio::test]
async fn test_clock_subscriptions_are_listed_on_request_only() {
    let mut world = World::new(NOW);
    let on_clock = Subscription::new("cus_clock", Status::Active).price("price_a");
    let hidden =
        world.subscription(on_clock.with(|details| details.test_clock = Some("clock_1".into())));
    let plain = world.subscription(Subscription::new("cus_plain", Status::Active).price("price_a"));
    let bench = Bench::of(world);
    assert_eq!(
        bench.walk(SUBSCRIPTIONS, &[("status", "all")]).await,
        [plain.as_str()]
    );
    assert_eq!(
        bench
            .walk(SUBSCRIPTIONS, &[("test_clock", "clock_1")])
            .await,
        [hidden.as_str()]
    );
    assert_eq!(
        bench
            .walk(SUBSCRIPTIONS, &[("customer", "cus_clock")])
            .await,
        [hidden.as_str()]
    );
}

#[tokio::test]
async fn objects_created_while_listing_shift_nothing() {
    let expected = naive(&varied(47), |_| true);
    let bench = Bench::of(varied(47));
    for number in 2..=5 {
        bench.fake.before_request(number, |world| {
            world.clock += 60;
            world.subscription(Subscription::new("cus_new", Status::Active).price("price_a"));
        });
    }
    let query = [("status", "all"), ("limit", "9")];
    assert_eq!(bench.walk(SUBSCRIPTIONS, &query).await, expected);
    assert_eq!(bench.fake.world(|world| world.subscription_count()), 51);
}

#[tokio::test]
async fn a_status_that_changes_during_a_listing_is_read_page_by_page() {
    let bench = Bench::of(varied(16));
    let last = naive(&varied(16), |_| true).pop().unwrap();
    let moved = last.clone();
    bench.fake.before_request(2, move |world| {
        world.set_status_silently(&moved, Status::Other("frozen".into()));
    });
    let first = bench
        .get(SUBSCRIPTIONS, &[("status", "all"), ("limit", "8")])
        .await;
    let cursor = ids(&first).pop().unwrap();
    let second = bench
        .get(
            SUBSCRIPTIONS,
            &[("status", "all"), ("starting_after", &cursor)],
        )
        .await;
    assert_eq!(text(&second, "/data/7/id"), last);
    assert_eq!(text(&second, "/data/7/status"), "frozen");
}

#[tokio::test]
async fn status_changes_while_listing_take_effect_at_once() {
    let world = varied(47);
    let active = naive(&world, |one| one.status == Status::Active);
    let unpaid = naive(&world, |one| one.status == Status::Unpaid);
    let (leaves, joins) = (active.last().unwrap(), unpaid.last().unwrap());
    let bench = Bench::of(world);
    let (left, joined) = (leaves.clone(), joins.clone());
    bench.fake.before_request(2, move |world| {
        world.set_status_silently(&left, Status::PastDue);
        world.set_status_silently(&joined, Status::Active);
    });
    let found = bench
        .walk(SUBSCRIPTIONS, &[("status", "active"), ("limit", "1")])
        .await;
    let is_active = |one: &Subscription| one.status == Status::Active;
    let expected = bench.fake.world(|world| naive(world, is_active));
    assert_eq!(found, expected);
    assert!(!found.contains(leaves) && found.contains(joins));
}

#[tokio::test]
async fn customers_are_listed_without_the_deleted_and_by_email() {
    let mut world = World::new(NOW);
    world.customer(
        Customer::new("cus_a")
            .email("a@example.com")
            .created(NOW - 3),
    );
    world.customer(
        Customer::new("cus_b")
            .email("b@example.com")
            .created(NOW - 2),
    );
    world.customer(Customer::new("cus_c").deleted());
    let bench = Bench::of(world);
    assert_eq!(
        bench.walk("/v1/customers", &[("limit", "1")]).await,
        ["cus_b", "cus_a"]
    );
    assert_eq!(
        bench
            .walk("/v1/customers", &[("email", "a@example.com")])
            .await,
        ["cus_a"]
    );
}

#[tokio::test]
async fn two_thousand_subscriptions_are_listed_completely() {
    let mut world = World::new(NOW);
    world.bulk(&Bulk::new(2_000));
    let expected = naive(&world, |_| true);
    let bench = Bench::of(world);
    let found = bench
        .walk(SUBSCRIPTIONS, &[("status", "all"), ("limit", "100")])
        .await;
    assert!(
        found == expected,
        "{} of {} in order",
        found.len(),
        expected.len()
    );
    assert_eq!(bench.fake.requests().len(), 20);
}
