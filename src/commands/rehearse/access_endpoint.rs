//! The application's access endpoint, if configured.

use std::time::Duration;

use fake_http::application_client_builder;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{runner_address::RunnerAddress, test_accounts::TestAccount};
use crate::{
    config::{Gate, Placeholder},
    rehearsal::{ExpectedRow, GateAnswer, Step},
};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum size of a response.
const MAX_BYTES: usize = 1024 * 1024;

/// The endpoint that returns whether an account has access.
#[derive(Debug)]
pub(super) struct AccessEndpoint<'r> {
    gate: &'r Gate,
    client: reqwest::Client,
    runner: RunnerAddress,
}

impl<'r> AccessEndpoint<'r> {
    pub(super) fn new(gate: &'r Gate, runner: RunnerAddress) -> reqwest::Result<Self> {
        Ok(Self {
            gate,
            client: application_client_builder()
                .timeout(TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .build()?,
            runner,
        })
    }

    /// Requests the endpoint at the end of a step. `expected` is the access that the account must have; `None` if
    /// any response is right.
    pub(super) async fn ask(
        &self,
        step: &Step,
        account: &TestAccount,
        expected: Option<bool>,
    ) -> Option<GateAnswer> {
        if step.then.row == ExpectedRow::Untouched {
            return None;
        }
        let expected = expected?;
        let url = self.url(account);
        let reported = self.answer(&url).await;
        Some(GateAnswer {
            url,
            expected,
            reported,
        })
    }

    /// Checks that the endpoint reports the expected access, if there is one.
    pub(super) async fn agrees(&self, account: &TestAccount, expected: Option<bool>) -> bool {
        match expected {
            Some(expected) => self.answer(&self.url(account)).await == Ok(expected),
            None => true,
        }
    }

    fn url(&self, account: &TestAccount) -> String {
        let url = self.gate.url.fill(|placeholder| {
            let value = match placeholder {
                Placeholder::AccountId => account.id.as_str(),
                Placeholder::Email => account.customer.email.as_str(),
                Placeholder::CustomerId => account.customer.id.as_str(),
            };
            utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
        });
        self.runner.url(url)
    }

    async fn answer(&self, url: &str) -> Result<bool, String> {
        let response = self
            .client
            .get(url)
            .send()
            .await
            .map_err(|error| error.without_url().to_string())?;
        let status = response.status();
        if !status.is_success() {
            return Err(format!("it answered {}", status.as_u16()));
        }
        let bytes = response
            .bytes()
            .await
            .map_err(|error| error.without_url().to_string())?;
        if bytes.len() > MAX_BYTES {
            return Err("its response is larger than 1 MiB".to_owned());
        }
        let body: Value = serde_json::from_slice(&bytes)
            .map_err(|_syntax| "its response is not JSON".to_owned())?;
        match body.pointer(&self.gate.paid_pointer) {
            Some(Value::Bool(paid)) => Ok(*paid),
            Some(other) => Err(format!("`{}` is {other}, not a boolean", self.gate.paid)),
            None => Err(format!("its response has no `{}`", self.gate.paid)),
        }
    }
}
