//! `prodverdict action`: one job of GitHub Actions, from its inputs to its report and exit status.

mod changed;
mod changed_sql;
mod chat;
mod configuration;
mod inputs;
mod issue;
mod job;
mod known;
mod loosening;
mod publication;
mod step_report;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use self::{
    chat::Chat,
    inputs::{Inputs, Mode},
    job::{Job, Judged},
    known::Committed,
};
use super::{
    COULD_NOT_TELL,
    configuration::Unusable,
    masking::mask_of,
    once_each,
    output::{Output, command},
    recorded::Recorded,
    rehearse,
    report_files::{Kind, ReportFiles, stays_inside},
    signals::Signals,
};
use crate::{
    baseline::day_of,
    cli::{Environment, FixtureArgs},
    config::Config,
    contract::UnixSeconds,
    github::{Client, ClientError, CommentMode, Context, Limits, Options, Publisher, VARIABLES},
    http,
    problem::Problem,
    report::{parts_of_secret, workflow_command},
};

/// The runner gives a cancelled job 7.5 seconds. The next rehearsal removes what this one leaves behind.
const CLEANING: Duration = Duration::from_secs(5);

pub(super) async fn run(fixtures: &FixtureArgs, environment: &Environment) -> u8 {
    let mut signals = Signals::listen();
    // A rehearsal ends itself when it is cancelled, because it has to clean up.
    let mut of_rehearsal = Signals::listen();
    let workspace = PathBuf::from(environment.get("GITHUB_WORKSPACE").unwrap_or("."));
    let (mut inputs, mut input_problems) = Inputs::read(environment);
    let step_report = step_report::of_inputs(&mut inputs, &workspace);
    let mut context = context(environment, &inputs);
    let token = token(environment);
    let mut secrets = environment.likely_secrets();
    secrets.extend(token.clone());
    let webhook = chat::webhook(environment, &mut secrets);
    hide(&secrets);
    let http = match http::client() {
        Ok(http) => http,
        Err(error) => return without_client(&secrets, &error),
    };
    let mut client = Client::new(
        &http,
        &context,
        token.as_ref(),
        mask_of(&secrets),
        limits(&inputs),
    );
    let began = super::now();
    let (config, committed) = tokio::select! {
        loaded = load(&inputs, &workspace, &mut context, client.as_mut(), began) => loaded,
        () = signals.cancelled() => return cancelled(&Output::of_process(mask_of(&secrets))),
    };
    if let Ok(config) = &config {
        hide_named(&mut secrets, rehearse::secrets(config, environment));
    }
    let mask = mask_of(&secrets);
    let client = client.map(|client| client.masking(mask.clone()));
    let mut publisher = Publisher::new(
        client,
        context.clone(),
        options(&inputs, environment),
        mask.clone(),
        Timestamp::from_second(began.0).unwrap_or_default(),
    );
    let files = report_files(&inputs, &mut input_problems);
    let mut job = Job {
        chat: webhook.map(|webhook| Chat::new(webhook, http.clone(), mask.clone())),
        recorded: Recorded::of(fixtures, &workspace.join(&inputs.config)),
        environment,
        inputs,
        input_problems,
        committed,
        step_report,
        began,
        files,
        context,
        workspace,
        output: Output::of_process(mask.clone()),
        mask,
    };
    let begun = tokio::select! {
        begun = job.begin(&mut publisher) => begun,
        () = signals.cancelled() => return job.cancel(&mut publisher).await,
    };
    if let Some(status) = begun {
        return status;
    }
    let refused = tokio::select! {
        refused = refused_sql(&job, &config, publisher.client()) => refused,
        () = signals.cancelled() => return job.cancel(&mut publisher).await,
    };
    job.input_problems.extend(refused);
    let listening = (&mut signals, &mut of_rehearsal);
    let judged = match judged(&job, &config, listening, &mut publisher).await {
        Ok(judged) => judged,
        Err(status) => return status,
    };
    tokio::select! {
        status = Box::pin(told(&job, &config, judged, &mut publisher)) => return status,
        () = signals.cancelled() => {}
    }
    job.cancel(&mut publisher).await
}

fn without_client(secrets: &[SecretString], error: &reqwest::Error) -> u8 {
    let output = Output::of_process(mask_of(secrets));
    output.say(&format!(
        "error: the HTTP client cannot be set up: {error}; check the proxy variables and certificates of the job"
    ));
    COULD_NOT_TELL
}

fn limits(inputs: &Inputs) -> Limits {
    Limits {
        budget: inputs.report_timeout,
        ..Limits::default()
    }
}

/// Loads the trusted configuration and baseline. Time for the report is left.
async fn load(
    inputs: &Inputs,
    workspace: &Path,
    context: &mut Context,
    mut client: Result<&mut Client, &mut ClientError>,
    began: UnixSeconds,
) -> (Result<Config, Unusable>, Result<Committed, Unusable>) {
    let _kept = client.as_ref().map(|client| client.keep_share());
    let comment = inputs.comment.map(|mode| mode != CommentMode::Off);
    if let Ok(client) = &mut client
        && context.needs_locating(comment)
    {
        // Whatever needs the pull request asks again, and reports an error.
        drop(context.locate(client).await);
    }
    let reader = client.as_deref_mut().map_err(|error| &**error);
    let config = configuration::load(inputs.config_path(), workspace, context, reader).await;
    let reader = client.map_err(|error| &*error);
    let path = inputs.baseline.as_deref();
    let committed = known::load(path, workspace, context, reader, day_of(began)).await;
    (config, committed)
}

