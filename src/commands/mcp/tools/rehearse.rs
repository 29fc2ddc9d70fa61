//! `rehearse_webhooks`: the verdict of `prodverdict rehearse`, with progress, and cancellable.

use futures::future::{Either, select};
use rmcp::{
    model::JsonObject,
    schemars::{self, JsonSchema},
};
use serde::Deserialize;
use tokio::sync::watch;

use crate::{
    commands::{
        configuration,
        mcp::{
            answer::ToolAnswer,
            call::{Call, ProgressSink},
            definition::{
                Effects, InvalidArguments, ToolDefinition, ToolFuture, input_schema, output_schema,
                parse_arguments,
            },
            reporting::report_outcome,
            session::Session,
        },
        rehearse::{
            RehearsalOptions, RehearsalRequest, RunCount, not_begun, rehearse_against_baseline,
        },
        run_parameters::FailOn,
        signals::Signals,
    },
    problem::{ErrorCode, Problem},
    report::AgentReport,
};

pub(super) const TOOL: ToolDefinition = ToolDefinition {
    name: "rehearse_webhooks",
    title: "Rehearse the webhook handler",
    description: "Plays billing lifecycles (purchases, renewals, failing cards, cancellations, forged events) against the application's webhook \
                  handler, with a fake Stripe and a scratch database, and reports which step leaves a wrong row, with the changed line that most \
                  likely matters. Starts the application if a command is configured, and removes everything at the end. Takes seconds to minutes.",
    input_schema: input_schema::<RehearseInput>,
    output_schema: output_schema::<AgentReport>,
    effects: Effects::CallsApplication,
    run: |session, arguments, call| -> ToolFuture<'_> { Box::pin(run(session, arguments, call)) },
};

/// Selection of scenarios.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RehearseInput {
    /// Ids of the scenarios to play, as the resource `prodverdict://scenarios` lists them; all if empty.
    #[serde(default)]
    scenarios: Vec<String>,
    /// Stop at the first finding that fails.
    #[serde(default)]
    fail_fast: bool,
}

async fn run(
    session: &Session,
    given: JsonObject,
    call: &Call,
) -> Result<ToolAnswer, InvalidArguments> {
    let asked: RehearseInput = parse_arguments(given)?;
    let now = crate::commands::now();
    let config = match configuration::load(session.config_path()) {
        Ok(config) => config,
        Err(unusable) => {
            let output = session.output(None);
            let outcome = not_begun(unusable.problems());
            return Ok(report_outcome(session, outcome, (None, now), &output).await);
        }
    };
    let turn = tokio::select! {
        turn = session.scratch_lock.lock() => turn,
        () = call.abandoned() => {
            let output = session.output(Some(&config));
            let outcome = not_begun(vec![cancelled()]);
            return Ok(report_outcome(session, outcome, (None, now), &output).await);
        }
    };
    let (counting, counted) = watch::channel(RunCount::default());
    let options = RehearsalOptions {
        scenarios: asked.scenarios,
        jobs: None,
        begins: None,
        fail_on: FailOn::AsConfigured,
        fail_fast: asked.fail_fast,
        first: Vec::new(),
        counting: Some(counting),
    };
    let request = RehearsalRequest {
        config: &config,
        path: session.config_path(),
        environment: &session.environment,
        command: &session.arguments.command,
        baseline: session.arguments.baseline.as_deref(),
        options: &options,
    };
    let mut signals = Signals::until(call.abandoned());
    let rehearsal = Box::pin(rehearse_against_baseline(request, &mut signals));
    let reporting = Box::pin(report_progress(call.progress(), counted));
    let (outcome, output) = match select(rehearsal, reporting).await {
        Either::Left((done, _)) => done,
        Either::Right(((), rehearsal)) => rehearsal.await,
    };
    drop(turn);
    Ok(report_outcome(session, outcome, (Some(&config), now), &output).await)
}

fn cancelled() -> Problem {
    Problem::new(
        ErrorCode::Interrupted,
        "cancelled while another rehearsal was running",
    )
}

/// Reports each run that is done, until the rehearsal ends.
async fn report_progress(sink: Option<ProgressSink>, mut counted: watch::Receiver<RunCount>) {
    let Some(sink) = sink else {
        return;
    };
    let mut reported = None;
    while counted.changed().await.is_ok() {
        let RunCount { done, all } = *counted.borrow_and_update();
        // Progress only grows, also if a run is repeated.
        if reported.is_none_or(|before| before < done) {
            reported = Some(done);
            sink.report(done, all, &format!("{done} of {all} runs"))
                .await;
        }
    }
}
