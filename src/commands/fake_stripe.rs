//! `prodverdict fake-stripe`: runs the fake Stripe alone until it is interrupted.

use fake_stripe::{
    CertificatesError,
    command::{self, Arguments, StartError},
    redirect::WriteError,
};

use super::{COULD_NOT_TELL, could_not_write, output::Output, signals::Signals};
use crate::{
    problem::{Explain, Problem},
    report::{self, Mask},
};

pub(super) async fn run(arguments: &Arguments) -> u8 {
    let output = Output::of_process(Mask::default());
    let mut signals = Signals::listen();
    let fake = match command::start(arguments, super::now().0) {
        Ok(fake) => fake,
        Err(errors) => {
            let problems: Vec<_> = errors.iter().map(Problem::from).collect();
            output.say(&report::problems(&problems, output.colour_on_stderr));
            return COULD_NOT_TELL;
        }
    };
    output.say(&fake.greeting());
    if let Err(error) = output.data(&format!("{}\n", fake.base_url())) {
        return could_not_write(&output, &error);
    }
    signals.cancelled().await;
    match fake.stop() {
        Ok(()) => 0,
        Err(error) => {
            output.say(&format!(
                "error: the fake provider stopped with an error: {error}"
            ));
            COULD_NOT_TELL
        }
    }
}

impl Explain for StartError {
    fn hint(&self) -> String {
        Self::hint(self).to_owned()
    }
}

impl Explain for CertificatesError {
    fn hint(&self) -> String {
        Self::hint(self).to_owned()
    }
}

impl Explain for WriteError {
    fn hint(&self) -> String {
        Self::hint(self).to_owned()
    }
}