/// Finds SQL that must not run in this job. A rehearsal runs it on a scratch database, where it may.
async fn refused_sql(
    job: &Job<'_>,
    config: &Result<Config, Unusable>,
    client: Option<Client>,
) -> Vec<Problem> {
    let (Ok(config), Mode::Check, None) = (config, job.inputs.mode, &job.step_report) else {
        return Vec::new();
    };
    let checked = changed_sql::Checked {
        path: job.inputs.config_path(),
        workspace: &job.workspace,
        environment: job.environment,
        recorded: &job.recorded,
    };
    changed_sql::refused(checked, config, &job.context, client).await
}

/// Returns the additional report files, or none of them if one is invalid.
fn report_files(inputs: &Inputs, problems: &mut Vec<Problem>) -> ReportFiles {
    let kind = Kind {
        is_redacted: inputs.redact_ids,
        is_rehearsal: inputs.mode == Mode::Rehearse,
        is_published: inputs.report.is_some(),
    };
    let paths: Vec<_> = inputs.output.iter().map(PathBuf::from).collect();
    let chosen = match paths.iter().find(|path| !stays_inside(path)) {
        None => ReportFiles::choose(paths, kind, "the input `output`"),
        Some(outside) => Err(Problem {
            message: format!(
                "the input `output` names `{}`, which is not in the workspace",
                outside.display()
            ),
            hint: "name a path from the root of the workspace, without `..`".to_owned(),
            place: None,
        }),
    };
    chosen.unwrap_or_else(|problem| {
        problems.push(problem);
        ReportFiles::default()
    })
}

fn token(environment: &Environment) -> Option<SecretString> {
    environment
        .input("github_token")
        .or_else(|| environment.get("GITHUB_TOKEN"))
        .map(SecretString::from)
}

/// Compares the result, places its findings, publishes it, and returns the exit status.
async fn told(
    job: &Job<'_>,
    config: &Result<Config, Unusable>,
    mut judged: Judged,
    publisher: &mut Publisher,
) -> u8 {
    let mut context = publisher.context().clone();
    let path = job.inputs.config_path();
    if let Ok(config) = config {
        if let Judged::Told(outcome) = &mut judged {
            known::compare(job, outcome, publisher).await;
            once_each(&mut outcome.warnings);
            changed::place(outcome, (config, path), &context, publisher.client()).await;
        }
        let client = publisher.client();
        judged.warn(loosening::warnings(path, config, &mut context, client).await);
    }
    job.end(publisher, judged).await
}

/// Hides the secrets that the configuration names, unless they are hidden already.
fn hide_named(secrets: &mut Vec<SecretString>, mut named: Vec<SecretString>) {
    let is_hidden = |named: &SecretString| {
        let mut hidden = secrets.iter().map(ExposeSecret::expose_secret);
        hidden.any(|hidden| hidden == named.expose_secret())
    };
    named.retain(|named| !is_hidden(named));
    hide(&named);
    secrets.extend(named);
}

/// Judges the job. The error is the exit status of a cancelled one.
async fn judged(
    job: &Job<'_>,
    config: &Result<Config, Unusable>,
    (signals, of_rehearsal): (&mut Signals, &mut Signals),
    publisher: &mut Publisher,
) -> Result<Judged, u8> {
    {
        let mut judging = pin!(job.judge(config, of_rehearsal));
        tokio::select! {
            biased;
            () = signals.cancelled() => {
                if job.inputs.mode == Mode::Rehearse {
                    let cleaned = timeout(CLEANING, judging);
                    return Err(tokio::join!(job.cancel(publisher), cleaned).0);
                }
            }
            judged = &mut judging => return Ok(judged),
        }
    }
    Err(job.cancel(publisher).await)
}

fn cancelled(output: &Output) -> u8 {
    output.say("cancelled: nothing was decided");
    COULD_NOT_TELL
}

/// Asks the runner to hide the secrets, before anything else is printed. Only these lines contain a secret, and the
/// runner keeps them out of the log.
fn hide(secrets: &[SecretString]) {
    let parts = secrets
        .iter()
        .flat_map(|secret| parts_of_secret(secret.expose_secret()));
    let lines: BTreeSet<_> = parts
        .filter_map(|part| workflow_command::add_mask(&part))
        .collect();
    for line in lines {
        command(&line);
    }
}

/// Reads the context of the job from the environment and the event file.
fn context(environment: &Environment, inputs: &Inputs) -> Context {
    let variables: BTreeMap<_, _> = VARIABLES
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), environment.get(name)?.to_owned())))
        .collect();
    let payload = environment
        .get("GITHUB_EVENT_PATH")
        .and_then(|path| fs::read_to_string(path).ok());
    let mut context = Context::resolve(&variables, payload.as_deref());
    if let Some(number) = inputs.pull_request {
        context.name_pull_request(number);
    }
    context
}

fn options(inputs: &Inputs, environment: &Environment) -> Options {
    let path = |name| environment.get(name).map(PathBuf::from);
    Options {
        check_run: inputs.check_run,
        check_name: inputs.check_name().to_owned(),
        series: match inputs.mode {
            Mode::Check => "",
            Mode::Rehearse => "rehearsal",
        },
        comment: inputs.comment,
        issue: inputs.issue,
        issue_label: inputs.issue_label.clone(),
        config: inputs.config_path().to_owned(),
        summary_file: path("GITHUB_STEP_SUMMARY"),
        output_file: path("GITHUB_OUTPUT"),
    }
}
