//! The program `fake-stripe`: its arguments, its start, and the greeting that it prints.

use std::{io, net::SocketAddr, path::PathBuf};

#[cfg(feature = "tls")]
use super::{Certificates, CertificatesError};
use super::{FakeStripe, LoadProblem, World, server::Transport};

#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Address and port to listen on; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:12111")]
    pub listen: SocketAddr,

    /// Serve over TLS with a throw-away CA and a certificate for api.stripe.com, stored in this folder
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "DIR")]
    pub tls: Option<PathBuf>,

    /// Load objects from this folder or its subfolder stripe/: subscriptions.json, customers.json, products.json,
    /// prices.json and entitlements.json, as Stripe's API returns them
    #[arg(long, value_name = "DIR")]
    pub fixtures: Option<PathBuf>,
}

/// A fake that was started from the command line.
#[derive(Debug)]
pub struct Running {
    fake: FakeStripe,
    /// File of the certificate authority, if the fake serves TLS.
    authority: Option<PathBuf>,
    /// Number of objects that were loaded.
    loaded: Option<usize>,
}

/// The reason why the fake did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0}")]
    Load(LoadProblem),
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
    /// The port is in use, or the address does not belong to this machine.
    #[error("cannot listen on `{listen}`")]
    Listen {
        listen: SocketAddr,
        source: io::Error,
    },
}

impl StartError {
    /// Returns a suggestion for a fix; empty if the message is enough.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Load(_) => "",
            #[cfg(feature = "tls")]
            Self::Certificates(error) => error.hint(),
            Self::Listen { .. } => {
                "stop the program that listens there, or name another address with --listen (port 0 picks a free port)"
            }
        }
    }
}

/// Starts a fake whose clock runs from `now`, in seconds since 1970. It refuses live keys.
pub fn start(arguments: &Arguments, now: i64) -> Result<Running, Vec<StartError>> {
    let mut world = World::new(now);
    world.keys.refuse_live();
    let loaded = match &arguments.fixtures {
        Some(folder) => Some(world.load(folder).map_err(|problems| {
            let problems = problems.into_iter().map(StartError::Load);
            problems.collect::<Vec<_>>()
        })?),
        None => None,
    };
    let transport = transport(arguments, now).map_err(|error| vec![error])?;
    let authority = transport
        .authority()
        .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    let listen = arguments.listen;
    let fake = FakeStripe::start_with(listen, world, transport)
        .map_err(|source| vec![StartError::Listen { listen, source }])?;
    fake.follow_time();
    Ok(Running {
        fake,
        authority,
        loaded,
    })
}

#[cfg(feature = "tls")]
fn transport(arguments: &Arguments, now: i64) -> Result<Transport, StartError> {
    Ok(match &arguments.tls {
        Some(folder) => Transport::Tls(Certificates::in_folder(folder, now)?),
        None => Transport::Plain,
    })
}

#[cfg(not(feature = "tls"))]
#[expect(clippy::unnecessary_wraps, reason = "certificates can fail")]
fn transport(_: &Arguments, _: i64) -> Result<Transport, StartError> {
    Ok(Transport::Plain)
}

impl Running {
    pub fn base_url(&self) -> String {
        self.fake.base_url()
    }

    /// Returns the greeting, which describes the fake.
    pub fn greeting(&self) -> String {
        let mut text = format!(
            "A fake Stripe is at {}. It knows any key that begins with `sk_test_` or `rk_test_`, forgets everything when \
             it ends, and never calls the real one. Ctrl-C ends it.",
            self.base_url()
        );
        if let Some(loaded) = self.loaded {
            text.push_str(&format!("\nIt begins with {loaded} recorded objects."));
        }
        if let Some(path) = &self.authority {
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

    /// Stops listening and frees the port.
    pub fn stop(self) -> io::Result<()> {
        self.fake.stop()
    }
}
