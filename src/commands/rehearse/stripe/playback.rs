//! Plays a recorded scenario on the fake provider alone, to check that it reaches the recorded states.

use compact_str::CompactString;
use fake_stripe::{ApiVersion, Subscription, World};

use super::prices::add_prices;
use crate::{
    commands::rehearse::{
        action_error::ActionError,
        scenario_world::{ScenarioWorld as _, perform_when_due},
        test_customer::{EventContext, TestCustomer},
    },
    contract::Contract,
    rehearsal::{
        CancelEncoding, ExpectedState, LifecycleShape, PauseBehavior, Step, TestPrices, Until,
    },
};

/// Start time, which has no effect on the result.
const START: i64 = 1_767_225_600;

/// Checks that the fake provider creates the events that each step sends and reaches the recorded states.
pub(crate) fn reproduces(
    shape: &LifecycleShape,
    contract: &Contract,
    version: &ApiVersion,
) -> bool {
    let Some(prices) = TestPrices::from_contract(contract) else {
        return false;
    };
    let mut world = World::new(START);
    add_prices(&mut world, &prices, version);
    let context = EventContext {
        clock: START,
        version: None,
        namespace: "recorded".into(),
    };
    let email = "recorded@rehearsal.prodverdict.invalid";
    let mut customer = world.add_customer(email, context);
    let steps = shape.scenario.plays.iter().flat_map(|play| &play.steps);
    steps.zip(&shape.expected).all(|(step, expected)| {
        let Ok(events) = perform_all(&mut world, &prices, &mut customer, step) else {
            return false;
        };
        has_events(&world, &events, step, version)
            && expected
                .as_ref()
                .is_none_or(|expected| has_state(&customer, &world, &prices, expected))
    })
}

fn perform_all(
    world: &mut World,
    prices: &TestPrices,
    customer: &mut TestCustomer,
    step: &Step,
) -> Result<Vec<CompactString>, ActionError> {
    let mut events = Vec::new();
    for action in &step.provider {
        events.extend(perform_when_due(world, prices, customer, action)?);
    }
    Ok(events)
}

fn has_events(world: &World, events: &[CompactString], step: &Step, version: &ApiVersion) -> bool {
    let is_since_basil = version.has_periods_at_items();
    let mut wanted = step.send.iter();
    wanted.all(|sending| {
        sending.until == Some(Until::Basil) && is_since_basil
            || events.iter().any(|id| {
                let event = world.find_event(id);
                event.is_some_and(|event| event.kind == sending.event)
            })
    })
}

fn has_state(
    customer: &TestCustomer,
    world: &World,
    prices: &TestPrices,
    expected: &ExpectedState,
) -> bool {
    let id = customer.subscription(&expected.label).ok();
    let Some(subscription) = id.and_then(|id| world.find_subscription(id)) else {
        return false;
    };
    subscription.status.as_str() == expected.status.as_str()
        && has_items(subscription, prices, expected)
        && (subscription.status.is_ended() || is_scheduled(subscription, expected))
}

fn has_items(subscription: &Subscription, prices: &TestPrices, expected: &ExpectedState) -> bool {
    let mut there: Vec<_> = subscription.items.iter().collect();
    let mut wanted = expected.items.iter();
    let has_all = wanted.all(|(role, quantity)| {
        let price = prices.price(*role, None);
        let position = there.iter().position(|item| {
            let is_price = price
                .as_ref()
                .is_some_and(|price| price.as_str() == item.price);
            is_price && quantity.is_none_or(|quantity| item.quantity == Some(quantity))
        });
        position.map(|position| there.remove(position)).is_some()
    });
    has_all && there.is_empty()
}

