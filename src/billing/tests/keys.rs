//! Keys that are rejected before any request, keys with a warning, and documented limits.

use secrecy::SecretString;

use crate::{
    billing::{KeyError, RateLimit, Settings, definition, key_advice},
    contract::{Mode, Source},
    problem::Explain as _,
};

/// Returns the error of a key, or `ok`. `host` is the chosen one if there are several.
fn judge(source: Source, key: &str, mode: Option<Mode>, host: Option<Mode>) -> String {
    check(source, key, mode, host).map_or_else(|error| error.to_string(), |()| "ok".to_owned())
}

fn check(
    source: Source,
    key: &str,
    mode: Option<Mode>,
    host: Option<Mode>,
) -> Result<(), KeyError> {
    let definition = definition(source);
    let key = SecretString::from(key);
    definition
        .provider
        .check_key(&key, mode, host, definition.key_page)
}

const LEGACY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef01";

#[test]
fn secrets_of_others_are_refused_without_being_shown() {
    for source in [Source::Stripe, Source::Paddle] {
        for (key, expected) in [
            ("ghs_CANARY", "is a GitHub token"),
            ("github_pat_CANARY", "is a GitHub token"),
            ("https://hooks.slack.com/CANARY", "is a URL"),
            ("postgres://a:CANARY@db/app", "is a database URL"),
            ("redis://:CANARY@db", "does not look like one"),
            ("AKIACANARY", "does not look like one"),
            ("\"rk_live_CANARY\"", "has quotes around it"),
            ("'pdl_live_CANARY'", "has quotes around it"),
            ("“rk_live_CANARY”", "has quotes around it"),
        ] {
            let error = check(source, key, None, None).unwrap_err();
            let message = format!("{error} {error:?} {}", error.hint());
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("CANARY"), "{message}");
            assert!(!error.hint().is_empty());
        }
    }
}

#[test]
fn the_page_for_another_key_is_that_of_the_source() {
    let permissions = |source| {
        let error = check(source, "pk_live_a", None, None).unwrap_err();
        let hint = error.hint();
        hint.matches("permissions[]=rak_entitlement_read").count()
    };
    assert_eq!(permissions(Source::Stripe), 0);
    assert_eq!(permissions(Source::StripeEntitlements), 1);
}

#[test]
fn a_stripe_keys_prefix_gives_kind_and_mode() {
    let (live, test) = (Some(Mode::Live), Some(Mode::Test));
    for (key, mode, expected) in [
        ("rk_live_a", live, "ok"),
        ("rk_test_a", None, "ok"),
        ("rkcs_test_a", test, "ok"),
        ("sk_org_live_a", test, "ok"),
        (
            "something",
            live,
            "the Stripe key does not look like one: it begins with neither `rk_` nor `sk_`",
        ),
        (
            "sk_test_a",
            live,
            "the contract says `mode: live`, but the Stripe key is a test key",
        ),
        (
            "rk_live_a",
            test,
            "the contract says `mode: test`, but the Stripe key is a live key",
        ),
        (
            "pk_live_a",
            None,
            "the Stripe key is a publishable key, but an API key was expected",
        ),
        (
            "whsec_a",
            None,
            "the Stripe key is a webhook signing secret, but an API key was expected",
        ),
        ("", None, "the Stripe key is empty"),
        (
            "rk_live_a\nb",
            None,
            "the Stripe key contains spaces, line breaks or other characters that no key has",
        ),
    ] {
        let message = judge(Source::Stripe, key, mode, None);
        assert_eq!(message, expected, "{key}");
    }
}

#[test]
fn a_paddle_key_must_match_its_environment_and_mode() {
    let (sandbox, production) = (Mode::Test, Mode::Live);
    for (key, mode, host, expected) in [
        ("pdl_live_apikey_a", Some(Mode::Live), production, "ok"),
        ("pdl_sdbx_apikey_a", None, sandbox, "ok"),
        (LEGACY, Some(Mode::Test), sandbox, "ok"),
        (
            "hunter2",
            None,
            sandbox,
            "the Paddle key does not look like one: it neither begins with `pdl_` nor is 50 hexadecimal digits",
        ),
        (
            "pdl_live_apikey_a",
            None,
            sandbox,
            "the Paddle key is a live key, but Paddle's environment is `sandbox`",
        ),
        (
            LEGACY,
            Some(Mode::Live),
            sandbox,
            "the contract says `mode: live`, but Paddle's environment is `sandbox`",
        ),
        (
            "test_abc",
            None,
            sandbox,
            "the Paddle key is a client-side token, but an API key was expected",
        ),
        (
            "rk_live_a",
            None,
            production,
            "the Paddle key is a Stripe key, but an API key was expected",
        ),
    ] {
        assert_eq!(
            judge(Source::Paddle, key, mode, Some(host)),
            expected,
            "{key}"
        );
    }
}

#[test]
fn only_an_unrestricted_stripe_key_is_warned_about() {
    let advice = |source, key| key_advice(source, &SecretString::from(key));
    let warning = advice(Source::StripeEntitlements, "sk_test_secretpart").unwrap();
    assert!(
        warning
            .hint
            .ends_with(
                "permissions[]=rak_entitlement_read&permissions[]=rak_customer_read\
                 &permissions[]=rak_subscription_read&permissions[]=rak_product_read&permissions[]=rak_event_read\
                 &permissions[]=rak_invoice_read"
            ),
        "{warning:?}"
    );
    assert!(!format!("{warning:?}").contains("secretpart"));
    assert_eq!(advice(Source::Stripe, "rk_test_a"), None);
    assert_eq!(advice(Source::Paddle, "sk_live_a"), None);
}

#[test]
fn words_for_an_environment_are_understood_in_any_case() {
    for (word, expected) in [
        ("sandbox", Some(Mode::Test)),
        (" Production ", Some(Mode::Live)),
        ("LIVE", Some(Mode::Live)),
        ("test", Some(Mode::Test)),
        ("staging", None),
        ("", None),
    ] {
        let paddle = definition(Source::Paddle);
        let read = Settings::from_variables(paddle, |name| {
            (name == "PADDLE_ENVIRONMENT").then_some(word)
        });
        assert_eq!(read.ok().and_then(|read| read.host), expected, "{word}");
    }
}

#[test]
fn a_word_for_no_environment_is_an_error() {
    let variable = |name: &str| (name == "PADDLE_ENVIRONMENT").then_some("staging");
    let error = Settings::from_variables(definition(Source::Paddle), variable).unwrap_err();
    assert_eq!(
        error.text,
        "the environment variable `PADDLE_ENVIRONMENT` is neither `sandbox` nor `production`"
    );
    assert!(
        error
            .hint
            .ends_with("a key that begins with `pdl_` names its environment")
    );
    // The other provider has one host.
    let stripe = Settings::from_variables(definition(Source::Stripe), variable).unwrap();
    assert_eq!(stripe.host, None);
}

#[test]
fn the_documented_limits_depend_on_the_mode() {
    let limit = |source, mode| definition(source).provider.limit(mode);
    let live = limit(Source::Stripe, Some(Mode::Live));
    assert_eq!(live, RateLimit::per_second(25, 100, 8));
    for mode in [Some(Mode::Test), None] {
        let test = limit(Source::Stripe, mode);
        assert_eq!(test, RateLimit::per_second(25, 25, 4));
    }
    assert_eq!(limit(Source::Paddle, None), RateLimit::per_minute(240, 8));
}
