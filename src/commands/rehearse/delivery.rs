//! Delivers the events of a step and collects the handler's responses.

use std::time::Duration;

use compact_str::CompactString;
use fake_stripe::webhook::{Reply, Signature};
use tokio::time::{Instant, sleep};

use super::{
    Rehearsing,
    scenario_run::Halt,
    step::{Memory, nonsense},
};
use crate::rehearsal::{
    Answered, Delivery, EventOrder, HandlerResponse, ScenarioRun, Sending, Signing, Step, Until,
    Variant, YesNo,
};

/// Number of redeliveries of a failed event. The provider's days between them become moments.
const REDELIVERIES: u32 = 2;
const BETWEEN_REDELIVERIES: Duration = Duration::from_millis(60);

/// An event to deliver.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    event: String,
    id: CompactString,
    body: Vec<u8>,
    signed: Signing,
}

/// Lists the events to deliver at this step, in order.
pub(super) fn parcels(
    rehearsing: &Rehearsing<'_>,
    run: &ScenarioRun<'_>,
    step: &Step,
    memory: &mut Memory<'_>,
) -> Result<Vec<Parcel>, Halt> {
    let mut parcels = std::mem::take(&mut memory.rest);
    if step.rest != Some(YesNo::Yes) {
        parcels.clear();
    }
    for of in &step.again {
        let again = memory
            .delivered
            .iter()
            .filter(|delivery| delivery.step == *of);
        let mut ids: Vec<CompactString> = Vec::new();
        for delivery in again {
            let id = CompactString::from(delivery.id.as_str());
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        for id in ids {
            parcels.extend(parcel(rehearsing, &id, Signing::AsDocumented));
        }
    }
    let mut sends: Vec<&Sending> = step.send.iter().collect();
    if step.order == EventOrder::Every
        && let Variant::Order(order) = &run.variant
    {
        sends = order
            .iter()
            .filter_map(|index| step.send.get(*index))
            .collect();
    }
    let stage = super::scenario_run::stage(rehearsing, run, "");
    let is_since_basil = stage.events_version.has_periods_at_items();
    for sending in sends {
        if sending.until == Some(Until::Basil) && is_since_basil {
            continue;
        }
        let of = sending.of.as_deref().unwrap_or(&step.id);
        let made = memory.events.get(of).map(Vec::as_slice).unwrap_or_default();
        let before = parcels.len();
        let found = made
            .iter()
            .filter_map(|id| parcel(rehearsing, id, sending.signed))
            .filter(|parcel| parcel.event == sending.event);
        parcels.extend(found);
        if parcels.len() == before {
            let message = format!("the provider sent no {} at step `{of}`", sending.event);
            return Err(nonsense(step, &message));
        }
    }
    if let Some(registered) = &rehearsing.settings.events {
        parcels.retain(|parcel| registered.contains(&parcel.event));
    }
    Ok(parcels)
}

fn parcel(rehearsing: &Rehearsing<'_>, id: &str, signed: Signing) -> Option<Parcel> {
    rehearsing.fake.world(|world| {
        Some(Parcel {
            event: world.find_event(id)?.kind.to_string(),
            id: id.into(),
            body: world.event_body(id)?,
            signed,
        })
    })
}

/// Delivers all events, and redelivers failed ones, as the provider does.
pub(super) async fn deliver_all(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    parcels: &[Parcel],
    memory: &Memory<'_>,
    at_once: bool,
) -> Vec<Delivery> {
    let one = |parcel| deliver(rehearsing, step, parcel, memory);
    let mut deliveries = if at_once {
        futures::future::join_all(parcels.iter().map(one)).await
    } else {
        let mut deliveries = Vec::with_capacity(parcels.len());
        for parcel in parcels {
            deliveries.push(one(parcel).await);
        }
        deliveries
    };
    if step.then.answer != Answered::Accepted {
        return deliveries;
    }
    let mut failed: Vec<&Parcel> = parcels
        .iter()
        .zip(&deliveries)
        .filter(|(_, delivery)| !delivery.answer.is_success())
        .map(|(parcel, _)| parcel)
        .collect();
    for _ in 0..REDELIVERIES {
        if failed.is_empty() || rehearsing.silence.is_total() {
            break;
        }
        sleep(BETWEEN_REDELIVERIES).await;
        let mut still = Vec::new();
        for parcel in failed {
            let mut delivery = one(parcel).await;
            delivery.is_repeat = true;
            if !delivery.answer.is_success() {
                still.push(parcel);
            }
            deliveries.push(delivery);
        }
        failed = still;
    }
    deliveries
}

pub(super) async fn deliver(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    parcel: &Parcel,
    memory: &Memory<'_>,
) -> Delivery {
    let signature = match parcel.signed {
        Signing::AsDocumented => Signature::Right,
        Signing::WithTwoSecrets => Signature::Second,
        Signing::NotAtAll => Signature::None,
        Signing::WithAnotherSecret => Signature::WrongSecret,
        Signing::ThenTamperedWith => Signature::Tampered,
        Signing::TenMinutesAgo => Signature::TooOld,
    };
    let now = super::real_now();
    let limit = rehearsing.silence.limit(&parcel.event);
    let began = Instant::now();
    let reply = rehearsing
        .endpoint
        .deliver(&parcel.body, signature, (now.0, limit))
        .await;
    match &reply {
        Reply::Status { .. } => rehearsing.silence.answered(began.elapsed()),
        Reply::Silence => rehearsing.silence.was_in_vain(&parcel.event),
        Reply::Nothing(_) => {}
    }
    let answer = match reply {
        Reply::Status { code, body } => {
            let is_success = (200..300).contains(&code);
            HandlerResponse::Status {
                code,
                body: if is_success { String::new() } else { body },
            }
        }
        Reply::Silence => {
            HandlerResponse::Nothing(format!("no answer within {} s", limit.as_secs()))
        }
        Reply::Nothing(why) => HandlerResponse::Nothing(why),
    };
    tracing::debug!(event = %parcel.event, id = %parcel.id, ?answer, "delivered");
    let id = parcel.id.to_string();
    Delivery {
        step: step.id.clone(),
        event: parcel.event.clone(),
        is_repeat: memory.delivered.iter().any(|delivery| delivery.id == id),
        id,
        signed: parcel.signed,
        answer,
    }
}
