//! Faults in transit: each leaves the facts unchanged after a retry, or ends the read with its cause.

use serde_json::{Value, json};

use super::scripted::{Answer, CANARY, Server, page, subscription};
use crate::{
    billing::{BillingFacts, Error},
    contract::Source,
    problem::Problem,
};

pub(super) fn five() -> Vec<Value> {
    ["sub_1", "sub_2", "sub_3", "sub_4", "sub_5"]
        .map(|id| subscription(id, &format!("cus_{id}"), "active"))
        .to_vec()
}

pub(super) async fn read(server: &Server) -> Result<BillingFacts, Error> {
    let reader = server.reader(Source::Stripe);
    reader.read_all(&[], &|_| {}).await
}

pub(super) async fn without_faults() -> BillingFacts {
    let server = Server::start(|_, request| Answer::ok(&page(&five(), request))).await;
    read(&server).await.unwrap()
}

/// Returns the message and the hint as a user sees them. They never hold the key or the query, which may name
/// customers.
pub(super) fn message_of(error: &Error) -> String {
    let problem = Problem::from(error);
    let message = format!("{} | {}", problem.text, problem.hint);
    for text in [&message, &format!("{error:?}"), &format!("{error:#?}")] {
        for part in [CANARY, "CANARY", "rk_live_", "limit=100"] {
            assert!(!text.contains(part), "{text}");
        }
    }
    message
}

pub(super) fn limited(headers: &[(&'static str, &'static str)]) -> Answer {
    let body = json!({"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests"}});
    Answer::status(429, headers, &body.to_string())
}

type Fault = (&'static str, Answer, &'static str);

/// Returns Stripe's variants of "too many requests".
fn rate_limits() -> Vec<Fault> {
    let reason = |reason| limited(&[("Stripe-Rate-Limited-Reason", reason)]);
    vec![
        (
            "account",
            reason("global-rate"),
            "the account's requests per second",
        ),
        (
            "concurrency",
            reason("global-concurrency"),
            "the account's concurrent requests",
        ),
        (
            "endpoint",
            reason("endpoint-rate"),
            "requests per second of this endpoint",
        ),
        (
            "endpoint concurrency",
            reason("endpoint-concurrency"),
            "the concurrent requests of this endpoint",
        ),
        ("resource", reason("resource-specific"), "a rate limit"),
        (
            "with a wait",
            limited(&[("Retry-After", "1")]),
            "Too many requests",
        ),
        (
            "with an absurd wait",
            limited(&[("Retry-After", "99999")]),
            "a rate limit",
        ),
        (
            "to be retried",
            limited(&[("Stripe-Should-Retry", "true")]),
            "answered 429",
        ),
    ]
}

/// Returns responses that are late, broken or from another server.
fn breakdowns() -> Vec<Fault> {
    let whole = json!({"object": "list", "has_more": false, "data": five()}).to_string();
    let truncated: String = whole.chars().take(whole.len() - 40).collect();
    let busy = |status| Answer::error(status, &json!({"type": "api_error", "message": "oops"}));
    let lock = json!({"code": "lock_timeout", "message": "locked"});
    let html = "<html><b>Bad Gateway";
    vec![
        ("a lock", Answer::error(409, &lock), "answered 409: locked"),
        ("500", busy(500), "answered 500: oops"),
        ("502", busy(502), "answered 502: oops"),
        ("503", busy(503), "is failing"),
        ("504", busy(504), "answered 504"),
        ("502 in HTML", Answer::status(502, &[], html), html),
        (
            "truncated JSON",
            Answer::status(200, &[], &truncated),
            "is incomplete JSON",
        ),
        (
            "a cut body",
            Answer::CutInTheMiddle(whole),
            "the connection was interrupted",
        ),
        (
            "a reset",
            Answer::HangUp,
            "the connection was interrupted: error sending request",
        ),
    ]
}

