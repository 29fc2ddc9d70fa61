//! One step: the provider acts, events are delivered, and what the handler made of them is looked at.

use std::{collections::BTreeMap, time::Duration};

use compact_str::CompactString;
use tokio::time::{Instant, sleep};

use super::{
    Rehearsing, calls, gate,
    people::{Actor, snapshots},
    stand::{Stand, stand},
};
use crate::{
    commands::failure::Failure,
    contract::UnixSeconds,
    problem::Problem,
    rehearsal::{
        Answer, Answered, BystanderChange, Change, Delivery, Failure as Injected, Fault, Observed,
        Order, Performance, Row, Sending, Signing, Step, Variation,
    },
    scratch::{RowChange, Snapshot},
    webhook::{Reply, Signature},
};

/// How long nothing has to happen before it counts as nothing.
const QUIET: Duration = Duration::from_millis(200);

/// Between two looks; grows up to the second.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// A failed delivery is made again so often, the provider's days shortened to moments.
const REDELIVERIES: u32 = 2;
const BETWEEN_REDELIVERIES: Duration = Duration::from_millis(60);

/// What a play remembers from step to step.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The events of each step, in the order in which they were made.
    events: BTreeMap<String, Vec<CompactString>>,
    pub(super) delivered: Vec<Delivery>,
    /// What a step with a failure did not get through.
    rest: Vec<Parcel>,
    pub(super) rows: Snapshot,
    pub(super) bystanders: Vec<Snapshot>,
    pub(super) last: Option<Stand>,
}

/// An event on its way.
#[derive(Debug, Clone)]
struct Parcel {
    event: String,
    id: CompactString,
    body: Vec<u8>,
    signed: Signing,
}

/// Plays one step and tells what it showed.
pub(super) async fn play(
    rehearsing: &Rehearsing<'_>,
    performance: &Performance<'_>,
    step: &Step,
    actor: &mut Actor,
    memory: &mut Memory,
) -> Result<Observed, Failure> {
    let asked = calls::so_far(&rehearsing.fake);
    act(rehearsing, step, actor, memory)?;
    let tokens = actor.tokens();
    let parcels = parcels(rehearsing, performance, step, memory)?;
    let earlier = memory.delivered.clone();
    let at_once = step.order == Order::Every && performance.variation == Variation::AtOnce;
    let (deliveries, fault) = match step.fails {
        Some(failure) => {
            until_failure(rehearsing, step, failure, (&tokens, parcels), memory).await?
        }
        None => {
            let answered = deliver_all(rehearsing, step, &parcels, memory, at_once).await;
            (answered, None)
        }
    };
    let before = match memory.last.take() {
        Some(stand) => stand.row,
        None => crate::rehearsal::RowState::default(),
    };
    let end = settled(
        rehearsing,
        step,
        actor,
        (&before, &deliveries, fault.as_ref()),
    )
    .await?;
    let rows = look(rehearsing, &tokens).await?;
    let changes = memory.rows.changes(&rows);
    let now = super::real_now();
    let observed = Observed {
        earlier,
        before,
        after: end.row.clone(),
        explained: end.explained.clone(),
        findings: end.findings.clone(),
        changes: plain(
            changes
                .iter()
                .filter(|change| !change.is_time_of_writing(now)),
        ),
        all_changes: plain(changes.iter()),
        bystanders: bystanders(rehearsing, memory, now).await?,
        calls: calls::about(&rehearsing.fake, asked, &tokens),
        fault,
        gate: gate::ask(rehearsing, step, actor, &end).await,
        deliveries: deliveries.clone(),
    };
    memory.delivered.extend(deliveries);
    memory.rows = rows;
    memory.last = Some(end);
    Ok(observed)
}

/// Everything that the provider does before it sends anything.
fn act(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    actor: &mut Actor,
    memory: &mut Memory,
) -> Result<(), Failure> {
    let events = memory.events.entry(step.id.clone()).or_default();
    for act in &step.provider {
        let done = rehearsing
            .fake
            .world(|world| actor.buyer.act(world, &rehearsing.cast, act));
        events.extend(done.map_err(|error| nonsense(step, &error.to_string()))?);
    }
    Ok(())
}

