//! The address of the runner from inside a container action, where `localhost` is the container itself.

use std::{fs, net::Ipv4Addr};

use url::Url;

/// The runner's address; `None` outside a container action, or if the container has no gateway.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunnerAddress(Option<Ipv4Addr>);

impl RunnerAddress {
    /// Reads the default gateway of the container from the kernel.
    pub(super) fn find(in_container_action: bool) -> Self {
        Self(if in_container_action {
            gateway(&fs::read_to_string("/proc/net/route").unwrap_or_default())
        } else {
            None
        })
    }

    pub(super) fn is_known(self) -> bool {
        self.0.is_some()
    }

    /// Replaces a local host by the runner, and returns true if it did.
    pub(super) fn redirect(self, url: &mut Url) -> bool {
        let Some(address) = self.0 else {
            return false;
        };
        is_local(url) && url.set_ip_host(address.into()).is_ok()
    }

    /// Returns a URL of the application on the runner; all others are returned as written.
    pub(super) fn url(self, written: String) -> String {
        if let Ok(mut url) = Url::parse(&written)
            && self.redirect(&mut url)
        {
            return url.into();
        }
        written
    }
}

pub(super) fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// Parses the default gateway from the kernel's routing table, in little-endian hex.
fn gateway(routes: &str) -> Option<Ipv4Addr> {
    routes.lines().find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (to, gateway) = (fields.next()?, fields.next()?);
        let number = u32::from_str_radix(gateway, 16).ok()?;
        (to == "00000000" && number != 0).then(|| number.swap_bytes().into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_urls_go_to_the_runner() {
        let runner = RunnerAddress(Some([172, 17, 0, 1].into()));
        for (from, to) in [
            (
                "http://localhost:3000/me?user=1",
                "http://172.17.0.1:3000/me?user=1",
            ),
            ("http://[::1]:3000/", "http://172.17.0.1:3000/"),
            ("http://app:3000/", "http://app:3000/"),
        ] {
            assert_eq!(runner.url(from.to_owned()), to);
        }
    }

    #[test]
    fn the_gateway_is_the_one_of_the_default_route() {
        let routes = "Iface\tDestination\tGateway \tFlags\n\
                      eth0\t000011AC\t00000000\t0001\n\
                      eth0\t00000000\t010011AC\t0003\n";
        assert_eq!(gateway(routes), Some([172, 17, 0, 1].into()));
        assert_eq!(gateway("Iface\tDestination\n"), None);
    }
}
