//! Explanations of the access that each subscription grants.

use super::*;
use crate::{
    CanceledGrace, Details, ScheduledAction, ScheduledChange,
    testing::{DAY, findings},
};

fn subscription_line(contract: &Contract, subscription: Subscription) -> String {
    let explanation = explained(contract, &facts([account("1")], [subscription]));
    let [subscription] = explanation.subscriptions.as_slice() else {
        panic!("{explanation:#?}");
    };
    format!("{}: {}", subscription.access.as_str(), subscription.reason)
}

#[test]
fn the_access_of_each_subscription_is_explained() {
    let mut contract = contract();
    contract.ignore_prices = vec![crate::PricePattern::parse("addon_*")];
    contract.grace.past_due = Some(3 * DAY);
    let line = |status, price| subscription_line(&contract, subscription("1", status, price));
    assert_eq!(
        line("active", "price_pro"),
        "grants: `active` is a granting status and `price_pro` is plan `pro`"
    );
    assert_eq!(
        line("trialing", "price_free"),
        "does not grant: `trialing` is a granting status, but all of its plans are free: `price_free`"
    );
    assert_eq!(
        line("active", "price_new"),
        "unjudged: `active` is a granting status, but none of its prices is in `plans`: `price_new`"
    );
    assert_eq!(
        line("active", "addon_1"),
        "left out: all its prices are in `ignore_prices`"
    );
    assert_eq!(
        line("halted", "price_pro"),
        "unjudged: `halted` is neither in `statuses.grant` nor in `statuses.deny`"
    );
    assert_eq!(
        line("canceled", "price_pro"),
        "does not grant: `canceled` does not grant"
    );
    let mut void = subscription("1", "active", "price_pro");
    void.pause = Some(crate::Pause::Void);
    assert!(
        subscription_line(&contract, void)
            .starts_with("unjudged: its collection is paused as `void`")
    );
    let empty = subscription("1", "active", "").items([]);
    assert!(subscription_line(&contract, empty).ends_with("status, and it carries no price"));
    contract.plans.clear();
    assert_eq!(
        subscription_line(&contract, subscription("1", "active", "price_x")),
        "grants: `active` is a granting status"
    );
}

#[test]
fn grace_is_explained_with_its_start_and_end() {
    let mut contract = contract();
    contract.grace.past_due = Some(3 * DAY);
    assert_eq!(
        subscription_line(&contract, subscription("1", "past_due", "price_pro")),
        "in grace: `past_due` does not grant, but `grace.past_due` (overdue since \
         2026-10-31T00:00:00Z) lasts until 2026-11-03T00:00:00Z"
    );
    contract.grace.canceled = Some(CanceledGrace::For(DAY / 2));
    assert_eq!(
        subscription_line(&contract, subscription("1", "canceled", "price_pro")),
        "does not grant: `canceled` does not grant, and `grace.canceled` (from its end, 2026-10-31T00:00:00Z) \
         ended 2026-10-31T12:00:00Z"
    );
    contract.grace.canceled = Some(CanceledGrace::UntilPeriodEnd);
    assert!(
        subscription_line(&contract, subscription("1", "canceled", "price_pro"))
            .ends_with("but `grace.canceled: until_period_end` lasts until 2026-11-30T00:00:00Z")
    );
    // A missing value prevents the verdict on the customer, and the explanation names it.
    contract.grace.canceled = Some(CanceledGrace::For(DAY));
    let endless = Subscription {
        ended_at: None,
        ..subscription("1", "canceled", "price_pro")
    };
    let explanation = explained(&contract, &facts([account("1").paid()], [endless]));
    assert!(
        matches!(explanation.judgement, Err(Unanswerable::Missing { .. })),
        "{explanation:#?}"
    );
    assert_eq!(
        explanation
            .subscriptions
            .first()
            .map(|subscription| subscription.access.as_str()),
        Some("undecided")
    );
}

#[test]
fn a_scheduled_change_is_shown_with_its_times() {
    let mut one = subscription("1", "active", "price_pro");
    one.details = Some(Box::new(Details {
        scheduled: Some(ScheduledChange {
            action: ScheduledAction::Pause,
            at: NOW.plus(DAY),
            resumes: Some(NOW.plus(2 * DAY)),
        }),
        ..Details::default()
    }));
    let world = facts([account("1")], [one]);
    let leak = findings(&contract(), &world).remove(0);
    let evidence = leak.evidence_lines().join("\n");
    let said = ", pause scheduled for 2026-11-02T00:00:00Z until 2026-11-03T00:00:00Z";
    assert!(evidence.contains(said), "{evidence}");
    let explanation = explained(&contract(), &world);
    let shown: Vec<_> = explanation
        .subscriptions
        .iter()
        .filter_map(|subscription| Some(subscription.scheduled?.action))
        .collect();
    assert_eq!(shown, [ScheduledAction::Pause]);
}

#[test]
fn no_subscription_of_a_customer_on_a_test_clock_is_judged() {
    let mut on_clock = subscription("1", "canceled", "price_pro");
    on_clock.on_test_clock = true;
    let other = subscription("1", "active", "price_pro").id("sub_other");
    let world = facts([account("1")], [on_clock, other]);
    let explained = explained(&contract(), &world);
    let access = explained
        .subscriptions
        .iter()
        .map(|subscription| subscription.access.as_str());
    assert!(access.eq(["unjudged", "unjudged"]));
}
