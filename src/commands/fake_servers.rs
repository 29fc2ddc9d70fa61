//! `prodverdict fake-stripe` and `fake-paddle`: run a fake provider alone until it is interrupted.

use fake_http::{Api, CertificatesError, StartError, StartedFake, redirect::WriteError};
use fake_paddle::command as paddle;
use fake_stripe::command as stripe;

use super::{could_not_write, failure::fail, output::Output, signals::Signals};
use crate::{
    problem::{Coded, ErrorCode, Explain, Problem},
    report::Mask,
};

pub(super) async fn run_stripe(arguments: &stripe::Arguments) -> u8 {
    run(|now| stripe::start(arguments, now), stripe::greeting).await
}

pub(super) async fn run_paddle(arguments: &paddle::Arguments) -> u8 {
    run(|now| paddle::start(arguments, now), paddle::greeting).await
}

async fn run<A: Api>(
    start: impl FnOnce(i64) -> Result<StartedFake<A>, Vec<StartError>>,
    greeting: impl FnOnce(&StartedFake<A>) -> String,
) -> u8 {
    let output = Output::of_process(Mask::default());
    let mut signals = Signals::listen();
    let fake = match start(super::now().0) {
        Ok(fake) => fake,
        Err(errors) => {
            let problems: Vec<_> = errors
                .into_iter()
                .map(|error| Problem::from(FakeError::from(error)))
                .collect();
            return fail(&output, &problems);
        }
    };
    output.say(&greeting(&fake));
    if let Err(error) = output.data(&format!("{}\n", fake.base_url())) {
        return could_not_write(&output, &error);
    }
    signals.cancelled().await;
    match fake.stop() {
        Ok(()) => 0,
        Err(error) => {
            let message = format!("the fake provider stopped with an error: {error}");
            fail(&output, &[Problem::new(ErrorCode::FakeProvider, message)])
        }
    }
}

/// An error of the fake provider, with the code of this program.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) enum FakeError {
    Start(#[from] StartError),
    Certificates(#[from] CertificatesError),
    Write(#[from] WriteError),
}

impl Coded for FakeError {
    fn code(&self) -> ErrorCode {
        ErrorCode::FakeProvider
    }
}

impl Explain for FakeError {
    fn hint(&self) -> String {
        match self {
            Self::Start(error) => error.hint(),
            Self::Certificates(error) => error.hint(),
            Self::Write(error) => error.hint(),
        }
        .to_owned()
    }
}
