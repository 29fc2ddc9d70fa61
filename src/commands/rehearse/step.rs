//! Runs one step: performs the provider's actions, delivers the events and observes the result.

use super::{
    account_state::{AccountState, account_state, paid_values},
    delivery::{deliver_all, events_to_deliver},
    fake_provider::RequestScope,
    fault_injection::until_failure,
    row_watch::column_changes,
    run::{ActiveRun, PlannedRun},
    run_error::RunError,
    systems::Systems,
    waiting::{wait, wait_for_late_writes, wait_for_quiet},
};
use crate::{
    commands::failure::Failure,
    rehearsal::{
        Delivery, EventOrder, ExpectedRow, InjectedFault, Observed, ScenarioRun, Step, Variant,
        VisitedPage, YesNo,
    },
};

/// Runs one step and returns the observations.
pub(super) async fn run_step(
    systems: &Systems<'_>,
    planned: PlannedRun<'_>,
    step: &Step,
    run: &mut ActiveRun<'_>,
) -> Result<Observed, RunError> {
    let log = match &systems.application {
        Some(running) => {
            running.wait_for_restart().await;
            Some((running.log(), running.log().position()))
        }
        None => None,
    };
    let fake = &systems.provider.fake;
    let last_request = fake.last_request();
    perform_actions(systems, step, run).await?;
    let visited = visit(systems, step, run).await;
    let tokens = run.account.tokens();
    let outgoing = events_to_deliver(systems, planned.scenario_run, step, run)?;
    let earlier = run.events.delivered.clone();
    let at_once =
        step.order == EventOrder::Every && planned.scenario_run.variant == Variant::AtOnce;
    let (deliveries, fault) = if let Some(failure) = step.fails {
        let (deliveries, fault) = until_failure(systems, step, failure, outgoing, run).await?;
        (deliveries, Some(fault))
    } else {
        let deliveries = deliver_all(systems, step, &outgoing, &run.events, at_once).await;
        (deliveries, None)
    };
    let end = wait_until_right(systems, step, run, has_failed(fault.as_ref(), &deliveries)).await?;
    let before = run.last.take().map(|state| state.row);
    let rows = systems.database.rows_of(&tokens).await?;
    let changes = run.rows.own.changes(&rows);
    let clock = systems.database.clock();
    let scope = if planned.is_alone {
        RequestScope::All
    } else {
        RequestScope::Namespace(planned.key)
    };
    run.is_doubtful = !planned.is_alone && has_unattributed_gap(systems, last_request);
    let lasting = changes
        .iter()
        .filter(|change| !change.is_time_of_writing(&clock));
    let observed = Observed {
        earlier,
        before: before.unwrap_or_default(),
        after: end.row.clone(),
        explained: end.explained.clone(),
        findings: end.findings.clone(),
        changes: column_changes(lasting, &clock),
        all_changes: column_changes(changes.iter(), &clock),
        bystanders: run
            .rows
            .bystander_changes(systems.database, &tokens)
            .await?,
        calls: fake.requests(last_request, scope),
        fault,
        gate: match &systems.access_endpoint {
            Some(endpoint) => endpoint.ask(step, &run.account, end.expected_access).await,
            None => None,
        },
        printed: log.map_or_else(Vec::new, |(log, position)| log.since(position)),
        visited,
        deliveries: deliveries.clone(),
    };
    run.events.delivered.extend(deliveries);
    run.rows.own = rows;
    run.last = Some(end);
    Ok(observed)
}

/// Checks for unsupported requests after this number that refer to no run.
fn has_unattributed_gap(systems: &Systems<'_>, after: u64) -> bool {
    let fake = &systems.provider.fake;
    let requests = fake.requests(after, RequestScope::Unattributed);
    requests.iter().any(|request| request.unsupported.is_some())
}

/// Checks that a delivery hit the failure and got an error response, so that its retry is still to come.
fn has_failed(fault: Option<&InjectedFault>, deliveries: &[Delivery]) -> bool {
    let hit = fault.and_then(|fault| fault.hit);
    let hit = hit.and_then(|index| deliveries.get(index));
    hit.is_some_and(|delivery| !delivery.answer.is_success())
}

