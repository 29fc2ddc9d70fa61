//! Faults, limits and latency, as seen by a client.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use reqwest::{Response, header::HeaderMap};
use serde_json::Value;

use super::{Bench, KEY, NOW, ids, text};
use crate::{Bulk, Endpoint, Fault, Latency, LimitReason, Limits, MalformedList, Times, World};

const LIST: &str = "/v1/subscriptions";
const ALL: [(&str, &str); 2] = [("status", "all"), ("limit", "5")];

fn crowd() -> Bench {
    let mut world = World::new(NOW);
    world.bulk(&Bulk::new(23));
    Bench::of(world)
}

/// Creates many subscriptions, and sends one request with this fault.
async fn disturbed(fault: Fault) -> (Bench, reqwest::Result<Response>) {
    let bench = crowd();
    bench.fake.fail(fault, Times::Nth(1));
    let answer = bench.request(LIST, &ALL).send().await;
    (bench, answer)
}

/// Checks that the response after the faulty one is complete.
async fn recovers(bench: &Bench) {
    assert_eq!(ids(&bench.get(LIST, &ALL).await).len(), 5);
    let disturbed: Vec<_> = bench
        .fake
        .requests()
        .iter()
        .map(|request| request.disturbed)
        .collect();
    assert_eq!(disturbed, [true, false]);
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn each_rate_limit_names_its_reason_or_none() {
    for reason in LimitReason::ALL.into_iter().map(Some).chain([None]) {
        let (bench, answer) = disturbed(Fault::RateLimited(reason)).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 429);
        assert_eq!(
            header(answer.headers(), "stripe-rate-limited-reason"),
            reason.map(LimitReason::as_str)
        );
        assert_eq!(header(answer.headers(), "retry-after"), None);
        assert_eq!(
            text(&answer.json().await.unwrap(), "/error/code"),
            "rate_limit"
        );
        recovers(&bench).await;
    }
}

#[tokio::test]
async fn retry_after_and_lock_timeouts_are_429() {
    let (bench, answer) = disturbed(Fault::RetryAfter(7)).await;
    assert_eq!(header(answer.unwrap().headers(), "retry-after"), Some("7"));
    recovers(&bench).await;
    let (bench, answer) = disturbed(Fault::LockTimeout).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(
        text(&answer.json().await.unwrap(), "/error/code"),
        "lock_timeout"
    );
    recovers(&bench).await;
}

#[tokio::test]
async fn server_errors_in_the_envelope_in_html_and_empty() {
    let (bench, answer) = disturbed(Fault::ServerError {
        status: 500,
        should_retry: Some(false),
    })
    .await;
    let answer = answer.unwrap();
    assert_eq!(
        header(answer.headers(), "stripe-should-retry"),
        Some("false")
    );
    assert_eq!(
        text(&answer.json().await.unwrap(), "/error/type"),
        "api_error"
    );
    recovers(&bench).await;

    let (bench, answer) = disturbed(Fault::HtmlBody(502)).await;
    let answer = answer.unwrap();
    assert_eq!(
        (
            answer.status().as_u16(),
            header(answer.headers(), "content-type")
        ),
        (502, Some("text/html"))
    );
    assert!(answer.text().await.unwrap().starts_with("<html>"));
    recovers(&bench).await;

    let (bench, answer) = disturbed(Fault::EmptyBody(200)).await;
    let answer = answer.unwrap();
    assert_eq!(
        (
            answer.status().as_u16(),
            answer.text().await.unwrap().as_str()
        ),
        (200, "")
    );
    recovers(&bench).await;
}

#[tokio::test]
async fn a_revoked_key_is_refused_in_the_providers_words() {
    let (bench, answer) = disturbed(Fault::KeyRevoked).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(
        text(&answer.json().await.unwrap(), "/error/message"),
        "Invalid API Key provided: sk_test_************fake"
    );
    recovers(&bench).await;
}

#[tokio::test]
async fn a_connection_breaks_before_the_answer() {
    let (bench, answer) = disturbed(Fault::ResetBeforeAnswer).await;
    let error = answer.unwrap_err();
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    recovers(&bench).await;
}

