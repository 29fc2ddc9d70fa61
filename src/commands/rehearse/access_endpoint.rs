//! Requests the application's access endpoint, if configured.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::Url;

use super::{Rehearsing, account_state::Stand, setup::redirect, test_accounts::TestAccount};
use crate::{
    config::Placeholder,
    rehearsal::{ExpectedRow, GateAnswer, Step},
};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum size of a response.
const MAX_BYTES: usize = 1024 * 1024;

/// Requests the access endpoint at the end of a step. `None` if there is no endpoint, or if any response is right.
pub(super) async fn ask(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    actor: &TestAccount,
    stand: &Stand,
) -> Option<GateAnswer> {
    if step.then.row == ExpectedRow::Untouched {
        return None;
    }
    let (url, expected) = question(rehearsing, actor, stand)?;
    let said = answer(rehearsing, &url).await;
    Some(GateAnswer {
        url,
        expected,
        said,
    })
}

/// Checks that the endpoint reports the expected access, if there is one.
pub(super) async fn agrees(
    rehearsing: &Rehearsing<'_>,
    actor: &TestAccount,
    stand: &Stand,
) -> bool {
    match question(rehearsing, actor, stand) {
        Some((url, expected)) => answer(rehearsing, &url).await == Ok(expected),
        None => true,
    }
}

fn question(
    rehearsing: &Rehearsing<'_>,
    actor: &TestAccount,
    stand: &Stand,
) -> Option<(String, bool)> {
    let gate = rehearsing.settings.gate.as_ref()?;
    let expected = stand.served?;
    let url = gate.url.fill(|placeholder| {
        let value = match placeholder {
            Placeholder::AccountId => actor.account.as_str(),
            Placeholder::Email => actor.email.as_str(),
            Placeholder::CustomerId => actor.buyer.customer.as_str(),
        };
        utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
    });
    Some((at_runner(rehearsing, url), expected))
}

/// Replaces `localhost` in a URL, because in a container action the application runs on the runner.
pub(super) fn at_runner(rehearsing: &Rehearsing<'_>, written: String) -> String {
    if let (Some(gateway), Ok(mut url)) = (rehearsing.gateway, Url::parse(&written))
        && redirect(&mut url, gateway)
    {
        return url.into();
    }
    written
}

async fn answer(rehearsing: &Rehearsing<'_>, url: &str) -> Result<bool, String> {
    let Some(gate) = &rehearsing.settings.gate else {
        return Err("no gate is configured".to_owned());
    };
    let response = rehearsing
        .client
        .get(url)
        .timeout(TIMEOUT)
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
    let body: Value =
        serde_json::from_slice(&bytes).map_err(|_syntax| "its response is not JSON".to_owned())?;
    match body.pointer(&gate.paid_pointer) {
        Some(Value::Bool(paid)) => Ok(*paid),
        Some(other) => Err(format!("`{}` is {other}, not a boolean", gate.paid)),
        None => Err(format!("its response has no `{}`", gate.paid)),
    }
}