/// Performs all actions of the step, before anything is sent.
pub(super) async fn perform_actions(
    systems: &Systems<'_>,
    step: &Step,
    run: &mut ActiveRun<'_>,
) -> Result<(), RunError> {
    let events = run.events.created.entry(step.id.clone()).or_default();
    for action in &step.provider {
        let fake = &systems.provider.fake;
        let created = fake.perform(&mut run.account.customer, action);
        let created = created.map_err(|error| RunError::invalid_step(step, &error.to_string()));
        events.extend(created?);
    }
    if step.one_time == Some(YesNo::Yes) {
        systems.provider.fake.give_one_time(events);
    }
    Ok(systems.database.note(events.iter()).await?)
}

/// Requests the success page of each checkout that the step completed, if configured.
async fn visit(systems: &Systems<'_>, step: &Step, run: &ActiveRun<'_>) -> Vec<VisitedPage> {
    match &systems.success_page {
        Some(page) => page.visit(step, &run.account).await,
        None => Vec::new(),
    }
}

/// Waits until the account is right or the handler's time is over, and the handler writes no more.
async fn wait_until_right(
    systems: &Systems<'_>,
    step: &Step,
    run: &mut ActiveRun<'_>,
    has_failed: bool,
) -> Result<AccountState, Failure> {
    let waits_for_nothing = has_failed || step.then.row == ExpectedRow::Untouched;
    let is_kept = step.then.row == ExpectedRow::Same && !systems.handler.writes.are_late();
    if waits_for_nothing || is_kept {
        wait_for_quiet(systems).await;
    }
    let state = wait(systems, step, run, async || Ok(waits_for_nothing)).await?;
    if waits_for_nothing {
        return Ok(state);
    }
    let is_right = state.row.exists && state.findings.is_empty();
    if wait_for_late_writes(systems, &run.account.tokens(), is_right).await? {
        return wait(systems, step, run, async || Ok(false)).await;
    }
    Ok(state)
}

/// Observes the end of a run again, to find late writes.
pub(super) async fn observe_late_writes(
    systems: &Systems<'_>,
    step: &Step,
    run: &mut ActiveRun<'_>,
    observed: &Observed,
) -> Result<Option<Observed>, Failure> {
    // Others were waited for at every step.
    if !systems.handler.writes.are_late() {
        wait_for_quiet(systems).await;
    }
    let tokens = run.account.tokens();
    let rows = systems.database.rows_of(&tokens).await?;
    let clock = systems.database.clock();
    let changes = run.rows.own.changes(&rows);
    let bystanders = run
        .rows
        .bystander_changes(systems.database, &tokens)
        .await?;
    if changes.is_empty() && bystanders.is_empty() {
        return Ok(None);
    }
    let end = account_state(systems, &run.account, step.then.row).await?;
    let mut later = observed.clone();
    later.after = end.row;
    later.explained = end.explained;
    later.findings = end.findings;
    let lasting = changes
        .iter()
        .filter(|change| !change.is_time_of_writing(&clock));
    later.changes.extend(column_changes(lasting, &clock));
    later
        .all_changes
        .extend(column_changes(changes.iter(), &clock));
    later.bystanders = bystanders;
    Ok(Some(later))
}

/// Puts the row into the state in which the handler should have left it. Returns false if that is not possible.
pub(super) async fn pay(
    systems: &Systems<'_>,
    step: &Step,
    run: &mut ActiveRun<'_>,
) -> Result<bool, Failure> {
    let values = paid_values(systems, &run.account);
    if !systems.database.pay(&run.account.id, &values).await? {
        return Ok(false);
    }
    run.rows.own = systems.database.rows_of(&run.account.tokens()).await?;
    let state = account_state(systems, &run.account, step.then.row).await?;
    let is_right = state.row.exists && state.findings.is_empty();
    run.last = Some(state);
    Ok(is_right)
}

/// Makes the purchase of the first built-in scenario without judging it. Returns true if the row grants access
/// afterwards.
pub(super) async fn buy(
    systems: &Systems<'_>,
    scenario_run: &ScenarioRun<'_>,
    step: &Step,
    run: &mut ActiveRun<'_>,
) -> Result<bool, Failure> {
    perform_actions(systems, step, run).await?;
    let outgoing = events_to_deliver(systems, scenario_run, step, run)?;
    visit(systems, step, run).await;
    let deliveries = deliver_all(systems, step, &outgoing, &run.events, false).await;
    let mut deliveries = deliveries.iter();
    if deliveries.any(|delivery| delivery.answer.is_success()) {
        return Ok(wait_until_right(systems, step, run, false).await?.row.paid);
    }
    Ok(false)
}
