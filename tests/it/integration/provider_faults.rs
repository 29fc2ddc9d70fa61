//! Failures of the provider: either the findings stay the same, or there is no verdict and the cause is named.
//!
//! docs/faults.md shows this matrix to users; a test below compares the two.

use std::time::Duration;

use fake_stripe::{
    Fault, Key, LimitReason, MalformedList, MalformedObject, Permission, Status, Subscription,
    Times, World,
};
use testing::{
    database::Database,
    program::{KEY, ProgramOutput},
};

use super::live::{Live, NOW, contract};

const HOUR: i64 = 3_600;

/// Three who pay without access and one with unpaid access, on different pages.
const FOUND: [&str; 4] = [
    "revenue-leak user:usr_0",
    "revenue-leak user:usr_100",
    "revenue-leak user:usr_200",
    "wrongful-access user:usr_300",
];

/// 230 customers who pay, 120 who paid once, and their accounts.
fn live() -> Live {
    let mut world = World::new(NOW);
    for number in 0..350_i64 {
        let status = if number < 230 {
            Status::Active
        } else {
            Status::Canceled
        };
        let subscription = Subscription::new(&format!("cus_{number}"), status)
            .created(NOW - number * HOUR)
            .price("price_pro");
        world.subscription(subscription.id(&format!("sub_{number:03}")));
    }
    let row = |number: i32| {
        let is_paid = if number < 230 {
            number % 100 != 0
        } else {
            number == 300
        };
        format!("('usr_{number}', 'cus_{number}', {is_paid}, 'pro')")
    };
    let rows: Vec<_> = (0..350).map(row).collect();
    Live::new(world, Database::of_users(&rows.join(", ")), &contract(&[]))
}

