//! The hosts of the providers' APIs.

/// The hosts of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderHosts {
    /// The provider's name.
    pub provider: &'static str,
    /// The name of its fake.
    pub program: &'static str,
    /// The hosts that the fake serves.
    pub served: &'static [&'static str],
    /// The other hosts of the API, which are refused: the fake does not serve them, and a rehearsal must never reach the
    /// real ones.
    pub refused: &'static [&'static str],
    /// Environment variable with the fake's base URL, `http://host:port`, for the files that redirect an application.
    pub variable: &'static str,
}

pub const STRIPE: ProviderHosts = ProviderHosts {
    provider: "Stripe",
    program: "fake-stripe",
    served: &["api.stripe.com", "files.stripe.com"],
    refused: &["connect.stripe.com", "meter-events.stripe.com"],
    variable: "PRODVERDICT_STRIPE_API",
};

pub const PADDLE: ProviderHosts = ProviderHosts {
    provider: "Paddle",
    program: "fake-paddle",
    served: &["api.paddle.com", "sandbox-api.paddle.com"],
    refused: &[],
    variable: "PRODVERDICT_PADDLE_API",
};

impl ProviderHosts {
    pub(crate) const ALL: [Self; 2] = [STRIPE, PADDLE];
}
