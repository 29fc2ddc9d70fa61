//! The built program in a separate environment, and its output.

use std::{fs, path::Path, process::Command, time::Duration};

use serde_json::Value;
use tempfile::TempDir;

use crate::root;

/// Texts in every secret that a test gives to the program, which no output may contain.
pub const CANARIES: [&str; 2] = ["Canary", "QzWx"];

/// A restricted key of live mode; with a key of test mode, test clocks are queried too. Stripe's error messages show the last four
/// letters of a key.
pub const KEY: &str = "rk_live_51CanaryOfTheKeyCanaryQzWx";

/// A restricted key of test mode, with the same canaries.
pub const TEST_KEY: &str = "rk_test_51CanaryOfTheKeyCanaryQzWx";

/// Limit of a run: no run takes this long unless it hangs.
const TIMEOUT: Duration = Duration::from_mins(5);

/// A run in preparation. It inherits nothing from the environment.
pub struct Program(assert_cmd::Command);

/// The result of a run.
#[derive(Debug)]
pub struct ProgramOutput {
    /// `None` if a signal ended the process.
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    /// Prepares a program with these arguments, separated by spaces.
    pub fn new(path: &str, arguments: &str) -> Self {
        let mut command = assert_cmd::Command::new(path);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir(root())
            .timeout(TIMEOUT);
        Self(command).arguments(arguments)
    }

    /// Adds arguments, separated by spaces.
    pub fn arguments(mut self, arguments: &str) -> Self {
        self.0.args(arguments.split_whitespace());
        self
    }

    /// Adds one argument, which may have spaces.
    pub fn argument(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    /// Sets standard input.
    pub fn reading(mut self, text: &str) -> Self {
        self.0.write_stdin(text);
        self
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    pub fn within(mut self, folder: &Path) -> Self {
        self.0.current_dir(folder);
        self
    }

    /// Runs the program. A secret in its output fails every test.
    pub fn run(mut self) -> ProgramOutput {
        let output = self.0.output().expect("the program starts");
        let ran = ProgramOutput {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        };
        for canary in CANARIES {
            assert!(!ran.stdout.contains(canary), "a secret is shown: {ran:#?}");
            assert!(!ran.stderr.contains(canary), "a secret is shown: {ran:#?}");
        }
        ran
    }
}

impl ProgramOutput {
    /// Checks that the run ended with this status.
    #[track_caller]
    pub fn with_status(self, status: i32) -> Self {
        self.expect(status);
        self
    }

    #[track_caller]
    pub fn expect(&self, status: i32) {
        assert_eq!(
            self.status,
            Some(status),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
    }

    /// Checks that the run had no verdict: status 2, the matching last line, and nothing that reads like a pass.
    #[track_caller]
    pub fn unanswered(self) -> Self {
        let ran = self.with_status(2);
        assert!(!ran.all().to_lowercase().contains("pass\n"), "{ran:#?}");
        assert!(!ran.all().contains("PASS"), "{ran:#?}");
        assert!(ran.stdout.ends_with("VERDICT: ERROR\n"), "{ran:#?}");
        ran
    }

    /// Checks that the output contains each of these texts.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.all().contains(text),
                "`{text}` is not said\nstdout:\n{}\nstderr:\n{}",
                self.stdout,
                self.stderr
            );
        }
        self
    }

    /// Parses the JSON report.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Lists the findings of a JSON report as `rule entity`, in the report's order.
    #[track_caller]
    pub fn findings(&self) -> Vec<String> {
        let report = self.json();
        let findings = report["findings"].as_array().expect("an array").iter();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        findings
            .map(|finding| format!("{} {}", text(&finding["rule"]), text(&finding["entity"])))
            .collect()
    }

    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Creates a folder with files for one test.
pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    folder
}

pub fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// Runs `git` in a folder, with arguments that are separated by spaces.
pub fn git(folder: &Path, arguments: &str) {
    let settings = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    let ran = Command::new("git")
        .args(settings)
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("git starts");
    assert!(ran.status.success(), "{ran:?}");
}
