//! GitHub's runner from the view of a container action: inputs, variables and files, and their contents afterwards.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;

pub use crate::program::ProgramOutput;
use crate::{fake_github::World, root};

/// The token that the runner passes to every action and that no action may ever show.
pub const RUNTIME_TOKEN: &str = "eyJ-canary-of-the-runtime-token-0123456789";

/// One step of a job, before it runs.
pub struct Step {
    pub variables: BTreeMap<String, String>,
    folder: TempDir,
}

/// The folders that the runner mounts below `/github`, and `_temp` as it is called on the host.
pub const FOLDERS: [&str; 5] = [
    "workspace",
    "file_commands",
    "workflow",
    "home",
    "runner_temp",
];

impl Step {
    /// Creates a step. `payload` is a file of `fixtures/github`; inputs have the defaults of action.yml, as the runner
    /// fills them in.
    pub fn new(event: &str, payload: &str, token: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the step");
        for name in FOLDERS {
            fs::create_dir(folder.path().join(name)).expect("a folder of the runner");
        }
        let payload = root().join(format!("fixtures/github/{payload}.json"));
        fs::copy(payload, folder.path().join("workflow/event.json")).expect("a payload");
        for file in ["set_output", "step_summary", "set_env", "add_path"] {
            fs::write(folder.path().join("file_commands").join(file), "").expect("a file command");
        }
        let mut step = Self {
            variables: inputs(token),
            folder,
        };
        let fixed = [
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_REPOSITORY", "acme/shop"),
            // The merge commit of a pull request: reporting there would be wrong.
            ("GITHUB_SHA", &World::sha(5)),
            ("GITHUB_REF", "refs/pull/7/merge"),
            ("GITHUB_SERVER_URL", "https://github.test"),
            ("GITHUB_RUN_ID", "100"),
            ("GITHUB_RUN_ATTEMPT", "1"),
            (
                "GITHUB_WORKFLOW_REF",
                "acme/shop/.github/workflows/billing.yml@refs/pull/7/merge",
            ),
            ("GITHUB_JOB", "billing"),
            ("GITHUB_ACTOR", "dana"),
            ("GITHUB_ACTIONS", "true"),
            ("CI", "true"),
            ("RUNNER_OS", "Linux"),
            ("ACTIONS_RUNTIME_TOKEN", RUNTIME_TOKEN),
        ];
        for (name, value) in fixed {
            step.set(name, value);
        }
        step.see_files_below(&step.folder.path().display().to_string());
        step
    }

    /// Sets the root under which the action sees the folders: their real one, or `/github` in a container.
    pub fn see_files_below(&mut self, root: &str) {
        let files = [
            ("GITHUB_WORKSPACE", "workspace"),
            ("GITHUB_EVENT_PATH", "workflow/event.json"),
            ("GITHUB_OUTPUT", "file_commands/set_output"),
            ("GITHUB_STEP_SUMMARY", "file_commands/step_summary"),
            ("GITHUB_ENV", "file_commands/set_env"),
            ("GITHUB_PATH", "file_commands/add_path"),
            ("HOME", "home"),
            ("RUNNER_TEMP", "runner_temp"),
        ];
        for (name, file) in files {
            self.set(name, &format!("{root}/{file}"));
        }
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Sets an input under `with:`.
    pub fn input(&mut self, name: &str, value: &str) {
        let variable = format!("INPUT_{}", name.to_uppercase());
        let before = self.variables.insert(variable, value.to_owned());
        assert!(before.is_some(), "action.yml has no input `{name}`");
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the path of a file of the checkout.
    pub fn workspace(&self, file: &str) -> PathBuf {
        self.folder.path().join("workspace").join(file)
    }

    pub fn check_out(&self, file: &str, text: &str) {
        fs::write(self.workspace(file), text).expect("a file of the checkout");
    }

    pub fn summary(&self) -> String {
        self.read("file_commands/step_summary")
    }

    pub fn raw_outputs(&self) -> String {
        self.read("file_commands/set_output")
    }

    pub fn outputs(&self) -> BTreeMap<String, String> {
        outputs(&self.raw_outputs())
    }

    pub fn output(&self, name: &str) -> String {
        let outputs = self.outputs();
        outputs.get(name).cloned().unwrap_or_default()
    }

    /// Reads the JSON report from the path in the outputs, as a later step of the job would.
    pub fn report(&self) -> Value {
        let path = self.output("report_path");
        assert!(!path.is_empty(), "no report: {}", self.raw_outputs());
        let text = fs::read_to_string(self.workspace(&path)).expect("the report");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Clears the files of an earlier run, as the runner does for each step.
    pub fn again(&mut self, run: u64) {
        for file in ["set_output", "step_summary"] {
            fs::write(self.folder.path().join("file_commands").join(file), "").expect("emptied");
        }
        self.set("GITHUB_RUN_ID", &run.to_string());
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap_or_default()
    }
}

impl ProgramOutput {
    /// Returns the whole log, both streams.
    pub fn log(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Returns the log without the masking commands, which the runner does not show.
    pub fn shown(&self) -> String {
        let log = self.log();
        let lines = log.lines().filter(|line| !line.starts_with("::add-mask::"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Lists the lines that the runner would execute. It trims spaces before `::`, and accepts `##[` anywhere.
    pub fn commands(&self) -> Vec<String> {
        let shown = self.shown();
        let obeyed = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
        shown.lines().filter(obeyed).map(str::to_owned).collect()
    }
}

/// Lists every input of action.yml with its default, empty if it has none.
fn inputs(token: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("action.yml")).expect("action.yml");
    let action: Value = serde_yaml::from_str(&text).expect("YAML");
    let inputs = action["inputs"].as_object().expect("inputs");
    let filled = inputs.iter().map(|(name, input)| {
        let default = input["default"].as_str().unwrap_or_default();
        (
            format!("INPUT_{}", name.to_uppercase()),
            default.replace("${{ github.token }}", token),
        )
    });
    filled.collect()
}

/// Parses outputs as the runner does; anything outside its grammar fails the step.
pub fn outputs(text: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.split('\n');
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let (name, delimiter) = match (line.find('='), line.split_once("<<")) {
            (Some(equals), Some((name, delimiter))) if name.len() < equals => (name, delimiter),
            (None, Some(split)) => split,
            _ => {
                let (name, value) = line.split_once('=').expect("the grammar of outputs");
                outputs.insert(name.to_owned(), value.to_owned());
                continue;
            }
        };
        let mut value = Vec::new();
        loop {
            match lines.next() {
                Some(line) if line == delimiter => break,
                Some(line) => value.push(line),
                None => panic!("the output `{name}` does not end"),
            }
        }
        outputs.insert(name.to_owned(), value.join("\n"));
    }
    outputs
}
