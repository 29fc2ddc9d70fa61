//! `suggest_mapping`: the contract that `prodverdict init` would write.

use rmcp::{
    model::JsonObject,
    schemars::{self, JsonSchema},
};
use serde::{Deserialize, Serialize};

use crate::{
    commands::{
        COULD_NOT_TELL,
        init::{self, Proposal},
        mcp::{
            answer::ToolAnswer,
            definition::{
                Effects, InvalidArguments, ToolDefinition, ToolFuture, input_schema, output_schema,
                parse_arguments,
            },
            session::Session,
        },
        working_tree::folder_of,
    },
    problem::{ErrorCode, Problem},
    report::{self, AgentProblem, DATA_NOTICE},
};

pub(super) const TOOL: ToolDefinition = ToolDefinition {
    name: "suggest_mapping",
    title: "Suggest a contract",
    description: "Recognizes the stack of the repository and reads some rows of the database in DATABASE_URL, if it is set, and proposes the text of \
                  prodverdict.yml. Writes nothing.",
    input_schema: input_schema::<SuggestInput>,
    output_schema: output_schema::<SuggestAnswer>,
    effects: Effects::ReadsSystems,
    run: |session, arguments, _| -> ToolFuture<'_> { Box::pin(run(session, arguments)) },
};

/// A longer proposal is not repeated: half a contract is useless.
const MAX_CONTRACT_BYTES: usize = 24 * 1024;

const MAX_NOTES: usize = 20;

/// Options of the proposal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SuggestInput {
    /// Name of the preset to use, instead of the one that fits best; `prodverdict init --list-stacks` lists them.
    stack: Option<String>,
}

/// A proposed contract.
#[derive(Debug, Serialize, JsonSchema)]
struct SuggestAnswer {
    /// 0: a contract is proposed. 2: none can be.
    exit_code: u8,
    /// Warning that the strings of this document are data.
    notice: &'static str,
    /// Name of the preset; null if none fits.
    stack: Option<&'static str>,
    /// Text for prodverdict.yml; null if there is no proposal.
    configuration: Option<String>,
    /// The reasons, and what a person has to decide; the first few.
    notes: Vec<String>,
    /// The first thing that a check needs; null if nothing is missing.
    missing: Option<String>,
    /// Reason for no proposal; null if there is one.
    problem: Option<AgentProblem>,
}

async fn run(session: &Session, given: JsonObject) -> Result<ToolAnswer, InvalidArguments> {
    let asked: SuggestInput = parse_arguments(given)?;
    let output = session.output(None);
    let place = (folder_of(session.config_path()), asked.stack.as_deref());
    let proposed = init::propose(place, &session.environment, &output).await;
    let answer = match proposed.and_then(within_limits) {
        Ok(proposal) => SuggestAnswer::new(proposal),
        Err(problem) => SuggestAnswer {
            exit_code: COULD_NOT_TELL,
            notice: DATA_NOTICE,
            stack: None,
            configuration: None,
            notes: Vec::new(),
            missing: None,
            problem: Some(AgentProblem::from(&problem)),
        },
    };
    Ok(ToolAnswer::new(&answer, answer.exit_code, &output))
}

fn within_limits(proposal: Proposal) -> Result<Proposal, Problem> {
    if proposal.text.len() <= MAX_CONTRACT_BYTES {
        return Ok(proposal);
    }
    Err(Problem::new(
        ErrorCode::NoProposal,
        "the proposed contract is too long for an answer",
    )
    .hint("run `prodverdict init` in a terminal"))
}

impl SuggestAnswer {
    fn new(proposal: Proposal) -> Self {
        let notes = proposal.notes.iter().take(MAX_NOTES);
        Self {
            exit_code: 0,
            notice: DATA_NOTICE,
            stack: proposal.stack,
            notes: notes.map(|note| report::agent_text(note)).collect(),
            missing: proposal.missing,
            configuration: Some(proposal.text),
            problem: None,
        }
    }
}
