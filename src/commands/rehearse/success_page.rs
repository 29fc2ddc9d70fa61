//! The page that a browser requests after a checkout, if configured.

use std::time::Duration;

use fake_http::application_client_builder;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{runner_address::RunnerAddress, test_accounts::TestAccount};
use crate::{
    config::{Placeholder, Visit},
    rehearsal::{CheckoutPayment, ProviderAction, Step, VisitedPage},
};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Maximum number of redirects.
const MAX_REDIRECTS: usize = 10;

/// A success page, with a client that follows redirects within the same host.
#[derive(Debug)]
pub(super) struct SuccessPage<'r> {
    page: &'r Visit,
    client: reqwest::Client,
    runner: RunnerAddress,
}

impl<'r> SuccessPage<'r> {
    pub(super) fn new(page: &'r Visit, runner: RunnerAddress) -> reqwest::Result<Self> {
        let within_host = reqwest::redirect::Policy::custom(|attempt| {
            let first = attempt.previous().first();
            let stays = first.is_some_and(|first| first.host_str() == attempt.url().host_str());
            if stays && attempt.previous().len() <= MAX_REDIRECTS {
                attempt.follow()
            } else {
                attempt.stop()
            }
        });
        let client = application_client_builder()
            .timeout(TIMEOUT)
            .redirect(within_host)
            .build()?;
        Ok(Self {
            page,
            client,
            runner,
        })
    }

    /// Requests the page of each checkout that the step completed.
    pub(super) async fn visit(&self, step: &Step, account: &TestAccount) -> Vec<VisitedPage> {
        let mut visited = Vec::new();
        for action in &step.provider {
            let ProviderAction::Checkout(checkout) = action else {
                continue;
            };
            let session = account.customer.checkouts.get(&checkout.subscription);
            let Some(session) = session.filter(|_| checkout.payment != CheckoutPayment::Never)
            else {
                continue;
            };
            let url = self.url(session, account);
            let answer = match self.client.get(&url).send().await {
                Ok(response) => Ok(response.status().as_u16()),
                Err(error) => Err(error.without_url().to_string()),
            };
            visited.push(VisitedPage { url, answer });
        }
        visited
    }

    fn url(&self, session: &str, account: &TestAccount) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let url = self.page.url(&encoded(session), |placeholder| {
            encoded(match placeholder {
                Placeholder::AccountId => account.id.as_str(),
                Placeholder::Email => account.customer.email.as_str(),
                Placeholder::CustomerId => account.customer.id.as_str(),
            })
        });
        self.runner.url(url)
    }
}
