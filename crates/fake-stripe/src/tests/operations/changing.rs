//! Changes of prices, quantities and items; schedules.

use serde_json::{Value, json};

use super::{BOTH, DAY, MONTH, NEW, Play, period_end, schedule_of};
use crate::{Item, Price, Renewal};

const UPDATED: &str = "customer.subscription.updated";

#[test]
fn a_price_change_is_prorated_on_the_next_invoice() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.subscribed("sub_a");
        let item = play.world.find_subscription("sub_a").unwrap().items[0]
            .id
            .clone();
        let events = play.events_of(15 * DAY, |world| {
            world.change_price("sub_a", None, "price_team")
        });
        events.share_one_operation(version, true);
        assert_eq!(
            events.kinds(),
            [UPDATED, "invoiceitem.created", "invoiceitem.created"]
        );
        assert_eq!(events.at(UPDATED, "/items/data/0/price/id"), "price_team");
        assert_eq!(events.at(UPDATED, "/items/data/0/plan/id"), "price_team");
        assert_eq!(events.at(UPDATED, "/items/data/0/id"), item.as_str());
        let old = events.previous(UPDATED).pointer("/items/data/0/price/id");
        assert_eq!(old, Some(&json!("price_pro")));
        let amounts: Vec<_> = events
            .0
            .iter()
            .skip(1)
            .map(|event| &event.object["amount"])
            .collect();
        assert_eq!(amounts, [&json!(-1000), &json!(2500)]);
        let events = play.events_of(15 * DAY, |world| {
            world.renew_subscription("sub_a", Renewal::Paid)
        });
        assert_eq!(events.at("invoice.paid", "/total"), 5000 + 1500);
        assert_eq!(events.at("invoice.paid", "/lines/total_count"), 3);
        let events = play.events_of(MONTH, |world| {
            world.renew_subscription("sub_a", Renewal::Paid)
        });
        assert_eq!(events.at("invoice.paid", "/total"), 5000);
    }
}

#[test]
fn another_interval_begins_a_new_period_at_once() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.subscribed("sub_a");
        let events = play.events_of(15 * DAY, |world| {
            world.change_price("sub_a", None, "price_year")
        });
        assert_eq!(
            events.at(UPDATED, period_end(version)),
            play.stage.clock + 365 * DAY
        );
        assert_eq!(
            events.at("invoice.paid", "/billing_reason"),
            "subscription_update"
        );
        assert_eq!(events.at("invoice.paid", "/total"), 20_000 - 1000);
    }
}

#[test]
fn seats_change_and_change_back() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.subscribed("sub_a");
        let events = play.events_of(DAY, |world| world.change_quantity("sub_a", None, 5));
        assert_eq!(events.at(UPDATED, "/items/data/0/quantity"), 5);
        let old = events.previous(UPDATED).pointer("/items/data/0/quantity");
        assert_eq!(old, Some(&json!(1)));
        play.events_of(DAY, |world| {
            world.change_quantity("sub_a", Some("price_pro"), 1)
        });
        let (_, events) = play.after(DAY, |world| world.change_quantity("sub_a", None, 1));
        assert!(
            events.is_empty(),
            "nothing changed, so no event is recorded"
        );
    }
}

#[test]
fn items_come_and_go() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.subscribed("sub_a");
        let usage = Item::new("price_usage").metered();
        let events = play.events_of(DAY, |world| world.add_item("sub_a", usage));
        assert_eq!(events.kinds(), [UPDATED]);
        assert_eq!(events.at(UPDATED, "/items/total_count"), 2);
        let old = events.previous(UPDATED).pointer("/items/data").unwrap();
        assert_eq!(old.as_array().map(Vec::len), Some(1));
        let events = play.events_of(DAY, |world| world.remove_item("sub_a", "price_usage"));
        assert_eq!(events.at(UPDATED, "/items/total_count"), 1);
        let last = play.world.remove_item("sub_a", "price_pro");
        assert!(last.unwrap_err().to_string().contains("the only one"));
        let none = play.world.change_price("sub_a", None, "price_nowhere");
        assert_eq!(
            none.unwrap_err().to_string(),
            "There is no price `price_nowhere`."
        );
    }
}

#[test]
fn a_scheduled_change_waits_for_the_period_to_end() {
    for version in BOTH {
        let mut play = Play::new(version);
        play.subscribed("sub_a");
        let events = play.events_of(DAY, |world| world.schedule_change("sub_a", "price_team"));
        assert_eq!(
            events.kinds(),
            [
                "subscription_schedule.created",
                UPDATED,
                "subscription_schedule.updated"
            ]
        );
        let created = "subscription_schedule.created";
        assert_eq!(events.at(created, "/phases/0/items/0/price"), "price_pro");
        assert_eq!(events.at(created, "/phases/1/items/0/price"), "price_team");
        assert_eq!(events.previous(UPDATED), &json!({"schedule": null}));
        assert_eq!(events.at(UPDATED, "/items/data/0/price/id"), "price_pro");
        let events = play.events_of(29 * DAY, |world| {
            world.enter_next_phase("sub_a", Renewal::Paid)
        });
        events.share_one_operation(version, false);
        assert_eq!(events.at(UPDATED, "/items/data/0/price/id"), "price_team");
        assert_eq!(events.at("invoice.paid", "/total"), 5000);
        let events = play.events_of(0, |world| {
            schedule_of(world, "sub_a").map(|id| world.release_schedule(&id))
        });
        assert_eq!(events.kinds(), ["subscription_schedule.released", UPDATED]);
        let released = "subscription_schedule.released";
        assert_eq!(events.at(released, "/released_subscription"), "sub_a");
        assert_eq!(events.at(released, "/subscription"), &Value::Null);
        assert_eq!(events.at(UPDATED, "/schedule"), &Value::Null);
    }
}

#[test]
fn a_price_gets_a_successor() {
    let mut play = Play::new(NEW);
    play.subscribed("sub_a");
    let new = Price::monthly("price_pro_2", 2500);
    let events = play.events_of(DAY, |world| {
        world.migrate_price("price_pro", new, &["sub_a".into()])
    });
    assert_eq!(
        events.kinds(),
        ["price.created", "price.updated", "price.updated", UPDATED]
    );
    assert_eq!(events.at("price.created", "/lookup_key"), "pro_monthly");
    let previous: Vec<_> = events
        .0
        .iter()
        .filter(|event| event.kind == "price.updated")
        .map(|event| event.previous_attributes.clone().unwrap())
        .collect();
    assert_eq!(
        previous,
        [
            json!({"lookup_key": "pro_monthly"}),
            json!({"active": true})
        ]
    );
    assert_eq!(events.at(UPDATED, "/items/data/0/price/id"), "price_pro_2");
}
