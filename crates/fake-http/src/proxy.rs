//! A proxy for programs that support `HTTPS_PROXY`: routes a provider's hosts to the fake, and tunnels all others unread.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, rustls};
use url::Url;

use super::{hosts::ProviderHosts, tls::Certificates};

/// Maximum length of the head of a proxy request.
const MAX_HEAD: usize = 16 * 1024;

/// Timeout for a client to send the head of its request, and for a host to accept a connection.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The proxy of the network, which other hosts are reached through.
#[derive(Clone)]
pub struct Upstream {
    host: String,
    port: u16,
    /// Value of `Proxy-Authorization`.
    credentials: Option<String>,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Upstream({}:{})", self.host, self.port)
    }
}

impl Upstream {
    /// Parses the value of a proxy variable. Returns `None` if it is not an HTTP proxy.
    pub fn parse(text: &str) -> Option<Self> {
        let has_scheme = text.contains("://");
        let text = if has_scheme {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let url = Url::parse(&text)
            .ok()
            .filter(|url| url.scheme() == "http")?;
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let credentials = (!url.username().is_empty()).then(|| {
            let password = url.password().unwrap_or_default();
            let user_and_password = format!("{}:{}", decoded(url.username()), decoded(password));
            format!("Basic {}", STANDARD.encode(user_and_password))
        });
        Some(Self {
            host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
            port: url.port_or_known_default()?,
            credentials,
        })
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
        if let Some(credentials) = &self.credentials {
            request.push_str(&format!("Proxy-Authorization: {credentials}\r\n"));
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await?;
        let answer = head(&mut stream).await?;
        if answer.split(' ').nth(1) == Some("200") {
            return Ok(stream);
        }
        Err(io::Error::other("the proxy of the network refused"))
    }
}

/// A proxy on a free port of the loopback interface. It ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    task: JoinHandle<()>,
    is_certificate_rejected: Arc<AtomicBool>,
}

/// The connection to the fake, for the provider's hosts.
#[derive(Clone)]
struct ProxyRoute {
    hosts: ProviderHosts,
    acceptor: TlsAcceptor,
    fake: SocketAddr,
    is_certificate_rejected: Arc<AtomicBool>,
}

impl Proxy {
    /// Starts a proxy that routes a provider's hosts to the fake at `fake`, which speaks plain HTTP.
    pub async fn start(
        (hosts, certificates): (ProviderHosts, &Certificates),
        fake: SocketAddr,
        upstream: Option<Upstream>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let is_certificate_rejected = Arc::new(AtomicBool::new(false));
        let route = ProxyRoute {
            hosts,
            acceptor: TlsAcceptor::from(Arc::clone(&certificates.config)),
            fake,
            is_certificate_rejected: Arc::clone(&is_certificate_rejected),
        };
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = match listener.accept().await {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        tracing::debug!(%error, "the proxy cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                };
                while connections.try_join_next().is_some() {}
                let (route, upstream) = (route.clone(), upstream.clone());
                connections.spawn(async move {
                    let served = serve(stream, &route, upstream.as_ref());
                    if let Err(error) = served.await {
                        tracing::debug!(%error, "a connection through the proxy broke off");
                    }
                });
            }
        });
        Ok(Self {
            address,
            task,
            is_certificate_rejected,
        })
    }

    /// Returns true if a client has rejected the certificate for one of the provider's hosts.
    pub fn is_certificate_rejected(&self) -> bool {
        self.is_certificate_rejected.load(Ordering::Relaxed)
    }

