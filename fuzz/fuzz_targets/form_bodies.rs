//! Bodies of requests to the fake Stripe, over a connection: every one gets a response.

#![no_main]

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::OnceLock,
};

use fake_stripe::{FakeStripe, World};
use libfuzzer_sys::fuzz_target;

fn address() -> SocketAddr {
    static FAKE: OnceLock<FakeStripe> = OnceLock::new();
    let world = || World::new(1_700_000_000);
    FAKE.get_or_init(|| FakeStripe::start_anywhere(world()).expect("a free port"))
        .address()
}

fuzz_target!(|body: &[u8]| {
    let mut stream = TcpStream::connect(address()).expect("the fake listens");
    let head = format!(
        "POST /v1/customers HTTP/1.1\r\nhost: fake\r\nauthorization: Bearer sk_test_fuzz\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("the head is read");
    stream.write_all(body).expect("the body is read");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response");
    assert!(response.starts_with("HTTP/1.1 2") || response.starts_with("HTTP/1.1 4"), "{response}");
});
