//! Recognizes hosts that are this machine or on a private network.

use std::net::IpAddr;

use url::Host;

/// Returns true for loopback, private (RFC 1918, RFC 4193) and link-local addresses, `localhost`, and bare service
/// names such as `postgres`, which the network of a CI job has.
pub fn is_local_or_private<S: AsRef<str>>(host: &Host<S>) -> bool {
    let address = match host {
        Host::Domain(name) => return !name.as_ref().trim_end_matches('.').contains('.'),
        Host::Ipv4(address) => IpAddr::V4(*address),
        // `::ffff:10.0.0.1` is 10.0.0.1.
        Host::Ipv6(address) => IpAddr::V6(*address).to_canonical(),
    };
    match address {
        IpAddr::V4(address) => {
            address.is_loopback() || address.is_private() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_hosts_have_no_public_name_or_address() {
        for near in [
            "localhost",
            "LocalHost.",
            "postgres",
            "127.0.0.1",
            "127.8.8.8",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.1.1",
            "[::1]",
            "[fd00::1]",
            "[fe80::1]",
            "[::ffff:10.0.0.1]",
        ] {
            assert!(is_local_or_private(&Host::parse(near).unwrap()), "{near}");
        }
        for far in [
            "db.example.com",
            "localhost.example",
            "8.8.8.8",
            "172.32.0.1",
            "192.169.0.1",
            "11.0.0.1",
            "[2001:db8::1]",
            "[::ffff:8.8.8.8]",
            "134744072",
        ] {
            assert!(!is_local_or_private(&Host::parse(far).unwrap()), "{far}");
        }
    }
}
