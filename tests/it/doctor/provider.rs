//! The provider's key: kind, mode, permissions, and an API that does not answer.

use fake_stripe::Key;
use testing::database::Database;

use super::{ALLOWED, Examined, ROWS};

const LINK: &str = "https://dashboard.stripe.com/apikeys/create?name=ProdVerdict";

#[test]
fn the_kind_and_the_mode_of_the_key_are_shown() {
    Examined::healthy().examine().shows(
        "key",
        "pass",
        &["`STRIPE_SECRET_KEY` is a restricted key of Stripe, in test mode"],
    );
}

#[test]
fn values_that_are_no_api_key_are_named_and_never_sent() {
    let examined = Examined::healthy();
    for (value, kind) in [
        ("pk_test_CanaryOfThePublishableKey", "a publishable key"),
        ("whsec_CanaryOfTheWebhook", "a webhook signing secret"),
        ("pdl_live_CanaryOfPaddle", "a Paddle key"),
        ("postgres://a:Canary@localhost/b", "a database URL"),
    ] {
        examined
            .examine_as("STRIPE_SECRET_KEY", value)
            .shows("key", "fail", &[kind, LINK])
            .skips(&["api"], "key")
            .skips(&["permissions"], "api");
    }
    assert_eq!(examined.stripe.requests().len(), 0);
}

#[test]
fn a_key_of_the_wrong_mode_fails() {
    let examined = Examined::healthy();
    examined.configure("    confirm_after", "    mode: live\n    confirm_after");
    examined.examine().shows(
        "key",
        "fail",
        &["`mode: live`", "is a test key", "or change `mode:`"],
    );
}

#[test]
fn a_key_that_can_write_is_a_warning_with_the_exact_page() {
    let examined = Examined::healthy();
    let secret = "sk_test_51CanaryOfTheSecretKeyQzWx";
    examined
        .stripe
        .world(|world| world.keys.add(Key::unrestricted(secret)));
    let page = format!(
        "{LINK}&permissions[]=rak_subscription_read&permissions[]=rak_customer_read&permissions[]=rak_event_read\
         &permissions[]=rak_billing_clock_read"
    );
    examined
        .examine_as("STRIPE_SECRET_KEY", secret)
        .shows("key", "warn", &["a secret key", "can move money", &page])
        .shows("permissions", "pass", &[]);
    // The page follows the contract.
    examined.configure(
        "    confirm_after",
        "    evidence: off\n    grace: { past_due: 3d }\n    confirm_after",
    );
    let page = format!(
        "{LINK}&permissions[]=rak_subscription_read&permissions[]=rak_customer_read&permissions[]=rak_invoice_read\
         &permissions[]=rak_billing_clock_read"
    );
    examined
        .examine_as("STRIPE_SECRET_KEY", secret)
        .shows("key", "warn", &[&page]);
}

#[test]
fn a_revoked_key_fails_at_the_api() {
    let examined = Examined::healthy();
    examined.stripe.world(|world| world.keys.revoke_all());
    examined
        .examine()
        .shows("api", "fail", &["Invalid API Key", LINK])
        .skips(&["permissions"], "api")
        .shows("columns", "pass", &[]);
}

#[test]
fn an_api_that_cannot_be_reached_fails() {
    Examined::healthy()
        .examine_as("STRIPE_API_BASE", "http://127.0.0.1:9")
        .shows(
            "api",
            "fail",
            &["`127.0.0.1` cannot be reached", "through its proxy"],
        )
        .skips(&["permissions"], "api");
}

#[test]
fn a_missing_permission_is_named_with_its_consequence() {
    let with = |permissions: &[_]| Examined::with(permissions, Database::of_users(ROWS)).examine();
    with(&ALLOWED[1..])
        .shows("api", "pass", &[])
        .shows(
            "permissions",
            "fail",
            &[
                "the key may read customers, events, test clocks",
                "it may not read subscriptions (`rak_subscription_read`): there is no check without it",
                "give the key `rak_subscription_read`, or replace it: create a restricted key",
            ],
        )
        .skips(&["customers", "plans"], "permissions");
    with(&ALLOWED[..2]).shows(
        "permissions",
        "warn",
        &[
            "the key may read subscriptions, customers",
            "it may not read events (`rak_event_read`): findings do not say",
            "`rak_billing_clock_read`",
        ],
    );
}

#[test]
fn each_permission_is_tried_with_one_small_request() {
    let examined = Examined::healthy();
    examined.examine().shows(
        "permissions",
        "pass",
        &["the key may read subscriptions, customers, events, test clocks"],
    );
    let requests = examined.stripe.requests();
    let small = requests.iter().filter(|request| {
        request
            .query
            .iter()
            .any(|pair| *pair == ("limit".into(), "1".into()))
    });
    // The first permission is tried twice: by `api` too.
    assert_eq!(small.count(), 5, "{requests:#?}");
    assert!(requests.iter().all(|request| request.method == "GET"));
}
