//! Judges and publishes one job, and returns its exit status.

use std::{num::NonZeroUsize, path::PathBuf};

use super::{
    super::{
        configuration::Unusable,
        judge::{Run, all_missing_credentials, judge},
        now,
        output::{Output, OutputError, command},
        progress::Progress,
        recorded::Recorded,
        rehearse::{Command, Files, Setup, Wanted, missing_for, not_begun, played},
        report_files::ReportFiles,
        reporting::status,
        signals::Signals,
        unanswered,
        whole_file::Owner,
    },
    chat::Chat,
    inputs::{Inputs, Mode},
    known::Committed,
    publication,
    step_report::{self, Against},
};
use crate::{
    application::CommandLine,
    baseline::day_of,
    cli::Environment,
    config::Config,
    contract::{UnixSeconds, Verdict},
    github::{Context, Publication, Published, Publisher, Trust},
    problem::Problem,
    report::{self, Mask, Outcome, Surroundings, workflow_command},
};

/// Advice if the container lacks a program that the application needs.
const IF_PROGRAM_IS_MISSING: &str = "the container of the action holds no runtime and no packages: run `npx prodverdict rehearse \
     --output rehearsal.json -- COMMAND` in a step on the runner, and publish its report here with `mode: publish` and \
     `report: rehearsal.json`";

pub(super) struct Job<'e> {
    pub(super) environment: &'e Environment,
    pub(super) inputs: Inputs,
    pub(super) input_problems: Vec<Problem>,
    pub(super) committed: Result<Committed, Unusable>,
    pub(super) began: UnixSeconds,
    /// Additional report files.
    pub(super) files: ReportFiles,
    pub(super) context: Context,
    pub(super) workspace: PathBuf,
    pub(super) recorded: Recorded,
    /// The report of an earlier step, if this job publishes one.
    pub(super) step_report: Option<Result<Outcome, Problem>>,
    pub(super) output: Output,
    pub(super) mask: Mask,
    /// The chat to notify of changes.
    pub(super) chat: Option<Chat>,
}

/// The result of a job.
pub(super) enum Judged {
    Told(Box<Outcome>),
    /// Variables with credentials are not set.
    Skipped {
        missing: Vec<String>,
        warnings: Vec<Problem>,
    },
}

impl Judged {
    fn skipped(missing: &[&str]) -> Self {
        Self::Skipped {
            missing: missing.iter().map(|name| (*name).to_owned()).collect(),
            warnings: Vec::new(),
        }
    }

    /// Adds warnings, which do not affect the result.
    pub(super) fn warn(&mut self, more: Vec<Problem>) {
        match self {
            Self::Told(outcome) => outcome.warnings.extend(more),
            Self::Skipped { warnings, .. } => warnings.extend(more),
        }
    }
}

