//! Finds the workflows of the repository that use this program.

use std::{
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use serde_yaml::Value;

use crate::report::WorkflowState;

const FOLDER: &str = ".github/workflows";

/// Limits on the number and the size of the files that are read.
const MAX_FILES: usize = 200;
const MAX_FILE_BYTES: u64 = 256 * 1024;

/// Part of the names of the action, the image and the command.
const NAME: &str = "prodverdict";

/// Words that stand for the action's repository and its commit in what `init` writes and in the documentation.
const PLACEHOLDERS: [&str; 2] = ["<OWNER>", "<COMMIT>"];

/// Lists the workflows under `root` with a step that uses this program, sorted by path.
pub(super) fn find(root: &Path) -> Vec<WorkflowState> {
    let Ok(entries) = fs::read_dir(root.join(FOLDER)) else {
        return Vec::new();
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_workflow = |name: &String| {
        let extension = Path::new(name).extension();
        extension.is_some_and(|extension| extension == "yml" || extension == "yaml")
    };
    let mut names: Vec<_> = names.filter(is_workflow).collect();
    names.sort();
    names.truncate(MAX_FILES);
    let found = names.into_iter().filter_map(|name| {
        let path = format!("{FOLDER}/{name}");
        let workflow = read(&root.join(&path))?;
        names_this(&workflow, |_| true).then(|| WorkflowState {
            path,
            events: events(&workflow),
            has_placeholder: names_this(&workflow, |text| {
                PLACEHOLDERS.iter().any(|word| text.contains(word))
            }),
        })
    });
    found.collect()
}

/// Parses the file; `None` if it is not a workflow.
fn read(path: &Path) -> Option<Value> {
    if !fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    let file = File::open(path).ok()?;
    file.take(MAX_FILE_BYTES).read_to_string(&mut text).ok()?;
    serde_yaml::from_str(&text).ok()
}

/// Returns true if a text of this kind has a step or a called workflow that names this program.
fn names_this(workflow: &Value, is_meant: impl Fn(&str) -> bool) -> bool {
    let names_this = |value: Option<&Value>| {
        let text = value.and_then(Value::as_str);
        text.is_some_and(|text| text.contains(NAME) && is_meant(text))
    };
    let jobs = workflow.get("jobs").and_then(Value::as_mapping);
    let mut jobs = jobs.into_iter().flat_map(|jobs| jobs.iter());
    jobs.any(|(_, job)| {
        let steps = job.get("steps").and_then(Value::as_sequence);
        let mut steps = steps.into_iter().flatten();
        names_this(job.get("uses"))
            || steps.any(|step| names_this(step.get("uses")) || names_this(step.get("run")))
    })
}

/// Lists the events, which are a word, a list, or the keys of a mapping.
fn events(workflow: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().map(str::to_owned);
    match workflow.get("on") {
        Some(Value::String(event)) => vec![event.clone()],
        Some(Value::Sequence(events)) => events.iter().filter_map(word).collect(),
        Some(Value::Mapping(events)) => events.keys().filter_map(word).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(FOLDER)).unwrap();
        fs::write(folder.path().join(FOLDER).join("a.yml"), text).unwrap();
        let workflow = find(folder.path()).into_iter().next()?;
        assert_eq!(workflow.path, ".github/workflows/a.yml");
        Some(workflow.events)
    }

    #[test]
    fn events_are_read_in_each_form() {
        let jobs = "jobs: { a: { steps: [{ uses: acme/prodverdict-action@1 }] } }";
        for (on, events) in [
            ("on: push", &["push"][..]),
            ("on: [push, schedule]", &["push", "schedule"]),
            (
                "on:\n  pull_request:\n  schedule: [{ cron: x }]",
                &["pull_request", "schedule"],
            ),
            ("name: x", &[]),
        ] {
            assert_eq!(found(&format!("{on}\n{jobs}\n")).unwrap(), events, "{on}");
        }
    }

    #[test]
    fn only_steps_that_name_the_program_count() {
        for (jobs, is_found) in [
            (
                "{ a: { steps: [{ run: npx prodverdict check access }] } }",
                true,
            ),
            (
                "{ a: { uses: acme/shop/.github/workflows/prodverdict.yml@main } }",
                true,
            ),
            ("{ prodverdict: { steps: [{ run: npm test }] } }", false),
            ("[prodverdict]", false),
        ] {
            let text = format!("on: push\njobs: {jobs}\n");
            assert_eq!(found(&text).is_some(), is_found, "{jobs}");
        }
        assert_eq!(found("prodverdict: ["), None);
    }
}
