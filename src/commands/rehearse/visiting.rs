//! Requests the success page of a Checkout like a browser.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Rehearsing, access_endpoint::at_runner, test_accounts::TestAccount};
use crate::{
    config::Placeholder,
    rehearsal::{CheckoutPayment, ProviderAction, Step, Visited},
};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Maximum number of redirects.
const MAX_REDIRECTS: usize = 10;

/// Creates a client that follows redirects within the same host.
pub(super) fn visitor() -> reqwest::Result<reqwest::Client> {
    let at_the_host = reqwest::redirect::Policy::custom(|attempt| {
        let first = attempt.previous().first();
        let stays = first.is_some_and(|first| first.host_str() == attempt.url().host_str());
        if stays && attempt.previous().len() <= MAX_REDIRECTS {
            attempt.follow()
        } else {
            attempt.stop()
        }
    });
    reqwest::Client::builder()
        .timeout(TIMEOUT)
        .redirect(at_the_host)
        .no_proxy()
        .build()
}

/// Requests the page of each Checkout that the step completed, if configured.
pub(super) async fn visit(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    actor: &TestAccount,
) -> Vec<Visited> {
    let mut visited = Vec::new();
    let Some(page) = &rehearsing.settings.checkout.visit else {
        return visited;
    };
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    for action in &step.provider {
        let ProviderAction::Checkout(checkout) = action else {
            continue;
        };
        let session = actor.buyer.sessions.get(&checkout.subscription);
        let Some(session) = session.filter(|_| checkout.payment != CheckoutPayment::Never) else {
            continue;
        };
        let url = page.url(&encoded(session), |placeholder| {
            encoded(match placeholder {
                Placeholder::AccountId => actor.account.as_str(),
                Placeholder::Email => actor.email.as_str(),
                Placeholder::CustomerId => actor.buyer.customer.as_str(),
            })
        });
        let url = at_runner(rehearsing, url);
        let answer = match rehearsing.visitor.get(&url).send().await {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) => Err(error.without_url().to_string()),
        };
        visited.push(Visited { url, answer });
    }
    visited
}
