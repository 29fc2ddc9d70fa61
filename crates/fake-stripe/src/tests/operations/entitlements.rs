//! Entitlements that follow the features of the products that a customer subscribes to.

use serde_json::{Value, json};

use super::{BOTH, DAY, MONTH, NEW, OLD, Play, RecordedEvents, plan};
use crate::{
    EndForm, Feature, FirstPayment, GiveUp, Item, PauseCollection, Product, Renewal, Status,
    Subscription, TrialEnd, World,
};

const SUMMARY: &str = "entitlements.active_entitlement_summary.updated";

/// A shop whose plans come with a feature each.
fn play(version: &str) -> Play {
    let mut play = Play::new(version);
    for (price, feature) in [("price_pro", "feat_a"), ("price_team", "feat_b")] {
        let product = product_of(&play.world, price);
        play.world.attach_feature(&product, feature).unwrap();
    }
    play
}

fn product_of(world: &World, price: &str) -> String {
    world.find_price(price).unwrap().product.to_string()
}

/// Lists the lookup keys that a customer is entitled to.
fn entitled(play: &Play, customer: &str) -> Vec<String> {
    let objects = play.world.entitlement_objects(customer).into_iter();
    objects
        .map(|one| one["lookup_key"].as_str().unwrap().to_owned())
        .collect()
}

/// Lists the lookup keys of a summary.
fn keys(list: &Value) -> Vec<&str> {
    let data = list["data"].as_array().unwrap().iter();
    data.map(|one| one["lookup_key"].as_str().unwrap())
        .collect()
}

/// Returns the lookup keys before and after the only change of an operation.
#[track_caller]
fn change(events: &RecordedEvents) -> (Vec<&str>, Vec<&str>) {
    let kinds = events.kinds();
    let summaries = kinds.iter().filter(|kind| **kind == SUMMARY);
    assert_eq!(summaries.count(), 1, "{kinds:?}");
    let before = events.previous(SUMMARY).pointer("/entitlements").unwrap();
    (keys(before), keys(events.at(SUMMARY, "/entitlements")))
}

#[track_caller]
fn assert_no_change(events: &RecordedEvents) {
    assert!(!events.kinds().contains(&SUMMARY), "{:?}", events.kinds());
}

#[test]
fn a_purchase_entitles_and_a_cancellation_ends_that() {
    for version in BOTH {
        let mut play = play(version);
        let (purchase, events) = play.buy(plan());
        assert_eq!(change(&events), (vec![], vec!["a"]), "{version}");
        assert_eq!(events.at(SUMMARY, "/customer"), purchase.customer.as_str());
        events.share_one_operation(version, true);
        assert_eq!(entitled(&play, &purchase.customer), ["a"]);
        let id = &purchase.subscription;
        let events = play.events_of(DAY, |world| world.schedule_cancel(id, EndForm::TimeOnly));
        assert_no_change(&events);
        let events = play.events_of(MONTH, |world| world.end_at_period_end(id));
        assert_eq!(change(&events), (vec!["a"], vec![]), "{version}");
        assert!(entitled(&play, &purchase.customer).is_empty());
    }
}

#[test]
fn an_unpaid_purchase_entitles_to_nothing() {
    let mut play = play(NEW);
    let subscription = || Subscription::new("cus_a", Status::Active).price("price_pro");
    play.world.customer(crate::Customer::new("cus_a"));
    let events = play.events_of(0, |world| {
        world.subscribe(subscription().id("sub_a"), FirstPayment::Awaited)
    });
    assert_no_change(&events);
    let events = play.events_of(60, |world| world.pay_first_invoice("sub_a"));
    assert_eq!(change(&events), (vec![], vec!["a"]));
    play.events_of(0, |world| {
        world.subscribe(subscription().id("sub_b"), FirstPayment::Declined)
    });
    let events = play.events_of(DAY, |world| world.expire_incomplete("sub_b"));
    assert_no_change(&events);
}

#[test]
fn entitlements_follow_the_items() {
    let mut play = play(OLD);
    play.subscribed("sub_a");
    let events = play.events_of(DAY, |world| world.change_price("sub_a", None, "price_team"));
    assert_eq!(change(&events), (vec!["a"], vec!["b"]));
    let events = play.events_of(DAY, |world| world.change_quantity("sub_a", None, 3));
    assert_no_change(&events);
    let events = play.events_of(DAY, |world| world.add_item("sub_a", Item::new("price_pro")));
    assert_eq!(change(&events), (vec!["b"], vec!["a", "b"]));
    let events = play.events_of(DAY, |world| world.remove_item("sub_a", "price_team"));
    assert_eq!(change(&events), (vec!["a", "b"], vec!["a"]));
    play.events_of(DAY, |world| world.schedule_change("sub_a", "price_team"));
    let events = play.events_of(MONTH, |world| {
        world.enter_next_phase("sub_a", Renewal::Paid)
    });
    assert_eq!(change(&events), (vec!["a"], vec!["b"]));
}

