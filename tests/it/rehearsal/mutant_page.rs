//! A page of the documentation about the broken versions of an example app: the scenarios that each fails, and the messages.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

use serde_json::Value;
use testing::node_app::ExampleApp;

/// The page about one app.
#[derive(Debug)]
pub(super) struct MutantPage {
    pub(super) path: &'static str,
    /// The text above the table.
    pub(super) head: &'static str,
    pub(super) app: &'static ExampleApp,
}

/// The rehearsal of an app, unchanged or broken by a patch.
#[derive(Debug)]
pub(super) struct MutantRun {
    /// Name of the patch; `None` for the app as it is.
    pub(super) patch: Option<&'static str>,
    pub(super) report: Value,
    pub(super) status: Option<i32>,
    pub(super) log: String,
}

impl MutantRun {
    pub(super) fn findings(&self) -> &[Value] {
        self.report["findings"].as_array().expect("an array")
    }

    fn scenarios(&self) -> &[Value] {
        let scenarios = self.report["rehearsal"]["scenarios"].as_array();
        scenarios.expect("an array")
    }

    /// Lists the scenarios that it fails.
    pub(super) fn broken(&self) -> BTreeSet<&str> {
        self.ended("broken").collect()
    }

    /// Lists the scenarios with this result, in the order of the report.
    fn ended(&self, result: &str) -> impl Iterator<Item = &str> {
        let scenarios = self.scenarios().iter();
        scenarios
            .filter(move |scenario| scenario["result"] == result)
            .map(|scenario| text(&scenario["id"]))
    }

    /// Returns the mark of a scenario in the table.
    fn mark(&self, scenario: &str) -> &'static str {
        let is = |result: &str| self.ended(result).any(|one| one == scenario);
        if is("broken") {
            "❌"
        } else if is("not_reached") {
            "–"
        } else {
            ""
        }
    }
}

impl MutantPage {
    /// Formats the runs as the page. The run without a patch passes every scenario of the table.
    pub(super) fn format(&self, runs: &[MutantRun]) -> String {
        let right = runs.iter().find(|run| run.patch.is_none());
        let right = right.expect("a run of the app as it is");
        let broken: Vec<_> = runs
            .iter()
            .filter_map(|run| Some((run.patch?, run)))
            .collect();
        let mut page = self.head.to_owned();
        let numbers: Vec<_> = broken.iter().map(|(patch, _)| number(patch)).collect();
        let rule = "|:-:".repeat(numbers.len());
        write!(
            page,
            "\n| scenario | {} |\n|---{rule}|\n",
            numbers.join(" | ")
        )
        .expect("a string");
        for scenario in right.ended("held") {
            let marks: Vec<_> = broken.iter().map(|(_, run)| run.mark(scenario)).collect();
            writeln!(page, "| `{scenario}` | {} |", marks.join(" | ")).expect("a string");
        }
        for (patch, run) in broken {
            page += &self.section(patch, run);
        }
        page
    }

    fn section(&self, patch: &str, run: &MutantRun) -> String {
        let (title, story) = self.app.story(patch);
        let first = &run.findings()[0];
        format!(
            "\n## {}. {title}\n\n{story} Patch: [`{patch}`](../{}/{patch}.patch).\n\n\
             The rehearsal reports at `{}`:\n\n```\n{}\nFix: {}\n```\n",
            number(patch),
            self.app.patch_folder(),
            text(&first["entity"]),
            text(&first["message"]),
            text(&first["fix"]),
        )
    }

    /// Compares the page in the repository with `text`, or writes it if that was asked for.
    #[track_caller]
    pub(super) fn compare_or_write(&self, text: &str) {
        #[expect(
            clippy::disallowed_methods,
            reason = "set by a person who wants the file written anew"
        )]
        let updates = std::env::var_os("PRODVERDICT_UPDATE_EXPECTED").is_some();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(self.path);
        if updates {
            fs::write(&path, text).expect("written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        let lines = text.lines().zip(expected.lines());
        let different = lines.filter(|(line, expected)| line != expected);
        let different = different.map(|(line, expected)| format!("-{expected}\n+{line}\n"));
        let different = different.collect::<String>();
        assert!(
            text == expected,
            "{} says something else: read what is different, and if it is right, write the file with \
             `PRODVERDICT_UPDATE_EXPECTED=1 scripts/test --test it rehearsal::`\n{different}",
            self.path
        );
    }
}

/// Returns the number that a patch's name begins with, without leading zeros.
fn number(patch: &str) -> &str {
    let number = patch.split('-').next().unwrap_or_default();
    number.trim_start_matches('0')
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
