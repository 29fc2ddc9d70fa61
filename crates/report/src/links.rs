//! Addresses of accounts, of the provider's objects and of changed lines. Every untrusted part is
//! percent-encoded, so that an address can be used anywhere.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use super::{Change, ContractOutcome};
use contract::{Mode, Source};

/// Characters of an id that need no encoding.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Longest id that is linked. Servers refuse longer addresses.
const MAX_ID_BYTES: usize = 500;

/// Placeholder of the account's id.
const ID: &str = "{id}";

/// Returns the address of an account in the application, if one is configured.
pub(super) fn account(contract: &ContractOutcome, id: &str) -> Option<String> {
    let template = contract.account_link.as_deref()?;
    let (before, _) = template.split_once(ID)?;
    let after_scheme = before.strip_prefix("https://")?;
    let is_after_host = after_scheme.contains(['/', '?', '#']);
    // A browser resolves `.` and `..` as folders.
    let is_folder = id.bytes().all(|byte| byte == b'.');
    if !is_after_host || is_folder || id.len() > MAX_ID_BYTES {
        return None;
    }
    let id = utf8_percent_encode(id, ENCODED).to_string();
    Some(template.replace(ID, &id)).filter(|url| is_plain(url))
}

/// Kind of object that a dashboard has pages of.
#[derive(Debug, Clone, Copy)]
pub(super) enum DashboardPage {
    Customer,
    Subscription,
}

/// Returns the address of an object in the provider's dashboard, if the mode is known.
pub(super) fn dashboard(
    contract: &ContractOutcome,
    page: DashboardPage,
    id: &str,
) -> Option<String> {
    let mode = contract.mode?;
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if id.is_empty() || id.len() > MAX_ID_BYTES || !id.bytes().all(is_id) {
        return None;
    }
    let (home, folder) = match contract.source {
        Source::Stripe | Source::StripeEntitlements => (
            match mode {
                Mode::Live => "https://dashboard.stripe.com",
                Mode::Test => "https://dashboard.stripe.com/test",
            },
            match page {
                DashboardPage::Customer => "customers",
                DashboardPage::Subscription => "subscriptions",
            },
        ),
        Source::Paddle => (
            match mode {
                Mode::Live => "https://vendors.paddle.com",
                Mode::Test => "https://sandbox-vendors.paddle.com",
            },
            match page {
                DashboardPage::Customer => "customers-v2",
                DashboardPage::Subscription => "subscriptions-v2",
            },
        ),
    };
    Some(format!("{home}/{folder}/{id}"))
}

/// Returns the address of a changed line in the diff of a pull request. GitHub names a file by the hash of its path.
pub(super) fn changed_line(pull_request: Option<&str>, change: &Change) -> Option<String> {
    let pull_request = pull_request.filter(|url| is_plain(url))?;
    let mut url = format!("{pull_request}/files#diff-");
    for byte in Sha256::digest(change.path.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(url, "{byte:02x}");
    }
    Some(format!("{url}R{}", change.line))
}

/// Returns true if an address needs no escaping in Markdown.
pub(super) fn is_plain(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url.bytes().all(|byte| byte.is_ascii_graphic())
        && !url.contains([
            '"', '\'', '(', ')', '<', '>', '\\', '^', '`', '{', '|', '}', '*',
        ])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::sample;

    use super::*;

    fn contract(source: Source, mode: Option<Mode>) -> ContractOutcome {
        ContractOutcome {
            mode,
            account_link: Some("https://admin.example.com/users/{id}?tab=billing".to_owned()),
            ..sample::contract("users", source, vec![])
        }
    }

    #[test]
    fn an_id_is_percent_encoded() {
        let contract = contract(Source::Stripe, None);
        assert_eq!(
            account(&contract, "a/b?c#d)é").as_deref(),
            Some("https://admin.example.com/users/a%2Fb%3Fc%23d%29%C3%A9?tab=billing")
        );
        for folder in [".", "..", ""] {
            assert_eq!(account(&contract, folder), None, "{folder}");
        }
    }

    #[test]
    fn an_invalid_address_is_not_linked() {
        for template in [
            "javascript:alert({id})",
            "http://admin.example.com/{id}",
            "https://{id}.example.com/",
            "https://admin.example.com/",
            "https://admin.example.com/{id})](https://evil.example",
            "https://*** /{id}",
        ] {
            let contract = ContractOutcome {
                account_link: Some(template.to_owned()),
                ..contract(Source::Stripe, None)
            };
            assert_eq!(account(&contract, "usr_1"), None, "{template}");
        }
    }

    #[test]
    fn the_dashboard_is_that_of_the_mode() {
        use DashboardPage::{Customer, Subscription};
        let url = |source, mode, page| dashboard(&contract(source, mode), page, "id_1");
        for (source, mode, page, expected) in [
            (
                Source::Stripe,
                Mode::Live,
                Customer,
                "https://dashboard.stripe.com/customers/id_1",
            ),
            (
                Source::Stripe,
                Mode::Test,
                Subscription,
                "https://dashboard.stripe.com/test/subscriptions/id_1",
            ),
            (
                Source::Paddle,
                Mode::Live,
                Subscription,
                "https://vendors.paddle.com/subscriptions-v2/id_1",
            ),
            (
                Source::Paddle,
                Mode::Test,
                Customer,
                "https://sandbox-vendors.paddle.com/customers-v2/id_1",
            ),
        ] {
            assert_eq!(url(source, Some(mode), page).as_deref(), Some(expected));
        }
        assert_eq!(url(Source::Stripe, None, Customer), None);
        let live = contract(Source::Stripe, Some(Mode::Live));
        for odd in ["", "cus_…ib", "../x", "cus 1"] {
            assert_eq!(dashboard(&live, Customer, odd), None, "{odd}");
        }
    }

    #[test]
    fn a_changed_line_is_named_by_the_hash_of_its_path() {
        let change = sample::change("a.ts", 41, "adds a line");
        // printf a.ts | sha256sum
        assert_eq!(
            changed_line(Some("https://github.com/o/r/pull/7"), &change).as_deref(),
            Some(
                "https://github.com/o/r/pull/7/files#diff-\
                 0d18d4eb377a214157ad45e7ee0f189a2d7370788a483e729c7f269d94cafe41R41"
            )
        );
        assert_eq!(changed_line(Some("https://x)y"), &change), None);
    }

    proptest! {
        #[test]
        fn no_id_leaves_its_place_in_the_address(id in sample::hostile()) {
            let contract = contract(Source::Stripe, Some(Mode::Live));
            if let Some(url) = account(&contract, &id) {
                let url = url::Url::parse(&url).unwrap();
                prop_assert_eq!(url.host_str(), Some("admin.example.com"));
                prop_assert_eq!(url.path_segments().map(Iterator::count), Some(2));
                prop_assert_eq!(url.query(), Some("tab=billing"));
            }
        }
    }
}
