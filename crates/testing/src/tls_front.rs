//! TLS in front of a plain HTTP server, with a certificate of an unknown authority.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use fake_http::{Certificates, STRIPE};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

/// A TLS server reached as `localhost`; it stops when dropped.
pub struct TlsFront {
    port: u16,
    authority: PathBuf,
    server: JoinHandle<()>,
    _folder: TempDir,
}

impl TlsFront {
    pub async fn before(upstream: SocketAddr) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        #[expect(
            clippy::disallowed_methods,
            reason = "certificates expire by the real clock"
        )]
        let now = jiff::Timestamp::now().as_second();
        let certificates =
            Certificates::in_folder(STRIPE, folder.path(), now).expect("certificates");
        let acceptor = acceptor(folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not trust the certificate disconnects.
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let mut upstream = TcpStream::connect(upstream).await.expect("a server");
                    drop(copy_bidirectional(&mut stream, &mut upstream).await);
                });
            }
        });
        Self {
            port,
            authority: certificates.authority().to_owned(),
            server,
            _folder: folder,
        }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Returns the file of the authority's certificate.
    pub fn authority(&self) -> &Path {
        &self.authority
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn acceptor(folder: &Path) -> TlsAcceptor {
    let certificates = CertificateDer::pem_file_iter(folder.join("server.pem")).expect("a file");
    let certificates = certificates.collect::<Result<Vec<_>, _>>().expect("PEM");
    let key = PrivateKeyDer::from_pem_file(folder.join("server-key.pem")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .expect("a certificate and its key");
    TlsAcceptor::from(Arc::new(config))
}