/// Returns successes without any JSON, which are retried once.
fn pages_of_others() -> Vec<Fault> {
    vec![
        (
            "200 in HTML",
            Answer::status(200, &[], "<html>log in"),
            "12 bytes is not JSON: <html>log in",
        ),
        (
            "an empty body",
            Answer::status(200, &[], ""),
            "0 bytes is not JSON: an empty body",
        ),
    ]
}

/// Returns temporary faults, with the error if they persist.
fn passing() -> Vec<Fault> {
    [rate_limits(), breakdowns(), pages_of_others()].concat()
}

#[tokio::test]
async fn a_passing_fault_changes_nothing() {
    let expected = without_faults().await;
    assert_eq!(expected.subscriptions.len(), 5);
    for (name, fault, _) in passing() {
        for position in [0, 1, 2] {
            let fault = fault.clone();
            let server = Server::start(move |number, request| {
                if number == position {
                    fault.clone()
                } else {
                    Answer::ok(&page(&five(), request))
                }
            })
            .await;
            let reader = server.reader(Source::Stripe);
            let facts = reader.read_all(&[], &|_| {}).await;
            assert_eq!(facts.unwrap(), expected, "{name} at request {position}");
            assert_eq!(reader.requests(), 4, "{name}");
            assert!(
                server
                    .requests()
                    .iter()
                    .all(|request| request.method == "GET")
            );
        }
    }
}

#[tokio::test]
async fn a_fault_that_stays_ends_the_read_with_its_cause() {
    let faults = [pages_of_others(), rate_limits(), breakdowns()].concat();
    for (name, fault, cause) in faults {
        stays(name, fault, cause, 1, 4).await;
    }
}

#[tokio::test]
async fn responses_that_are_never_json_are_reported_after_the_second() {
    for (name, fault, cause) in pages_of_others() {
        stays(name, fault, cause, 0, 2).await;
    }
}

/// Reads from a server that gives `right` correct responses first.
async fn stays(name: &str, fault: Answer, cause: &str, right: usize, tries: usize) {
    let server = Server::start(move |number, request| {
        if number < right {
            Answer::ok(&page(&five(), request))
        } else {
            fault.clone()
        }
    })
    .await;
    let message = message_of(&read(&server).await.unwrap_err());
    assert!(message.contains(cause), "{name}: {message}");
    assert!(
        message.starts_with(&format!("`GET /v1/subscriptions` failed {tries} times")),
        "{name}: {message}"
    );
    assert_eq!(server.requests().len(), tries + right, "{name}");
}

/// Returns permanent faults, which are not retried.
fn lasting() -> Vec<Fault> {
    let invalid = json!({"type": "invalid_request_error", "message": format!("Invalid API Key provided: {CANARY}")});
    let permission = json!({"code": "more_permissions_required", "message": "The provided key 'rk_live_****6789' does not have the required permissions for this endpoint. Having the 'rak_subscription_read' permission would allow this request to continue."});
    let other_mode = json!({"code": "resource_missing", "param": "starting_after", "message": "No such subscription: 'sub_2'; a similar object exists in live mode, but a test mode key was used to make this request."});
    vec![
        (
            "a revoked key",
            Answer::error(401, &invalid),
            "Invalid API Key provided: [key] | the key is wrong or was revoked",
        ),
        (
            "an expired key",
            Answer::error(401, &json!({"code": "api_key_expired"})),
            "create a new key",
        ),
        (
            "a missing permission",
            Answer::error(403, &permission),
            "set `Subscriptions` to Read (`rak_subscription_read`)",
        ),
        (
            "another account",
            Answer::error(403, &json!({"code": "account_invalid"})),
            "a key of the account",
        ),
        (
            "the wrong mode",
            Answer::error(404, &other_mode),
            "use a live mode key",
        ),
        (
            "an unknown parameter",
            Answer::error(
                400,
                &json!({"message": "Received unknown parameter: limit"}),
            ),
            "Received unknown parameter",
        ),
        (
            "a redirect",
            Answer::status(302, &[("Location", "https://evil.example/")], ""),
            "a redirect to `https://evil.example/`",
        ),
        (
            "no retry wanted",
            Answer::status(503, &[("Stripe-Should-Retry", "false")], "busy"),
            "answered 503: busy",
        ),
        (
            "403 in HTML",
            Answer::status(403, &[], "<html>blocked"),
            "something other than Stripe's API",
        ),
        (
            "JSON of another kind",
            Answer::ok(&json!({"hello": []})),
            "missing field `data`",
        ),
        (
            "no word on more",
            Answer::ok(&json!({"data": []})),
            "missing field `has_more`",
        ),
        (
            "an object without a customer",
            Answer::ok(&json!({"has_more": false, "data": [{"id": "sub_9", "status": "active"}]})),
            "subscription `sub_9` cannot be read: missing field `customer`",
        ),
        (
            "a number as text",
            {
                let mut object = subscription("sub_9", "cus_9", "active");
                object["items"]["data"][0]["quantity"] = json!("2");
                Answer::ok(&json!({"has_more": false, "data": [object]}))
            },
            "subscription `sub_9` cannot be read at `items.data[0].quantity`: invalid type: string \"2\"",
        ),
    ]
}

