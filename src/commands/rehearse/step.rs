//! Plays one step: performs the provider's actions, delivers the events and observes the result.

use std::{collections::BTreeMap, time::Duration};

use compact_str::CompactString;
use tokio::time::{Instant, sleep};

use super::{
    Rehearsing, access_endpoint,
    account_state::{Stand, paid_values, stand},
    api_calls,
    delivery::{Parcel, deliver_all, parcels},
    fault_injection::until_failure,
    patience::{self, WrongReason},
    row_watch::{bystanders, look, plain},
    scenario_run::{Halt, Performing},
    test_accounts::{TestAccount, UntouchedAccount},
    visiting::visit,
};
use crate::{
    commands::failure::Failure,
    problem::Problem,
    rehearsal::{
        Delivery, EventOrder, ExpectedRow, InjectedFault, Observed, RowState, ScenarioRun, Step,
        Variant,
    },
    scratch::Snapshot,
};

/// Time without changes after which nothing more is expected.
const QUIET: Duration = Duration::from_millis(200);

/// First pause between two reads, which doubles up to the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_millis(250);

/// State that a play keeps between steps.
#[derive(Debug, Default)]
pub(super) struct Memory<'b> {
    /// Events of each step, in the order of creation.
    pub(super) events: BTreeMap<String, Vec<CompactString>>,
    pub(super) delivered: Vec<Delivery>,
    /// Events that were left after a failed delivery.
    pub(super) rest: Vec<Parcel>,
    pub(super) rows: Snapshot,
    /// Bystanders, and their rows before the step.
    pub(super) bystanders: &'b [UntouchedAccount],
    pub(super) bystander_rows: Vec<Snapshot>,
    pub(super) last: Option<Stand>,
    /// Reasons for earlier waits that were in vain.
    pub(super) wrong_for: Vec<WrongReason>,
    /// True if the last step had an unsupported request that cannot be attributed to a play.
    pub(super) is_doubtful: bool,
}

/// Plays one step and returns the observations.
pub(super) async fn play(
    rehearsing: &Rehearsing<'_>,
    performing: Performing<'_>,
    step: &Step,
    actor: &mut TestAccount,
    memory: &mut Memory<'_>,
) -> Result<Observed, Halt> {
    let Performing { run, is_alone, .. } = performing;
    let log = match &rehearsing.application {
        Some(running) => {
            running.settle().await;
            Some((running.log(), running.log().position()))
        }
        None => None,
    };
    let asked = rehearsing.fake.last_request();
    perform_actions(rehearsing, step, actor, memory).await?;
    let visited = visit(rehearsing, step, actor).await;
    let tokens = actor.tokens();
    let parcels = parcels(rehearsing, run, step, memory)?;
    let earlier = memory.delivered.clone();
    let at_once = step.order == EventOrder::Every && run.variant == Variant::AtOnce;
    let (deliveries, fault) = if let Some(failure) = step.fails {
        until_failure(rehearsing, step, failure, (actor, parcels), memory).await?
    } else {
        let answered = deliver_all(rehearsing, step, &parcels, memory, at_once).await;
        (answered, None)
    };
    let end = settled(
        rehearsing,
        step,
        actor,
        memory,
        has_failed(fault.as_ref(), &deliveries),
    )
    .await?;
    let before = match memory.last.take() {
        Some(stand) => stand.row,
        None => RowState::default(),
    };
    let rows = look(rehearsing, &tokens).await?;
    let changes = memory.rows.changes(&rows);
    let now = super::real_now();
    let namespace = actor.buyer.stage.namespace.as_str();
    let of_play = (!is_alone).then_some(namespace);
    memory.is_doubtful = !is_alone && api_calls::falls_into_a_gap(&rehearsing.fake, asked);
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
            now,
        ),
        all_changes: plain(changes.iter(), now),
        bystanders: bystanders(rehearsing, memory, &tokens).await?,
        calls: api_calls::about(&rehearsing.fake, asked, of_play),
        fault,
        gate: access_endpoint::ask(rehearsing, step, actor, &end).await,
        printed: log.map_or_else(Vec::new, |(log, position)| log.since(position)),
        visited,
        deliveries: deliveries.clone(),
    };
    memory.delivered.extend(deliveries);
    memory.rows = rows;
    memory.last = Some(end);
    Ok(observed)
}

/// Checks that a delivery hit the failure and got an error response, so that its retry is still to come.
fn has_failed(fault: Option<&InjectedFault>, deliveries: &[Delivery]) -> bool {
    let hit = fault.and_then(|fault| fault.hit);
    let hit = hit.and_then(|index| deliveries.get(index));
    hit.is_some_and(|delivery| !delivery.answer.is_success())
}

