//! The program `fake-stripe`: its arguments, its start, and the greeting that it prints.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use fake_http::{StartError, StartedFake};

use super::{World, api::StripeApi};

#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Address and port to listen on; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:12111")]
    pub listen: SocketAddr,

    /// Serve over TLS with a throwaway CA and a certificate for api.stripe.com, stored in this folder
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "DIR")]
    pub tls: Option<PathBuf>,

    /// Load objects from this folder or its subfolder stripe/: subscriptions.json, customers.json, products.json,
    /// prices.json and entitlements.json, as Stripe's API returns them
    #[arg(long, value_name = "DIR")]
    pub fixtures: Option<PathBuf>,
}

/// Starts a fake whose clock runs from `now`, in seconds since 1970. It refuses live keys.
pub fn start(arguments: &Arguments, now: i64) -> Result<StartedFake<StripeApi>, Vec<StartError>> {
    let mut world = World::new(now);
    world.keys.refuse_live();
    let loaded = match &arguments.fixtures {
        Some(folder) => Some(world.load(folder).map_err(|problems| {
            let problems = problems.into_iter().map(StartError::Load);
            problems.collect::<Vec<_>>()
        })?),
        None => None,
    };
    let listen = arguments.listen;
    StartedFake::start(listen, (world, loaded), certificates(arguments), now)
        .map_err(|error| vec![error])
}

#[cfg(feature = "tls")]
fn certificates(arguments: &Arguments) -> Option<&Path> {
    arguments.tls.as_deref()
}

#[cfg(not(feature = "tls"))]
fn certificates(_: &Arguments) -> Option<&'static Path> {
    None
}

/// Returns the greeting, which describes the fake.
pub fn greeting(fake: &StartedFake<StripeApi>) -> String {
    let mut text = format!(
        "A fake Stripe is at {}. It accepts any key that begins with `sk_test_` or `rk_test_`, forgets everything when \
             it ends, and never calls the real Stripe. Ctrl-C ends it.",
        fake.base_url()
    );
    if let Some(loaded) = fake.loaded {
        text.push_str(&format!("\nObjects loaded from files: {loaded}."));
    }
    if let Some(path) = &fake.authority {
        let path = path.display();
        text.push_str(&format!(
                "\nA client that should trust its certificate (api.stripe.com, files.stripe.com, localhost, 127.0.0.1) needs:\
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
