//! Servers that echo the received credentials, at the highest log level.

use std::net::SocketAddr;

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use testing::program::{KEY, Program, folder};

use crate::prodverdict;

/// Starts a server that responds to everything with this status and the `Authorization` header, as text and as the
/// error messages of the APIs. It ends with the tests.
fn echo(status: u16) -> SocketAddr {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0");
            let listener = listener.await.expect("a port");
            let address = listener.local_addr().expect("an address");
            send.send(address).expect("a test that waits");
            let router =
                Router::new().fallback(async move |headers: HeaderMap| answer(status, &headers));
            axum::serve(listener, router).await.expect("a server");
        });
    });
    receive.recv().expect("the server starts")
}

fn answer(status: u16, headers: &HeaderMap) -> Response {
    let sent = headers.get("authorization");
    let sent = sent.and_then(|sent| sent.to_str().ok()).unwrap_or_default();
    let status = StatusCode::from_u16(status).expect("a status");
    let no_retry = [("stripe-should-retry", "false")];
    (status, no_retry, format!("you sent {sent}")).into_response()
}

/// Runs the program, and checks that its errors contain the server's text. `Program::run` fails if a secret is in them.
fn assert_shows_text_without_key(program: Program) {
    let ran = program.run();
    assert!(ran.stderr.contains("you sent"), "{}", ran.stderr);
}

fn contract(lines: &str) -> String {
    format!(
        "version: 1\ncontracts:\n  - type: access\n{lines}    database: {{ url_env: DATABASE_URL }}\n"
    )
}

#[test]
fn stripe_may_repeat_the_key() {
    let folder = folder(&[("prodverdict.yml", &contract(""))]);
    for status in [401, 500] {
        let program = prodverdict("-vv check access --plan")
            .within(folder.path())
            .variable("DATABASE_URL", "postgres://127.0.0.1:9/none")
            .variable("STRIPE_SECRET_KEY", KEY)
            .variable("STRIPE_API_BASE", &format!("http://{}", echo(status)));
        assert_shows_text_without_key(program);
    }
}

#[test]
fn paddle_may_repeat_the_key() {
    let folder = folder(&[(
        "prodverdict.yml",
        &contract("    source_of_truth: paddle\n"),
    )]);
    for key in [
        "pdl_sdbx_apikey_CanaryOfTheKey",
        "CA0123456789abcdef0123456789abcdef0123456789abcdef",
    ] {
        let program = prodverdict("-vv check access --plan")
            .within(folder.path())
            .variable("DATABASE_URL", "postgres://127.0.0.1:9/none")
            .variable("PADDLE_API_KEY", key)
            .variable("PADDLE_API_BASE", &format!("http://{}", echo(401)));
        let ran = program.run();
        assert!(ran.stderr.contains("you sent"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("0123456789abcdef"), "{}", ran.stderr);
    }
}

#[test]
fn github_may_repeat_the_token() {
    let users = r#"[{"id": "u1", "stripe_customer_id": "cus_1", "has_paid_access": true}]"#;
    let paying = r#"[{"id": "sub_1", "customerId": "cus_1", "status": "active", "priceIds": []}]"#;
    let folder = folder(&[
        ("prodverdict.yml", &contract("")),
        ("fixtures/db/users.json", users),
        ("fixtures/stripe/subscriptions.json", paying),
        (
            "event.json",
            r#"{"repository": {"full_name": "acme/shop"}}"#,
        ),
    ]);
    let here = folder.path().display().to_string();
    for (status, level) in [(401, "-vv "), (500, "-vv "), (500, "")] {
        let command = format!("{level}action --fixtures");
        let mut program = prodverdict(&command).within(folder.path());
        let api = format!("http://{}", echo(status));
        // Only standard error is checked: standard output contains the token once, in the command that masks it.
        for (name, value) in [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_API_URL", &*api),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_EVENT_PATH", &format!("{here}/event.json")),
            ("GITHUB_REF", "refs/heads/main"),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_RUN_ID", "1"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567"),
            ("GITHUB_WORKSPACE", &here),
            ("INPUT_GITHUB_TOKEN", "token-of-a-proxy-0123456789"),
        ] {
            program = program.variable(name, value);
        }
        let ran = program.run();
        assert!(ran.stderr.contains("you sent"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("token-of-a-proxy"), "{}", ran.stderr);
        let has_advice = ran.stderr.contains("before the next request to GitHub");
        assert_eq!(has_advice, status == 500, "{}", ran.stderr);
    }
}
