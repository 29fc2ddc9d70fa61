//! The causes of findings, from the provider's events: each cause, a missing permission, a limit, and evidence turned
//! off.

use fake_stripe::{
    Customer, Endpoint, Event, Feature, Key, Permission, Status, Subscription, World,
};
use serde_json::json;
use testing::{
    database::Database,
    program::{KEY, ProgramOutput},
};

use super::live::{Live, NOW, contract, contract_with};

const DAY: i64 = 86_400;

fn event(id: &str, kind: &str, subscription: &str) -> Event {
    Event {
        id: id.into(),
        created: NOW - DAY,
        kind: kind.into(),
        api_version: "2020-08-27".into(),
        object: json!({"id": subscription, "object": "subscription"}),
        previous_attributes: None,
        request: None,
        idempotency_key: None,
        pending_webhooks: 0,
    }
}

/// Alice pays and has no access, Bob left and kept it; rows were written two days ago.
fn drifted(events: impl IntoIterator<Item = Event>, more: &[&str]) -> Live {
    let mut world = World::new(NOW);
    world.subscription(
        Subscription::new("cus_alice", Status::Active)
            .id("sub_alice")
            .created(NOW - 40 * DAY)
            .price("price_pro"),
    );
    world.subscription(
        Subscription::new("cus_bob", Status::Canceled)
            .id("sub_bob")
            .created(NOW - 40 * DAY)
            .price("price_pro"),
    );
    for event in events {
        world.event(event);
    }
    let database = Database::with(&format!(
        "create table users (id text, stripe_customer_id text, has_paid_access boolean, changed bigint); \
         insert into users values ('usr_alice', 'cus_alice', false, {0}), ('usr_bob', 'cus_bob', true, {0})",
        NOW - 2 * DAY
    ));
    let contract = contract_with(&["updated_at: changed"], more);
    Live::new(world, database, &contract)
}

fn created() -> Event {
    event("evt_created", "customer.subscription.created", "sub_alice")
}

fn deleted() -> Event {
    Event {
        pending_webhooks: 2,
        ..event("evt_deleted", "customer.subscription.deleted", "sub_bob")
    }
}

fn events_asked(live: &Live) -> usize {
    let counts = live.stripe.counts();
    counts
        .get(&Endpoint::ListEvents)
        .copied()
        .unwrap_or_default()
}

fn without_causes(ran: &ProgramOutput) {
    for text in ["Webhook", "webhook was", "resend"] {
        assert!(!ran.stdout.contains(text), "{}", ran.stdout);
    }
}

#[test]
fn a_lost_webhook_and_a_handler_that_did_nothing_are_distinguished() {
    let live = drifted([created(), deleted()], &["evidence: on"]);
    let ran = live.check().with_status(1);
    let day = "2026-11-22T00:00:00Z";
    assert_eq!(
        ran.stdout,
        format!(
            "[HIGH] user:usr_alice
User has an active/trialing Stripe subscription but has_paid_access is false.
Revenue leak — user cannot access paid features.
Webhook delivered — customer.subscription.created of {day} (evt_created) has no delivery pending, and the row was not written since.
fix: Set has_paid_access=true in your webhook handler on subscription activation.
     Check that your endpoint listens for customer.subscription.created, and what its handler does with evt_created.
customer cus_alice, subscription sub_alice, 20.00 USD a month at stake

[HIGH] user:usr_bob
User has no active/trialing Stripe subscription (the newest is canceled) but has_paid_access is true.
Wrongful access — user keeps paid features without paying.
Webhook not delivered — customer.subscription.deleted of {day} (evt_deleted) was not accepted by 2 endpoints.
fix: Set has_paid_access=false in your webhook handler on subscription cancellation.
     Fix the endpoint first, then: stripe events resend evt_deleted
customer cus_bob, subscription sub_bob, 20.00 USD a month at stake

VERDICT: FAIL
"
        )
    );
    assert_eq!(events_asked(&live), 2);
    // One listing, one query about the customer who left, two reads of events.
    assert!(ran.stderr.contains("in 4 requests."), "{}", ran.stderr);

    let report = live.json().with_status(1).json();
    let evidence = report["findings"][1]["evidence"].to_string();
    assert!(
        evidence.contains("(evt_deleted) is not accepted by 2 endpoints"),
        "{evidence}"
    );
    assert_eq!(report["summary"]["provider_requests"], 4);
}

#[test]
fn a_change_older_than_the_log_is_reported_as_such() {
    let old = Event {
        created: NOW - 31 * DAY,
        ..created()
    };
    let live = drifted([old, deleted()], &["evidence: on"]);
    live.check()
        .with_status(1)
        .says(&["No webhook in 30 days — ", "resend evt_deleted"]);
}