/// Performs all actions of the step, before anything is sent.
pub(super) async fn perform_actions(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    actor: &mut TestAccount,
    memory: &mut Memory<'_>,
) -> Result<(), Halt> {
    let events = memory.events.entry(step.id.clone()).or_default();
    for action in &step.provider {
        let done = rehearsing
            .fake
            .world(|world| actor.buyer.act(world, &rehearsing.prices, action));
        events.extend(done.map_err(|error| nonsense(step, &error.to_string()))?);
    }
    // Noted for cleanup: the application may store these ids, and this run may be killed.
    let made: Vec<String> = events.iter().map(ToString::to_string).collect();
    let noted = rehearsing.scratch.note(&made).await;
    noted.map_err(|error| Halt::Failed(Failure::from(&error)))
}

/// Waits until the account is right or the handler's time is over.
async fn settled(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    actor: &TestAccount,
    memory: &mut Memory<'_>,
    has_failed: bool,
) -> Result<Stand, Failure> {
    let waits_for_nothing = has_failed || step.then.row == ExpectedRow::Untouched;
    if waits_for_nothing || step.then.row == ExpectedRow::Same {
        sleep(QUIET.min(rehearsing.settings.settle)).await;
    }
    wait(rehearsing, step, actor, memory, async || {
        Ok(waits_for_nothing)
    })
    .await
}

/// Waits until the account is right, `is_enough` returns true, or the handler's time is over.
pub(super) async fn wait(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    actor: &TestAccount,
    memory: &mut Memory<'_>,
    is_enough: impl AsyncFn() -> Result<bool, Failure>,
) -> Result<Stand, Failure> {
    let name = patience::name_of(step);
    let before = memory.last.as_ref().map(|stand| stand.row.clone());
    let before = before.unwrap_or_default();
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let stand = stand(rehearsing, actor, step.then.row).await?;
        let is_right = stand.row.exists
            && stand.findings.is_empty()
            && (step.then.row != ExpectedRow::Kept
                || (stand.row.paid || !before.paid) && stand.row.plan == before.plan)
            && access_endpoint::agrees(rehearsing, actor, &stand).await;
        let took = began.elapsed();
        if is_right {
            rehearsing.patience.came_right(took);
            return Ok(stand);
        }
        if is_enough().await? {
            return Ok(stand);
        }
        let reason = stand.findings.first().map(|finding| finding.rule);
        let is_known = memory.wrong_for.contains(&reason);
        if took >= rehearsing.patience.limit(&name, reason, is_known) {
            rehearsing.patience.was_in_vain(&name, reason);
            memory.wrong_for.push(reason);
            return Ok(stand);
        }
        sleep(pause).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

/// Observes the end of a play again, to find late writes.
pub(super) async fn late(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    actor: &TestAccount,
    memory: &mut Memory<'_>,
    observed: &Observed,
) -> Result<Option<Observed>, Failure> {
    sleep(QUIET.min(rehearsing.settings.settle)).await;
    let tokens = actor.tokens();
    let rows = look(rehearsing, &tokens).await?;
    let now = super::real_now();
    let changes = memory.rows.changes(&rows);
    let bystanders = bystanders(rehearsing, memory, &tokens).await?;
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
        now,
    ));
    later.all_changes.extend(plain(changes.iter(), now));
    later.bystanders = bystanders;
    Ok(Some(later))
}

/// Puts the row into the paid state, as the handler should have done. Returns false if that is not possible.
pub(super) async fn pay(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    actor: &TestAccount,
    memory: &mut Memory<'_>,
) -> Result<bool, Failure> {
    let values = paid_values(rehearsing, actor);
    let database = &rehearsing.contract.database;
    let account = &actor.account;
    let is_paid = rehearsing.scratch.pay(database, account, &values).await;
    if !is_paid? {
        return Ok(false);
    }
    memory.rows = look(rehearsing, &actor.tokens()).await?;
    let stand = stand(rehearsing, actor, step.then.row).await?;
    let is_right = stand.row.exists && stand.findings.is_empty();
    memory.last = Some(stand);
    Ok(is_right)
}

/// Makes the purchase of the first built-in scenario without judging it. Returns true if the row grants access
/// afterwards.
pub(super) async fn buy(
    rehearsing: &Rehearsing<'_>,
    run: &ScenarioRun<'_>,
    step: &Step,
    actor: &mut TestAccount,
) -> Result<bool, Failure> {
    let mut memory = Memory::default();
    let parcels = match perform_actions(rehearsing, step, actor, &mut memory).await {
        Ok(()) => parcels(rehearsing, run, step, &mut memory),
        Err(halt) => Err(halt),
    };
    let parcels = parcels.map_err(|halt| match halt {
        Halt::Unplayable(problem) => problem.into(),
        Halt::Failed(failure) => failure,
    })?;
    visit(rehearsing, step, actor).await;
    let deliveries = deliver_all(rehearsing, step, &parcels, &memory, false).await;
    if deliveries
        .iter()
        .any(|delivery| delivery.answer.is_success())
    {
        let stand = settled(rehearsing, step, actor, &mut memory, false).await?;
        return Ok(stand.row.paid);
    }
    Ok(false)
}

pub(super) fn nonsense(step: &Step, message: &str) -> Halt {
    Halt::Unplayable(
        Problem::new(format!(
            "the scenario cannot be played at step `{}`: {message}",
            step.id
        ))
        .hint("check the `provider` and `send` of the step"),
    )
}