fn is_scheduled(subscription: &Subscription, expected: &ExpectedState) -> bool {
    let details = &subscription.details;
    let cancel = match (details.cancel_at_period_end, details.cancel_at) {
        (true, _) => Some(CancelEncoding::Flag),
        (false, Some(_)) => Some(CancelEncoding::Time),
        (false, None) => None,
    };
    let pause = details.pause_collection.as_ref();
    let pause = pause.map(|pause| pause.behavior.as_str());
    let expected_pause = expected.pause.map(PauseBehavior::as_str);
    cancel == expected.cancel && pause == expected_pause
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        contract::{Plans, Source},
        rehearsal::{ProductionLog, Provider, ProviderAction, Recording, built_in, parse},
    };

    fn contract() -> Contract {
        let mut contract = Contract::new(Source::Stripe);
        let plans = [
            ("price_1", "pro"),
            ("price_2", "pro"),
            ("price_3", "team"),
            ("price_4", "max"),
        ];
        contract.plans = Plans::by_price(plans);
        contract
    }

    /// Records these actions, with events of a version.
    fn recorded(
        actions: &[&ProviderAction],
        version: &ApiVersion,
    ) -> Result<Recording, ActionError> {
        let contract = contract();
        let prices = TestPrices::from_contract(&contract).expect("a paid plan");
        let mut world = World::new(START);
        add_prices(&mut world, &prices, version);
        let context = EventContext {
            clock: START,
            version: None,
            namespace: "life".into(),
        };
        let mut customer = world.add_customer("somebody@example.com", context);
        customer.checkout.subscription_metadata =
            BTreeMap::from([("user".to_owned(), "usr_1".to_owned())]);
        let mut events = Vec::new();
        for action in actions {
            events.extend(perform_when_due(
                &mut world,
                &prices,
                &mut customer,
                action,
            )?);
        }
        let mut log = ProductionLog::default();
        for id in events.iter().rev() {
            let body = world.event_body(id).expect("an event");
            log.add(&serde_json::from_slice(&body).expect("JSON"));
        }
        Ok(log.recording(
            &contract,
            &prices,
            &built_in(Provider::Stripe).expect("scenarios"),
        ))
    }

    fn versions() -> [ApiVersion; 2] {
        ["2024-06-20", "2026-10-28.endive"].map(|version| version.parse().expect("a version"))
    }

    /// Returns true if the customer's events show the action, and if a recording has labels for its subscriptions.
    fn is_of_customer(action: &ProviderAction) -> bool {
        !matches!(
            action,
            ProviderAction::Forget { .. }
                | ProviderAction::GuestPayment {}
                | ProviderAction::Stranger {}
                | ProviderAction::NotOurs(_)
                | ProviderAction::Invent {}
                | ProviderAction::Abandon { .. }
        )
    }

    #[test]
    fn lifecycles_of_built_in_scenarios_are_recognized() {
        for scenario in built_in(Provider::Stripe).expect("scenarios") {
            for (play, version) in scenario
                .plays
                .iter()
                .flat_map(|play| versions().map(|version| (play, version)))
            {
                let actions: Vec<&ProviderAction> =
                    play.steps.iter().flat_map(|step| &step.provider).collect();
                if !actions.iter().all(|action| is_of_customer(action)) {
                    continue;
                }
                let recording = recorded(&actions, &version).expect("playable");
                let name = format!("{} {:?} {version}: {recording:#?}", scenario.id, play.name);
                assert_eq!(recording.unplayable.len(), 0, "{name}");
                assert_eq!(recording.shapes.len(), 0, "{name}");
                assert_eq!(recording.covered.values().sum::<u64>(), 1, "{name}");
            }
        }
    }

    /// Records the actions of a user-defined scenario file.
    fn as_recorded(actions: &str, version: &ApiVersion) -> String {
        let text = format!(
            "id: mine\ntitle: t\nends: e\nwhy: w\nplays:\n- steps:\n  - id: a\n    does: d\n    provider: {actions}"
        );
        let scenario = parse("mine.yml", &text, Provider::Stripe).expect("a scenario");
        let steps = scenario.plays.iter().flat_map(|play| &play.steps);
        let actions: Vec<&ProviderAction> = steps.flat_map(|step| &step.provider).collect();
        let recording = recorded(&actions, version).expect("playable");
        let shape = recording
            .shapes
            .first()
            .unwrap_or_else(|| panic!("{recording:#?}"));
        assert!(reproduces(shape, &contract(), version), "{shape:#?}");
        shape.scenario.title.clone()
    }

    #[test]
    fn acts_are_found_again_in_their_events() {
        for (actions, title) in [
            (
                "[{checkout: {trial_days: 14}}, {change_quantity: {quantity: 9}}, {end_trial: {then: payment_fails}}, {recover: {}}]",
                "checkout (trial_days: 14), change quantity (quantity: 2), end trial (then: payment_fails), recover",
            ),
            (
                "[{checkout: {}}, {schedule_change: {price: other}}, {enter_phase: {}}, {renew: {paid: no}}, {payment_failed: {}}, {wait: {days: 3}}, {payment_failed: {}}, {give_up: {then: unpaid}}, {recover: {}}]",
                "checkout, schedule change (price: other), enter phase, renew (paid: no), payment failed, payment failed, give up (then: unpaid), recover",
            ),
            (
                "[{checkout: {payment: never}}, {checkout: {}}, {checkout: {subscription: second, price: other}}, {change_price: {subscription: second, price: main}}, {cancel_now: {}}]",
                "checkout (payment: never), checkout, checkout (price: other, subscription: second), change price (price: main, subscription: second), cancel now",
            ),
            (
                "[{subscribe: {payment: waits, quantity: 5}}, {pay: {}}, {schedule_cancel: {as: time}}, {keep: {}}, {delete_customer: {}}]",
                "subscribe (payment: waits, quantity: 2), pay, schedule cancel (as: time), keep, delete customer",
            ),
            (
                "[{checkout: {items: [main, metered]}}, {change_price: {price: yearly}}, {add_item: {price: unknown}}, {pause: {}}, {resume: {}}, {remove_item: {price: unknown}}]",
                "checkout (items: [main,metered]), change price (price: yearly), add item (price: unknown), pause, resume, remove item (price: unknown)",
            ),
            (
                "[{checkout: {}}, {change_price: {price: other}}, {change_price: {price: third}}, {refund: {amount: part}}, {refund: {}}]",
                "checkout, change price (price: other), change price (price: third), refund (amount: part), refund",
            ),
            (
                "[{subscribe: {trial_days: 14}}, {schedule_cancel: {}}, {change_email: {}}, {pause_collection: {behavior: keep_as_draft}}, {clear_pause: {}}, {cancel_now: {}}]",
                "subscribe (trial_days: 14), schedule cancel, change email, pause collection (behavior: keep_as_draft), clear pause, cancel now",
            ),
        ] {
            for version in versions() {
                assert_eq!(as_recorded(actions, &version), title, "{version}");
            }
        }
    }
}
