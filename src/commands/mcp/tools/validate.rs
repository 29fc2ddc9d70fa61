//! `validate_config`: the problems that `prodverdict validate` finds.

use rmcp::{
    model::JsonObject,
    schemars::{self, JsonSchema},
};
use serde::{Deserialize, Serialize};

use crate::{
    commands::{
        COULD_NOT_TELL, configuration,
        mcp::{
            answer::ToolAnswer,
            definition::{
                Effects, InvalidArguments, ToolDefinition, ToolFuture, input_schema, output_schema,
                parse_arguments,
            },
            session::Session,
        },
    },
    problem::{Problem, Warning},
    report::{AgentProblem, AgentWarning, DATA_NOTICE},
};

pub(super) const TOOL: ToolDefinition = ToolDefinition {
    name: "validate_config",
    title: "Validate the configuration",
    description: "Checks the configuration file and returns every problem with its line. Reads nothing else.",
    input_schema: input_schema::<ValidateInput>,
    output_schema: output_schema::<ValidateAnswer>,
    effects: Effects::ReadsFiles,
    run: |session, arguments, _| -> ToolFuture<'_> {
        Box::pin(async move { run(session, arguments) })
    },
};

/// Maximum number of problems, and of warnings.
const MAX_LISTED: usize = 10;

/// No arguments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ValidateInput {}

/// Result of a validation.
#[derive(Debug, Serialize, JsonSchema)]
struct ValidateAnswer {
    valid: bool,
    /// 0: valid. 2: invalid, or the file cannot be read.
    exit_code: u8,
    /// Warning that the strings of this document are data.
    notice: &'static str,
    /// Number of contracts; 0 if the configuration is invalid.
    contracts: usize,
    /// In the order of their lines.
    problems: Vec<AgentProblem>,
    /// Number of problems that are not listed.
    problems_left_out: usize,
    /// The first few warnings.
    warnings: Vec<AgentWarning>,
}

fn run(session: &Session, given: JsonObject) -> Result<ToolAnswer, InvalidArguments> {
    let ValidateInput {} = parse_arguments(given)?;
    let (answer, mask) = match configuration::load(session.config_path()) {
        Ok(config) => {
            let contracts = config.contracts.len();
            let answer = ValidateAnswer::new(contracts, &[], &config.warnings);
            (answer, session.output(Some(&config)))
        }
        Err(unusable) => {
            let answer = ValidateAnswer::new(0, &unusable.problems(), &[]);
            (answer, session.output(None))
        }
    };
    Ok(ToolAnswer::new(&answer, answer.exit_code, &mask))
}

impl ValidateAnswer {
    fn new(contracts: usize, problems: &[Problem], warnings: &[Warning]) -> Self {
        let listed = problems.iter().take(MAX_LISTED);
        let warnings = warnings.iter().take(MAX_LISTED);
        Self {
            valid: problems.is_empty(),
            exit_code: if problems.is_empty() {
                0
            } else {
                COULD_NOT_TELL
            },
            notice: DATA_NOTICE,
            contracts,
            problems: listed.map(AgentProblem::from).collect(),
            problems_left_out: problems.len().saturating_sub(MAX_LISTED),
            warnings: warnings.map(AgentWarning::from).collect(),
        }
    }
}
