//! `prodverdict fake-stripe`: runs the fake Stripe alone until it is interrupted.

use std::io;

use super::{COULD_NOT_TELL, could_not_write, output::Output, signals::Signals};
use crate::{
    cli::FakeStripeArgs,
    contract::UnixSeconds,
    fake_stripe::{Certificates, CertificatesError, FakeStripe, LoadProblem, World},
    problem::{Explain, Problem},
    report::{self, Mask},
};

pub(super) async fn run(arguments: &FakeStripeArgs) -> u8 {
    let output = Output::of_process(Mask::default());
    let mut signals = Signals::listen();
    let started = match start(arguments, super::now()) {
        Ok(started) => started,
        Err(problems) => {
            output.say(&report::problems(&problems, output.colour_on_stderr));
            return COULD_NOT_TELL;
        }
    };
    output.say(&greeting(&started));
    if let Err(error) = output.data(&format!("{}\n", started.fake.base_url())) {
        return could_not_write(&output, &error);
    }
    signals.cancelled().await;
    match started.fake.stop() {
        Ok(()) => 0,
        Err(error) => {
            output.say(&format!("error: the fake did not end well: {error}"));
            COULD_NOT_TELL
        }
    }
}

struct Started {
    fake: FakeStripe,
    certificates: Option<Certificates>,
    loaded: Option<usize>,
}

fn start(arguments: &FakeStripeArgs, now: UnixSeconds) -> Result<Started, Vec<Problem>> {
    let mut world = World::new(now.0);
    world.keys.refuse_live();
    let loaded = match &arguments.fixtures {
        Some(folder) => Some(
            world
                .load(folder)
                .map_err(|problems| problems.iter().map(load_problem).collect::<Vec<_>>())?,
        ),
        None => None,
    };
    let certificates = match &arguments.tls {
        Some(folder) => Some(
            Certificates::in_folder(folder, now.0).map_err(|error| vec![Problem::of(&error)])?,
        ),
        None => None,
    };
    let listen = arguments.listen;
    let fake = match &certificates {
        Some(certificates) => FakeStripe::start_over_tls(listen, world, certificates.clone()),
        None => FakeStripe::start(listen, world),
    };
    let fake = fake.map_err(|source| {
        vec![Problem::of(&ListenError {
            listen: listen.to_string(),
            source,
        })]
    })?;
    fake.follow_time();
    Ok(Started {
        fake,
        certificates,
        loaded,
    })
}

fn greeting(started: &Started) -> String {
    let mut text = format!(
        "A fake Stripe is at {}. It knows any key that begins with `sk_test_` or `rk_test_`, forgets everything when it \
         ends, and never calls the real one. Ctrl-C ends it.",
        started.fake.base_url()
    );
    if let Some(loaded) = started.loaded {
        text.push_str(&format!("\nIt begins with {loaded} recorded objects."));
    }
    if let Some(certificates) = &started.certificates {
        let path = std::path::absolute(certificates.authority());
        let path = path.as_deref().unwrap_or(certificates.authority());
        let path = path.display();
        text.push_str(&format!(
            "\nWhoever is to trust its certificate (api.stripe.com, files.stripe.com, localhost, 127.0.0.1) needs:\
             \n  Node   NODE_EXTRA_CA_CERTS={path}\
             \n  curl   CURL_CA_BUNDLE={path}\
             \n  Ruby   SSL_CERT_FILE={path}\
             \n  Go     SSL_CERT_FILE={path}\
             \nThe libraries for Python, Ruby and PHP bring their own authorities: set `stripe.ca_bundle_path`, \
             `Stripe.ca_bundle_path` or `Stripe::setCABundlePath` to that file."
        ));
    }
    text
}

fn load_problem(problem: &LoadProblem) -> Problem {
    Problem {
        message: problem.to_string(),
        hint: String::new(),
        place: None,
    }
}

impl Explain for CertificatesError {
    fn hint(&self) -> String {
        Self::hint(self).to_owned()
    }
}

/// The port is in use, or the address does not belong to this machine.
#[derive(Debug, thiserror::Error)]
#[error("`{listen}` cannot be listened on")]
struct ListenError {
    listen: String,
    source: io::Error,
}

impl Explain for ListenError {
    fn hint(&self) -> String {
        "end what listens there, or name another address with --listen (port 0 takes a free one)"
            .to_owned()
    }
}
