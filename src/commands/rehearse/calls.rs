//! What the handler asked the provider for.

use crate::{
    fake_stripe::{self, FakeStripe, Request},
    rehearsal::{Call, Unplayed},
};

/// The requests since that number that name something of this play, in their order.
pub(super) fn about(fake: &FakeStripe, since: u64, namespace: &str) -> Vec<Call> {
    fake.requests_about(since, namespace)
        .into_iter()
        .map(|request| Call {
            method: request.method.to_string(),
            target: target(&request),
            status: request.status.map_or(0, |status| status.as_u16()),
            unplayed: request.unplayed.map(unplayed),
        })
        .collect()
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
