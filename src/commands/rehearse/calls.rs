//! What the handler asked the provider for.

use crate::{
    fake_stripe::{FakeStripe, Request},
    rehearsal::Call,
};

/// The requests since that number that name one of the ids, in their order.
pub(super) fn about(fake: &FakeStripe, since: u64, ids: &[String]) -> Vec<Call> {
    fake.requests_since(since, ids)
        .into_iter()
        .map(|request| Call {
            method: request.method.to_string(),
            target: target(&request),
            status: request.status.map_or(0, |status| status.as_u16()),
        })
        .collect()
}

fn target(request: &Request) -> String {
    let parameters = request.query.iter().chain(&request.body);
    let parameters: Vec<_> = parameters
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    match parameters.as_slice() {
        [] => request.path.clone(),
        parameters => format!("{}?{}", request.path, parameters.join("&")),
    }
}
