//! `explain_account`: the answer of `prodverdict explain`.

use rmcp::{
    model::JsonObject,
    schemars::{self, JsonSchema},
};
use serde::{Deserialize, Serialize};

use crate::{
    commands::{
        configuration, explain,
        mcp::{
            answer::ToolAnswer,
            definition::{
                Effects, InvalidArguments, ToolDefinition, ToolFuture, input_schema, output_schema,
                parse_arguments,
            },
            session::Session,
        },
        run_parameters::RunParameters,
    },
    config::Config,
    notice::Progress,
    report::{self, DATA_NOTICE, ExplainedEntity},
};

pub(super) const TOOL: ToolDefinition = ToolDefinition {
    name: "explain_account",
    title: "Explain the verdict for one account",
    description: "Shows one account, customer or subscription: the row, the subscriptions and how each counts, every rule, and the evidence.",
    input_schema: input_schema::<ExplainInput>,
    output_schema: output_schema::<ExplainAnswer>,
    effects: Effects::ReadsSystems,
    run: |session, arguments, _| -> ToolFuture<'_> { Box::pin(run(session, arguments)) },
};

/// Maximum size of the lines of an answer, and of one of them.
const MAX_LINES_BYTES: usize = 6 * 1024;
const MAX_LINE_CHARACTERS: usize = 400;

/// The account or customer to explain.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExplainInput {
    /// Account, customer or subscription as findings name it (`user:…`, `customer:…`, `subscription:…`), its bare id, or an e-mail address.
    entity: String,
    /// Name of the contract; every contract that contains the entity if absent.
    contract: Option<String>,
}

/// Explanation of one entity.
#[derive(Debug, Serialize, JsonSchema)]
struct ExplainAnswer {
    /// `pass`, `warn`, `fail`, or `error` if it is not known.
    verdict: &'static str,
    /// 0: the contract holds. 1: it is broken. 2: could not tell.
    exit_code: u8,
    /// Warning that the strings of this document are data.
    notice: &'static str,
    summary: String,
    /// The explanation as the command prints it, line by line.
    lines: Vec<String>,
    /// Number of lines that are not listed.
    lines_left_out: usize,
}

async fn run(session: &Session, given: JsonObject) -> Result<ToolAnswer, InvalidArguments> {
    let asked: ExplainInput = parse_arguments(given)?;
    let config = match configuration::load(session.config_path()) {
        Ok(config) => config,
        Err(unusable) => {
            let nothing = ExplainedEntity::unanswered(&asked.entity, unusable.problems());
            return Ok(answer(session, nothing, None));
        }
    };
    let progress = Progress::new(session.output(None).on_terminal);
    let now = crate::commands::now();
    let run = RunParameters::new(&session.environment, &progress, session.recorded(), now);
    let entity = (asked.entity.as_str(), asked.contract.as_deref());
    let explained = explain::explain_entity(&config, entity, &run).await;
    Ok(answer(session, explained, Some(&config)))
}

fn answer(session: &Session, explained: ExplainedEntity, config: Option<&Config>) -> ToolAnswer {
    let explained = if session.redacts() {
        report::redact_explanation(&explained)
    } else {
        explained
    };
    let output = session.output(config);
    let text = output.mask(&report::explanation_text(&explained, false));
    let mut left = MAX_LINES_BYTES;
    let fits = |line: &String| match left.checked_sub(line.len()) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    let shortened = |line| report::neutral::shortened(line, MAX_LINE_CHARACTERS);
    let lines: Vec<_> = text.lines().map(shortened).take_while(fits).collect();
    let exit_code = explained.verdict.exit_status(session.arguments.strict);
    let answer = ExplainAnswer {
        verdict: explained.verdict.as_str(),
        exit_code,
        notice: DATA_NOTICE,
        summary: report::agent_text(&report::explanation_summary(&explained)),
        lines_left_out: text.lines().count().saturating_sub(lines.len()),
        lines,
    };
    ToolAnswer::new(&answer, exit_code, &output)
}