#[test]
fn a_product_changes_for_subscribers_with_the_next_period() {
    let mut play = play(NEW);
    play.subscribed("sub_a");
    let product = product_of(&play.world, "price_pro");
    let events = play.events_of(DAY, |world| world.attach_feature(&product, "feat_b"));
    assert_eq!(events.kinds(), [""; 0]);
    let events = play.events_of(DAY, |world| {
        world.pause_collection(
            "sub_a",
            PauseCollection {
                behavior: "void".into(),
                resumes_at: None,
            },
        )
    });
    assert_no_change(&events);
    let events = play.events_of(MONTH, |world| {
        world.renew_subscription("sub_a", Renewal::Paid)
    });
    assert_eq!(change(&events), (vec!["a"], vec!["b", "a"]));
    play.events_of(DAY, |world| world.detach_feature(&product, "feat_b"));
    assert_eq!(entitled(&play, "cus_sub_a"), ["b", "a"]);
    let events = play.events_of(MONTH, |world| {
        world.renew_subscription("sub_a", Renewal::Draft)
    });
    assert_eq!(change(&events), (vec!["b", "a"], vec!["a"]));
}

#[test]
fn subscribers_without_features_get_them_later_too() {
    let mut play = Play::new(NEW);
    play.subscribed("sub_a");
    let product = product_of(&play.world, "price_pro");
    play.events_of(DAY, |world| world.attach_feature(&product, "feat_a"));
    let events = play.events_of(DAY, |world| {
        world.schedule_cancel("sub_a", EndForm::TimeOnly)
    });
    assert_no_change(&events);
    play.events_of(DAY, |world| world.keep_subscription("sub_a"));
    let events = play.events_of(MONTH, |world| {
        world.renew_subscription("sub_a", Renewal::Paid)
    });
    assert_eq!(change(&events), (vec![], vec!["a"]));
}

#[test]
fn a_paused_subscription_keeps_its_entitlements() {
    let mut play = play(NEW);
    let session = crate::CheckoutSession {
        trial_days: Some(14),
        ..plan()
    };
    let (purchase, events) = play.buy(session);
    assert_eq!(change(&events), (vec![], vec!["a"]));
    let id = &purchase.subscription;
    let events = play.events_of(14 * DAY, |world| world.end_trial(id, TrialEnd::Pause));
    assert_no_change(&events);
    assert_eq!(play.status(id), "paused");
    assert_eq!(entitled(&play, &purchase.customer), ["a"]);
}

#[test]
fn failing_payments_end_entitlements_with_the_subscription() {
    let mut play = play(NEW);
    play.subscribed("sub_a");
    let events = play.events_of(MONTH, |world| world.payment_fails("sub_a"));
    assert_no_change(&events);
    assert_eq!(play.status("sub_a"), "past_due");
    let events = play.events_of(14 * DAY, |world| world.give_up("sub_a", GiveUp::Cancel));
    assert_eq!(change(&events), (vec!["a"], vec![]));
}

#[test]
fn two_subscriptions_share_their_features() {
    let mut play = play(NEW);
    play.subscribed("sub_a");
    let second = Subscription::new("cus_sub_a", Status::Active).price("price_pro");
    let events = play.events_of(DAY, |world| {
        world.subscribe(second.id("sub_b"), FirstPayment::Paid)
    });
    assert_no_change(&events);
    let events = play.events_of(DAY, |world| world.cancel_now("sub_a"));
    assert_no_change(&events);
    let events = play.events_of(DAY, |world| world.remove_customer("cus_sub_a"));
    assert_eq!(change(&events), (vec!["a"], vec![]));
}

#[test]
fn entitlements_without_a_product_stay() {
    let mut play = play(NEW);
    play.subscribed("sub_a");
    play.world.feature(Feature::new("feat_gift", "gift"));
    play.world.entitle("cus_sub_a", "feat_gift");
    let events = play.events_of(DAY, |world| world.cancel_now("sub_a"));
    assert_eq!(change(&events), (vec!["a", "gift"], vec!["gift"]));
}

#[test]
fn a_summary_shows_ten_entitlements_and_says_that_there_are_more() {
    let mut play = play(NEW);
    let product = play.world.product(Product::new("prod_many", "Many"));
    for number in 0..12 {
        let id = play.world.feature(Feature::new(
            &format!("feat_{number}"),
            &format!("f{number}"),
        ));
        play.world.attach_feature(&product, &id).unwrap();
    }
    play.world
        .price(crate::Price::monthly("price_many", 500).product("prod_many"));
    play.subscribed("sub_a");
    let events = play.events_of(DAY, |world| {
        world.add_item("sub_a", Item::new("price_many"))
    });
    let list = events.at(SUMMARY, "/entitlements");
    assert_eq!(keys(list).len(), 10);
    assert!(!keys(list).contains(&"a"), "{list:#}");
    assert_eq!(list["has_more"], true);
    assert_eq!(entitled(&play, "cus_sub_a").len(), 13);
    // What goes is not among the ten.
    let events = play.events_of(DAY, |world| {
        world.add_item("sub_a", Item::new("price_team"))
    });
    assert_eq!(change(&events).1.first(), Some(&"b"));
    let events = play.events_of(DAY, |world| world.remove_item("sub_a", "price_pro"));
    let (before, after) = change(&events);
    assert_eq!(before, after);
    assert!(!entitled(&play, "cus_sub_a").contains(&"a".to_owned()));
}

#[test]
fn loaded_subscribers_lose_their_features_when_they_cancel() {
    let mut play = play(NEW);
    let loaded = Subscription::new("cus_a", Status::Active).id("sub_a");
    play.world.subscription(loaded.price("price_pro"));
    play.world.entitle("cus_a", "feat_a");
    let events = play.events_of(DAY, |world| world.cancel_now("sub_a"));
    assert_eq!(change(&events), (vec!["a"], vec![]));
    let summary = json!({"object": "list", "data": [], "has_more": false, "url": "/v1/customer/cus_a/entitlements"});
    assert_eq!(events.at(SUMMARY, "/entitlements"), &summary);
}
