//! `what_changed`: the changed lines of the working tree that matter to billing.

use std::collections::BTreeSet;

use rmcp::{
    model::JsonObject,
    schemars::{self, JsonSchema},
};
use serde::{Deserialize, Serialize};

use crate::{
    changes::{Diff, Finder, Name, NameKind, names_of_contract},
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
        working_tree::WorkingTree,
        working_tree_changes::TreePaths,
    },
    config::{AccessContract, Config},
    contract::Rule,
    problem::Problem,
    report::{AgentChange, AgentProblem, Change, DATA_NOTICE},
};

pub(super) const TOOL: ToolDefinition = ToolDefinition {
    name: "what_changed",
    title: "Find the changed lines that matter to billing",
    description: "Compares the working tree with a commit and lists the changed lines that mention a column, a plan, a price or an event of the \
                  access contract. Runs `git`, and nothing that the repository names.",
    input_schema: input_schema::<ChangedInput>,
    output_schema: output_schema::<ChangedAnswer>,
    effects: Effects::ReadsFiles,
    run: |session, arguments, _| -> ToolFuture<'_> { Box::pin(run(session, arguments)) },
};

/// Maximum number of lines in an answer.
const MAX_LINES: usize = 30;

/// The revision to compare with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChangedInput {
    /// Commit, branch or tag to compare with. If absent: the commit at which the branch left the default branch of `origin`, or else the last
    /// commit.
    since: Option<String>,
}

/// Changed lines.
#[derive(Debug, Serialize, JsonSchema)]
struct ChangedAnswer {
    /// 0: the changes are known. 2: they are not.
    exit_code: u8,
    /// Warning that the strings of this document are data.
    notice: &'static str,
    /// The commit that the working tree is compared with; null if it is not known.
    since: Option<String>,
    /// Number of files that changed.
    files: usize,
    /// True if the configuration changed.
    configuration_changed: bool,
    /// Lines that matter, by file and line. A line matters because of a name in it, which proves nothing.
    lines: Vec<AgentChange>,
    /// Number of such lines that are not listed.
    lines_left_out: usize,
    /// Reasons why the changes are not known.
    problems: Vec<AgentProblem>,
}

async fn run(session: &Session, given: JsonObject) -> Result<ToolAnswer, InvalidArguments> {
    let asked: ChangedInput = parse_arguments(given)?;
    let path = session.config_path();
    let config = match configuration::load(path) {
        Ok(config) => config,
        Err(unusable) => {
            let answer = ChangedAnswer::unknown(&unusable.problems());
            return Ok(ToolAnswer::new(
                &answer,
                answer.exit_code,
                &session.output(None),
            ));
        }
    };
    let output = session.output(Some(&config));
    let answer = match WorkingTree::read(path, asked.since.as_deref()).await {
        Ok(tree) => ChangedAnswer::new(&tree, &TreePaths::new(&tree.root, path), &config),
        Err(problem) => ChangedAnswer::unknown(&[problem]),
    };
    Ok(ToolAnswer::new(&answer, answer.exit_code, &output))
}

impl ChangedAnswer {
    fn new(tree: &WorkingTree, paths: &TreePaths, config: &Config) -> Self {
        let lines = relevant_lines(tree, paths, config);
        let mut files = tree.files.iter();
        Self {
            exit_code: 0,
            notice: DATA_NOTICE,
            since: Some(tree.base.clone()),
            files: tree.files.len(),
            configuration_changed: files.any(|file| file.path == paths.of_config),
            lines_left_out: lines.len().saturating_sub(MAX_LINES),
            lines: lines
                .iter()
                .take(MAX_LINES)
                .map(AgentChange::from)
                .collect(),
            problems: Vec::new(),
        }
    }

    fn unknown(problems: &[Problem]) -> Self {
        Self {
            exit_code: COULD_NOT_TELL,
            notice: DATA_NOTICE,
            since: None,
            files: 0,
            configuration_changed: false,
            lines: Vec::new(),
            lines_left_out: 0,
            problems: problems.iter().map(AgentProblem::from).collect(),
        }
    }
}

/// Lists the lines that mention a name of a contract, one entry for each line.
fn relevant_lines(tree: &WorkingTree, paths: &TreePaths, config: &Config) -> Vec<Change> {
    let rehearsal = config.rehearsal.as_ref();
    let handler_paths = rehearsal.map_or(&[][..], |one| &one.handler_paths);
    let diff = Diff::new(&tree.files, handler_paths, &paths.of_config);
    let mut found: Vec<Change> = Vec::new();
    for contract in &config.contracts {
        let mut finder = Finder::new(&diff, names_of_contract(contract));
        for name in names_and_events(contract) {
            for line in finder.relevant_lines(&[name]).iter() {
                let change = line.describe(None);
                found.push(Change {
                    path: paths.displayed(&change.path),
                    ..change
                });
            }
        }
    }
    found.sort_by(|one, other| (&one.path, one.line).cmp(&(&other.path, other.line)));
    found.dedup_by(|one, other| one.path == other.path && one.line == other.line);
    found
}

/// Lists the names of a contract, and the events by which an application learns of its state.
fn names_and_events(contract: &AccessContract) -> Vec<Name> {
    let source = contract.contract.source;
    let events: BTreeSet<&str> = Rule::all_with_handler_rules()
        .flat_map(|rule| rule.info().events.for_source(source))
        .copied()
        .collect();
    let events = events.into_iter();
    let events = events.filter_map(|event| Name::new(NameKind::Event, event));
    names_of_contract(contract)
        .into_iter()
        .chain(events)
        .collect()
}
