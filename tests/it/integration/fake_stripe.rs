//! Tests of `prodverdict fake-stripe`: started, queried with and without TLS, and stopped.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
};

use reqwest::{Certificate, ClientBuilder, Url};
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::program::TEST_KEY;

use crate::prodverdict;

/// The running program.
struct RunningFake {
    child: Child,
    base_url: Url,
}

impl RunningFake {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_prodverdict"))
            .args(["fake-stripe", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        stdout.read_line(&mut line).expect("readable");
        let base_url = line.trim().parse().unwrap_or_else(|_| {
            child.kill().expect("killed");
            let mut output = String::new();
            let mut stderr = child.stderr.take().expect("piped");
            stderr.read_to_string(&mut output).expect("readable");
            panic!("no base URL but {line:?}: {output}")
        });
        Self { child, base_url }
    }

    fn address(&self) -> SocketAddr {
        let addresses = self.base_url.socket_addrs(|| None).expect("an address");
        addresses[0]
    }

    fn end(&mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.expect("kill starts").success());
        let status = self.child.wait().expect("it ends").code();
        let mut output = String::new();
        let mut stderr = self.child.stderr.take().expect("piped");
        stderr.read_to_string(&mut output).expect("readable");
        (status, output)
    }
}

impl Drop for RunningFake {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn client() -> ClientBuilder {
    fake_stripe::client_builder().no_proxy()
}

async fn get(
    client: &reqwest::Client,
    url: &str,
    key: &str,
) -> Result<(u16, Value), reqwest::Error> {
    let response = client.get(url).bearer_auth(key).send().await?;
    Ok((response.status().as_u16(), response.json().await?))
}

#[tokio::test]
async fn it_serves_recorded_objects_until_it_is_stopped() {
    let folder = TempDir::new().expect("a folder");
    let customers = json!([{"id": "cus_a", "object": "customer", "email": "a@example.com"}]);
    fs::write(folder.path().join("customers.json"), customers.to_string()).expect("written");
    for signal in ["INT", "TERM"] {
        let mut fake = RunningFake::start(&["--fixtures", folder.path().to_str().expect("UTF-8")]);
        let client = client().build().expect("a client");
        let url = format!("{}v1/customers/cus_a", fake.base_url);
        let (status, body) = get(&client, &url, TEST_KEY).await.expect("an answer");
        assert_eq!((status, &body["email"]), (200, &json!("a@example.com")));
        let (status, body) = get(&client, &url, "sk_live_51CanaryLive")
            .await
            .expect("an answer");
        assert_eq!(status, 401);
        let message = body["error"]["message"].as_str().expect("a text");
        assert!(
            message.starts_with("Live API key provided: sk_live_********Live."),
            "{message}"
        );
        let (status, output) = fake.end(signal);
        assert_eq!(status, Some(0), "{output}");
        assert!(output.contains("Objects loaded from files: 1."), "{output}");
    }
}

#[tokio::test]
async fn it_serves_the_folder_of_a_recorded_world() {
    let scenario = "examples/nextjs-stripe/scenarios/fail-revenue-leak";
    let mut fake = RunningFake::start(&["--fixtures", scenario]);
    let url = format!("{}v1/subscriptions", fake.base_url);
    let client = client().build().expect("a client");
    let (status, body) = get(&client, &url, TEST_KEY).await.expect("an answer");
    let listed = body["data"].as_array().expect("a list");
    let is_alice = |subscription: &Value| subscription["customer"] == "cus_alice";
    assert!(status == 200 && listed.iter().any(is_alice), "{body}");
    fake.end("TERM");
}

#[tokio::test]
async fn it_serves_tls_as_the_provider_to_clients_that_trust_its_authority() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8").to_owned();
    let mut fake = RunningFake::start(&["--tls", &path]);
    let authority = fs::read(folder.path().join("ca.pem")).expect("an authority");
    let authority = Certificate::from_pem(&authority).expect("a certificate");
    let trusting_client = |builder: ClientBuilder| {
        let only = builder.tls_certs_only([authority.clone()]);
        only.resolve("api.stripe.com", fake.address())
            .resolve("evil.example.com", fake.address())
            .build()
            .expect("a client")
    };
    let port = fake.address().port();
    let trusting = trusting_client(client());
    for host in ["api.stripe.com", "localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{port}/v1/customers");
        let (status, body) = get(&trusting, &url, TEST_KEY).await.expect("an answer");
        assert_eq!((status, &body["object"]), (200, &json!("list")), "{host}");
    }
    let elsewhere = format!("https://evil.example.com:{port}/v1/customers");
    get(&trusting, &elsewhere, TEST_KEY)
        .await
        .expect_err("another name");
    let distrusting = client().build().expect("a client");
    let url = format!("https://127.0.0.1:{port}/v1/customers");
    get(&distrusting, &url, TEST_KEY)
        .await
        .expect_err("an unknown authority");
    let (status, output) = fake.end("TERM");
    assert_eq!(status, Some(0), "{output}");
    for variable in ["NODE_EXTRA_CA_CERTS=", "CURL_CA_BUNDLE=", "SSL_CERT_FILE="] {
        assert!(
            output.contains(&format!("{variable}{path}/ca.pem")),
            "{output}"
        );
    }
    // The next run reuses the authority, which users may trust by now.
    let before = fs::read(folder.path().join("ca.pem")).expect("an authority");
    RunningFake::start(&["--tls", &path]).end("TERM");
    assert_eq!(
        fs::read(folder.path().join("ca.pem")).expect("an authority"),
        before
    );
}

#[test]
fn unusable_options_are_named() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("prices.json"), "[{\"id\": 7}, 8]").expect("written");
    let path = folder.path().to_str().expect("UTF-8");
    let ran = prodverdict("fake-stripe --fixtures")
        .argument(path)
        .run()
        .with_status(2);
    assert!(
        ran.stderr.contains("prices.json`: entry 1: `id`"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("prices.json`: entry 2: expected a price"),
        "{}",
        ran.stderr
    );
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let ran = prodverdict("fake-stripe --listen")
        .argument(&address)
        .run()
        .with_status(2);
    assert!(
        ran.stderr
            .contains(&format!("cannot listen on `{address}`")),
        "{}",
        ran.stderr
    );
    fs::write(folder.path().join("ca.pem"), "mine").expect("written");
    let ran = prodverdict("fake-stripe --listen 127.0.0.1:0 --tls")
        .argument(path)
        .run()
        .with_status(2);
    assert!(
        ran.stderr.contains("was not created by prodverdict"),
        "{}",
        ran.stderr
    );
}
