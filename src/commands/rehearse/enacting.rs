//! A recorded scenario on a fake provider alone: whether it can be played, and comes to what was recorded.

use compact_str::CompactString;

use super::provider::{ActError, Buyer, furnish};
use crate::{
    contract::Contract,
    fake_stripe::{ApiVersion, Stage, Subscription, World},
    rehearsal::{CancelEncoding, Cast, Expected, PauseBehavior, Shape, Step, Until},
};

/// Any time: nothing depends on it.
const BEGINS: i64 = 1_767_225_600;

/// Whether the fake provider makes the events that each step sends, and comes to the recorded states.
pub(crate) fn comes_to(shape: &Shape, contract: &Contract, version: &ApiVersion) -> bool {
    let Some(cast) = Cast::of(contract) else {
        return false;
    };
    let mut world = World::new(BEGINS);
    furnish(&mut world, &cast, version);
    let stage = Stage {
        clock: BEGINS,
        events_version: version.clone(),
        namespace: "recorded".into(),
    };
    let mut buyer = Buyer::new(&mut world, stage, "recorded@rehearsal.prodverdict.invalid");
    let steps = shape.scenario.plays.iter().flat_map(|play| &play.steps);
    steps.zip(&shape.expected).all(|(step, expected)| {
        let Ok(events) = enact(&mut buyer, &mut world, &cast, step) else {
            return false;
        };
        tells(&world, &events, step, version)
            && expected
                .as_ref()
                .is_none_or(|expected| is_so(&buyer, &world, &cast, expected))
    })
}

fn enact(
    buyer: &mut Buyer,
    world: &mut World,
    cast: &Cast,
    step: &Step,
) -> Result<Vec<CompactString>, ActError> {
    let mut events = Vec::new();
    for act in &step.provider {
        events.extend(buyer.act(world, cast, act)?);
    }
    Ok(events)
}

fn tells(world: &World, events: &[CompactString], step: &Step, version: &ApiVersion) -> bool {
    let is_since_basil = version.has_periods_at_items();
    let mut due = step.send.iter();
    due.all(|sending| {
        sending.until == Some(Until::Basil) && is_since_basil
            || events.iter().any(|id| {
                let event = world.find_event(id);
                event.is_some_and(|event| event.kind == sending.event)
            })
    })
}

fn is_so(buyer: &Buyer, world: &World, cast: &Cast, expected: &Expected) -> bool {
    let id = buyer.id(&expected.label).ok();
    let Some(subscription) = id.and_then(|id| world.find_subscription(id)) else {
        return false;
    };
    subscription.status.as_str() == expected.status.as_str()
        && has_items(subscription, cast, expected)
        && (subscription.status.is_ended() || is_scheduled(subscription, expected))
}

fn has_items(subscription: &Subscription, cast: &Cast, expected: &Expected) -> bool {
    let mut there: Vec<_> = subscription.items.iter().collect();
    let mut due = expected.items.iter();
    let has_all = due.all(|(role, quantity)| {
        let price = cast.price(*role, None);
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

fn is_scheduled(subscription: &Subscription, expected: &Expected) -> bool {
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
