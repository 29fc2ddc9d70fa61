//! A proxy in front of the server: speaks TLS with its own certificates, or responds like a server in trouble.

use std::{path::PathBuf, sync::Arc};

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer},
};

/// The behavior of the proxy.
#[derive(Clone)]
pub(crate) enum ProxyBehavior {
    /// TLS with a certificate for `localhost`, then the real server.
    Tls(TlsAcceptor),
    /// No TLS, then the real server.
    Plain,
    /// An error instead of a connection: code and message.
    Refusing(&'static str, &'static str),
    /// No response.
    Silent,
    /// These bytes, whatever the client sends.
    Answering(&'static [u8]),
}

/// A certificate authority with its file, and the proxy behavior that uses a certificate issued by it.
pub(crate) struct Authority {
    pub(crate) path: PathBuf,
    pub(crate) behavior: ProxyBehavior,
    _folder: TempDir,
}

pub(crate) fn authority(name: &str) -> Authority {
    authority_with(name, |_| {})
}

/// Creates an authority whose server certificate is adjusted by `change`.
pub(crate) fn authority_with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Authority {
    let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key"))
        .expect("an authority");
    let mut certificate = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    change(&mut certificate);
    let key = KeyPair::generate().expect("a key");
    let certificate = certificate.signed_by(&key, &issuer).expect("a certificate");
    authority_of(&certificate, &key, &issuer.pem())
}

/// Creates a self-signed certificate like `openssl req -x509`; its file is the one that a client should trust.
pub(crate) fn self_signed(is_ca: IsCa) -> Authority {
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    parameters.is_ca = is_ca;
    let key = KeyPair::generate().expect("a key");
    let certificate = parameters.self_signed(&key).expect("a certificate");
    authority_of(&certificate, &key, &certificate.pem())
}

fn authority_of(certificate: &Certificate, key: &KeyPair, trusted: &str) -> Authority {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .expect("a configuration");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("authority.pem");
    std::fs::write(&path, trusted).expect("written");
    Authority {
        path,
        behavior: ProxyBehavior::Tls(TlsAcceptor::from(Arc::new(config))),
        _folder: folder,
    }
}

/// Starts the proxy for the server at `address`, and returns its port.
pub(crate) async fn start(behavior: ProxyBehavior, address: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            // Some of the tests are about clients that give up.
            tokio::spawn(serve(behavior.clone(), client, address.clone()));
        }
    });
    port
}

/// Length of the first message of a client that asks for TLS, which also contains the code 80877103.
const TLS_REQUEST: usize = 8;

async fn serve(behavior: ProxyBehavior, mut client: TcpStream, address: String) -> Option<()> {
    let mut request = [0; TLS_REQUEST];
    client.peek(&mut request).await.ok()?;
    let asks_for_tls = request[4..] == [0x04, 0xd2, 0x16, 0x2f];
    match behavior {
        ProxyBehavior::Tls(acceptor) => {
            client.read_exact(&mut request).await.ok()?;
            client.write_all(b"S").await.ok()?;
            let mut client = acceptor.accept(client).await.ok()?;
            let mut server = TcpStream::connect(address).await.ok()?;
            copy_bidirectional(&mut client, &mut server).await.ok()?;
        }
        ProxyBehavior::Plain => {
            if asks_for_tls {
                client.read_exact(&mut request).await.ok()?;
                client.write_all(b"N").await.ok()?;
            }
            let mut server = TcpStream::connect(address).await.ok()?;
            copy_bidirectional(&mut client, &mut server).await.ok()?;
        }
        ProxyBehavior::Refusing(code, message) => {
            if asks_for_tls {
                client.read_exact(&mut request).await.ok()?;
                client.write_all(b"N").await.ok()?;
            }
            // The startup message begins with its own length.
            let length = client.read_u32().await.ok()?;
            let mut startup = vec![0; usize::try_from(length).ok()?.checked_sub(4)?];
            client.read_exact(&mut startup).await.ok()?;
            let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
            let length = u32::try_from(fields.len() + 4).ok()?;
            client.write_all(b"E").await.ok()?;
            client.write_all(&length.to_be_bytes()).await.ok()?;
            client.write_all(fields.as_bytes()).await.ok()?;
        }
        ProxyBehavior::Answering(bytes) => {
            client.write_all(bytes).await.ok()?;
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).await.ok()?;
        }
        ProxyBehavior::Silent => {
            tokio::time::sleep(std::time::Duration::from_mins(1)).await;
        }
    }
    Some(())
}
