//! `check_access_contract`: the verdict of `prodverdict check access`.

use rmcp::{
    model::JsonObject,
    schemars::{self, JsonSchema},
};
use serde::Deserialize;

use crate::{
    commands::{
        check, configuration,
        mcp::{
            answer::ToolAnswer,
            definition::{
                Effects, InvalidArguments, ToolDefinition, ToolFuture, input_schema, output_schema,
                parse_arguments,
            },
            reporting::report_outcome,
            session::Session,
        },
        run_parameters::RunParameters,
        unanswered,
    },
    notice::Progress,
    report::AgentReport,
};

pub(super) const TOOL: ToolDefinition = ToolDefinition {
    name: "check_access_contract",
    title: "Check the access contract",
    description: "Reads the billing provider and the application's database, both read-only, and reports everyone who pays without access or \
                  has access without paying, grouped by cause.",
    input_schema: input_schema::<CheckInput>,
    output_schema: output_schema::<AgentReport>,
    effects: Effects::ReadsSystems,
    run: |session, arguments, _| -> ToolFuture<'_> { Box::pin(run(session, arguments)) },
};

/// No arguments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CheckInput {}

async fn run(session: &Session, given: JsonObject) -> Result<ToolAnswer, InvalidArguments> {
    let CheckInput {} = parse_arguments(given)?;
    let now = crate::commands::now();
    let config = match configuration::load(session.config_path()) {
        Ok(config) => config,
        Err(unusable) => {
            let output = session.output(None);
            let outcome = unanswered(unusable.problems());
            return Ok(report_outcome(session, outcome, (None, now), &output).await);
        }
    };
    let output = session.output(Some(&config));
    let progress = Progress::new(output.on_terminal);
    let run = RunParameters::new(&session.environment, &progress, session.recorded(), now);
    let outcome =
        check::check_against_baseline(&config, &run, session.arguments.baseline.as_deref()).await;
    Ok(report_outcome(session, outcome, (Some(&config), now), &output).await)
}
