//! Runs one scenario with a separate account, up to the first step that fails.

use super::{
    account_creation::add_account,
    row_watch::WatchedRows,
    run::{ActiveRun, PlannedRun},
    run_error::RunError,
    run_result::{FinalState, FinishedRun, RunOutcome, SkipReason},
    step::{observe_late_writes, pay, perform_actions, run_step},
    systems::Systems,
};
use crate::{
    commands::failure::Failure,
    problem::{ErrorCode, Problem},
    rehearsal::{
        JudgedFinding, Observed, ProviderCall, RowState, ScenarioRun, Step, StepContext,
        Unsupported, Variant, ends_play, judge, worst_then_first,
    },
};

/// Runs a play with a separate account. Stops at the first step that fails, because later failures would be
/// consequences.
pub(super) async fn run_scenario(
    systems: &Systems<'_>,
    planned: PlannedRun<'_>,
) -> Result<RunOutcome, Failure> {
    let steps = planned.scenario_run.play.steps.iter().enumerate();
    let mut run = begin(systems, planned).await?;
    match run_steps(systems, planned, steps, &mut run).await {
        Ok(result) => Ok(result),
        Err(RunError::InvalidScenario(problem)) => Ok(RunOutcome::InvalidScenario(problem)),
        Err(RunError::Failed(failure)) => Err(failure),
    }
}

/// Runs a play without its purchase: puts the row into the paid state instead. Returns `None` if that is not possible.
pub(super) async fn run_prepared(
    systems: &Systems<'_>,
    planned: PlannedRun<'_>,
) -> Result<Option<RunOutcome>, Failure> {
    let mut run = begin(systems, planned).await?;
    match prepare_and_run(systems, planned, &mut run).await {
        Ok(result) => Ok(result),
        Err(RunError::InvalidScenario(problem)) => Ok(Some(RunOutcome::InvalidScenario(problem))),
        Err(RunError::Failed(failure)) => Err(failure),
    }
}

async fn prepare_and_run(
    systems: &Systems<'_>,
    planned: PlannedRun<'_>,
    run: &mut ActiveRun<'_>,
) -> Result<Option<RunOutcome>, RunError> {
    let steps = &planned.scenario_run.play.steps;
    let Some(first) = steps.first() else {
        return Ok(None);
    };
    let mut before = FinishedRun::default();
    if first.is_signed_otherwise() {
        let observed = run_step(systems, planned, first, run).await?;
        let mut deliveries = observed.deliveries.iter();
        if deliveries.any(|one| !one.answer.is_success()) {
            return Ok(None);
        }
        before.steps = 1;
        before.events = events(planned.scenario_run, &observed);
    } else {
        perform_actions(systems, first, run).await?;
    }
    if !pay(systems, first, run).await? {
        return Ok(None);
    }
    let rest = steps
        .iter()
        .enumerate()
        .skip(1)
        .take_while(|(_, step)| step.changes_nothing());
    let result = run_steps(systems, planned, rest, run).await?;
    Ok(Some(match result {
        RunOutcome::Finished(rest) => RunOutcome::Finished(FinishedRun {
            steps: before.steps.saturating_add(rest.steps),
            events: before.events.saturating_add(rest.events),
            is_prepared: true,
            ..rest
        }),
        other @ (RunOutcome::NotReached(_)
        | RunOutcome::CouldNotTell(_)
        | RunOutcome::InvalidScenario(_)) => other,
    }))
}

/// Creates the account of a run.
async fn begin<'b>(
    systems: &Systems<'_>,
    planned: PlannedRun<'b>,
) -> Result<ActiveRun<'b>, Failure> {
    let PlannedRun {
        scenario_run,
        bystanders,
        ..
    } = planned;
    let version = match &scenario_run.variant {
        Variant::Version(version) => Some(version.clone()),
        Variant::None | Variant::Order(_) | Variant::AtOnce | Variant::Price(_) => None,
    };
    let mut account = add_account(systems, (planned.key, scenario_run.play.email), version).await?;
    account.customer.email_of_another = bystanders.first().map(|one| one.email.clone());
    if let Variant::Price(price) = &scenario_run.variant {
        account.customer.each = Some(price.clone());
    }
    let rows = WatchedRows::read(systems.database, &account.tokens(), bystanders).await?;
    let mut run = ActiveRun::new(account, rows);
    if scenario_run.play.is_first_purchase(0) {
        run.wrong_for.extend(planned.known.map(Some));
    }
    Ok(run)
}