impl Job<'_> {
    /// Opens the check run. Returns the exit status if there is nothing to do.
    pub(super) async fn begin(&self, publisher: &mut Publisher) -> Option<u8> {
        if let Some(reason) = &self.context.nothing_to_do {
            let publication = publication::nothing_to_check(reason, self.inputs.mode);
            self.output.say(&publication.summary);
            self.tell(&publisher.finish(&publication).await);
            return Some(0);
        }
        publisher.start().await;
        None
    }

    /// Reaches a verdict without publishing it.
    pub(super) async fn judge(
        &self,
        config: &Result<Config, Unusable>,
        signals: &mut Signals,
    ) -> Judged {
        let mut problems = match config {
            Err(unusable) => unusable.problems(),
            Ok(_) => self.input_problems.clone(),
        };
        if let Err(unusable) = &self.committed {
            problems.extend(unusable.problems());
        }
        if let Some(Err(unreadable)) = &self.step_report {
            problems.push(unreadable.clone());
        }
        if let (Ok(config), []) = (config, problems.as_slice()) {
            if let Some(Ok(outcome)) = &self.step_report {
                return Judged::Told(Box::new(self.take_over(outcome.clone(), config)));
            }
            match self.inputs.mode {
                Mode::Check => {
                    let progress = Progress::new(false);
                    let recorded = self.recorded.clone();
                    let run = Run::new(self.environment, &progress, recorded, now());
                    return self.check(config, run).await;
                }
                Mode::Rehearse => return Box::pin(self.rehearse(config, signals)).await,
            }
        }
        Judged::Told(Box::new(match self.inputs.mode {
            Mode::Check => unanswered(problems),
            Mode::Rehearse => not_begun(problems),
        }))
    }

    async fn check(&self, config: &Config, mut run: Run<'_>) -> Judged {
        let missing = all_missing_credentials(config, &run);
        if self.inputs.skip_without_credentials && !missing.is_empty() {
            return Judged::skipped(&missing);
        }
        run.fail_on = self.inputs.fail_on;
        run.repairs = self.files.want_repairs();
        Judged::Told(Box::new(judge(config, &run).await))
    }

    /// Turns the report of an earlier step into the outcome of this one.
    fn take_over(&self, outcome: Outcome, config: &Config) -> Outcome {
        let against = Against {
            config,
            config_path: self.inputs.config_path(),
            files: &self.files_of_rehearsal(),
            wanted: &self.wanted(),
            committed: self.committed.as_ref().ok(),
            today: day_of(self.began),
        };
        let mode = self.inputs.mode;
        step_report::take_over(outcome, &against).unwrap_or_else(|problem| match mode {
            Mode::Check => unanswered(vec![problem]),
            Mode::Rehearse => not_begun(vec![problem]),
        })
    }

    /// Returns access to the files that the configuration names, as far as they may be read.
    fn files_of_rehearsal(&self) -> Files {
        let path = self.workspace.join(&self.inputs.config);
        let files = Files::beside(&path).inside(&self.workspace);
        if self.context.trust == Trust::Ordinary {
            files
        } else {
            files.untrusted()
        }
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            scenarios: self.inputs.scenarios.clone(),
            jobs: self.inputs.jobs.map(NonZeroUsize::get),
            begins: None,
            fail_on: self.inputs.fail_on,
            fail_fast: false,
        }
    }

    /// Returns the command that starts the application in this container. `None` if it already runs.
    fn command(&self) -> Result<Option<Command>, Problem> {
        let Some(text) = &self.inputs.app_command else {
            return Ok(None);
        };
        if self.context.trust != Trust::Ordinary {
            return Err(Problem {
                message: format!(
                    "on `{}` the action starts no application: secrets would meet the code of strangers",
                    self.context.event_name
                ),
                hint: "rehearse on `pull_request`, which has no secrets to lose".to_owned(),
                place: None,
            });
        }
        Ok(Some(Command {
            line: CommandLine::Shell(text.clone()),
            folder: self.workspace.clone(),
            if_program_is_missing: Some(IF_PROGRAM_IS_MISSING),
        }))
    }

    async fn rehearse(&self, config: &Config, signals: &mut Signals) -> Judged {
        let files = self.files_of_rehearsal();
        let setup = self
            .command()
            .and_then(|command| Setup::for_action(config, &files, self.environment, command));
        let mut setup = match setup {
            Ok(setup) => setup,
            Err(problem) => return Judged::Told(Box::new(not_begun(vec![problem]))),
        };
        let settings = config.rehearsal.as_ref();
        let missing = settings.map(|settings| missing_for(settings, &setup.environment));
        let missing = missing.unwrap_or_default();
        if self.inputs.skip_without_credentials && !missing.is_empty() {
            return Judged::skipped(&missing);
        }
        let wanted = self.wanted();
        let outcome = played((config, &files), &mut setup, &wanted, &self.output, signals);
        Judged::Told(Box::new(outcome.await))
    }

    /// Publishes the result and returns the exit status.
    pub(super) async fn end(&self, publisher: &mut Publisher, judged: Judged) -> u8 {
        match judged {
            Judged::Skipped { missing, warnings } => {
                let context = &self.context;
                let mode = self.inputs.mode;
                let publication = publication::skipped(&missing, &warnings, context, mode);
                self.output.say(&report::warnings(&warnings, false));
                self.output.say(&publication.summary);
                self.tell(&publisher.finish(&publication).await);
                0
            }
            Judged::Told(outcome) => {
                let outcome = if self.inputs.redact_ids {
                    report::redact_ids(&outcome)
                } else {
                    *outcome
                };
                self.publish(publisher, &self.mask.outcome(&outcome)).await
            }
        }
    }

    /// Ends the check run of a cancelled job.
    pub(super) async fn cancel(&self, publisher: &mut Publisher) -> u8 {
        if let Some(problem) = publisher.cancel().await {
            self.output.say(&report::warnings(&[problem], false));
        }
        super::cancelled(&self.output)
    }

    async fn publish(&self, publisher: &mut Publisher, outcome: &Outcome) -> u8 {
        let check_run = publisher.check_run_url().map(str::to_owned);
        let mut publication = publication::publication(
            outcome,
            &self.inputs,
            publisher.context(),
            check_run.as_deref(),
            now(),
        );
        self.write_report(outcome, &mut publication);
        self.output.say(&report::warnings(&outcome.warnings, false));
        self.output.say(&report::summary_line(outcome));
        let written = self
            .output
            .stream(|out| report::write_text(outcome, false, out));
        let mut failures = self.write_files(outcome);
        failures.extend(written.err());
        let published = publisher.finish(&publication).await;
        self.tell(&published);
        self.chat(publisher, outcome, &published).await;
        if outcome.verdict == Verdict::Error && self.inputs.neutral_on_error {
            self.output
                .say("`on_error` is neutral: the job goes on although nothing was decided");
            for failure in &failures {
                super::super::could_not_write(&self.output, failure);
            }
            return 0;
        }
        status(outcome, self.inputs.strict, &self.output, &failures)
    }

    fn write_report(&self, outcome: &Outcome, publication: &mut Publication) {
        let name = publication::report_name(self.inputs.mode);
        let path = self.workspace.join(name);
        let written = self.output.file(
            &path,
            |out| report::write_json(outcome, out),
            Owner::OwnerOf(&self.workspace),
        );
        match written {
            Ok(()) => {
                let outputs = &mut publication.outputs;
                outputs.insert("report_path".to_owned(), name.to_owned());
            }
            Err(OutputError::File { source: error, .. } | OutputError::Stdout(error)) => {
                self.output.say(&format!(
                    "warning: the JSON report cannot be written: {error}"
                ));
            }
        }
    }

    async fn chat(&self, publisher: &Publisher, outcome: &Outcome, published: &Published) {
        let Some(chat) = &self.chat else {
            return;
        };
        let earlier = publisher.earlier().map(|earlier| earlier.state.clone());
        let issue = published.issue.as_ref();
        let told = chat
            .tell(publisher.context(), outcome, issue, earlier)
            .await;
        if let Err(problem) = told {
            self.output.say(&report::warnings(&[problem], false));
        }
    }

    fn write_files(&self, outcome: &Outcome) -> Vec<OutputError> {
        let surroundings = Surroundings {
            config: self.inputs.config_path(),
            folder: &self.workspace.display().to_string(),
        };
        self.files
            .write_inside(&self.workspace, outcome, &surroundings, &self.output)
    }

    /// Prints publishing problems, and the annotations that no check run took.
    fn tell(&self, published: &Published) {
        self.output
            .say(&report::warnings(&published.degraded, false));
        for line in
            workflow_command::annotations(&published.annotations_left, "see the job summary")
        {
            command(&self.output.mask(&line));
        }
        if let Some(url) = &published.check_run_url {
            self.output.say(&format!("check run: {url}"));
        }
        if let Some(url) = published
            .issue
            .as_ref()
            .and_then(|issue| issue.url.as_ref())
        {
            self.output.say(&format!("issue: {url}"));
        }
    }
}
