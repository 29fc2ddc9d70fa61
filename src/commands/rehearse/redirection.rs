//! Redirects the application that the rehearsal starts: with preloads for two runtimes, and a proxy for all others.

use std::{net::SocketAddr, path::Path};

use fake_http::{
    Certificates, ProviderHosts, Proxy, Upstream,
    redirect::{AUTHORITY_VARIABLE, RedirectFolder},
};

use crate::{
    commands::{
        failure::Failure,
        fake_servers::FakeError,
        rehearse::{random::random, real_now},
    },
    problem::{Coded, ErrorCode, Explain},
};

/// The proxy variables, in order of precedence.
const PROXIES: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];

/// Everything that must exist while the application runs.
#[derive(Debug)]
pub(super) struct Redirection {
    pub(super) variables: Vec<(String, String)>,
    proxy: Proxy,
    _folder: RedirectFolder,
}

/// The proxy could not be started, because no port or file was available.
#[derive(Debug, thiserror::Error)]
#[error("the proxy between the application and the fake provider cannot be started")]
struct ProxyError(#[source] std::io::Error);

impl Coded for ProxyError {
    fn code(&self) -> ErrorCode {
        ErrorCode::FakeProvider
    }
}

impl Explain for ProxyError {
    fn hint(&self) -> String {
        "let this process listen on the loopback interface, and read the files that the authority variables name"
            .to_owned()
    }
}

impl Redirection {
    /// Starts the redirect. `present` looks up the application's own variables.
    pub(super) async fn start(
        (hosts, address): (ProviderHosts, SocketAddr),
        parent: &Path,
        present: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let name = format!("prodverdict-{}", random()?);
        let folder = RedirectFolder::create(parent, &name).map_err(FakeError::from)?;
        let certificates = Certificates::in_folder(hosts, &folder.path().join("tls"), real_now().0)
            .map_err(FakeError::from)?;
        let address = local(address);
        let upstream = PROXIES.iter().find_map(|name| present(name));
        let upstream = upstream.and_then(|proxy| Upstream::parse(&proxy));
        let proxy = Proxy::start((hosts, &certificates), address, upstream)
            .await
            .map_err(ProxyError)?;
        let mut variables = folder.variables((hosts, &format!("http://{address}")), &present);
        let trusted = folder.trust(certificates.authority(), &present);
        variables.extend(trusted.map_err(FakeError::from)?);
        variables.extend(PROXIES.map(|name| (name.to_owned(), proxy.url())));
        let authority = certificates.authority().display().to_string();
        variables.push((AUTHORITY_VARIABLE.to_owned(), authority));
        Ok(Self {
            variables,
            proxy,
            _folder: folder,
        })
    }

    /// Returns true if the application has rejected the certificate of the fake provider.
    pub(super) fn is_certificate_rejected(&self) -> bool {
        self.proxy.is_certificate_rejected()
    }
}

/// Returns the fake's address for an application on this machine.
fn local(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        return ([127, 0, 0, 1], address.port()).into();
    }
    address
}
