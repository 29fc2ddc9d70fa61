//! `--changed`: the scenarios that the changes of the working tree can affect, which are played before all others.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    RehearsalOptions,
    files::ConfigFiles,
    selection::{chosen, scenarios},
    some_of::some_of,
};
use crate::{
    changes::{ChangedLine, ChangedSubjects, Diff},
    commands::{working_tree::WorkingTree, working_tree_changes::TreePaths},
    config::{AccessContract, Config, Rehearsal},
    rehearsal::{Provider, Scenario, parse},
    report::neutral,
};

/// Number of characters of a commit's hash that are shown.
const SHORT_HASH: usize = 10;

/// The scenarios that are played first, and a line that says which and why.
#[derive(Debug)]
pub(super) struct AffectedScenarios {
    pub(super) ids: BTreeSet<String>,
    pub(super) line: String,
}

/// Compares the working tree around the configuration at `path`, and selects among the scenarios that these options
/// choose. Returns `None` if none can be played: the rehearsal says why.
pub(super) async fn affected(
    (config, path): (&Config, &Path),
    options: &RehearsalOptions,
) -> Option<AffectedScenarios> {
    let settings = config.rehearsal.as_ref()?;
    let contract = config.contracts.get(settings.contract_index)?;
    let files = ConfigFiles::beside(path);
    let all = scenarios(settings, &files).ok()?;
    let chosen = chosen(all, settings, options, &files).ok()?;
    Some(match WorkingTree::read(path, None).await {
        Ok(tree) => of_tree((settings, contract, path), &tree, &chosen),
        Err(problem) => in_usual_order(&problem.text),
    })
}

fn of_tree(
    (settings, contract, path): (&Rehearsal, &AccessContract, &Path),
    tree: &WorkingTree,
    scenarios: &[Scenario],
) -> AffectedScenarios {
    let paths = TreePaths::new(&tree.root, path);
    let own = changed_scenarios(settings, tree, path);
    // The events in a scenario say nothing about the handler.
    let code = tree
        .files
        .iter()
        .filter(|file| !own.contains_key(&file.path));
    let code: Vec<_> = code.cloned().collect();
    let diff = Diff::new(&code, &settings.handler_paths, &paths.of_config);
    let events: BTreeSet<&str> = scenarios.iter().flat_map(Scenario::events).collect();
    let subjects = ChangedSubjects::find(&diff, contract, events.into_iter());
    let is_affected = |one: &&Scenario| {
        own.values().any(|id| *id == one.id)
            || subjects.events.keys().any(|event| one.sends(event))
            || subjects.fields.keys().any(|field| one.changes(*field))
    };
    let ids: Vec<&str> = scenarios
        .iter()
        .filter(is_affected)
        .map(|one| one.id.as_str())
        .collect();
    let shown = |at: &ChangedLine| format!("{}:{}", paths.displayed(&at.path), at.line);
    let events = subjects.events.iter();
    let events = events.map(|(event, at)| format!("{event} ({})", shown(at)));
    let fields = subjects.fields.iter();
    let column = |field| contract.contract.column(field);
    let fields = fields.map(|(field, at)| format!("{} ({})", column(*field), shown(at)));
    let files = own.keys().map(|path| paths.displayed(path));
    let mut reasons: Vec<_> = events.chain(fields).chain(files).collect();
    if ids.is_empty() || ids.len() == scenarios.len() {
        let configuration = tree.files.iter().any(|file| file.path == paths.of_config);
        reasons.extend(subjects.other.as_ref().map(shown));
        reasons.extend(configuration.then(|| paths.displayed(&paths.of_config)));
        return in_usual_order(&match reasons.first() {
            Some(reason) => format!("every scenario may depend on {reason}, which changed"),
            None => format!(
                "no line about billing has changed since {}",
                tree.base.get(..SHORT_HASH).unwrap_or(&tree.base)
            ),
        });
    }
    AffectedScenarios {
        line: neutral::terminal(&format!(
            "Playing {} of {} scenarios first ({}), because changed lines are about {}",
            ids.len(),
            scenarios.len(),
            some_of(&ids),
            some_of(&reasons)
        )),
        ids: ids.into_iter().map(str::to_owned).collect(),
    }
}

/// Returns the ids of the user's own scenarios that changed, by file.
fn changed_scenarios(
    settings: &Rehearsal,
    tree: &WorkingTree,
    path: &Path,
) -> BTreeMap<String, String> {
    let Some(folder) = &settings.scenarios_dir else {
        return BTreeMap::new();
    };
    let own = ConfigFiles::beside(path).list(folder).unwrap_or_default();
    let own: BTreeSet<_> = own
        .iter()
        .filter_map(|file| file.canonicalize().ok())
        .collect();
    let files = tree.files.iter().filter_map(|file| {
        let whole = tree.root.join(&file.path).canonicalize().ok()?;
        let text = own.contains(&whole).then(|| std::fs::read_to_string(whole));
        let provider = Provider::for_source(settings.source);
        let scenario = parse(&file.path, &text?.ok()?, provider).ok()?;
        Some((file.path.clone(), scenario.id))
    });
    files.collect()
}

fn in_usual_order(why: &str) -> AffectedScenarios {
    AffectedScenarios {
        ids: BTreeSet::new(),
        line: neutral::terminal(&format!("Playing in the usual order: {why}")),
    }
}