    /// Returns the value for `HTTPS_PROXY`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut client: TcpStream,
    route: &ProxyRoute,
    upstream: Option<&Upstream>,
) -> io::Result<()> {
    let head = timeout(TIMEOUT, head(&mut client)).await??;
    let Some((host, port)) = destination(&head) else {
        return answer(&mut client, "405 Method Not Allowed").await;
    };
    if route.hosts.refused.contains(&host.as_str()) {
        return answer(&mut client, "403 Forbidden").await;
    }
    if route.hosts.served.contains(&host.as_str()) {
        answer(&mut client, "200 Connection Established").await?;
        let accepted = route.acceptor.accept(client).await;
        if accepted.as_ref().is_err_and(is_rejection) {
            route.is_certificate_rejected.store(true, Ordering::Relaxed);
        }
        let mut client = accepted?;
        let mut fake = TcpStream::connect(route.fake).await?;
        copy_bidirectional(&mut client, &mut fake).await?;
        return Ok(());
    }
    let connected = async {
        match upstream {
            Some(upstream) => upstream.connect(&host, port).await,
            None => TcpStream::connect((host.as_str(), port)).await,
        }
    };
    let Ok(Ok(mut server)) = timeout(TIMEOUT, connected).await else {
        return answer(&mut client, "502 Bad Gateway").await;
    };
    answer(&mut client, "200 Connection Established").await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// Returns true if the client explicitly rejected the certificate, rather than just disconnecting.
fn is_rejection(error: &io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(error, Some(rustls::Error::AlertReceived(_)))
}

async fn answer(client: &mut TcpStream, status: &str) -> io::Result<()> {
    let head = format!("HTTP/1.1 {status}\r\n\r\n");
    client.write_all(head.as_bytes()).await
}

/// Reads up to the blank line and no further, because the rest is meant for the host.
async fn head(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_HEAD {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the head of a request does not end",
            ));
        }
        head.push(client.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Returns the host of a `CONNECT`, in lower case, and the port.
fn destination(head: &str) -> Option<(String, u16)> {
    let mut words = head.lines().next()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (host, port) = target.rsplit_once(':')?;
    let host = host.trim_matches(['[', ']']).trim_end_matches('.');
    (method == "CONNECT" && !host.is_empty())
        .then_some(())
        .and_then(|()| Some((host.to_lowercase(), port.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::STRIPE;

    #[test]
    fn only_a_connect_names_a_destination() {
        let destination_of = |line: &str| destination(&format!("{line}\r\nHost: x\r\n\r\n"));
        let expected = Some(("api.stripe.com".to_owned(), 443));
        assert_eq!(
            destination_of("CONNECT API.Stripe.com.:443 HTTP/1.1"),
            expected
        );
        assert_eq!(
            destination_of("CONNECT [::1]:8443 HTTP/1.1"),
            Some(("::1".to_owned(), 8443))
        );
        for other in [
            "GET http://a:80 HTTP/1.1",
            "CONNECT a HTTP/1.1",
            "CONNECT :1 x",
            "",
            "x",
        ] {
            assert_eq!(destination_of(other), None, "{other}");
        }
    }

    async fn send_line(proxy: &Proxy, line: &str) -> TcpStream {
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        let head = format!("{line} HTTP/1.1\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    #[tokio::test]
    async fn another_host_is_passed_through_byte_by_byte() {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::in_folder(STRIPE, folder.path(), 1_790_812_800).unwrap();
        let proxy = Proxy::start((STRIPE, &certificates), ([127, 0, 0, 1], 1).into(), None)
            .await
            .unwrap();
        let host = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = host.local_addr().unwrap();
        let mut client = send_line(&proxy, &format!("CONNECT {to}")).await;
        client.write_all(b"\x00any bytes").await.unwrap();
        let (mut server, _) = host.accept().await.unwrap();
        let mut read = [0; 10];
        server.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"\x00any bytes");
        drop(server);
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "HTTP/1.1 200 Connection Established\r\n\r\n");
    }

    #[tokio::test]
    async fn other_hosts_are_reached_through_the_proxy_of_the_network() {
        let network = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = network.local_addr().unwrap();
        let upstream = Upstream::parse(&format!("http://u:p%40@{address}")).unwrap();
        let reached = tokio::spawn(async move { upstream.connect("example.com", 443).await });
        let (mut stream, _) = network.accept().await.unwrap();
        let head_text = head(&mut stream).await.unwrap();
        assert!(
            head_text.starts_with("CONNECT example.com:443 HTTP/1.1\r\n"),
            "{head_text}"
        );
        assert!(
            head_text.contains("\r\nProxy-Authorization: Basic dTpwQA==\r\n"),
            "{head_text}"
        );
        answer(&mut stream, "200 OK").await.unwrap();
        assert!(reached.await.unwrap().is_ok());
        assert!(Upstream::parse("proxy:3128").is_some());
        assert!(Upstream::parse("socks5://proxy:1080").is_none());
    }

    #[tokio::test]
    async fn hosts_of_the_provider_that_the_fake_does_not_serve_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::in_folder(STRIPE, folder.path(), 1_790_812_800).unwrap();
        let proxy = Proxy::start((STRIPE, &certificates), ([127, 0, 0, 1], 1).into(), None)
            .await
            .unwrap();
        for (line, status) in [
            ("CONNECT connect.stripe.com:443", "403"),
            ("CONNECT 127.0.0.1:1", "502"),
            ("GET http://127.0.0.1:1/", "405"),
        ] {
            let mut text = String::new();
            let mut client = send_line(&proxy, line).await;
            client.read_to_string(&mut text).await.unwrap();
            assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
        }
    }
    #[tokio::test]
    async fn a_rejected_certificate_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::in_folder(STRIPE, folder.path(), 1_790_812_800).unwrap();
        let proxy = Proxy::start((STRIPE, &certificates), ([127, 0, 0, 1], 1).into(), None)
            .await
            .unwrap();
        let line = "CONNECT api.stripe.com:443";
        let mut gone = send_line(&proxy, line).await;
        head(&mut gone).await.unwrap();
        drop(gone);
        let mut stream = send_line(&proxy, line).await;
        head(&mut stream).await.unwrap();
        assert!(!proxy.is_certificate_rejected());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let trusts_nobody = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(trusts_nobody));
        let name = "api.stripe.com".try_into().unwrap();
        assert!(connector.connect(name, stream).await.is_err());
        let noticed = async {
            while !proxy.is_certificate_rejected() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(TIMEOUT, noticed).await.unwrap();
    }
}
