//! Requests of the handler to the provider.

use fake_stripe::{FakeStripe, Request};

use crate::rehearsal::{ProviderCall, Unplayed};

/// Lists the requests since that number that refer to this play, in order, or all of them without a namespace.
pub(super) fn about(fake: &FakeStripe, since: u64, namespace: Option<&str>) -> Vec<ProviderCall> {
    let requests = match namespace {
        Some(namespace) => fake.requests_about(since, namespace),
        None => fake.requests_since(since),
    };
    requests
        .into_iter()
        .map(|request| ProviderCall {
            method: request.method.to_string(),
            target: target(&request),
            status: request.status.map_or(0, |status| status.as_u16()),
            unplayed: request.unplayed.map(unplayed),
        })
        .collect()
}

/// Checks for unsupported requests since that number that refer to no play.
pub(super) fn falls_into_a_gap(fake: &FakeStripe, since: u64) -> bool {
    let requests = fake.requests_about_nobody(since);
    requests.iter().any(|request| request.unplayed.is_some())
}

fn unplayed(gap: fake_stripe::Unplayed) -> Unplayed {
    match gap {
        fake_stripe::Unplayed::Endpoint => Unplayed::Endpoint,
        fake_stripe::Unplayed::Parameter(name) => Unplayed::Parameter(name),
        fake_stripe::Unplayed::Expansion(path) => Unplayed::Expansion(path),
    }
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