#[tokio::test]
async fn a_connection_breaks_in_the_middle_of_the_body() {
    let (bench, answer) = disturbed(Fault::ResetInBody).await;
    let mut answer = answer.unwrap();
    assert_eq!(answer.status(), 200);
    let promised = answer.content_length().unwrap();
    let mut received = 0;
    let error = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => received += chunk.len(),
            Ok(None) => panic!("the body ended as if it were whole"),
            Err(error) => break error,
        }
    };
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert_eq!(u64::try_from(received).unwrap(), promised / 2);
    recovers(&bench).await;
}

#[test]
fn a_broken_connection_is_a_reset_and_not_a_polite_end() {
    let bench = crowd();
    for fault in [Fault::ResetBeforeAnswer, Fault::ResetInBody] {
        bench.fake.heal();
        bench.fake.fail(fault, Times::Always);
        let mut stream = TcpStream::connect(bench.fake.address()).unwrap();
        let request =
            format!("GET {LIST} HTTP/1.1\r\nHost: fake\r\nAuthorization: Bearer {KEY}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let ended = stream.read_to_end(&mut Vec::new());
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
}

#[tokio::test]
async fn json_stops_in_the_middle_of_a_complete_answer() {
    let (bench, answer) = disturbed(Fault::TruncatedJson).await;
    let body = answer.unwrap().text().await.unwrap();
    assert!(body.starts_with('{') && serde_json::from_str::<Value>(&body).is_err());
    recovers(&bench).await;
}

#[tokio::test]
async fn answers_begin_late_or_trickle() {
    let begun = Instant::now();
    let (bench, answer) = disturbed(Fault::SlowFirstByte(Duration::from_millis(150))).await;
    answer.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(150));
    recovers(&bench).await;

    let pause = Duration::from_millis(10);
    let (bench, answer) = disturbed(Fault::SlowTrickle { bytes: 1000, pause }).await;
    let answer = answer.unwrap();
    let pieces = u32::try_from(answer.content_length().unwrap() / 1000).unwrap();
    let begun = Instant::now();
    assert_eq!(ids(&answer.json().await.unwrap()).len(), 5);
    assert!(pieces > 5 && begun.elapsed() >= pause * (pieces / 2));
    recovers(&bench).await;
}

#[tokio::test]
async fn a_page_repeats_whatever_the_cursor_says() {
    let bench = crowd();
    let first = ids(&bench.get(LIST, &ALL).await);
    bench.fake.fail(
        Fault::MalformedList(MalformedList::RepeatedPage),
        Times::Always,
    );
    let cursor = [ALL.as_slice(), &[("starting_after", first.last().unwrap())]].concat();
    let page = bench.get(LIST, &cursor).await;
    assert_eq!(ids(&page), first);
    assert_eq!(page.get("has_more"), Some(&Value::Bool(true)));
    bench.fake.heal();
    assert_ne!(ids(&bench.get(LIST, &cursor).await), first);
}

#[tokio::test]
async fn a_page_promises_more_and_holds_nothing() {
    let (bench, answer) = disturbed(Fault::MalformedList(MalformedList::HasMoreWithoutData)).await;
    let page: Value = answer.unwrap().json().await.unwrap();
    assert_eq!(
        (ids(&page).len(), page.get("has_more")),
        (0, Some(&Value::Bool(true)))
    );
    recovers(&bench).await;
}

#[tokio::test]
async fn an_object_appears_on_two_pages() {
    let bench = crowd();
    let whole = bench.walk(LIST, &ALL).await;
    bench.fake.fail(
        Fault::MalformedList(MalformedList::ObjectTwice),
        Times::Nth(3),
    );
    let mut walked = bench.walk(LIST, &ALL).await;
    assert_eq!(walked.len(), whole.len() + 1);
    walked.dedup();
    assert_eq!(walked, whole);
}

#[tokio::test]
async fn faults_hit_the_chosen_endpoint_and_request() {
    let bench = crowd();
    bench
        .fake
        .fail_at(Endpoint::ListPrices, Fault::EmptyBody(503), Times::Every(2));
    let mut statuses = Vec::new();
    for path in [
        LIST,
        "/v1/prices",
        LIST,
        "/v1/prices",
        "/v1/prices",
        "/v1/prices",
    ] {
        statuses.push(bench.send(path, &[]).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 503, 200, 503]);
    let counts = bench.fake.counts();
    assert_eq!(counts.get(&Endpoint::ListPrices), Some(&4));
    assert_eq!(counts.get(&Endpoint::ListSubscriptions), Some(&2));
}

#[tokio::test]
async fn a_sandbox_refuses_the_twenty_sixth_request_of_a_second() {
    let bench = crowd();
    bench.fake.limit(Limits {
        per_second_and_endpoint: Some(5),
        ..Limits::default()
    });
    let requests = (0..8).map(|_| bench.send(LIST, &ALL));
    let answers = futures::future::join_all(requests).await;
    let refused: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status() == 429)
        .collect();
    assert!((2..=3).contains(&refused.len()), "{}", refused.len());
    for answer in refused {
        assert_eq!(
            header(answer.headers(), "stripe-rate-limited-reason"),
            Some("endpoint-rate")
        );
    }
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(bench.send(LIST, &ALL).await.status(), 200);
}

