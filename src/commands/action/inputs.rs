//! The inputs of the action. Every invalid one is reported at once.

use std::{num::NonZeroUsize, time::Duration};

use super::input_words::{TASKS, Task, Words};
use crate::{
    cli::Environment,
    commands::run_parameters::FailOn,
    contract::Severity,
    github::{CommentMode, Limits},
    problem::{ErrorCode, Problem},
};

/// The kind of result that a job publishes: of a check or of a rehearsal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Check,
    Rehearse,
}

impl Mode {
    /// Returns the default name of the check run.
    pub(super) fn check_name(self) -> &'static str {
        match self {
            Self::Check => "ProdVerdict access contract",
            Self::Rehearse => "ProdVerdict rehearsal",
        }
    }
}

/// The parsed inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inputs {
    /// Kind of the published result. When publishing an earlier step's report, the report determines it.
    pub(super) mode: Mode,
    /// Report of an earlier step to publish, relative to the root of the workspace. `None` if this step makes the
    /// result.
    pub(super) report: Option<String>,
    /// Relative to the root of the repository.
    pub(super) config: String,
    /// Path of the committed baseline, relative to the root of the repository.
    pub(super) baseline: Option<String>,
    pub(super) rehearsal: RehearsalInputs,
    pub(super) verdict: VerdictInputs,
    pub(super) destinations: DestinationInputs,
    /// The pull request to report on, instead of the one of the event.
    pub(super) pull_request: Option<u64>,
    /// Time for all requests to GitHub together.
    pub(super) report_timeout: Duration,
    pub(super) redact_ids: bool,
    /// Additional report files, relative to the root of the workspace.
    pub(super) output: Vec<String>,
}

/// Inputs that only a rehearsal uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RehearsalInputs {
    /// The scenarios to play; empty for all.
    pub(super) scenarios: Vec<String>,
    pub(super) jobs: Option<NonZeroUsize>,
    /// Shell command that starts the application to rehearse. `None` if it already runs.
    pub(super) app_command: Option<String>,
}

/// Inputs that affect the verdict and the exit status.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word under `with:`"
)]
pub(super) struct VerdictInputs {
    pub(super) strict: bool,
    pub(super) fail_on: FailOn,
    /// True if known findings do not fail a pull request.
    pub(super) fail_on_new: bool,
    pub(super) neutral_on_error: bool,
    pub(super) skip_without_credentials: bool,
}

/// Inputs that choose the destinations of the report. `None` leaves the choice to the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DestinationInputs {
    pub(super) check_run: Option<bool>,
    check_name: Option<String>,
    pub(super) comment: Option<CommentMode>,
    pub(super) issue: Option<bool>,
    pub(super) issue_label: String,
}

impl Inputs {
    /// Returns the path of the configuration as GitHub spells it.
    pub(super) fn config_path(&self) -> &str {
        self.config.strip_prefix("./").unwrap_or(&self.config)
    }

    pub(super) fn check_name(&self) -> &str {
        let named = self.destinations.check_name.as_deref();
        named.unwrap_or(self.mode.check_name())
    }

    /// Reads every input. An invalid value is a problem, and the default is used.
    pub(super) fn read(environment: &Environment) -> (Self, Vec<Problem>) {
        let mut words = Words {
            environment,
            problems: Vec::new(),
        };
        words.choose("contract", &[("access", ())]);
        let task = words.choose("mode", &TASKS).unwrap_or(Task::Check);
        let inputs = Self {
            mode: match task {
                Task::Check => Mode::Check,
                Task::Rehearse | Task::Publish => Mode::Rehearse,
            },
            report: words.text_for_task("report", Task::Publish, task),
            config: words.text("config", "./prodverdict.yml"),
            baseline: environment.input("baseline").map(str::to_owned),
            rehearsal: RehearsalInputs {
                scenarios: words.list("scenario"),
                jobs: words.number("jobs"),
                app_command: words.text_for_task("app_command", Task::Rehearse, task),
            },
            verdict: VerdictInputs::read(&mut words),
            destinations: DestinationInputs::read(&mut words),
            pull_request: words.pull_request("pull_request"),
            report_timeout: words.seconds("report_timeout", Limits::default().budget),
            redact_ids: words
                .choose("redact", &[("off", false), ("ids", true)])
                .unwrap_or(false),
            output: words.list("output"),
        };
        if task == Task::Publish && inputs.report.is_none() {
            words.problems.push(
                Problem::new(
                    ErrorCode::InvalidSetting,
                    "`mode` is `publish`, and the input `report` does not say what to publish",
                )
                .hint("name the JSON report of a step before it: `report: rehearsal.json`"),
            );
        }
        (inputs, words.problems)
    }
}

