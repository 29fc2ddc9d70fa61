//! `prodverdict action`: one job of GitHub Actions, from its inputs to its report and exit status.

mod configuration;
mod inputs;
mod publication;
mod report_file;
mod signals;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use self::inputs::Inputs;
use super::{
    COULD_NOT_TELL,
    check::{new_run, recorded},
    configuration::Unusable,
    judge::{self, Run, all_missing_credentials},
    output::Output,
    progress::Progress,
    sides::Recorded,
    unanswered,
};
use crate::{
    cli::{Environment, FixtureArgs},
    config::Config,
    contract::Verdict,
    github::{
        Client, Context, Limits, Options, Publication, Published, Publisher, ReportMode, VARIABLES,
    },
    http,
    problem::Problem,
    report::{self, Mask, Outcome, workflow_command},
};

/// One job.
struct Job<'e> {
    environment: &'e Environment,
    inputs: Inputs,
    input_problems: Vec<Problem>,
    context: Context,
    workspace: PathBuf,
    recorded: Recorded,
    output: Output,
    mask: Mask,
}

pub(super) async fn run(fixtures: &FixtureArgs, environment: &Environment) -> u8 {
    let (inputs, input_problems) = Inputs::read(environment);
    let context = context(environment);
    let token = environment
        .input("github_token")
        .or_else(|| environment.get("GITHUB_TOKEN"));
    let token = token.map(SecretString::from);
    let mut secrets = environment.likely_secrets();
    secrets.extend(token.clone());
    let client = http::client();
    let workspace = PathBuf::from(environment.get("GITHUB_WORKSPACE").unwrap_or("."));
    let mut job = Job {
        recorded: recorded(fixtures, &workspace.join(&inputs.config)),
        environment,
        inputs,
        input_problems,
        context,
        workspace,
        mask: mask(&secrets),
        output: Output::of_process(secrets.clone()),
    };
    let Ok(client) = client else {
        job.output.say("error: the HTTP client cannot be set up; check the proxy variables and certificates of the job");
        return COULD_NOT_TELL;
    };
    let github = |mask| {
        Client::new(
            &client,
            &job.context,
            token.as_ref(),
            mask,
            Limits::default(),
        )
    };
    let first = github(job.mask.clone());
    let config =
        configuration::load(&job.inputs.config, &job.workspace, &job.context, &first).await;
    if let Ok(config) = &config {
        secrets.extend(judge::secrets(config, environment));
        job.mask = mask(&secrets);
        job.output = Output::of_process(secrets.clone());
    }
    let github = Client::new(
        &client,
        &job.context,
        token.as_ref(),
        job.mask.clone(),
        Limits::default(),
    );
    job.hide(&secrets);
    let mut publisher = Publisher::new(
        github,
        job.context.clone(),
        job.options(),
        job.mask.clone(),
        started(),
    );
    tokio::select! {
        status = job.report(&mut publisher, config) => return status,
        () = signals::cancelled() => {}
    }
    if let Some(problem) = publisher.cancel().await {
        job.output.say(&report::problems(&[problem], false));
    }
    job.output.say("cancelled: nothing was decided");
    COULD_NOT_TELL
}

fn started() -> Timestamp {
    Timestamp::from_second(super::now().0).unwrap_or_default()
}

fn mask(secrets: &[SecretString]) -> Mask {
    let secrets: Vec<_> = secrets
        .iter()
        .map(|secret| secret.expose_secret())
        .collect();
    Mask::new(&secrets)
}

/// What the job is about, from the environment and the event file.
fn context(environment: &Environment) -> Context {
    let variables: BTreeMap<_, _> = VARIABLES
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), environment.get(name)?.to_owned())))
        .collect();
    let payload = environment
        .get("GITHUB_EVENT_PATH")
        .and_then(|path| fs::read_to_string(path).ok());
    Context::resolve(&variables, payload.as_deref())
}

