//! The way from a container to this machine: the gateway of the engine's own network, and a port there that leads to a
//! server which listens on the loopback interface alone.

use std::net::{IpAddr, SocketAddr};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::engine::docker;

/// Where containers without a network of their own find this machine.
pub(crate) fn gateway() -> IpAddr {
    let format = "{{(index .IPAM.Config 0).Gateway}}";
    let gateway = docker(&["network", "inspect", "bridge", "--format", format]);
    gateway.parse().expect("an address")
}

/// A port on the gateway; closed when this is dropped.
pub(crate) struct Forwarded {
    pub(crate) port: u16,
    forwarding: JoinHandle<()>,
}

impl Forwarded {
    /// Leads to `target`.
    pub(crate) async fn to(target: (String, u16)) -> Self {
        let listener = TcpListener::bind(SocketAddr::new(gateway(), 0))
            .await
            .expect("a free port on the gateway");
        let port = listener.local_addr().expect("an address").port();
        let forwarding = tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let target = target.clone();
                tokio::spawn(async move {
                    let mut to = TcpStream::connect(target).await.expect("a server");
                    // Either side may hang up whenever it likes.
                    copy_bidirectional(&mut from, &mut to).await.ok();
                });
            }
        });
        Self { port, forwarding }
    }
}

impl Drop for Forwarded {
    fn drop(&mut self) {
        self.forwarding.abort();
    }
}
