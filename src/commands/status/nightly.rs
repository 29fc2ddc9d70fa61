//! The result of the last scheduled run, through GitHub's API.

use crate::{
    cli::Environment,
    commands::{failure::no_http_client, job},
    github::{Client, Limits, ScheduledRun},
    http,
    problem::Warning,
    report::{Mask, NightlyRun, NightlyState, WorkflowState},
};

/// Returns the newest scheduled run of the first workflow that has a schedule.
pub(super) async fn last(
    workflows: &[WorkflowState],
    environment: &Environment,
    mask: Mask,
) -> NightlyState {
    let has_schedule =
        |workflow: &&WorkflowState| workflow.events.iter().any(|event| event == "schedule");
    let Some(workflow) = workflows.iter().find(has_schedule) else {
        return NightlyState::Unknown(
            Warning::new("no workflow runs prodverdict on a schedule")
                .hint("`prodverdict init --workflow` writes one; docs/nightly.md describes the nightly run"),
        );
    };
    match newest_run(workflow, environment, mask).await {
        Ok(None) => NightlyState::Never,
        Ok(Some(run)) => NightlyState::Run(NightlyRun {
            conclusion: run.conclusion,
            started: run.started,
            url: run.url,
        }),
        Err(problem) => NightlyState::Unknown(problem),
    }
}

async fn newest_run(
    workflow: &WorkflowState,
    environment: &Environment,
    mask: Mask,
) -> Result<Option<ScheduledRun>, Warning> {
    let context = job::context(environment);
    let token = job::token(environment);
    let (Some(repository), Some(token)) = (&context.repository, token) else {
        return Err(Warning::new("unknown without `GITHUB_TOKEN` and `GITHUB_REPOSITORY`").hint(
            "set both to see it: a token with `actions: read`, and the repository as `owner/name`",
        ));
    };
    let http = http::client().map_err(|error| no_http_client(&error))?;
    let mut client = Client::new(&http, &context, Some(&token), mask, Limits::default())?;
    let run = client
        .newest_scheduled_run(repository, &workflow.path)
        .await;
    run.map_err(|error| {
        let is_refused = error.is_missing_permission();
        let problem = Warning::from(error);
        if is_refused {
            return problem.hint("give the token `actions: read`, and check `GITHUB_REPOSITORY`");
        }
        problem
    })
}