#[tokio::test]
async fn a_lasting_fault_ends_the_read_at_once_with_its_cause() {
    for (name, fault, cause) in lasting() {
        for position in [0, 1] {
            let fault = fault.clone();
            let server = Server::start(move |number, request| {
                if number == position {
                    fault.clone()
                } else {
                    Answer::ok(&page(&five(), request))
                }
            })
            .await;
            let message = message_of(&read(&server).await.unwrap_err());
            assert!(message.contains(cause), "{name}: {message}");
            assert_eq!(server.requests().len(), position + 1, "{name}");
        }
    }
}

#[tokio::test]
async fn a_listing_without_progress_is_an_error() {
    let list = |has_more, ids: &[&str]| {
        let data: Vec<_> = ids
            .iter()
            .map(|id| subscription(id, "cus_1", "active"))
            .collect();
        Answer::ok(&json!({"has_more": has_more, "data": data}))
    };
    // The list starts over, is empty with more to come, or repeats a cursor among new objects.
    let scripts: [(&str, Vec<Answer>); 4] = [
        (
            "repeats the one before it",
            vec![list(true, &["sub_1", "sub_2"])],
        ),
        (
            "repeats the one before it",
            vec![list(true, &["sub_1", "sub_2"]), list(false, &["sub_2"])],
        ),
        (
            "empty but says that there is more",
            vec![list(true, &["sub_1"]), list(true, &[])],
        ),
        (
            "a cursor repeats",
            vec![
                list(true, &["sub_1", "sub_2"]),
                list(true, &["sub_3", "sub_2"]),
            ],
        ),
    ];
    for (stuck, answers) in scripts {
        let server =
            Server::start(move |number, _| answers.get(number).or(answers.last()).unwrap().clone())
                .await;
        let message = message_of(&read(&server).await.unwrap_err());
        assert!(
            message.contains("`v1/subscriptions` makes no progress") && message.contains(stuck),
            "{message}"
        );
        assert!(server.requests().len() <= 4);
    }
}

#[tokio::test]
async fn an_object_on_two_pages_counts_once_as_read_last() {
    let server = Server::start(|number, _| {
        let moved = subscription("sub_2", "cus_2", "canceled");
        Answer::ok(&match number {
            0 => json!({"has_more": true, "data": [subscription("sub_2", "cus_2", "active"), subscription("sub_3", "cus_3", "active")]}),
            _ => json!({"has_more": false, "data": [moved, subscription("sub_1", "cus_1", "active")]}),
        })
    })
    .await;
    let facts = read(&server).await.unwrap();
    let read: Vec<_> = facts
        .subscriptions
        .iter()
        .map(|subscription| (subscription.id.as_str(), subscription.status.as_str()))
        .collect();
    assert_eq!(
        read,
        [
            ("sub_1", "active"),
            ("sub_2", "canceled"),
            ("sub_3", "active")
        ]
    );
}