impl VerdictInputs {
    fn read(words: &mut Words<'_>) -> Self {
        Self {
            strict: words.choose("strict", &BOOLEAN).unwrap_or(false),
            fail_on: words
                .choose("fail_on", &FAIL_ON)
                .map_or(FailOn::AsConfigured, FailOn::Severity),
            fail_on_new: words.choose("fail_on_new", &BOOLEAN).unwrap_or(false),
            neutral_on_error: words
                .choose("on_error", &[("fail", false), ("neutral", true)])
                .unwrap_or(false),
            skip_without_credentials: words
                .choose("on_missing_credentials", &[("fail", false), ("skip", true)])
                .unwrap_or(false),
        }
    }
}

impl DestinationInputs {
    fn read(words: &mut Words<'_>) -> Self {
        Self {
            check_run: words.choose("check_run", &[("on", true), ("off", false)]),
            check_name: words.environment.input("check_name").map(str::to_owned),
            comment: words.choose(
                "comment",
                &[
                    ("on", CommentMode::On),
                    ("off", CommentMode::Off),
                    ("on_findings", CommentMode::OnFindings),
                ],
            ),
            issue: words.choose("issue", &[("on", true), ("off", false)]),
            issue_label: words.label("issue_label", "prodverdict"),
        }
    }
}

/// The YAML 1.2 booleans, as in GitHub's own toolkit.
const BOOLEAN: [(&str, bool); 6] = [
    ("true", true),
    ("True", true),
    ("TRUE", true),
    ("false", false),
    ("False", false),
    ("FALSE", false),
];

