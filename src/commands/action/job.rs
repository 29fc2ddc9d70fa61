//! One job: judges, publishes, and gives the exit status.

use std::path::{Path, PathBuf};

use super::{
    super::{
        check::{new_run, status},
        configuration::Unusable,
        judge::{Run, all_missing_credentials, judge},
        now,
        output::{Output, command},
        progress::Progress,
        sides::Recorded,
        unanswered,
    },
    inputs::Inputs,
    publication, report_file,
};
use crate::{
    cli::Environment,
    config::Config,
    contract::Verdict,
    github::{Context, Publication, Published, Publisher, ReportMode},
    problem::Problem,
    report::{self, Mask, Outcome, workflow_command},
};

pub(super) struct Job<'e> {
    pub(super) environment: &'e Environment,
    pub(super) inputs: Inputs,
    pub(super) input_problems: Vec<Problem>,
    pub(super) context: Context,
    pub(super) workspace: PathBuf,
    pub(super) recorded: Recorded,
    pub(super) output: Output,
    pub(super) mask: Mask,
}

impl Job<'_> {
    /// Judges and says so everywhere; gives the exit status.
    pub(super) async fn report(
        &self,
        publisher: &mut Publisher,
        config: Result<Config, Unusable>,
    ) -> u8 {
        if let Some(reason) = &self.context.nothing_to_do {
            let publication = publication::nothing_to_check(reason);
            self.output.say(&publication.summary);
            self.tell(&publisher.finish(&publication).await);
            return 0;
        }
        publisher.start().await;
        let progress = Progress::new(false);
        let run = new_run(self.environment, &progress, self.recorded.clone(), now());
        let outcome = match (config, run) {
            (Err(unusable), _) => unanswered(unusable.problems()),
            (_, Err(problem)) => unanswered(vec![problem]),
            (Ok(_), Ok(_)) if !self.input_problems.is_empty() => {
                unanswered(self.input_problems.clone())
            }
            (Ok(config), Ok(mut run)) => {
                let missing = all_missing_credentials(&config, &run);
                if self.inputs.skip_without_credentials && !missing.is_empty() {
                    return self.skip(publisher, &missing).await;
                }
                run.fail_on = self.inputs.fail_on;
                self.judge(&config, &run).await
            }
        };
        self.publish(publisher, &self.mask.outcome(&outcome)).await
    }

    async fn judge(&self, config: &Config, run: &Run<'_>) -> Outcome {
        let outcome = judge(config, run).await;
        if self.inputs.redact_ids {
            report::redact_ids(&outcome)
        } else {
            outcome
        }
    }

    async fn skip(&self, publisher: &mut Publisher, missing: &[&str]) -> u8 {
        let publication = publication::skipped(missing, &self.context);
        self.output.say(&publication.summary);
        let published = publisher.finish(&publication).await;
        self.tell(&published);
        0
    }

    async fn publish(&self, publisher: &mut Publisher, outcome: &Outcome) -> u8 {
        let check_run = publisher.check_run_url().map(str::to_owned);
        let mut publication = publication::publication(
            outcome,
            &self.inputs,
            publisher.context(),
            check_run.as_deref(),
        );
        self.write_report(outcome, &mut publication);
        self.output.say(&report::warnings(&outcome.warnings, false));
        self.output.say(&report::summary_line(outcome));
        let written = self.output.data(&report::text(outcome, false));
        let published = publisher.finish(&publication).await;
        self.tell(&published);
        if outcome.verdict == Verdict::Error && self.inputs.neutral_on_error {
            self.output
                .say("`on_error` is neutral: the job goes on although nothing was decided");
            return 0;
        }
        status(outcome, self.inputs.strict, &self.output, written)
    }

    fn write_report(&self, outcome: &Outcome, publication: &mut Publication) {
        let json = self.output.mask(&report::json(outcome));
        match report_file::write(Path::new(&self.workspace), &json) {
            Ok(()) => {
                let path = publication::REPORT.to_owned();
                publication.outputs.insert("report_path".to_owned(), path);
            }
            Err(error) => {
                self.output.say(&format!(
                    "warning: the JSON report cannot be written: {error}"
                ));
            }
        }
    }

    /// What could not be said where it belongs, and the annotations that no check run took.
    fn tell(&self, published: &Published) {
        self.output
            .say(&report::warnings(&published.degraded, false));
        if published.mode != ReportMode::Checks {
            for line in
                workflow_command::annotations(&published.annotations_left, "see the job summary")
            {
                command(&self.output.mask(&line));
            }
        }
        if let Some(url) = &published.check_run_url {
            self.output.say(&format!("check run: {url}"));
        }
    }
}
