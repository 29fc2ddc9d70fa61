//! The use cases, one per file; the only place that connects all modules.

mod action;
mod atomic_write;
mod baseline;
mod baseline_file;
mod changed_lines;
mod check;
mod configuration;
mod confirm;
mod credentials;
mod demo;
mod derived;
mod doctor;
mod evidence;
mod explain;
mod failure;
mod fake_servers;
mod git;
mod init;
mod input_file;
mod job;
mod logging;
mod lookup;
mod mcp;
mod output;
mod plan;
mod record;
mod recorded;
mod rehearse;
mod repair;
mod report_files;
mod reporting;
mod run_check;
mod run_parameters;
mod schema;
mod secrets;
mod shell_arguments;
mod signals;
mod status;
#[cfg(test)]
mod tests;
mod validate;
mod working_tree;
mod working_tree_changes;

use std::{process::ExitCode, time::Duration};

use clap::CommandFactory as _;
use jiff::Timestamp;

use self::{
    failure::{fail, interrupted},
    output::{Output, OutputError},
    signals::Signals,
};
use crate::{
    cli::{Cli, Command, ContractType, Environment},
    contract::{UnixSeconds, Verdict},
    problem::{ErrorCode, Message, Problem},
    report::{Mask, Outcome},
};

/// Runs one command and returns its exit status.
pub fn run(cli: Cli, environment: &Environment) -> ExitCode {
    cli.color.write_global();
    logging::init(cli.verbose);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let status = match runtime {
        Ok(runtime) => {
            let status = runtime.block_on(dispatch(cli.command, environment));
            // A host name lookup may still hang in a thread that nobody waits for.
            runtime.shutdown_timeout(Duration::from_millis(100));
            status
        }
        Err(error) => {
            let message = format!("the async runtime cannot be started: {error}");
            let problem = Problem::new(ErrorCode::System, message);
            fail(&Output::of_process(Mask::default()), &[problem])
        }
    };
    ExitCode::from(status)
}

const COULD_NOT_TELL: u8 = 2;

/// Prints why the arguments are refused, with the code of such errors, and returns the exit status.
pub fn refuse_arguments(error: &clap::Error) -> ExitCode {
    let label = format!("error[{}]:", ErrorCode::InvalidSetting);
    let text = error.render().ansi().to_string();
    let is_missing =
        error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    let text = if is_missing {
        format!("{text}\n{label} a command is missing: add one of those listed above\n")
    } else {
        text.replacen("error:", &label, 1)
    };
    anstream::eprint!("{text}");
    ExitCode::from(COULD_NOT_TELL)
}

async fn dispatch(command: Command, environment: &Environment) -> u8 {
    match command {
        Command::Check {
            contract: ContractType::Access(arguments),
        } => Box::pin(until_interrupted(check::run(&arguments, environment))).await,
        Command::Init(arguments) => {
            Box::pin(until_interrupted(init::run(&arguments, environment))).await
        }
        Command::Doctor(arguments) => {
            Box::pin(until_interrupted(doctor::run(&arguments, environment))).await
        }
        Command::Status(arguments) => {
            Box::pin(until_interrupted(status::run(&arguments, environment))).await
        }
        Command::Explain(arguments) => {
            Box::pin(until_interrupted(explain::run(&arguments, environment))).await
        }
        Command::Rehearse(arguments) => rehearse::run(&arguments, environment).await,
        Command::Record(arguments) => {
            Box::pin(until_interrupted(record::run(&arguments, environment))).await
        }
        Command::Demo(format) => demo::run(&format, environment).await,
        Command::Baseline(arguments) => baseline::run(&arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Schema => schema::run(),
        Command::FakeStripe(arguments) => fake_servers::run_stripe(&arguments).await,
        Command::FakePaddle(arguments) => fake_servers::run_paddle(&arguments).await,
        Command::Mcp(arguments) => Box::pin(mcp::run(arguments, environment)).await,
        Command::Action(fixtures) => Box::pin(action::run(&fixtures, environment)).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "prodverdict", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
    }
}

/// Returns the status of `command`, unless SIGINT or SIGTERM comes first, even if the parent process ignores them.
async fn until_interrupted(command: impl Future<Output = u8>) -> u8 {
    let mut signals = Signals::listen();
    tokio::select! {
        status = command => status,
        () = signals.cancelled() => fail(&Output::of_process(Mask::default()), &[interrupted()]),
    }
}

/// Prints data without secrets.
fn print(text: &str) -> u8 {
    let output = Output::of_process(Mask::default());
    match output.data(text) {
        Ok(()) => 0,
        Err(error) => could_not_write(&output, &error),
    }
}

fn could_not_write(output: &Output, error: &OutputError) -> u8 {
    fail(output, &[Problem::from(error)])
}

/// Returns the outcome of a run that failed before checking any contract.
fn unanswered(problems: Vec<Problem>) -> Outcome {
    Outcome {
        verdict: Verdict::Error,
        contracts: Vec::new(),
        problems,
        warnings: Vec::new(),
        rehearsal: None,
        since: None,
        provenance: None,
        are_changes_known: false,
    }
}

/// Removes duplicates of messages that several contracts have in common.
fn once_each<C: PartialEq>(messages: &mut Vec<Message<C>>) {
    let mut unique: Vec<Message<C>> = Vec::with_capacity(messages.len());
    for message in messages.drain(..) {
        if !unique.contains(&message) {
            unique.push(message);
        }
    }
    *messages = unique;
}

/// Returns the default time of evaluation.
fn now() -> UnixSeconds {
    #[expect(
        clippy::disallowed_methods,
        reason = "the only place that reads the clock; everything else gets the time as an argument"
    )]
    let now = Timestamp::now();
    UnixSeconds::from(now)
}
