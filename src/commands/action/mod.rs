//! `prodverdict action`: one job of GitHub Actions, from its inputs to its report and exit status.
//!
//! The event and the inputs select the trusted files; these give the verdict; its findings are compared with earlier
//! ones, placed at changed lines, and published.

mod changed;
mod changed_sql;
mod chat;
mod committed;
mod comparison;
mod configuration;
mod destinations;
mod event;
mod hidden;
mod input_words;
mod inputs;
mod issue;
mod job_result;
mod publication;
mod publish;
mod step;
mod step_report;
mod trusted;
mod weakening;

use std::{pin::pin, time::Duration};

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::time::timeout;

use self::{
    chat::Chat,
    destinations::{Destinations, report_files},
    inputs::Mode,
    job_result::{JobInput, JobResult},
    publish::Publish,
    step::JobStep,
    trusted::TrustedFiles,
};
use super::{
    failure::{fail, no_http_client},
    job, once_each,
    output::Output,
    secrets::{mask_of, rehearsal_secrets},
    signals::Signals,
};
use crate::{
    cli::{Environment, FixtureArgs},
    github::{Client, Publisher},
    http,
    problem::Problem,
};

/// Time to clean up after a cancelled rehearsal. GitHub's runner kills the job after 7.5 seconds; the next rehearsal
/// removes whatever is left.
const CLEANING: Duration = Duration::from_secs(5);

pub(super) async fn run(fixtures: &FixtureArgs, environment: &Environment) -> u8 {
    let mut signals = Signals::listen();
    // A rehearsal ends itself when it is cancelled, because it has to clean up.
    let rehearsal_signals = Signals::listen();
    let (step, mut problems) = JobStep::read(fixtures, environment);
    let mut context = event::read(environment, &step.inputs);
    let token = job::token(environment);
    let mut secrets = environment.likely_secrets();
    secrets.extend(token.clone());
    let webhook = chat::webhook(environment, &mut secrets);
    hidden::hide(&secrets);
    let http = match http::client() {
        Ok(http) => http,
        Err(error) => return without_client(&secrets, &error),
    };
    let mask = mask_of(&secrets);
    let mut client = Client::new(&http, &context, token.as_ref(), mask, step.github_limits());
    let load = async {
        if let Ok(client) = &mut client {
            event::locate(&mut context, &step.inputs, client).await;
        }
        TrustedFiles::load(&step, &mut context, &mut client).await
    };
    let trusted = tokio::select! {
        trusted = load => trusted,
        () = signals.cancelled() => return publish::cancelled(&Output::of_process(mask_of(&secrets))),
    };
    if let Ok(config) = &trusted.config {
        hidden::hide_named(&mut secrets, rehearsal_secrets(config, environment));
    }
    let mask = mask_of(&secrets);
    let destinations = Destinations {
        output: Output::of_process(mask.clone()),
        files: report_files(&step.inputs, &mut problems),
        chat: webhook.map(|webhook| Chat::new(webhook, http.clone(), mask.clone())),
        mask: mask.clone(),
    };
    let began = Timestamp::from_second(step.started_at.0).unwrap_or_default();
    let client = client.map(|client| client.masking(mask.clone()));
    let job = Job {
        step: &step,
        trusted: &trusted,
        destinations: &destinations,
        problems,
    };
    let publisher = Publisher::new(client, context, step.report_options(), mask, began);
    Box::pin(job.run(publisher, (signals, rehearsal_signals))).await
}

fn without_client(secrets: &[SecretString], error: &reqwest::Error) -> u8 {
    let output = Output::of_process(mask_of(secrets));
    fail(&output, &[no_http_client(error)])
}

/// The job after its files are loaded.
struct Job<'a> {
    step: &'a JobStep<'a>,
    trusted: &'a TrustedFiles,
    destinations: &'a Destinations,
    /// Problems of the inputs.
    problems: Vec<Problem>,
}

impl Job<'_> {
    /// Opens the check run, reaches the job's result and publishes it. A signal cancels the check run instead.
    async fn run(
        mut self,
        mut publisher: Publisher,
        (mut signals, mut rehearsal_signals): (Signals, Signals),
    ) -> u8 {
        let prepared = tokio::select! {
            prepared = self.prepare(&mut publisher) => prepared,
            () = signals.cancelled() => return self.publish().cancel(&mut publisher).await,
        };
        match prepared {
            Err(status) => return status,
            Ok(refused) => self.problems.extend(refused),
        }
        let listening = (&mut signals, &mut rehearsal_signals);
        let result = match self.reach_result(listening, &mut publisher).await {
            Ok(result) => result,
            Err(status) => return status,
        };
        tokio::select! {
            status = self.report(result, &mut publisher) => return status,
            () = signals.cancelled() => {}
        }
        self.publish().cancel(&mut publisher).await
    }

    /// Opens the check run, and finds SQL that must not run in this job. The error is the exit status if there is
    /// nothing to do.
    async fn prepare(&self, publisher: &mut Publisher) -> Result<Vec<Problem>, u8> {
        if let Some(status) = self.publish().begin(publisher).await {
            return Err(status);
        }
        // A rehearsal runs the SQL on a scratch database, where it may.
        let step = self.step;
        let (Ok(config), Mode::Check, None) =
            (&self.trusted.config, step.inputs.mode, &step.earlier_report)
        else {
            return Ok(Vec::new());
        };
        let client = publisher.client();
        Ok(changed_sql::refused(step, config, publisher.context(), client).await)
    }

    /// Reaches the job's result. The error is the exit status of a cancelled job.
    async fn reach_result(
        &self,
        (signals, rehearsal_signals): (&mut Signals, &mut Signals),
        publisher: &mut Publisher,
    ) -> Result<JobResult, u8> {
        let context = publisher.context().clone();
        let job_input = JobInput {
            step: self.step,
            trusted: self.trusted,
            context: &context,
            destinations: self.destinations,
        };
        {
            let mut pending = pin!(job_input.reach_result(&self.problems, rehearsal_signals));
            tokio::select! {
                biased;
                () = signals.cancelled() => {
                    if self.step.inputs.mode == Mode::Rehearse {
                        let publish = self.publish();
                        let cleaned = timeout(CLEANING, pending);
                        return Err(tokio::join!(publish.cancel(publisher), cleaned).0);
                    }
                }
                result = &mut pending => return Ok(result),
            }
        }
        Err(self.publish().cancel(publisher).await)
    }

    /// Compares the result, places its findings, publishes it, and returns the exit status.
    async fn report(&self, mut result: JobResult, publisher: &mut Publisher) -> u8 {
        let path = self.step.inputs.config_path();
        let mut earlier = None;
        if let Ok(config) = &self.trusted.config {
            if let JobResult::Outcome(outcome) = &mut result {
                if let Ok(baseline) = &self.trusted.baseline {
                    earlier = comparison::compare(self.step, baseline, outcome, publisher).await;
                }
                once_each(&mut outcome.warnings);
                let client = publisher.client();
                changed::place(outcome, (config, path), publisher.context(), client).await;
            }
            let mut context = publisher.context().clone();
            let client = publisher.client();
            result.warn(weakening::warnings(path, config, &mut context, client).await);
        }
        self.publish()
            .publish_result(result, earlier, publisher)
            .await
    }

    fn publish(&self) -> Publish<'_> {
        Publish {
            step: self.step,
            destinations: self.destinations,
        }
    }
}
