//! Runs the fake until it is interrupted: its URL goes to standard output, everything else to standard error.

use std::{
    io::{self, Write as _},
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Parser;
use fake_http::{StartError, StartedFake};
use fake_stripe::{
    StripeApi,
    command::{self, Arguments},
};
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

/// Serves a stateful fake of Stripe's API on this machine.
///
/// It has customers, subscriptions, invoices, checkout sessions and events, moves them through their lifecycles, and never
/// calls the real Stripe. It accepts every test key, and forgets everything when it ends.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    arguments: Arguments,
}

fn main() -> ExitCode {
    match command::start(&Cli::parse().arguments, now()) {
        Ok(fake) => {
            run(fake).map_or_else(|error| fail(&error.to_string(), ""), |()| ExitCode::SUCCESS)
        }
        Err(errors) => {
            let mut status = ExitCode::FAILURE;
            for error in &errors {
                status = fail(&with_causes(error), error.hint());
            }
            status
        }
    }
}

/// Returns the time in seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the only place that reads the clock"
)]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().try_into().unwrap_or_default())
}

fn run(fake: StartedFake<StripeApi>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        #[cfg(unix)]
        let mut terminate = signal(SignalKind::terminate())?;
        #[cfg(windows)]
        let mut terminate = tokio::signal::windows::ctrl_close()?;
        say(&command::greeting(&fake));
        writeln!(io::stdout(), "{}", fake.base_url())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted?,
            _ = terminate.recv() => {}
        }
        fake.stop()
    })
}

fn fail(message: &str, hint: &str) -> ExitCode {
    say(&format!("error: {message}"));
    if !hint.is_empty() {
        say(&format!("  help: {hint}"));
    }
    ExitCode::from(2)
}

fn with_causes(error: &StartError) -> String {
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    message
}

/// Writes a line to standard error, with control characters escaped, because names of files and objects are untrusted.
fn say(text: &str) {
    let mut escaped = String::new();
    for letter in text.chars() {
        if letter.is_control() && letter != '\n' {
            escaped.extend(letter.escape_default());
        } else {
            escaped.push(letter);
        }
    }
    // A failure could not be reported anywhere.
    writeln!(io::stderr(), "{escaped}").ok();
}
