//! A fake that a program started from its command line.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

#[cfg(feature = "tls")]
use super::tls::{Certificates, CertificatesError};
use super::{
    api::Api,
    hosts::ProviderHosts,
    load_problem::LoadProblem,
    server::{Fake, Transport},
};

/// A fake that was started from the command line.
#[derive(Debug)]
pub struct StartedFake<A: Api> {
    fake: Fake<A>,
    /// File of the certificate authority, if the fake serves TLS.
    pub authority: Option<PathBuf>,
    /// Number of objects that were loaded.
    pub loaded: Option<usize>,
}

/// The reason why a fake did not start.
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

impl<A: Api> StartedFake<A> {
    /// Starts a fake whose clock runs from `now`, in seconds since 1970. It serves TLS if there is a folder for the
    /// certificates.
    pub fn start(
        listen: SocketAddr,
        (world, loaded): (A::World, Option<usize>),
        certificates: Option<&Path>,
        now: i64,
    ) -> Result<Self, StartError> {
        let transport = transport(A::HOSTS, certificates, now)?;
        let authority = transport
            .authority()
            .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
        let fake = Fake::start_with(listen, world, transport)
            .map_err(|source| StartError::Listen { listen, source })?;
        fake.follow_time();
        Ok(Self {
            fake,
            authority,
            loaded,
        })
    }

    pub fn base_url(&self) -> String {
        self.fake.base_url()
    }

    /// Stops listening and frees the port.
    pub fn stop(self) -> io::Result<()> {
        self.fake.stop()
    }
}

#[cfg(feature = "tls")]
fn transport(
    hosts: ProviderHosts,
    folder: Option<&Path>,
    now: i64,
) -> Result<Transport, StartError> {
    Ok(match folder {
        Some(folder) => Transport::Tls(Certificates::in_folder(hosts, folder, now)?),
        None => Transport::Plain,
    })
}

#[cfg(not(feature = "tls"))]
#[expect(clippy::unnecessary_wraps, reason = "certificates can fail")]
fn transport(_: ProviderHosts, _: Option<&Path>, _: i64) -> Result<Transport, StartError> {
    Ok(Transport::Plain)
}