const FAIL_ON: [(&str, Option<Severity>); 4] = [
    ("high", Some(Severity::High)),
    ("medium", Some(Severity::Medium)),
    ("low", Some(Severity::Low)),
    ("never", None),
];

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    fn read(inputs: &[(&str, &str)]) -> (Inputs, Vec<Problem>) {
        let variable = |(name, value): &(&str, &str)| {
            (
                format!("INPUT_{}", name.to_uppercase()),
                (*value).to_owned(),
            )
        };
        Inputs::read(&inputs.iter().map(variable).collect())
    }

    #[test]
    fn empty_inputs_have_the_documented_default() {
        let (inputs, problems) = read(&[("config", ""), ("strict", ""), ("fail_on", "")]);
        assert!(problems.is_empty());
        assert_eq!(inputs.config, "./prodverdict.yml");
        assert_eq!(
            (
                inputs.verdict.strict,
                inputs.verdict.fail_on,
                inputs.destinations.comment
            ),
            (false, FailOn::AsConfigured, None)
        );
        assert!(!inputs.verdict.fail_on_new && inputs.baseline.is_none());
        assert!(
            !inputs.verdict.neutral_on_error
                && !inputs.verdict.skip_without_credentials
                && !inputs.redact_ids
        );
    }

    #[test]
    fn every_word_is_understood() {
        let (inputs, problems) = read(&[
            ("strict", "True"),
            ("fail_on", "never"),
            ("fail_on_new", "true"),
            ("baseline", "prodverdict-baseline.yml"),
            ("comment", "on_findings"),
            ("issue", "on"),
            ("issue_label", "billing drift"),
            ("check_run", "off"),
            ("on_error", "neutral"),
            ("on_missing_credentials", "skip"),
            ("redact", "ids"),
            ("contract", "access"),
        ]);
        assert_eq!(problems, []);
        assert!(
            inputs.verdict.strict
                && inputs.verdict.neutral_on_error
                && inputs.verdict.skip_without_credentials
                && inputs.redact_ids
        );
        assert_eq!(inputs.verdict.fail_on, FailOn::Severity(None));
        assert!(inputs.verdict.fail_on_new);
        assert_eq!(inputs.baseline.as_deref(), Some("prodverdict-baseline.yml"));
        assert_eq!(inputs.destinations.comment, Some(CommentMode::OnFindings));
        assert_eq!(
            (inputs.destinations.issue, inputs.destinations.check_run),
            (Some(true), Some(false))
        );
        assert_eq!(inputs.destinations.issue_label, "billing drift");
    }

    #[test]
    fn the_report_timeout_is_in_whole_seconds() {
        let seconds = |word| read(&[("report_timeout", word)]);
        assert_eq!(seconds("").0.report_timeout, Duration::from_mins(2));
        assert_eq!(seconds("30").0.report_timeout, Duration::from_secs(30));
        for refused in ["0", "3601", "-1", "2m"] {
            let (inputs, problems) = seconds(refused);
            assert_eq!(problems.len(), 1, "{refused}");
            assert_eq!(inputs.report_timeout, Duration::from_mins(2));
        }
    }

    #[test]
    fn a_pull_request_is_named_by_its_number() {
        assert_eq!(read(&[("pull_request", "7")]).0.pull_request, Some(7));
        assert_eq!(read(&[("pull_request", "")]).1, []);
        for refused in ["0", "#7", "refs/pull/7/merge"] {
            assert_eq!(read(&[("pull_request", refused)]).1.len(), 1, "{refused}");
        }
    }

    #[test]
    fn a_label_is_one_that_github_takes() {
        assert_eq!(read(&[]).0.destinations.issue_label, "prodverdict");
        assert_eq!(read(&[("issue_label", &"x".repeat(50))]).1, []);
        for refused in ["a,b", "a\nb", &"x".repeat(51)] {
            assert_eq!(read(&[("issue_label", refused)]).1.len(), 1, "{refused}");
        }
    }

    #[test]
    fn a_rehearsal_has_its_own_name_scenarios_and_number() {
        let (inputs, problems) = read(&[
            ("mode", "rehearse"),
            ("scenario", "first-purchase\n  trial, dunning,\n"),
            ("jobs", "2"),
        ]);
        assert_eq!(problems, []);
        assert_eq!(inputs.mode, Mode::Rehearse);
        assert_eq!(inputs.check_name(), "ProdVerdict rehearsal");
        assert_eq!(
            inputs.rehearsal.scenarios,
            ["first-purchase", "trial", "dunning"]
        );
        assert_eq!(inputs.rehearsal.jobs, NonZeroUsize::new(2));
        let (inputs, problems) = read(&[("mode", "rehearsal"), ("jobs", "0")]);
        assert_eq!((inputs.mode, inputs.rehearsal.jobs), (Mode::Check, None));
        let messages: Vec<_> = problems
            .iter()
            .map(|problem| problem.text.as_str())
            .collect();
        assert_eq!(
            messages,
            [
                "the input `mode` is `rehearsal`, and `check` or `rehearse` or `publish` was expected",
                "the input `jobs` is `0`, and a whole number from 1 on was expected",
            ]
        );
        assert_eq!(read(&[]).0.check_name(), "ProdVerdict access contract");
    }

    #[test]
    fn a_report_requires_the_mode_that_publishes_it() {
        let (inputs, problems) = read(&[("mode", "publish"), ("report", "rehearsal.json")]);
        assert_eq!(problems, []);
        assert_eq!(inputs.report.as_deref(), Some("rehearsal.json"));
        let message = |inputs: &[(&str, &str)]| {
            let (_, problems) = read(inputs);
            assert_eq!(problems.len(), 1, "{problems:?}");
            problems[0].text.clone()
        };
        assert_eq!(
            message(&[("mode", "publish")]),
            "`mode` is `publish`, and the input `report` does not say what to publish"
        );
        assert_eq!(
            message(&[("mode", "rehearse"), ("report", "rehearsal.json")]),
            "the input `report` is set, and only `mode: publish` has a use for it"
        );
    }

    #[test]
    fn a_command_requires_a_rehearsal() {
        let (inputs, problems) = read(&[("mode", "rehearse"), ("app_command", "npm start")]);
        assert_eq!(problems, []);
        assert_eq!(inputs.rehearsal.app_command.as_deref(), Some("npm start"));
        let (inputs, problems) = read(&[("app_command", "npm start")]);
        assert_eq!((inputs.rehearsal.app_command, problems.len()), (None, 1));
    }

    #[test]
    fn all_unknown_words_are_reported() {
        let (inputs, problems) = read(&[
            ("strict", "yes"),
            ("fail_on", "critical"),
            ("contract", "seats"),
        ]);
        assert!(!inputs.verdict.strict);
        let messages: Vec<_> = problems
            .iter()
            .map(|problem| problem.text.as_str())
            .collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert_eq!(
            messages[0],
            "the input `contract` is `seats`, and `access` was expected"
        );
    }
}
