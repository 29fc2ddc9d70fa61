//! Limits of a read: time, waits that a server demands, and the size of a response.

use std::{num::NonZeroU32, time::Duration};

use secrecy::SecretString;
use serde_json::json;

use super::{
    faults::{five, limited, message_of, read, without_faults},
    scripted::{Answer, CANARY, Server, impatient, page, subscription},
};
use crate::{
    billing::{BillingReader, Error, RetryPolicy, Settings},
    contract::Source,
    http,
    problem::Explain as _,
};

#[tokio::test]
async fn silence_is_waited_out_once_and_not_for_ever() {
    let server = Server::start(|number, request| {
        if number == 1 {
            Answer::Silence
        } else {
            Answer::ok(&page(&five(), request))
        }
    })
    .await;
    let brief = RetryPolicy {
        request: Duration::from_millis(400),
        ..impatient()
    };
    let reader = server.reader_with(Source::Stripe, brief);
    let facts = reader.read_all(&[], &|_| {}).await.unwrap();
    assert_eq!(facts, without_faults().await);

    let server = Server::start(|_, _| Answer::Silence).await;
    let policy = RetryPolicy {
        deadline: Duration::from_millis(600),
        ..impatient()
    };
    let reader = server.reader_with(Source::Stripe, policy);
    let error = reader.read_all(&[], &|_| {}).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
    assert!(error.to_string().contains("Stripe took longer than"));
    assert!(!error.hint().is_empty());
    assert!(reader.requests() <= 2);
}

#[tokio::test]
async fn a_listing_without_end_ends_at_the_deadline() {
    let server = Server::start(|number, _| {
        let object = subscription(&format!("sub_{number}"), "cus_1", "active");
        Answer::ok(&json!({"has_more": true, "data": [object]}))
    })
    .await;
    let policy = RetryPolicy {
        deadline: Duration::from_secs(1),
        ..impatient()
    };
    let reader = server.reader_with(Source::Stripe, policy);
    let error = reader.read_all(&[], &|_| {}).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
    assert!(server.requests().len() > 2, "{error:?}");
}

#[tokio::test]
async fn nothing_is_sent_after_the_deadline() {
    let server = Server::start(|_, request| Answer::ok(&page(&five(), request))).await;
    let policy = RetryPolicy {
        deadline: Duration::ZERO,
        ..impatient()
    };
    let reader = server.reader_with(Source::Stripe, policy);
    let message = message_of(&reader.read_all(&[], &|_| {}).await.unwrap_err());
    assert!(message.contains("no time was left to send it"), "{message}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_wait_that_the_server_demands_is_respected_up_to_a_limit() {
    let policy = RetryPolicy {
        retry_after: Duration::from_millis(300),
        ..impatient()
    };
    let server = Server::start(|number, request| match number {
        0 => limited(&[("Retry-After", "3600")]),
        _ => Answer::ok(&page(&five(), request)),
    })
    .await;
    let started = tokio::time::Instant::now();
    let reader = server.reader_with(Source::Stripe, policy);
    reader.read_all(&[], &|_| {}).await.unwrap();
    let waited = started.elapsed();
    assert!(
        waited >= Duration::from_millis(300) && waited < Duration::from_secs(10),
        "{waited:?}"
    );
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let server =
        Server::start(|_, _| Answer::status(200, &[], &" ".repeat(65 * 1024 * 1024))).await;
    let policy = RetryPolicy {
        request: Duration::from_secs(20),
        ..impatient()
    };
    let reader = server.reader_with(Source::Stripe, policy);
    let error = reader.read_all(&[], &|_| {}).await.unwrap_err();
    assert!(
        message_of(&error).contains("larger than 64 MiB"),
        "{error:?}"
    );
    assert_eq!(reader.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_never_answers_is_given_up_soon() {
    // Bound and not listening: connections are refused, and no other test gets the port.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let settings = Settings {
        base: Some(format!("http://{address}")),
        // The rate limiter uses a real clock.
        requests_per_second: NonZeroU32::new(100_000),
        ..Settings::default()
    };
    let key = SecretString::from(CANARY);
    let client = http::client().unwrap();
    let reader = BillingReader::new(Source::Stripe, client, &key, &settings).unwrap();
    let started = tokio::time::Instant::now();
    let error = reader.read_all(&[], &|_| {}).await.unwrap_err();
    let waited = started.elapsed();
    assert!(waited <= Duration::from_secs(45), "{waited:?}");
    assert!(matches!(error, Error::Request { .. }), "{error:?}");
}

#[tokio::test]
async fn silence_from_the_beginning_is_given_up_sooner() {
    let server = Server::start(|_, _| Answer::Silence).await;
    let policy = RetryPolicy {
        first_answer: Duration::from_millis(300),
        ..impatient()
    };
    let reader = server.reader_with(Source::Stripe, policy);
    let error = reader.read_all(&[], &|_| {}).await.unwrap_err();
    assert!(
        message_of(&error).contains("`GET /v1/subscriptions` failed"),
        "{error}"
    );
    // After the first response only the deadline of the whole read applies.
    let server = Server::start(|number, request| {
        if number == 0 {
            return Answer::ok(&page(&five(), request));
        }
        if number < 4 {
            return Answer::status(503, &[], "");
        }
        Answer::ok(&page(&five(), request))
    })
    .await;
    let policy = RetryPolicy {
        base: Duration::from_millis(100),
        cap: Duration::from_millis(200),
        ..policy
    };
    let reader = server.reader_with(Source::Stripe, policy);
    reader.read_all(&[], &|_| {}).await.unwrap();
}

#[tokio::test]
async fn a_refused_connection_is_reported_with_the_host() {
    // Bound and not listening: connections are refused, and no other test gets the port.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let mut server = Server::start(|_, _| Answer::HangUp).await;
    server.base = format!("http://{address}");
    let message = message_of(&read(&server).await.unwrap_err());
    assert!(
        message.contains("`127.0.0.1` cannot be reached") && message.contains("refused"),
        "{message}"
    );
}
