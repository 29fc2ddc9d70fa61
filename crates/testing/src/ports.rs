//! Ports for servers that are started by another program, which cannot be asked for the port that it was given.

use std::{
    net::{Ipv4Addr, TcpListener},
    process,
    sync::atomic::{AtomicU16, Ordering},
};

/// Ports below those that systems give to connections (from 32768) and that `scripts/postgres` takes (from 20000), and
/// above the fake providers' own.
const FIRST: u16 = 13_000;
const NUMBER: u16 = 7_000;

/// Returns a port of this computer that nothing listens on, each time another one.
pub fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Another test process begins elsewhere.
    let begin = process::id().wrapping_mul(97) % u32::from(NUMBER);
    let begin = u16::try_from(begin).expect("less than the number of ports");
    loop {
        let number = TAKEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + begin.wrapping_add(number) % NUMBER;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_port_is_free_and_given_once() {
        let first = free_port();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).expect("it is free");
        let others: Vec<_> = (0..20).map(|_| free_port()).collect();
        assert!(!others.contains(&first));
        assert_eq!(others.iter().collect::<BTreeSet<_>>().len(), others.len());
        drop(taken);
    }
}
