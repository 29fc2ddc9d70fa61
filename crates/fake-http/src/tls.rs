//! TLS for the fake: a throwaway certificate authority for a provider's hosts on this machine, and a listener.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CidrSubnet, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, RootCertStore, ServerConfig,
        client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
        crypto::{CryptoProvider, ring},
        pki_types::{
            CertificateDer, PrivateKeyDer, ServerName, UnixTime,
            pem::{self, PemObject as _},
        },
    },
    server::TlsStream,
};

use super::{
    connection::{Connection, ConnectionReset, ResettableListener},
    hosts::ProviderHosts,
};

/// The addresses in the certificate.
const ADDRESSES: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

const LOCALHOST: &str = "localhost";

const DAY: u64 = 86_400;
const VALID: u64 = 365 * DAY;

/// Minimum remaining validity of a certificate. One with less is recreated.
const MIN_VALIDITY: u64 = 7 * DAY;

/// The first words of every file. They show that this program created it.
const MARK: &str = "prodverdict fake-";

/// A certificate for a provider's hosts, and the authority that a client has to trust.
#[derive(Clone)]
pub struct Certificates {
    authority: PathBuf,
    pub(super) config: Arc<ServerConfig>,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates")
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

/// The reason there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificatesError {
    #[error("`{}` exists, and was not created by prodverdict", .path.display())]
    Foreign { path: PathBuf },
    #[error("`{}` cannot be read", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` cannot be written", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("the certificate cannot be made")]
    Make(#[from] rcgen::Error),
    #[error("the certificate cannot be used")]
    Use(#[from] rustls::Error),
    #[error("`{}` cannot be read", .path.display())]
    Pem { path: PathBuf, source: pem::Error },
}

impl CertificatesError {
    /// Returns a suggestion for a fix; empty if the message is enough.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => {
                "name another folder: prodverdict overwrites only files that it created"
            }
            Self::Read { .. } | Self::Write { .. } => {
                "name a folder that this user may read and write"
            }
            Self::Make(_) | Self::Use(_) | Self::Pem { .. } => "name another folder, or empty it",
        }
    }
}

impl Certificates {
    /// Loads the certificates in a folder, or creates new ones if they are not valid. `now` is in seconds since 1970.
    /// The authority's key is never stored, so nobody can sign another certificate with it.
    pub fn in_folder(
        hosts: ProviderHosts,
        folder: &Path,
        now: i64,
    ) -> Result<Self, CertificatesError> {
        let now = u64::try_from(now).unwrap_or_default();
        let files = Files {
            hosts,
            authority: folder.join("ca.pem"),
            certificate: folder.join("server.pem"),
            key: folder.join("server-key.pem"),
        };
        if files.are_all_ours()? {
            match files.load(now) {
                Ok(found) => return Ok(found),
                // Expired, or left incomplete by a killed run.
                Err(CertificatesError::Use(_) | CertificatesError::Pem { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        files.make(now)?;
        files.load(now)
    }

    /// Returns the authority's file, for `NODE_EXTRA_CA_CERTS` and similar settings.
    pub fn authority(&self) -> &Path {
        &self.authority
    }
}

struct Files {
    hosts: ProviderHosts,
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    /// Returns true if all files exist; fails if one was not created by this program.
    fn are_all_ours(&self) -> Result<bool, CertificatesError> {
        let mut all = true;
        for path in [&self.authority, &self.certificate, &self.key] {
            match fs::read_to_string(path) {
                Ok(text) if text.starts_with(MARK) => {}
                Ok(_) => return Err(CertificatesError::Foreign { path: path.clone() }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => all = false,
                Err(source) => {
                    return Err(CertificatesError::Read {
                        path: path.clone(),
                        source,
                    });
                }
            }
        }
        Ok(all)
    }

    /// Loads and verifies them as a client would: chain, names, and enough remaining validity.
    fn load(&self, now: u64) -> Result<Certificates, CertificatesError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| CertificatesError::Pem { path, source }
        };
        let authority =
            CertificateDer::from_pem_file(&self.authority).map_err(unreadable(&self.authority))?;
        let certificate = CertificateDer::from_pem_file(&self.certificate)
            .map_err(unreadable(&self.certificate))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(unreadable(&self.key))?;
        let provider = Arc::new(ring::default_provider());
        verify(&provider, self.hosts, authority, (&certificate, now))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Certificates {
            authority: self.authority.clone(),
            config: Arc::new(config),
        })
    }

    fn make(&self, now: u64) -> Result<(), CertificatesError> {
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let parameters = |name: &str, names: Vec<String>| -> Result<_, rcgen::Error> {
            let mut parameters = CertificateParams::new(names)?;
            parameters.distinguished_name.push(DnType::CommonName, name);
            parameters.not_before = epoch + Duration::from_secs(now.saturating_sub(DAY));
            parameters.not_after = epoch + Duration::from_secs(now.saturating_add(VALID));
            Ok(parameters)
        };
        let authority = format!("prodverdict {}, a throwaway authority", self.hosts.program);
        let mut root = parameters(&authority, Vec::new())?;
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        root.name_constraints = Some(NameConstraints {
            permitted_subtrees: subtrees(self.hosts),
            excluded_subtrees: Vec::new(),
        });
        let issuer = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;
        let host = self.hosts.served.first().copied().unwrap_or(LOCALHOST);
        let names = names(self.hosts).map(str::to_owned);
        let addresses = ADDRESSES.into_iter().map(|address| address.to_string());
        let mut leaf = parameters(host, names.chain(addresses).collect())?;
        leaf.use_authority_key_identifier_extension = true;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&key, &issuer)?;
        let program = self.hosts.program;
        write(
            &self.key,
            &format!("{program}: the key of server.pem"),
            &key.serialize_pem(),
            0o600,
        )?;
        write(
            &self.certificate,
            &format!("{program}: for {host} on this machine"),
            &certificate.pem(),
            0o644,
        )?;
        write(
            &self.authority,
            &format!("{program}: trust it in tests only"),
            &issuer.pem(),
            0o644,
        )
    }
}

/// The hosts in a certificate, which are the only ones that its authority may sign for.
fn names(hosts: ProviderHosts) -> impl Iterator<Item = &'static str> {
    hosts.served.iter().copied().chain([LOCALHOST])
}

