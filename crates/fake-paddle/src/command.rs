//! The command that serves the fake: its arguments, its start, and the greeting that it prints.

use std::{net::SocketAddr, path::PathBuf};

use fake_http::{StartError, StartedFake};

use crate::{api::PaddleApi, world::World};

#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Address and port to listen on; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:12112")]
    pub listen: SocketAddr,

    /// Serve over TLS with a throwaway CA and a certificate for api.paddle.com, stored in this folder
    #[arg(long, value_name = "DIR")]
    pub tls: Option<PathBuf>,

    /// Load objects from this folder or its subfolder paddle/: subscriptions.json, customers.json, products.json and
    /// prices.json, as Paddle's API returns them
    #[arg(long, value_name = "DIR")]
    pub fixtures: Option<PathBuf>,
}

/// Starts a fake whose clock runs from `now`, in seconds since 1970. It refuses live keys.
pub fn start(arguments: &Arguments, now: i64) -> Result<StartedFake<PaddleApi>, Vec<StartError>> {
    let mut world = World::new(now);
    world.refuses_live = true;
    let loaded = match &arguments.fixtures {
        Some(folder) => Some(world.load(folder).map_err(|problems| {
            let problems = problems.into_iter().map(StartError::Load);
            problems.collect::<Vec<_>>()
        })?),
        None => None,
    };
    let certificates = arguments.tls.as_deref();
    let started = StartedFake::start(arguments.listen, (world, loaded), certificates, now);
    started.map_err(|error| vec![error])
}

/// Returns the greeting, which describes the fake.
pub fn greeting(fake: &StartedFake<PaddleApi>) -> String {
    let mut text = format!(
        "A fake Paddle is at {}. It accepts any key except a live one, forgets everything when it ends, and never \
         calls the real Paddle. Ctrl-C ends it.",
        fake.base_url()
    );
    if let Some(loaded) = fake.loaded {
        text.push_str(&format!("\nObjects loaded from files: {loaded}."));
    }
    if let Some(path) = &fake.authority {
        let path = path.display();
        text.push_str(&format!(
            "\nA client that should trust its certificate (api.paddle.com, sandbox-api.paddle.com, localhost, 127.0.0.1) needs:\
             \n  Node   NODE_EXTRA_CA_CERTS={path}\
             \n  Python REQUESTS_CA_BUNDLE={path}\
             \n  curl   CURL_CA_BUNDLE={path}\
             \n  Ruby   SSL_CERT_FILE={path}\
             \n  Go     SSL_CERT_FILE={path}"
        ));
    }
    text
}