/// The result of a fault.
#[derive(Debug, Clone, Copy)]
enum Comes {
    /// The same findings as without it.
    ToNothing,
    /// No verdict, and a message with these words.
    To(&'static str),
}

use Comes::{To, ToNothing};

/// A description as in docs/faults.md, the fault, the times when it occurs, and the result.
type Row = (&'static str, Fault, Times, Comes);

const fn server(status: u16) -> Fault {
    Fault::ServerError {
        status,
        should_retry: None,
    }
}

#[rustfmt::skip]
fn limits() -> Vec<Row> {
    vec![
        ("429, account rate limit", Fault::RateLimited(Some(LimitReason::GlobalRate)), Times::Between(2..=4), ToNothing),
        ("429, account concurrency limit", Fault::RateLimited(Some(LimitReason::GlobalConcurrency)), Times::Between(2..=4), ToNothing),
        ("429, endpoint rate limit", Fault::RateLimited(Some(LimitReason::EndpointRate)), Times::Between(2..=4), ToNothing),
        ("429, endpoint concurrency limit", Fault::RateLimited(Some(LimitReason::EndpointConcurrency)), Times::Between(2..=4), ToNothing),
        ("429, limit of one resource", Fault::RateLimited(Some(LimitReason::ResourceSpecific)), Times::Between(2..=4), ToNothing),
        ("429 without a reason", Fault::RateLimited(None), Times::Between(2..=4), ToNothing),
        ("429 with `Retry-After`", Fault::RetryAfter(1), Times::Nth(2), ToNothing),
        ("429, object locked by another request", Fault::LockTimeout, Times::Between(2..=3), ToNothing),
    ]
}

#[rustfmt::skip]
fn servers() -> Vec<Row> {
    vec![
        ("500", server(500), Times::Between(2..=3), ToNothing),
        ("500 with `Stripe-Should-Retry: false`", Fault::ServerError { status: 500, should_retry: Some(false) }, Times::From(3), To("answered 500")),
        ("502", server(502), Times::Nth(2), ToNothing),
        ("503", server(503), Times::Nth(3), ToNothing),
        ("504", server(504), Times::Nth(4), ToNothing),
        ("a proxy's web page with status 502", Fault::HtmlBody(502), Times::Nth(2), ToNothing),
        ("a proxy's web page with status 200", Fault::HtmlBody(200), Times::Nth(2), ToNothing),
        ("a proxy's web page with status 403", Fault::HtmlBody(403), Times::From(2), To("something other than Stripe's API answered")),
        ("an empty body with status 503", Fault::EmptyBody(503), Times::Nth(2), ToNothing),
        ("an empty body with status 200", Fault::EmptyBody(200), Times::Nth(3), ToNothing),
        ("a redirect", Fault::EmptyBody(302), Times::From(2), To("redirects are not followed")),
    ]
}

#[rustfmt::skip]
fn connections() -> Vec<Row> {
    vec![
        ("the connection breaks before the response", Fault::ResetBeforeAnswer, Times::Between(2..=3), ToNothing),
        ("the connection breaks in the middle of a response", Fault::ResetInBody, Times::Between(2..=3), ToNothing),
        ("truncated JSON", Fault::TruncatedJson, Times::Between(2..=3), ToNothing),
        ("a response that starts late", Fault::SlowFirstByte(Duration::from_millis(1500)), Times::Every(2), ToNothing),
        ("a response that arrives slowly", Fault::SlowTrickle { bytes: 40_000, pause: Duration::from_millis(100) }, Times::Every(2), ToNothing),
    ]
}

#[rustfmt::skip]
fn lists() -> Vec<Row> {
    vec![
        ("a page repeated once", Fault::MalformedList(MalformedList::RepeatedPage), Times::Nth(4), ToNothing),
        ("a page repeated every time", Fault::MalformedList(MalformedList::RepeatedPage), Times::From(2), To("makes no progress")),
        ("an empty page with `has_more`, once", Fault::MalformedList(MalformedList::HasMoreWithoutData), Times::Nth(3), ToNothing),
        ("an empty page with `has_more`, every time", Fault::MalformedList(MalformedList::HasMoreWithoutData), Times::From(2), To("a page is empty but says that there is more")),
        ("an object on two pages", Fault::MalformedList(MalformedList::ObjectTwice), Times::Always, ToNothing),
        ("a cursor that restarts the list", Fault::MalformedList(MalformedList::UnknownCursor), Times::Always, To("makes no progress")),
        ("a list that starts with the oldest object", Fault::MalformedList(MalformedList::OldestFirst), Times::Always, ToNothing),
    ]
}

#[rustfmt::skip]
fn objects() -> Vec<Row> {
    vec![
        ("an item without a price", Fault::MalformedObject(MalformedObject::WithoutPrices), Times::From(3), To("has neither a price nor a plan")),
        ("numbers sent as strings", Fault::MalformedObject(MalformedObject::NumbersAsText), Times::From(3), To("cannot be read at `created`")),
        ("unknown fields", Fault::MalformedObject(MalformedObject::UnknownFields), Times::Always, ToNothing),
        ("a key revoked during the check", Fault::KeyRevoked, Times::From(3), To("the key is wrong or was revoked")),
    ]
}

fn check(rows: Vec<Row>) {
    let live = live();
    assert_same("nothing wrong", &live);
    for (name, fault, times, comes) in rows {
        live.stripe.heal();
        live.stripe.clear_requests();
        live.stripe.fail(fault, times);
        match comes {
            ToNothing => assert_same(name, &live),
            To(words) => assert_unanswered(name, live.check(), words),
        }
        let disturbed = live.stripe.requests();
        assert!(
            disturbed.iter().any(|request| request.disturbed),
            "{name}: no fault fired"
        );
    }
}

#[track_caller]
fn assert_same(name: &str, live: &Live) {
    let ran = live.json();
    assert_eq!(ran.status, Some(1), "{name}: {ran:#?}");
    assert_eq!(ran.findings(), FOUND, "{name}");
}

/// Checks that there is no verdict and no partial finding, and that the message contains these words.
#[track_caller]
fn assert_unanswered(name: &str, ran: ProgramOutput, words: &str) {
    let ran = ran.unanswered();
    assert!(ran.all().contains(words), "{name}: {ran:#?}");
    assert!(!ran.all().contains("revenue-leak"), "{name}: {ran:#?}");
    assert!(!ran.all().contains("usr_"), "{name}: {ran:#?}");
    assert!(ran.stdout.contains("fix: "), "{name}: {ran:#?}");
}

#[test]
fn limits_cost_time_and_nothing_else() {
    check(limits());
}

#[test]
fn requests_to_a_failing_server_are_retried() {
    check(servers());
}

#[test]
fn connections_break_and_answers_are_slow() {
    check(connections());
}

#[test]
fn lists_out_of_order_are_read_whole_or_not_at_all() {
    check(lists());
}

#[test]
fn objects_that_cannot_be_understood_are_never_guessed() {
    check(objects());
}

#[test]
fn keys_that_do_not_fit_are_named() {
    let live = live();
    for (name, key, words) in [
        (
            "no permission",
            Key::restricted(KEY, [Permission::CustomerRead]),
            "subscription_read",
        ),
        (
            "not from this address",
            Key::unrestricted(KEY).from_another_address_only(),
            "the key allows only certain addresses",
        ),
        (
            "expired",
            Key::unrestricted(KEY).expired(),
            "create a new key",
        ),
    ] {
        live.stripe.world(|world| world.keys.add(key));
        assert_unanswered(name, live.check(), words);
    }
    live.stripe
        .world(|world| world.keys.add(Key::unrestricted(KEY)));
    live.configure(&contract(&["mode: test"]));
    assert_unanswered("wrong mode", live.check(), "the contract says `mode: test`");
}

#[test]
fn changes_while_listing_affect_nobody_else() {
    let live = live();
    live.stripe.before_request(3, |world| {
        for number in 0..150 {
            let new = Subscription::new(&format!("cus_new_{number}"), Status::Unpaid);
            world.subscription(new.price("price_pro"));
        }
    });
    assert_same("created meanwhile", &live);
    let live = self::live();
    // A customer of a page that was read, and one of a page that was not.
    live.stripe.before_request(3, |world| {
        world.set_status_silently("sub_001", Status::PastDue);
        world.set_status_silently("sub_220", Status::Trialing);
    });
    assert_same("moved meanwhile", &live);
}

#[test]
fn a_status_between_two_lists_is_seen_in_one_of_them() {
    let live = live();
    live.configure(&contract(&["rules: { unknown-status: off }"]));
    // `trialing` was read, `active` is next.
    live.stripe
        .world(|world| world.set_status_silently("sub_005", Status::Trialing));
    live.stripe.before_request(5, |world| {
        world.set_status_silently("sub_005", Status::Active);
    });
    assert_same("a trial that ends", &live);
}

#[test]
fn an_unknown_status_is_reported_and_not_judged() {
    let live = live();
    live.stripe.before_request(3, |world| {
        for id in ["sub_001", "sub_220"] {
            world.set_status_silently(id, Status::Other("suspended".into()));
        }
    });
    let ran = live.json().with_status(1);
    let mut found = FOUND.map(str::to_owned).to_vec();
    found.push("unknown-status status:suspended".to_owned());
    assert_eq!(ran.findings(), found, "{ran:#?}");
}

/// Formats every row above as the documentation does.
#[test]
fn the_documentation_shows_this_matrix() {
    let rows = [limits(), servers(), connections(), lists(), objects()].concat();
    let lines = rows.iter().map(|(name, _, _, comes)| match comes {
        ToNothing => format!("| {name} | the same findings |\n"),
        To(words) => format!("| {name} | exit 2: “{words}” |\n"),
    });
    let table: String = lines.collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/faults.md");
    let page = std::fs::read_to_string(path).expect("docs/faults.md");
    assert!(
        page.contains(&table),
        "docs/faults.md should hold:\n{table}"
    );
}
