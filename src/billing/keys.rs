//! Formats of the providers' keys: which are rejected before any request, and which deserve a warning.

use secrecy::{ExposeSecret as _, SecretString};

use super::provider::{PaddleEnvironment, Provider};
use crate::{
    contract::{Mode, Source},
    problem::{Explain, Problem},
};

/// The reason a key is rejected before it is sent. Reveals only the kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the {provider} key is empty")]
    Empty { provider: &'static str },
    #[error("the {provider} key contains spaces, line breaks or other characters that no key has")]
    Characters { provider: &'static str },
    #[error("the {provider} key has quotes around it")]
    Quotes { provider: &'static str },
    #[error("the {provider} key does not look like one: {}", form(.provider))]
    Form { provider: &'static str },
    #[error("the {provider} key is {kind}, but an API key was expected")]
    Kind {
        provider: &'static str,
        kind: &'static str,
    },
    #[error("the contract says `mode: {}`, but the {provider} key is a {} key", .expected.as_str(), .found.as_str())]
    Mode {
        provider: &'static str,
        expected: Mode,
        found: Mode,
    },
    #[error("the contract says `mode: {}`, but Paddle's environment is `{}`", .mode.as_str(), .environment.as_str())]
    EnvironmentMode {
        mode: Mode,
        environment: PaddleEnvironment,
    },
    #[error("the Paddle key is a {} key, but Paddle's environment is `{}`", .found.as_str(), .environment.as_str())]
    Environment {
        found: Mode,
        environment: PaddleEnvironment,
    },
}

impl Explain for KeyError {
    fn hint(&self) -> String {
        match self {
            Self::Empty { .. } => "set the secret, and pass it to the step with `env:`".to_owned(),
            Self::Characters { .. } => "store the key again, alone and without quotes".to_owned(),
            Self::Quotes { .. } => {
                "store the key again without quotes; nothing was sent".to_owned()
            }
            Self::Kind { provider, .. } | Self::Form { provider }
                if *provider == Provider::Stripe.name() =>
            {
                format!("create a restricted key: {}", prefilled(Source::Stripe))
            }
            Self::Kind { .. } | Self::Form { .. } => {
                "create an API key with the permissions `subscription.read` and `customer.read` under Developer tools \
                 > Authentication".to_owned()
            }
            Self::Mode { .. } => "use a key of the mode that the contract names, or change `mode:`".to_owned(),
            Self::EnvironmentMode { .. } | Self::Environment { .. } => {
                "set `PADDLE_ENVIRONMENT` to `sandbox` or `production`, to match the key and `mode:`".to_owned()
            }
        }
    }
}

fn form(provider: &str) -> &'static str {
    if provider == Provider::Stripe.name() {
        "it begins with neither `rk_` nor `sk_`"
    } else {
        "it neither begins with `pdl_` nor is 50 hexadecimal digits"
    }
}

/// Returns a warning if the key can do more than the necessary reads.
pub fn key_advice(source: Source, key: &SecretString) -> Option<Problem> {
    let unrestricted = Provider::for_source(source) == Provider::Stripe
        && key.expose_secret().trim().starts_with("sk_");
    unrestricted.then(|| {
        Problem::new("the Stripe key is not restricted: anyone who obtains it can move money").hint(
            format!(
                "create a key that can only read what this check needs: {}",
                prefilled(source)
            ),
        )
    })
}

/// Returns the URL of the dashboard page that creates a restricted key, with the form filled in.
pub(crate) fn prefilled(source: Source) -> String {
    let (permission, further) = match source {
        Source::StripeEntitlements => ("rak_entitlement_read", ""),
        Source::Stripe | Source::Paddle => (
            "rak_subscription_read",
            "&permissions[]=rak_event_read&permissions[]=rak_billing_clock_read",
        ),
    };
    format!(
        "https://dashboard.stripe.com/apikeys/create?name=ProdVerdict&permissions[]={permission}&permissions[]=rak_customer_read{further}"
    )
}

/// Rejects values that cannot be an API key of `source`'s provider, and keys of the wrong mode. Formats that do not
/// show their mode (organisation keys, Paddle keys from before May 2025) are left to the provider.
pub(crate) fn check(
    source: Source,
    key: &SecretString,
    mode: Option<Mode>,
    environment: PaddleEnvironment,
) -> Result<(), KeyError> {
    check_form(source, key)?;
    let (key, name) = (key.expose_secret(), Provider::for_source(source).name());
    let found = mode_of(key);
    match Provider::for_source(source) {
        Provider::Stripe => check_mode(name, mode, found),
        Provider::Paddle => check_environment(mode, environment, found),
    }
}

/// Rejects values that cannot be a key of the provider, so that no other secret is ever sent to it.
fn check_form(source: Source, key: &SecretString) -> Result<(), KeyError> {
    let provider = Provider::for_source(source);
    let (key, name) = (key.expose_secret(), provider.name());
    if key.is_empty() {
        return Err(KeyError::Empty { provider: name });
    }
    let is_quote = |character| "\"'`“”‘’".contains(character);
    if key.starts_with(is_quote) || key.ends_with(is_quote) {
        return Err(KeyError::Quotes { provider: name });
    }
    if !key.chars().all(|character| character.is_ascii_graphic()) {
        return Err(KeyError::Characters { provider: name });
    }
    if let Some(kind) = other_kind(provider, key) {
        return Err(KeyError::Kind {
            provider: name,
            kind,
        });
    }
    if has_form(provider, key) {
        return Ok(());
    }
    Err(KeyError::Form { provider: name })
}

fn has_form(provider: Provider, key: &str) -> bool {
    /// Length of Paddle keys from before May 2025.
    const HEXADECIMAL: usize = 50;
    let begins = |beginnings: &[&str]| {
        beginnings
            .iter()
            .any(|beginning| key.starts_with(beginning))
    };
    match provider {
        Provider::Stripe => begins(&["sk_", "rk_", "rkcs_"]),
        Provider::Paddle => {
            let is_digits = key.chars().all(|character| character.is_ascii_hexdigit());
            begins(&["pdl_"]) || (key.len() == HEXADECIMAL && is_digits)
        }
    }
}

fn check_mode(
    provider: &'static str,
    expected: Option<Mode>,
    found: Option<Mode>,
) -> Result<(), KeyError> {
    match expected.zip(found) {
        Some((expected, found)) if expected != found => Err(KeyError::Mode {
            provider,
            expected,
            found,
        }),
        Some(_) | None => Ok(()),
    }
}

fn check_environment(
    mode: Option<Mode>,
    environment: PaddleEnvironment,
    found: Option<Mode>,
) -> Result<(), KeyError> {
    let implied = match environment {
        PaddleEnvironment::Sandbox => Mode::Test,
        PaddleEnvironment::Production => Mode::Live,
    };
    if let Some(found) = found.filter(|found| *found != implied) {
        return Err(KeyError::Environment { found, environment });
    }
    if let Some(mode) = mode.filter(|mode| *mode != implied) {
        return Err(KeyError::EnvironmentMode { mode, environment });
    }
    Ok(())
}

/// Returns the kind of value if it is not an API key of the provider.
fn other_kind(provider: Provider, key: &str) -> Option<&'static str> {
    const ANYBODYS: [(&str, &str); 11] = [
        ("ghs_", "a GitHub token"),
        ("ghp_", "a GitHub token"),
        ("gho_", "a GitHub token"),
        ("ghu_", "a GitHub token"),
        ("ghr_", "a GitHub token"),
        ("github_pat_", "a GitHub token"),
        ("http://", "a URL"),
        ("https://", "a URL"),
        ("postgres://", "a database URL"),
        ("postgresql://", "a database URL"),
        ("mysql://", "a database URL"),
    ];
    const STRIPE: [(&str, &str); 3] = [
        ("pk_", "a publishable key"),
        ("whsec_", "a webhook signing secret"),
        ("pdl_", "a Paddle key"),
    ];
    const PADDLE: [(&str, &str); 6] = [
        ("pdl_ntfset_", "a webhook signing secret"),
        ("live_", "a client-side token"),
        ("test_", "a client-side token"),
        ("sk_", "a Stripe key"),
        ("rk_", "a Stripe key"),
        ("pk_", "a Stripe key"),
    ];
    let kinds: &[_] = match provider {
        Provider::Stripe => &STRIPE,
        Provider::Paddle => &PADDLE,
    };
    kinds
        .iter()
        .chain(&ANYBODYS)
        .find(|(beginning, _)| key.starts_with(beginning))
        .map(|(_, kind)| *kind)
}

pub(crate) fn mode_of(key: &str) -> Option<Mode> {
    const LIVE: [&str; 3] = ["sk_live_", "rk_live_", "pdl_live_"];
    const TEST: [&str; 4] = ["sk_test_", "rk_test_", "rkcs_test_", "pdl_sdbx_"];
    let begins = |beginnings: &[&str]| {
        beginnings
            .iter()
            .any(|beginning| key.starts_with(beginning))
    };
    if begins(&LIVE) {
        Some(Mode::Live)
    } else if begins(&TEST) {
        Some(Mode::Test)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(
        source: Source,
        key: &str,
        mode: Option<Mode>,
        environment: PaddleEnvironment,
    ) -> String {
        check(source, &SecretString::from(key), mode, environment)
            .map_or_else(|error| error.to_string(), |()| "ok".to_owned())
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
                let key = SecretString::from(key);
                let error = check_form(source, &key).unwrap_err();
                let said = format!("{error} {error:?} {}", error.hint());
                assert!(said.contains(expected), "{said}");
                assert!(!said.contains("CANARY"), "{said}");
                assert!(!error.hint().is_empty());
            }
        }
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
            let said = judge(Source::Stripe, key, mode, PaddleEnvironment::Sandbox);
            assert_eq!(said, expected, "{key}");
        }
    }

    #[test]
    fn a_paddle_key_goes_with_its_environment_and_mode() {
        use PaddleEnvironment::{Production, Sandbox};
        for (key, mode, environment, expected) in [
            ("pdl_live_apikey_a", Some(Mode::Live), Production, "ok"),
            ("pdl_sdbx_apikey_a", None, Sandbox, "ok"),
            (LEGACY, Some(Mode::Test), Sandbox, "ok"),
            (
                "hunter2",
                None,
                Sandbox,
                "the Paddle key does not look like one: it neither begins with `pdl_` nor is 50 hexadecimal digits",
            ),
            (
                "pdl_live_apikey_a",
                None,
                Sandbox,
                "the Paddle key is a live key, but Paddle's environment is `sandbox`",
            ),
            (
                LEGACY,
                Some(Mode::Live),
                Sandbox,
                "the contract says `mode: live`, but Paddle's environment is `sandbox`",
            ),
            (
                "test_abc",
                None,
                Sandbox,
                "the Paddle key is a client-side token, but an API key was expected",
            ),
            (
                "rk_live_a",
                None,
                Production,
                "the Paddle key is a Stripe key, but an API key was expected",
            ),
        ] {
            assert_eq!(
                judge(Source::Paddle, key, mode, environment),
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
                .contains("permissions[]=rak_entitlement_read&permissions[]=rak_customer_read")
        );
        assert!(!format!("{warning:?}").contains("secretpart"));
        assert_eq!(advice(Source::Stripe, "rk_test_a"), None);
        assert_eq!(advice(Source::Paddle, "sk_live_a"), None);
    }
}