fn subtrees(hosts: ProviderHosts) -> Vec<GeneralSubtree> {
    let hosts = names(hosts).map(|host| GeneralSubtree::DnsName(host.to_owned()));
    let addresses = ADDRESSES.into_iter().map(|address| {
        GeneralSubtree::IpAddress(match address {
            IpAddr::V4(address) => CidrSubnet::V4(address.octets(), [u8::MAX; 4]),
            IpAddr::V6(address) => CidrSubnet::V6(address.octets(), [u8::MAX; 16]),
        })
    });
    hosts.chain(addresses).collect()
}

fn verify(
    provider: &Arc<CryptoProvider>,
    hosts: ProviderHosts,
    authority: CertificateDer<'static>,
    (certificate, now): (&CertificateDer<'_>, u64),
) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(authority)?;
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
    let until = UnixTime::since_unix_epoch(Duration::from_secs(now.saturating_add(MIN_VALIDITY)));
    let hosts = names(hosts).map(ServerName::try_from);
    let addresses = ADDRESSES
        .into_iter()
        .map(|address| Ok(ServerName::from(address)));
    for name in hosts.chain(addresses) {
        let name = name.map_err(|error| rustls::Error::General(error.to_string()))?;
        verifier.verify_server_cert(certificate, &[], &name, &[], until)?;
    }
    Ok(())
}

/// Replaces a file, so that it never keeps the permissions of the previous one.
fn write(path: &Path, what: &str, pem: &str, mode: u32) -> Result<(), CertificatesError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let written = fs::create_dir_all(folder)
        .and_then(|()| match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .and_then(|()| {
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            restrict(&mut options, mode);
            let mut file = options.open(path)?;
            io::Write::write_all(&mut file, format!("prodverdict {what}\n{pem}").as_bytes())
        });
    written.map_err(|source| CertificatesError::Write {
        path: path.to_owned(),
        source,
    })
}

#[cfg(unix)]
fn restrict(options: &mut fs::OpenOptions, mode: u32) {
    std::os::unix::fs::OpenOptionsExt::mode(options, mode);
}

/// A file has the permissions of its folder, which only its user can read by default.
#[cfg(not(unix))]
fn restrict(_: &mut fs::OpenOptions, _: u32) {}

/// A listener for TLS connections. Slow handshakes do not delay other clients.
#[derive(Debug)]
pub(crate) struct TlsListener {
    accepted: mpsc::Receiver<(TlsStream<Connection>, SocketAddr)>,
    address: io::Result<SocketAddr>,
}

impl TlsListener {
    pub(crate) fn new(listener: TcpListener, certificates: &Certificates) -> Self {
        /// Timeout of a handshake.
        const HANDSHAKE: Duration = Duration::from_secs(10);
        let acceptor = TlsAcceptor::from(Arc::clone(&certificates.config));
        let (sender, accepted) = mpsc::channel(64);
        let address = listener.local_addr();
        let mut lines = ResettableListener(listener);
        tokio::spawn(async move {
            while !sender.is_closed() {
                let (line, address) = lines.accept().await;
                let (acceptor, sender) = (acceptor.clone(), sender.clone());
                tokio::spawn(async move {
                    // A client that does not trust the certificate disconnects and reports that itself.
                    if let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(line)).await {
                        sender.send((stream, address)).await.ok();
                    }
                });
            }
        });
        Self { accepted, address }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<Connection>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.accepted.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        match &self.address {
            Ok(address) => Ok(*address),
            Err(error) => Err(error.kind().into()),
        }
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for ConnectionReset {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        stream.io().get_ref().0.reset_handle()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::STRIPE;

    const NOW: i64 = 1_790_812_800;

    #[test]
    fn certificates_are_kept_while_they_are_good() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("new");
        let made = Certificates::in_folder(STRIPE, &folder, NOW).unwrap();
        let text = || fs::read_to_string(made.authority()).unwrap();
        let first = text();
        Certificates::in_folder(STRIPE, &folder, NOW + 300 * 86_400).unwrap();
        assert_eq!(text(), first);
        Certificates::in_folder(STRIPE, &folder, NOW + 360 * 86_400).unwrap();
        assert_ne!(text(), first);
        let mode = |name: &str| {
            fs::metadata(folder.join(name))
                .unwrap()
                .permissions()
                .mode()
        };
        assert_eq!(mode("server-key.pem") & 0o777, 0o600);
        let mut names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["ca.pem", "server-key.pem", "server.pem"]);
    }

    #[test]
    fn incomplete_files_are_completed_and_others_kept() {
        let folder = tempfile::tempdir().unwrap();
        Certificates::in_folder(STRIPE, folder.path(), NOW).unwrap();
        fs::remove_file(folder.path().join("server.pem")).unwrap();
        Certificates::in_folder(STRIPE, folder.path(), NOW).unwrap();
        let path = folder.path().join("server-key.pem");
        fs::write(&path, "-----BEGIN PRIVATE KEY-----").unwrap();
        let error = Certificates::in_folder(STRIPE, folder.path(), NOW).unwrap_err();
        assert!(
            matches!(error, CertificatesError::Foreign { .. }),
            "{error}"
        );
    }
}