async fn run_steps<'p>(
    systems: &Systems<'_>,
    planned: PlannedRun<'p>,
    steps: impl Iterator<Item = (usize, &'p Step)>,
    run: &mut ActiveRun<'_>,
) -> Result<RunOutcome, RunError> {
    let config = &systems.config;
    let scenario_run = planned.scenario_run;
    let play = scenario_run.play;
    let mut finished = FinishedRun {
        is_alone: planned.is_alone,
        ..FinishedRun::default()
    };
    let mut wrong: Vec<Vec<JudgedFinding>> = Vec::new();
    let last = play.steps.len().saturating_sub(1);
    for (index, step) in steps {
        let observed = run_step(systems, planned, step, run).await?;
        if index == 0 && play.is_first_purchase(index) {
            let first_sale = &systems.handler.first_sale;
            first_sale.get_or_init(|| observed.after.paid);
            // The failed purchase is known from the first scenario, so it does not shorten the waits of the following
            // steps.
            run.wrong_for.clear();
        }
        finished.steps += 1;
        finished.events += events(scenario_run, &observed);
        finished.is_doubtful |= run.is_doubtful;
        if let Some(gap) = unsupported(&observed.calls) {
            return Ok(RunOutcome::CouldNotTell(gap));
        }
        let mut findings = judge(context(systems, scenario_run, step, run), &observed);
        if findings.is_empty() && index == last {
            let later = observe_late_writes(systems, step, run, &observed).await?;
            let context = context(systems, scenario_run, step, run);
            findings = later.map_or_else(Vec::new, |later| judge(context, &later));
            let is_right = findings.is_empty() && wrong.iter().all(Vec::is_empty);
            finished.ending = is_right.then(|| ending(run, observed.after));
        }
        let is_over = ends_play(&findings, config.fail_on);
        let fails_alike = is_over
            && planned.known.is_some()
            && findings.first().map(|one| one.finding.rule) == planned.known;
        // A handler that accepts no event at all fails for that reason in every scenario.
        let accepts_nothing = || {
            let mut delivered = run.events.delivered.iter();
            delivered.all(|delivery| !delivery.answer.is_success())
        };
        if fails_alike && (play.is_first_purchase(index) || accepts_nothing()) {
            return Ok(RunOutcome::NotReached(SkipReason::FirstPurchaseFails));
        }
        wrong.push(findings);
        if is_over {
            break;
        }
    }
    finished.findings = worst_then_first(&wrong);
    Ok(RunOutcome::Finished(finished))
}

/// Returns the context by which a step is judged.
fn context<'a>(
    systems: &'a Systems<'_>,
    scenario_run: &'a ScenarioRun<'a>,
    step: &'a Step,
    run: &'a ActiveRun<'_>,
) -> StepContext<'a> {
    StepContext {
        run: scenario_run,
        step,
        account: &run.account.id,
        customer: &run.account.customer.id,
        secret_env: &systems.config.settings.secret_env,
        contract: &systems.config.contract.contract,
    }
}

/// Returns a problem for the first request that the fake does not support.
fn unsupported(calls: &[ProviderCall]) -> Option<Problem> {
    let (call, gap) = calls
        .iter()
        .find_map(|call| Some((call, call.unsupported.as_ref()?)))?;
    let unsupported = match gap {
        Unsupported::Endpoint => "this request".to_owned(),
        Unsupported::Parameter(name) => format!("the parameter `{name}` of this request"),
        Unsupported::Expansion(path) => format!("`expand[]={path}` of this request"),
        Unsupported::Version(version) => format!("the API version `{version}` of this request"),
    };
    Some(
        Problem::new(
            ErrorCode::ScenarioUnplayable,
            format!(
                "the fake provider does not support {unsupported}: {} {}",
                call.method, call.target
            ),
        )
        .hint(
            "the handler cannot be judged by its reaction to the response: skip the scenario \
             with `rehearsal.scenarios.skip`, and report the request to the maintainers of \
             prodverdict",
        ),
    )
}

/// Counts the deliveries. Concurrent events may cause a varying number of retries, so each event counts once.
fn events(run: &ScenarioRun<'_>, observed: &Observed) -> u64 {
    let mut ids: Vec<_> = observed.deliveries.iter().map(|one| &one.id).collect();
    if run.variant == Variant::AtOnce {
        ids.sort();
        ids.dedup();
    }
    u64::try_from(ids.len()).unwrap_or_default()
}

fn ending(run: &ActiveRun<'_>, row: RowState) -> FinalState {
    FinalState {
        row,
        account: run.account.id.clone(),
        customer: run.account.customer.id.to_string(),
    }
}
