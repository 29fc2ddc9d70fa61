//! Network access in companies: proxies with a password, and servers with private certificates.

use std::{collections::BTreeMap, net::SocketAddr};

use testing::{
    proxy::{Proxy, ProxyConfig},
    runner::ProgramOutput,
    shop::drifted,
    tls_front::TlsFront,
};

use super::scene::Scene;

/// The proxy's password, which nothing may print.
const PASSWORD: &str = "canary-of-the-proxy";

fn config(host: &str, address: SocketAddr) -> ProxyConfig {
    ProxyConfig {
        hosts: BTreeMap::from([(host.to_owned(), address)]),
        credentials: Some(format!("dana:{PASSWORD}")),
    }
}

fn github(scene: &Scene) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], scene.github.port()))
}

#[track_caller]
fn expect_reported(scene: &Scene, ran: &ProgramOutput) {
    ran.expect(1);
    scene.expect_conclusion("failure");
    assert_eq!(scene.comments().len(), 1);
    expect_no_password(scene, ran);
}

#[track_caller]
fn expect_no_password(scene: &Scene, ran: &ProgramOutput) {
    for (place, text) in scene.everything_that_left(ran) {
        assert!(!text.contains(PASSWORD), "{place} has it: {text}");
    }
}

#[tokio::test]
async fn github_is_reached_through_the_proxy() {
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let mut scene = Scene::open(&drifted()).await;
        let proxy = Proxy::start(config("github", github(&scene))).await;
        let url = format!("http://dana:{PASSWORD}@{}", proxy.address());
        scene.step.set(variable, &url);
        scene.step.set("NO_PROXY", "127.0.0.1");
        // A host name that only the proxy resolves.
        scene.step.set("GITHUB_API_URL", "http://github");
        let ran = scene.run().await;
        expect_reported(&scene, &ran);
        let requests = proxy.requests();
        let first = "POST http://github/repos/acme/shop/check-runs HTTP/1.1";
        assert!(
            requests.contains(&first.to_owned()),
            "{variable}: {requests:?}"
        );
    }
}

#[tokio::test]
async fn https_is_tunnelled() {
    for variable in ["HTTPS_PROXY", "https_proxy"] {
        let mut scene = Scene::open(&drifted()).await;
        let front = TlsFront::before(github(&scene)).await;
        let host = front.url().replace("https://", "");
        let proxy = Proxy::start(config(&host, front.address())).await;
        let url = format!("http://dana:{PASSWORD}@{}", proxy.address());
        scene.step.set(variable, &url);
        scene.step.set("GITHUB_API_URL", &front.url());
        let authority = front.authority().display().to_string();
        scene.step.set("SSL_CERT_FILE", &authority);
        let ran = scene.run().await;
        expect_reported(&scene, &ran);
        let tunnel = format!("CONNECT {host} HTTP/1.1");
        assert!(proxy.requests().contains(&tunnel), "{:?}", proxy.requests());
    }
}

#[tokio::test]
async fn hosts_in_no_proxy_are_reached_directly() {
    for variable in ["NO_PROXY", "no_proxy"] {
        let mut scene = Scene::open(&drifted()).await;
        let proxy = Proxy::start(config("nowhere", github(&scene))).await;
        let url = format!("http://dana:{PASSWORD}@{}", proxy.address());
        scene.step.set("HTTP_PROXY", &url);
        scene.step.set(variable, "localhost,127.0.0.1");
        let ran = scene.run().await;
        expect_reported(&scene, &ran);
        assert_eq!(proxy.requests(), [""; 0]);
    }
}

#[tokio::test]
async fn a_refusing_proxy_never_leaks_its_password() {
    let mut scene = Scene::open(&drifted()).await;
    let mut refusing = config("github", github(&scene));
    refusing.credentials = Some("somebody:else".to_owned());
    let proxy = Proxy::start(refusing).await;
    let url = format!("http://dana:{PASSWORD}@{}", proxy.address());
    scene.step.set("HTTP_PROXY", &url);
    scene.step.set("NO_PROXY", "127.0.0.1");
    scene.step.set("GITHUB_API_URL", "http://github");
    let ran = scene.run().await;
    ran.expect(1);
    assert!(ran.stderr.contains("407"), "{}", ran.stderr);
    assert!(scene.step.summary().contains("usr_alice"));
    expect_no_password(&scene, &ran);
    let hidden = format!("::add-mask::{PASSWORD}");
    assert!(
        ran.stdout.lines().any(|line| line == hidden),
        "{}",
        ran.stdout
    );
}

#[tokio::test]
async fn proxy_variables_that_are_not_urls_are_not_shown() {
    let mut scene = Scene::open(&drifted()).await;
    let url = format!("http://dana:{PASSWORD}@[nowhere");
    scene.step.set("HTTP_PROXY", &url);
    let ran = scene.run().await;
    expect_no_password(&scene, &ran);
}

#[tokio::test]
async fn an_unconfigured_authority_is_not_trusted() {
    let mut scene = Scene::open(&drifted()).await;
    let front = TlsFront::before(github(&scene)).await;
    scene.step.set("GITHUB_API_URL", &front.url());
    let ran = scene.run().await;
    ran.expect(1);
    assert_eq!(scene.github.requests().len(), 0);
    assert!(ran.stderr.contains("certificate"), "{}", ran.stderr);
    assert!(scene.step.summary().contains("usr_alice"));
}

#[tokio::test]
async fn an_authority_is_named_by_file_or_by_folder() {
    let file = async {
        let mut scene = Scene::open(&drifted()).await;
        let front = TlsFront::before(github(&scene)).await;
        scene.step.set("GITHUB_API_URL", &front.url());
        // A file of the checkout, whose path in the container the runner provides.
        let copy = scene.step.workspace("authority.pem");
        std::fs::copy(front.authority(), &copy).expect("a copy");
        scene.step.set("SSL_CERT_FILE", &copy.display().to_string());
        let ran = scene.run().await;
        expect_reported(&scene, &ran);
    };
    let folder = async {
        let mut scene = Scene::open(&drifted()).await;
        let front = TlsFront::before(github(&scene)).await;
        scene.step.set("GITHUB_API_URL", &front.url());
        let folder = scene.step.workspace("authorities");
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::copy(front.authority(), folder.join("acme.pem")).expect("a copy");
        scene
            .step
            .set("SSL_CERT_DIR", &folder.display().to_string());
        let ran = scene.run().await;
        expect_reported(&scene, &ran);
    };
    tokio::join!(file, folder);
}
