//! Connects containers to this machine: the gateway of the engine's own network, and a port there that forwards to a
//! server on the loopback interface.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::engine::docker;

/// Returns the address of this machine for containers on the default network.
pub(crate) fn gateway() -> IpAddr {
    let format = "{{with index .IPAM.Config 0}}{{.Subnet}} {{.Gateway}}{{end}}";
    gateway_in(&docker(&[
        "network", "inspect", "bridge", "--format", format,
    ]))
}

/// Returns the gateway, or the first address of the subnet: an engine started for the first time does not report its
/// gateway.
fn gateway_in(described: &str) -> IpAddr {
    let (subnet, gateway) = described
        .trim()
        .split_once(' ')
        .unwrap_or((described.trim(), ""));
    if !gateway.is_empty() {
        return gateway.parse().expect("an address");
    }
    let network = subnet.split('/').next().unwrap_or_default();
    let network: Ipv4Addr = network.parse().expect("an IPv4 subnet");
    IpAddr::V4(Ipv4Addr::from_bits(network.to_bits() + 1))
}

#[test]
fn the_gateway_is_found_even_if_the_engine_does_not_report_it() {
    let first = IpAddr::V4(Ipv4Addr::new(172, 17, 0, 1));
    assert_eq!(gateway_in("172.17.0.0/16 "), first);
    assert_eq!(gateway_in("172.17.0.0/16 172.17.0.1"), first);
}

/// A port on the gateway; closed when dropped.
pub(crate) struct Forwarded {
    pub(crate) port: u16,
    forwarding: JoinHandle<()>,
}

impl Forwarded {
    /// Forwards to `target`.
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
                    // Either side may disconnect at any time.
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
