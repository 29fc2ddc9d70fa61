//! Publishes the result of the step, and returns its exit status.

use super::{destinations::Destinations, job_result::JobResult, publication, step::JobStep};
use crate::{
    baseline::FindingsSnapshot,
    commands::{
        atomic_write::FileOwner,
        could_not_write,
        failure::{fail, interrupted},
        now,
        output::{Output, OutputError, command},
        reporting::status,
    },
    contract::Verdict,
    github::{Context, Publication, Published, PublishedIssue, Publisher},
    report::{self, Outcome, Provenance, ReportPaths, workflow_command},
};

pub(super) struct Publish<'a> {
    pub(super) step: &'a JobStep<'a>,
    pub(super) destinations: &'a Destinations,
}

impl Publish<'_> {
    /// Opens the check run. Returns the exit status if there is nothing to do.
    pub(super) async fn begin(&self, publisher: &mut Publisher) -> Option<u8> {
        if let Some(reason) = &publisher.context().nothing_to_do {
            let publication = publication::nothing_to_check(reason, self.step.inputs.mode);
            self.destinations.output.say(&publication.summary);
            self.log(&publisher.finish(&publication).await);
            return Some(0);
        }
        publisher.start().await;
        None
    }

    /// Publishes the result and returns the exit status. `earlier` is the last result of the default branch.
    pub(super) async fn publish_result(
        &self,
        result: JobResult,
        earlier: Option<FindingsSnapshot>,
        publisher: &mut Publisher,
    ) -> u8 {
        match result {
            JobResult::Skipped { missing, warnings } => {
                let context = publisher.context();
                let mode = self.step.inputs.mode;
                let publication = publication::skipped(&missing, &warnings, context, mode);
                self.destinations
                    .output
                    .say(&report::warnings(&warnings, false));
                self.destinations.output.say(&publication.summary);
                self.log(&publisher.finish(&publication).await);
                0
            }
            JobResult::Outcome(outcome) => {
                let mut outcome = *outcome;
                outcome.provenance = Some(self.provenance(outcome.provenance.take()));
                if self.step.inputs.redact_ids {
                    outcome = report::redact_ids(&outcome);
                }
                let outcome = self.destinations.mask.outcome(&outcome);
                self.publish(publisher, &outcome, earlier).await
            }
        }
    }

    /// Ends the check run of a cancelled job.
    pub(super) async fn cancel(&self, publisher: &mut Publisher) -> u8 {
        if let Some(warning) = publisher.cancel().await {
            self.destinations
                .output
                .say(&report::warnings(&[warning], false));
        }
        cancelled(&self.destinations.output)
    }

    /// Returns the origin of the result. A report of an earlier step keeps its version and its time.
    fn provenance(&self, earlier: Option<Provenance>) -> Provenance {
        let current = Provenance::new(self.step.started_at, self.step.inputs.config_path());
        match earlier {
            Some(earlier) => Provenance {
                config: current.config,
                ..earlier
            },
            None => current,
        }
    }

    async fn publish(
        &self,
        publisher: &mut Publisher,
        outcome: &Outcome,
        earlier: Option<FindingsSnapshot>,
    ) -> u8 {
        let check_run = publisher.check_run_url().map(str::to_owned);
        let mut publication = publication::publication(
            outcome,
            &self.step.inputs,
            publisher.context(),
            check_run.as_deref(),
            now(),
        );
        self.write_report(outcome, &mut publication);
        self.destinations
            .output
            .say(&report::warnings(&outcome.warnings, false));
        self.destinations.output.say(&report::summary_line(outcome));
        let written = self
            .destinations
            .output
            .stream(|out| report::write_text(outcome, false, out));
        let mut failures = self.write_files(outcome);
        failures.extend(written.err());
        let published = publisher.finish(&publication).await;
        self.log(&published);
        let issue = published.issue.as_ref();
        self.chat(publisher.context(), outcome, issue, earlier)
            .await;
        if outcome.verdict == Verdict::Error && self.step.inputs.verdict.neutral_on_error {
            self.destinations
                .output
                .say("`on_error` is neutral: the job goes on although nothing was decided");
            for failure in &failures {
                could_not_write(&self.destinations.output, failure);
            }
            return 0;
        }
        status(
            outcome,
            self.step.inputs.verdict.strict,
            &self.destinations.output,
            &failures,
        )
    }

    fn write_report(&self, outcome: &Outcome, publication: &mut Publication) {
        let name = publication::report_name(self.step.inputs.mode);
        let path = self.step.workspace.join(name);
        let written = self.destinations.output.file(
            &path,
            |out| report::write_json(outcome, out),
            FileOwner::OwnerOf(&self.step.workspace),
        );
        match written {
            Ok(()) => {
                let outputs = &mut publication.outputs;
                outputs.insert("report_path".to_owned(), name.to_owned());
            }
            Err(OutputError::File { source: error, .. } | OutputError::Stdout(error)) => {
                self.destinations.output.say(&format!(
                    "warning: the JSON report cannot be written: {error}"
                ));
            }
        }
    }

    async fn chat(
        &self,
        context: &Context,
        outcome: &Outcome,
        issue: Option<&PublishedIssue>,
        earlier: Option<FindingsSnapshot>,
    ) {
        let Some(chat) = &self.destinations.chat else {
            return;
        };
        let sent = chat.notify(context, outcome, issue, earlier).await;
        if let Err(warning) = sent {
            self.destinations
                .output
                .say(&report::warnings(&[warning], false));
        }
    }

    fn write_files(&self, outcome: &Outcome) -> Vec<OutputError> {
        let paths = ReportPaths {
            config: self.step.inputs.config_path(),
            folder: &self.step.workspace.display().to_string(),
        };
        self.destinations.files.write_inside(
            &self.step.workspace,
            outcome,
            &paths,
            &self.destinations.output,
        )
    }

    /// Prints problems of publishing, and the annotations that are on no check run.
    fn log(&self, published: &Published) {
        self.destinations
            .output
            .say(&report::warnings(&published.warnings, false));
        for line in
            workflow_command::annotations(&published.annotations_left, "see the job summary")
        {
            command(&self.destinations.output.mask(&line));
        }
        if let Some(url) = &published.check_run_url {
            self.destinations.output.say(&format!("check run: {url}"));
        }
        if let Some(url) = published
            .issue
            .as_ref()
            .and_then(|issue| issue.url.as_ref())
        {
            self.destinations.output.say(&format!("issue: {url}"));
        }
    }
}

/// Reports that the job was cancelled, and returns its exit status.
pub(super) fn cancelled(output: &Output) -> u8 {
    fail(output, &[interrupted()])
}
