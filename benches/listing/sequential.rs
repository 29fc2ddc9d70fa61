//! The reader to compare with: every subscription, one page after the other, like a script of ten lines.

use std::time::Instant;

use fake_stripe::FakeStripe;
use serde::Deserialize;
use tokio::runtime::Builder;

use super::{
    Result,
    program::{KEY, Run},
};

#[derive(Deserialize)]
struct Page {
    data: Vec<Subscription>,
    has_more: bool,
}

#[derive(Deserialize)]
struct Subscription {
    id: String,
    customer: String,
    status: String,
}

pub(crate) fn run(stripe: &FakeStripe, expected: u32) -> Result<Run> {
    let client = fake_stripe::client_builder().no_proxy().build()?;
    let url = format!(
        "{}/v1/subscriptions?status=all&limit=100",
        stripe.base_url()
    );
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    let all = runtime.block_on(async {
        let mut all: Vec<Subscription> = Vec::new();
        loop {
            let mut request = client.get(&url).bearer_auth(KEY);
            if let Some(last) = all.last() {
                request = request.query(&[("starting_after", &last.id)]);
            }
            let answer = request.send().await?.error_for_status()?.bytes().await?;
            let page: Page = serde_json::from_slice(&answer)?;
            all.extend(page.data);
            if !page.has_more {
                return Ok::<_, Box<dyn std::error::Error>>(all);
            }
        }
    })?;
    let seconds = began.elapsed();
    let is_complete = |subscription: &Subscription| {
        !subscription.customer.is_empty() && !subscription.status.is_empty()
    };
    if u32::try_from(all.len()) != Ok(expected) || !all.iter().all(is_complete) {
        return Err(format!("{} subscriptions instead of {expected}", all.len()).into());
    }
    Ok(Run {
        began,
        seconds,
        peak_kibibytes: None,
    })
}
