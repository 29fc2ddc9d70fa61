//! A corporate proxy: forwards plain requests, tunnels with CONNECT, and may require a password.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A running proxy; it stops when dropped.
pub struct Proxy {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

/// The configuration of a proxy.
#[derive(Clone)]
pub struct ProxyConfig {
    /// `host:port` → the real address; only the proxy can resolve these names.
    pub hosts: BTreeMap<String, SocketAddr>,
    /// `user:password`, without which it responds with 407.
    pub credentials: Option<String>,
}

impl Proxy {
    pub async fn start(config: ProxyConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let received = Arc::clone(&requests);
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let (config, received) = (config.clone(), Arc::clone(&received));
                // A client that disconnects is not an error of the proxy.
                tokio::spawn(async move { drop(serve(stream, &config, &received).await) });
            }
        });
        Self {
            address,
            requests,
            server,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the request lines that it received.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(
    mut client: TcpStream,
    config: &ProxyConfig,
    requests: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let (head, rest) = read_head(&mut client).await?;
    let (line, headers) = head.split_once("\r\n").expect("a request");
    requests
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(line.to_owned());
    if !is_allowed(headers, config) {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"acme\"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        return client.write_all(refusal.as_bytes()).await;
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next().expect(line), words.next().expect(line));
    let host = target.strip_prefix("http://").unwrap_or(target);
    let (host, path) = host.split_once('/').unwrap_or((host, ""));
    let Some(upstream) = config.hosts.get(host) else {
        let refusal = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        return client.write_all(refusal.as_bytes()).await;
    };
    let mut upstream = TcpStream::connect(upstream).await?;
    if method == "CONNECT" {
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    } else {
        // One request per connection, so that nothing after the head has to be parsed.
        let kept = headers.lines().filter(|header| {
            let name = header.split(':').next().unwrap_or_default().to_lowercase();
            !["connection", "proxy-authorization", ""].contains(&name.as_str())
        });
        let mut head = format!("{method} /{path} HTTP/1.1\r\nconnection: close\r\n");
        for header in kept {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        upstream.write_all(head.as_bytes()).await?;
    }
    upstream.write_all(&rest).await?;
    copy_bidirectional(&mut client, &mut upstream).await?;
    Ok(())
}

/// Reads a request up to the empty line, and returns any bytes after it separately.
async fn read_head(client: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let rest = bytes.split_off(end + 4);
            return Ok((String::from_utf8(bytes).expect("text"), rest));
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn is_allowed(headers: &str, config: &ProxyConfig) -> bool {
    let Some(credentials) = &config.credentials else {
        return true;
    };
    let expected = format!("basic {}", STANDARD.encode(credentials)).to_lowercase();
    headers.lines().any(|header| {
        let header = header.to_lowercase();
        header.strip_prefix("proxy-authorization: ") == Some(expected.as_str())
    })
}
