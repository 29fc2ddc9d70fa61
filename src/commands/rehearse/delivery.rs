//! Delivers the events of a step and collects the handler's responses.

use std::time::Duration;

use compact_str::CompactString;
use tokio::time::{Instant, sleep};

use super::{
    fake_provider::{DeliveryReply, DeliveryTiming},
    real_now,
    run::{ActiveRun, OutgoingEvent, RunEvents},
    run_error::RunError,
    systems::{Systems, TestProvider},
};
use crate::rehearsal::{
    Answered, Delivery, EventOrder, HandlerResponse, ScenarioRun, Sending, Signing, Step, Variant,
    YesNo,
};

/// Number of redeliveries of a failed event. The provider waits hours or days between them; here they follow at once.
const REDELIVERIES: u32 = 2;
const BETWEEN_REDELIVERIES: Duration = Duration::from_millis(60);

/// Lists the events to deliver at this step, in order.
pub(super) fn events_to_deliver(
    systems: &Systems<'_>,
    scenario_run: &ScenarioRun<'_>,
    step: &Step,
    run: &mut ActiveRun<'_>,
) -> Result<Vec<OutgoingEvent>, RunError> {
    let provider = &systems.provider;
    let mut outgoing = std::mem::take(&mut run.events.left);
    if step.rest != Some(YesNo::Yes) {
        outgoing.clear();
    }
    for sent_at in &step.again {
        let ids = delivered_at(&run.events, sent_at);
        let again = ids.iter().filter_map(|id| {
            Some(OutgoingEvent {
                id: id.clone(),
                event: provider.fake.replayed_event(id)?,
                signed: Signing::AsDocumented,
            })
        });
        outgoing.extend(again);
    }
    let context = &run.account.customer.context;
    for sending in sendings(scenario_run, step) {
        let is_past = |version| provider.fake.has_reached(version, context);
        if sending.until.is_some_and(is_past) {
            continue;
        }
        let sent_at = sending.of.as_deref().unwrap_or(&step.id);
        let created = run.events.created.get(sent_at);
        let created = created.map(Vec::as_slice).unwrap_or_default();
        let before = outgoing.len();
        let found = created
            .iter()
            .filter_map(|id| outgoing_event(provider, id, sending.signed))
            .filter(|outgoing| outgoing.event.kind == sending.event);
        outgoing.extend(found);
        if outgoing.len() == before && !sending.is_optional {
            let message = format!("the provider sent no {} at step `{sent_at}`", sending.event);
            return Err(RunError::invalid_step(step, &message));
        }
    }
    outgoing.retain(|outgoing| systems.config.is_registered(&outgoing.event.kind));
    Ok(outgoing)
}

/// Lists the events that were delivered at a step, each once.
fn delivered_at(events: &RunEvents, step: &str) -> Vec<CompactString> {
    let mut ids: Vec<CompactString> = Vec::new();
    let delivered = events.delivered.iter();
    for delivery in delivered.filter(|delivery| delivery.step == step) {
        let id = CompactString::from(delivery.id.as_str());
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// Lists the events of a step in the order of the run.
fn sendings<'s>(run: &ScenarioRun<'_>, step: &'s Step) -> Vec<&'s Sending> {
    match &run.variant {
        Variant::Order(order) if step.order == EventOrder::Every => order
            .iter()
            .filter_map(|index| step.send.get(*index))
            .collect(),
        Variant::None
        | Variant::Order(_)
        | Variant::AtOnce
        | Variant::Price(_)
        | Variant::Version(_) => step.send.iter().collect(),
    }
}

fn outgoing_event(provider: &TestProvider, id: &str, signed: Signing) -> Option<OutgoingEvent> {
    Some(OutgoingEvent {
        id: id.into(),
        event: provider.fake.event(id)?,
        signed,
    })
}

/// Delivers all events, and redelivers failed ones, as the provider does.
pub(super) async fn deliver_all(
    systems: &Systems<'_>,
    step: &Step,
    outgoing: &[OutgoingEvent],
    events: &RunEvents,
    at_once: bool,
) -> Vec<Delivery> {
    let one = |event| deliver(systems, step, event, events);
    let mut deliveries = if at_once {
        futures::future::join_all(outgoing.iter().map(one)).await
    } else {
        let mut deliveries = Vec::with_capacity(outgoing.len());
        for event in outgoing {
            deliveries.push(one(event).await);
        }
        deliveries
    };
    if step.then.answer != Answered::Accepted {
        return deliveries;
    }
    let mut failed: Vec<&OutgoingEvent> = outgoing
        .iter()
        .zip(&deliveries)
        .filter(|(_, delivery)| !delivery.answer.is_success())
        .map(|(event, _)| event)
        .collect();
    for _ in 0..REDELIVERIES {
        if failed.is_empty() || systems.handler.responses.are_missing() {
            break;
        }
        sleep(BETWEEN_REDELIVERIES).await;
        let mut still = Vec::new();
        for event in failed {
            let mut delivery = one(event).await;
            delivery.is_repeat = true;
            if !delivery.answer.is_success() {
                still.push(event);
            }
            deliveries.push(delivery);
        }
        failed = still;
    }
    deliveries
}

pub(super) async fn deliver(
    systems: &Systems<'_>,
    step: &Step,
    outgoing: &OutgoingEvent,
    events: &RunEvents,
) -> Delivery {
    let (event, responses) = (&outgoing.event, &systems.handler.responses);
    let fake = &systems.provider.fake;
    let limit = responses.limit(&event.kind);
    let timing = DeliveryTiming {
        now: real_now(),
        timeout: fake
            .response_limit()
            .map_or(limit, |least| least.min(limit)),
    };
    let began = Instant::now();
    let reply = fake.deliver(&event.body, outgoing.signed, timing).await;
    match &reply {
        DeliveryReply::Status { .. } => responses.answered(began.elapsed()),
        DeliveryReply::Timeout => responses.timed_out(&event.kind),
        DeliveryReply::Nothing(_) => {}
    }
    let answer = match reply {
        DeliveryReply::Status { code, body } => {
            let is_success = (200..300).contains(&code);
            HandlerResponse::Status {
                code,
                body: if is_success { String::new() } else { body },
            }
        }
        DeliveryReply::Timeout => {
            let seconds = timing.timeout.as_secs();
            HandlerResponse::Nothing(format!("no answer within {seconds} s"))
        }
        DeliveryReply::Nothing(why) => HandlerResponse::Nothing(why),
    };
    tracing::debug!(event = %event.kind, id = %outgoing.id, ?answer, "delivered");
    let id = outgoing.id.to_string();
    Delivery {
        step: step.id.clone(),
        event: event.kind.clone(),
        is_repeat: events.delivered.iter().any(|delivery| delivery.id == id),
        id,
        signed: outgoing.signed,
        answer,
    }
}