#[test]
fn a_recent_change_without_an_event_is_not_called_old() {
    let live = drifted([], &["evidence: on"]);
    live.stripe.world(|world| {
        world.change_subscription_silently("sub_alice", |subscription| {
            subscription.created = NOW - 3 * DAY;
        });
        world.change_subscription_silently("sub_bob", |subscription| {
            subscription.details.ended_at = Some(NOW - 2 * DAY);
        });
    });
    let program = live.program("check access --now 2026-11-23T00:00:00Z");
    let ran = live.run(program).with_status(1);
    assert!(!ran.stdout.contains("older"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("too old"), "{}", ran.stdout);
    ran.says(&[
        "although it was created on 2026-11-20T00:00:00Z.",
        "although it ended on 2026-11-21T00:00:00Z.",
        "There is no event to resend",
    ]);
}

#[test]
fn a_plan_that_drifted_is_explained_by_the_change_of_price() {
    let changed = Event {
        previous_attributes: Some(json!({"items": {"data": []}})),
        pending_webhooks: 1,
        ..event("evt_upgrade", "customer.subscription.updated", "sub_alice")
    };
    let live = drifted([changed], &["evidence: on", "plans: {price_pro: pro}"]);
    live.database.run("alter table users add plan text default 'free'; update users set has_paid_access = (id = 'usr_alice')");
    let configuration = contract_with(
        &["plan: plan"],
        &["evidence: on", "plans: {price_pro: pro}"],
    );
    live.configure(&configuration);
    let ran = live.json().with_status(1);
    assert_eq!(ran.findings(), ["plan-drift user:usr_alice"]);
    let fix = ran.json()["findings"][0]["fix"].to_string();
    assert!(fix.contains("stripe events resend evt_upgrade"), "{fix}");
}

#[test]
fn a_key_without_events_costs_one_request() {
    let live = drifted([created(), deleted()], &["evidence: on"]);
    live.stripe.world(|world| {
        world.keys.add(Key::restricted(
            KEY,
            [Permission::SubscriptionRead, Permission::CustomerRead],
        ));
    });
    // Two contracts with one key.
    let first = contract_with(&[], &["evidence: on"]);
    let second = first
        .replace("version: 1\ncontracts:\n", "")
        .replace("name: users", "name: again");
    live.configure(&format!("{first}{second}"));
    let ran = live.check().with_status(1);
    without_causes(&ran);
    assert_eq!(events_asked(&live), 1);
    assert_eq!(ran.stderr.matches("[WARNING]").count(), 1, "{}", ran.stderr);
    ran.says(&[
        "the webhooks behind the findings could not be read",
        "set `Events` to Read (`rak_event_read`)",
        "`evidence: off` skips this",
    ]);
}

#[test]
fn no_events_are_requested_if_evidence_is_off_or_nothing_is_found() {
    let live = drifted([created(), deleted()], &["evidence: off"]);
    without_causes(&live.check().with_status(1));
    assert_eq!(events_asked(&live), 0);
    let live = drifted([created(), deleted()], &["evidence: on"]);
    live.database
        .run("update users set has_paid_access = not has_paid_access");
    live.check().with_status(0);
    assert_eq!(events_asked(&live), 0);
}

#[test]
fn a_log_of_thousands_is_not_read_to_its_end() {
    let noise = (0..1500).map(|n| Event {
        created: NOW - 60,
        pending_webhooks: n % 3,
        ..event("", "customer.subscription.updated", "sub_other")
    });
    let live = drifted(noise.chain([created()]), &["evidence: on"]);
    let ran = live.json().with_status(1);
    assert_eq!(events_asked(&live), 5);
    let report = ran.json();
    let leak = &report["findings"][0];
    assert!(!leak["message"].to_string().contains("Webhook"), "{leak}");
    assert!(
        leak["evidence"]
            .to_string()
            .contains("older ones were not read"),
        "{leak}"
    );
}

#[test]
fn a_plan_includes_the_requests_for_evidence() {
    let live = drifted([created(), deleted()], &["evidence: on", "max_requests: 6"]);
    let ran = live.run(live.program("check access --plan"));
    ran.with_status(0).says(&[
        "contract `users`: about 6 requests to Stripe",
        "       1  sent to make this plan",
        "       5  at most, for the webhooks behind findings",
    ]);
    let contract = |more: &[&str]| contract_with(&["updated_at: changed"], more);
    live.configure(&contract(&["evidence: on", "max_requests: 5"]));
    let ran = live.run(live.program("check access --plan"));
    ran.with_status(2)
        .says(&["but `max_requests` allows 5", "turn off `evidence`"]);
    live.configure(&contract(&["evidence: off", "max_requests: 5"]));
    let ran = live.run(live.program("check access --plan"));
    assert!(!ran.with_status(0).all().contains("webhooks"));
}

#[test]
fn the_event_of_entitlements_that_the_row_lacks_is_named() {
    let mut world = World::new(NOW);
    world.feature(Feature::new("feat_pro", "pro"));
    world.customer(Customer::new("cus_alice"));
    world.entitle("cus_alice", "feat_pro");
    let kind = "entitlements.active_entitlement_summary.updated";
    world.event(Event {
        object: json!({"object": "entitlements.active_entitlement_summary", "customer": "cus_alice"}),
        pending_webhooks: 1,
        ..event("evt_entitled", kind, "")
    });
    let contract = contract(&["source_of_truth: stripe_entitlements", "evidence: on"]);
    let contract = contract.replace("    stripe: {", "    entitlements: {");
    let database = Database::of_users("('usr_alice', 'cus_alice', false, null)");
    let live = Live::new(world, database, &contract);
    let report = live.json().with_status(1).json();
    let leak = &report["findings"][0];
    assert_eq!(leak["rule"], "revenue-leak");
    let fix = leak["fix"].as_str().expect("a text");
    assert!(fix.ends_with("stripe events resend evt_entitled"), "{fix}");
    assert!(events_asked(&live) > 0);
}
