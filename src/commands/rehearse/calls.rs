//! What the handler asked the provider for.

use crate::{
    fake_stripe::{FakeStripe, Request},
    rehearsal::Call,
};

/// The number of the last request.
pub(super) fn so_far(fake: &FakeStripe) -> u64 {
    fake.requests().last().map_or(0, |request| request.number)
}

/// The requests since then that name one of the ids, in their order.
pub(super) fn about(fake: &FakeStripe, since: u64, ids: &[String]) -> Vec<Call> {
    let names = |request: &Request| {
        let mut values = request.query.iter().map(|(_, value)| value);
        let in_query = values.any(|value| ids.contains(value));
        in_query
            || request
                .path
                .split('/')
                .any(|part| ids.iter().any(|id| id == part))
    };
    fake.requests()
        .into_iter()
        .filter(|request| request.number > since && names(request))
        .map(|request| Call {
            method: request.method.to_string(),
            target: target(&request),
            status: request.status.map_or(0, |status| status.as_u16()),
        })
        .collect()
}

fn target(request: &Request) -> String {
    let query: Vec<_> = request
        .query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    match query.as_slice() {
        [] => request.path.clone(),
        query => format!("{}?{}", request.path, query.join("&")),
    }
}