#[tokio::test]
async fn too_many_at_once_are_refused_and_places_become_free() {
    let bench = crowd();
    bench.fake.limit(Limits {
        at_once: Some(2),
        ..Limits::default()
    });
    bench.fake.fail(
        Fault::SlowFirstByte(Duration::from_millis(200)),
        Times::First(5),
    );
    let answers = futures::future::join_all((0..5).map(|_| bench.send(LIST, &ALL))).await;
    let reasons: Vec<_> = answers
        .iter()
        .filter_map(|answer| header(answer.headers(), "stripe-rate-limited-reason"))
        .collect();
    assert_eq!(reasons, ["global-concurrency"; 3]);
    assert_eq!(bench.send(LIST, &ALL).await.status(), 200);
}

#[tokio::test]
async fn a_client_that_disconnects_frees_its_slot() {
    let bench = crowd();
    bench.fake.limit(Limits {
        at_once: Some(1),
        ..Limits::default()
    });
    bench
        .fake
        .fail(Fault::SlowFirstByte(Duration::from_mins(1)), Times::Nth(1));
    let impatient = bench
        .request(LIST, &ALL)
        .timeout(Duration::from_millis(100))
        .send()
        .await;
    assert!(impatient.unwrap_err().is_timeout());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(bench.send(LIST, &ALL).await.status(), 200);
}

#[tokio::test]
async fn latency_is_waited_for() {
    let bench = crowd();
    let (median, seed) = (Duration::from_millis(120), 3);
    bench.fake.delay(Some(Latency {
        median,
        slowest_percent: median,
        seed,
    }));
    let begun = Instant::now();
    bench.send(LIST, &ALL).await;
    assert!(
        begun.elapsed() >= Duration::from_millis(119),
        "{:?}",
        begun.elapsed()
    );
    let requests = bench.fake.requests();
    let request = requests.first().unwrap();
    let took = request.answered.unwrap() - request.arrived;
    assert!(took >= Duration::from_millis(119), "{took:?}");
}

#[tokio::test]
async fn answers_are_compressed_on_request() {
    let bench = crowd();
    let sizes = |encoding: &'static str| {
        let http = crate::client_builder()
            .no_proxy()
            .gzip(false)
            .build()
            .unwrap();
        let url = format!("{}{LIST}?status=all&limit=20", bench.fake.base_url());
        async move {
            let request = http
                .get(url)
                .bearer_auth(KEY)
                .header("accept-encoding", encoding);
            let answer = request.send().await.unwrap();
            let encoding = header(answer.headers(), "content-encoding").map(str::to_owned);
            (encoding, answer.bytes().await.unwrap().len())
        }
    };
    let (plain, whole) = sizes("identity").await;
    let (packed, small) = sizes("gzip").await;
    assert_eq!((plain, packed.as_deref()), (None, Some("gzip")));
    assert!(small * 5 < whole, "{small} of {whole}");
    bench.fake.do_not_compress();
    assert_eq!(sizes("gzip").await, (None, whole));
}

#[tokio::test]
async fn a_stopped_fake_frees_its_port_and_breaks_open_requests() {
    let bench = crowd();
    bench
        .fake
        .fail(Fault::SlowFirstByte(Duration::from_mins(1)), Times::Always);
    let address = bench.fake.address();
    let waiting = tokio::spawn(bench.request(LIST, &ALL).send());
    tokio::time::sleep(Duration::from_millis(100)).await;
    bench.fake.stop().unwrap();
    assert!(waiting.await.unwrap().is_err());
    assert!(std::net::TcpListener::bind(address).is_ok());
}