impl Job<'_> {
    /// The runner hides what it is told to hide; the first thing to tell it.
    fn hide(&self, secrets: &[SecretString]) {
        for secret in secrets {
            for value in
                std::iter::once(secret.expose_secret()).chain(secret.expose_secret().lines())
            {
                if value.len() >= report::SHORTEST_SECRET
                    && let Some(command) = workflow_command::add_mask(value)
                {
                    // The one line that has to hold the secret: the runner takes it out of the log.
                    self.output.command(&command);
                }
            }
        }
    }

    fn options(&self) -> Options {
        let path = |name| self.environment.get(name).map(PathBuf::from);
        Options {
            check_run: self.inputs.check_run,
            check_name: self.inputs.check_name.clone(),
            comment: self.inputs.comment,
            summary_file: path("GITHUB_STEP_SUMMARY"),
            output_file: path("GITHUB_OUTPUT"),
        }
    }

    /// Judges and says so everywhere; gives the exit status.
    async fn report(&self, publisher: &mut Publisher, config: Result<Config, Unusable>) -> u8 {
        if let Some(reason) = &self.context.nothing_to_do {
            self.output.say(&format!("nothing to check: {reason}"));
            return 0;
        }
        publisher.start().await;
        let progress = Progress::new(false);
        let run = new_run(
            self.environment,
            &progress,
            self.recorded.clone(),
            super::now(),
        );
        let outcome = match (config, run) {
            (Err(unusable), _) => {
                if let Some(rendered) = unusable.rendered(false) {
                    self.output.say(&rendered);
                }
                unanswered(unusable.problems())
            }
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
        self.publish(publisher, &outcome).await
    }

    async fn judge(&self, config: &Config, run: &Run<'_>) -> Outcome {
        let outcome = judge::judge(config, run).await;
        let outcome = if self.inputs.redact_ids {
            report::redact_ids(&outcome)
        } else {
            outcome
        };
        self.mask.outcome(&outcome)
    }

    async fn skip(&self, publisher: &mut Publisher, missing: &[&str]) -> u8 {
        let publication = publication::skipped(missing, &self.context);
        self.output.say(&publication.summary);
        let published = publisher.finish(&publication).await;
        self.tell_degraded(&published);
        0
    }

    async fn publish(&self, publisher: &mut Publisher, outcome: &Outcome) -> u8 {
        let url = publisher.check_run_url().map(str::to_owned);
        let mut publication =
            publication::publication(outcome, &self.inputs, publisher.context(), url.as_deref());
        self.write_report(outcome, &mut publication);
        self.output.say(&report::warnings(outcome, false));
        self.output.say(&report::summary_line(outcome));
        let written = self.output.data(&report::text(outcome, false));
        let published = publisher.finish(&publication).await;
        self.tell_degraded(&published);
        if outcome.verdict == Verdict::Error && self.inputs.neutral_on_error {
            self.output
                .say("on_error is neutral: the job goes on although nothing was decided");
            return 0;
        }
        super::check::status(outcome, self.inputs.strict, &self.output, written)
    }

    fn write_report(&self, outcome: &Outcome, publication: &mut Publication) {
        let json = self.output.mask(&report::json(outcome));
        match report_file::write(Path::new(&self.workspace), &json) {
            Ok(()) => {
                let path = publication::REPORT.to_owned();
                publication.outputs.insert("report_path".to_owned(), path);
            }
            Err(error) => self.output.say(&format!(
                "warning: the JSON report cannot be written: {error}"
            )),
        }
    }

    /// What could not be said where it belongs, and the annotations that no check run took.
    fn tell_degraded(&self, published: &Published) {
        self.output
            .say(&report::problems(&published.degraded, false));
        if published.mode != ReportMode::Checks {
            let rest = "see the job summary";
            for command in workflow_command::annotations(&published.annotations_left, rest) {
                self.output.command(&self.output.mask(&command));
            }
        }
        if let Some(url) = &published.check_run_url {
            self.output.say(&format!("check run: {url}"));
        }
    }
}