/// What is delivered at this step, in its order.
fn parcels(
    rehearsing: &Rehearsing<'_>,
    performance: &Performance<'_>,
    step: &Step,
    memory: &mut Memory,
) -> Result<Vec<Parcel>, Failure> {
    let mut parcels = std::mem::take(&mut memory.rest);
    if step.rest.is_none() {
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
    if step.order == Order::Every
        && let Variation::Order(order) = &performance.variation
    {
        sends = order
            .iter()
            .filter_map(|index| step.send.get(*index))
            .collect();
    }
    for sending in sends {
        let of = sending.of.as_deref().unwrap_or(&step.id);
        let made = memory.events.get(of).map(Vec::as_slice).unwrap_or_default();
        let before = parcels.len();
        let found = made
            .iter()
            .filter_map(|id| parcel(rehearsing, id, sending.signed))
            .filter(|parcel| parcel.event == sending.event);
        parcels.extend(found);
        if parcels.len() == before {
            let message = format!("the provider made no {} at step `{of}`", sending.event);
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

/// Delivers everything, and what was not accepted once more, as the provider does.
async fn deliver_all(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    parcels: &[Parcel],
    memory: &Memory,
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
        if failed.is_empty() {
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

async fn deliver(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    parcel: &Parcel,
    memory: &Memory,
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
    let reply = rehearsing
        .endpoint
        .deliver(&parcel.body, signature, now.0)
        .await;
    let answer = match reply {
        Reply::Status { code, body } => {
            let is_success = (200..300).contains(&code);
            Answer::Status {
                code,
                body: if is_success { String::new() } else { body },
            }
        }
        Reply::Nothing(why) => Answer::Nothing(why),
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

/// Delivers one after the other until one runs into the failure; what is left waits for a later step.
async fn until_failure(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    failure: Injected,
    (tokens, parcels): (&[String], Vec<Parcel>),
    memory: &mut Memory,
) -> Result<(Vec<Delivery>, Option<Fault>), Failure> {
    let trap = Trap::set(rehearsing, failure, tokens).await?;
    let mut fault = Fault {
        what: trap.what(),
        hit: None,
        half_written: Vec::new(),
    };
    let mut deliveries = Vec::new();
    let mut waiting = parcels.into_iter();
    while let Some(parcel) = waiting.next() {
        let before = look(rehearsing, tokens).await?;
        let delivery = deliver(rehearsing, step, &parcel, memory).await;
        let has_failed = !delivery.answer.is_success();
        deliveries.push(delivery);
        if trap.is_sprung().await? {
            fault.hit = deliveries.len().checked_sub(1);
            if has_failed {
                let after = look(rehearsing, tokens).await?;
                fault.half_written = plain(before.changes(&after).iter());
                memory.rest.push(parcel);
            }
            break;
        }
        if has_failed {
            memory.rest.push(parcel);
        }
    }
    memory.rest.extend(waiting);
    trap.end().await?;
    Ok((deliveries, Some(fault)))
}

/// What is made to fail, and whether it did.
enum Trap<'r> {
    Write(u8, crate::scratch::FailedWrite<'r>),
    Call(u16, crate::fake_stripe::Ambush),
}

/// How the provider refuses a request with this status.
fn refusal(status: u16) -> crate::fake_stripe::Fault {
    match status {
        429 => crate::fake_stripe::Fault::RateLimited(None),
        status => crate::fake_stripe::Fault::ServerError {
            status,
            should_retry: Some(false),
        },
    }
}

impl<'r> Trap<'r> {
    async fn set(
        rehearsing: &'r Rehearsing<'_>,
        failure: Injected,
        tokens: &[String],
    ) -> Result<Self, Failure> {
        Ok(match failure {
            Injected::Write(nth) => {
                let write = rehearsing.scratch.fail_write(tokens, nth.into()).await;
                Self::Write(nth, write.map_err(|error| Failure::of(&error))?)
            }
            Injected::Call(status) => {
                Self::Call(status, rehearsing.fake.ambush(tokens, refusal(status)))
            }
        })
    }

    fn what(&self) -> String {
        match self {
            Self::Write(1, _) => "the first write to the account's rows".to_owned(),
            Self::Write(nth, _) => format!("write {nth} to the account's rows"),
            Self::Call(status, _) => format!("the first request to the provider ({status})"),
        }
    }

    async fn is_sprung(&self) -> Result<bool, Failure> {
        match self {
            Self::Write(_, write) => {
                let writes = write.writes().await.map_err(|error| Failure::of(&error))?;
                Ok(writes.failed)
            }
            Self::Call(_, ambush) => Ok(ambush.is_sprung()),
        }
    }

    async fn end(self) -> Result<(), Failure> {
        match self {
            Self::Write(_, write) => write
                .end()
                .await
                .map_err(|error| Failure::of(&error))
                .map(drop),
            Self::Call(_, ambush) => {
                drop(ambush);
                Ok(())
            }
        }
    }
}

/// Looks until the account is as it has to be, or the time that the handler may take is over.
async fn settled(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    actor: &Actor,
    (before, deliveries, fault): (&crate::rehearsal::RowState, &[Delivery], Option<&Fault>),
) -> Result<Stand, Failure> {
    let has_failed = fault.is_some_and(|fault| {
        let hit = fault.hit.and_then(|index| deliveries.get(index));
        hit.is_some_and(|delivery| !delivery.answer.is_success())
    });
    let is_still = matches!(step.then.row, Row::Untouched | Row::Same) || has_failed;
    if is_still {
        sleep(QUIET.min(rehearsing.settings.settle)).await;
    }
    let end = Instant::now() + rehearsing.settings.settle;
    let mut pause = FIRST_PAUSE;
    loop {
        let stand = stand(rehearsing, actor, step.then.row).await?;
        let is_right = stand.row.exists
            && stand.findings.is_empty()
            && (step.then.row != Row::Kept
                || (stand.row.paid || !before.paid) && stand.row.plan == before.plan)
            && gate::agrees(rehearsing, actor, &stand).await;
        let waits_for_nothing = has_failed || step.then.row == Row::Untouched;
        if is_right || waits_for_nothing || Instant::now() >= end {
            return Ok(stand);
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Looks once more at the end of a play: what is written late is written all the same.
pub(super) async fn late(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    actor: &Actor,
    memory: &mut Memory,
    observed: &Observed,
) -> Result<Option<Observed>, Failure> {
    sleep(QUIET.min(rehearsing.settings.settle)).await;
    let tokens = actor.tokens();
    let rows = look(rehearsing, &tokens).await?;
    let now = super::real_now();
    let changes = memory.rows.changes(&rows);
    let bystanders = bystanders(rehearsing, memory, now).await?;
    if changes.is_empty() && bystanders.is_empty() {
        return Ok(None);
    }
    let end = stand(rehearsing, actor, step.then.row).await?;
    let mut later = observed.clone();
    later.after = end.row;
    later.explained = end.explained;
    later.findings = end.findings;
    later.changes.extend(plain(
        changes
            .iter()
            .filter(|change| !change.is_time_of_writing(now)),
    ));
    later.all_changes.extend(plain(changes.iter()));
    later.bystanders = bystanders;
    Ok(Some(later))
}

/// Lets somebody buy, as in the first of the program's scenarios, and judges nothing.
pub(super) async fn buy(
    rehearsing: &Rehearsing<'_>,
    performance: &Performance<'_>,
    step: &Step,
    actor: &mut Actor,
) -> Result<(), Failure> {
    let mut memory = Memory::default();
    act(rehearsing, step, actor, &mut memory)?;
    let parcels = parcels(rehearsing, performance, step, &mut memory)?;
    let deliveries = deliver_all(rehearsing, step, &parcels, &memory, false).await;
    if deliveries
        .iter()
        .any(|delivery| delivery.answer.is_success())
    {
        let row = crate::rehearsal::RowState::default();
        settled(rehearsing, step, actor, (&row, &deliveries, None)).await?;
    }
    Ok(())
}

pub(super) async fn look(
    rehearsing: &Rehearsing<'_>,
    tokens: &[String],
) -> Result<Snapshot, Failure> {
    let rows = rehearsing.scratch.rows_of(tokens).await;
    rows.map_err(|error| Failure::of(&error))
}

async fn bystanders(
    rehearsing: &Rehearsing<'_>,
    memory: &mut Memory,
    now: UnixSeconds,
) -> Result<Vec<BystanderChange>, Failure> {
    let later = snapshots(rehearsing).await?;
    let mut changed = Vec::new();
    for ((bystander, before), after) in rehearsing
        .bystanders
        .iter()
        .zip(&memory.bystanders)
        .zip(&later)
    {
        let changes = before.changes(after);
        if changes.iter().any(|change| !change.is_time_of_writing(now)) || !changes.is_empty() {
            changed.push(BystanderChange {
                who: bystander.who.to_owned(),
                account: bystander.account.clone(),
                changes: plain(changes.iter()),
            });
        }
    }
    memory.bystanders = later;
    Ok(changed)
}

fn plain<'c>(changes: impl Iterator<Item = &'c RowChange>) -> Vec<Change> {
    let value = |value: &Option<serde_json::Value>| {
        value.as_ref().map(|value| match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    };
    let mut plain: Vec<_> = changes
        .map(|change| {
            let whole = change.before.is_none() || change.after.is_none();
            Change {
                table: change.table.clone(),
                key: change.key.clone(),
                // A row that came or went is told once, not column by column.
                column: if whole {
                    String::new()
                } else {
                    change.column.clone()
                },
                before: if whole {
                    change.before.as_ref().map(|_| String::new())
                } else {
                    value(&change.before)
                },
                after: if whole {
                    change.after.as_ref().map(|_| String::new())
                } else {
                    value(&change.after)
                },
            }
        })
        .collect();
    plain.dedup();
    plain
}

fn nonsense(step: &Step, message: &str) -> Failure {
    Problem {
        message: format!(
            "the scenario cannot be played at step `{}`: {message}",
            step.id
        ),
        hint: "look at the `provider` and `send` of the step".to_owned(),
        place: None,
    }
    .into()
}
