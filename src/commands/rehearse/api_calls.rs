//! Requests of the application to a fake provider.

use fake_http::{Api, Fake, RecordedRequest};

use crate::{
    commands::rehearse::fake_provider::RequestScope,
    rehearsal::{ProviderCall, Unsupported},
};

/// Lists the requests after this number.
pub(super) fn requests<A: Api>(
    fake: &Fake<A>,
    after: u64,
    scope: RequestScope<'_>,
) -> Vec<ProviderCall> {
    let requests = match scope {
        RequestScope::All => fake.requests_since(after),
        RequestScope::Namespace(namespace) => fake.requests_about(after, namespace),
        RequestScope::Unattributed => fake.requests_about_nobody(after),
    };
    requests
        .into_iter()
        .map(|request| ProviderCall {
            method: request.method.to_string(),
            target: target(&request),
            status: request.status.map_or(0, |status| status.as_u16()),
            unsupported: request.unsupported.map(unsupported),
        })
        .collect()
}

fn unsupported(gap: fake_http::Unsupported) -> Unsupported {
    match gap {
        fake_http::Unsupported::Endpoint => Unsupported::Endpoint,
        fake_http::Unsupported::Parameter(name) => Unsupported::Parameter(name),
        fake_http::Unsupported::Expansion(path) => Unsupported::Expansion(path),
        fake_http::Unsupported::Version(version) => Unsupported::Version(version),
    }
}

fn target<E>(request: &RecordedRequest<E>) -> String {
    let parameters = request.query.iter().chain(&request.body);
    let parameters: Vec<_> = parameters
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    match parameters.as_slice() {
        [] => request.path.clone(),
        parameters => format!("{}?{}", request.path, parameters.join("&")),
    }
}
