//! Stripe's documented rate limits.

use fake_http::Limits;

/// The limits of live mode.
pub const LIVE_LIMITS: Limits = Limits {
    per_second: Some(100),
    per_second_and_endpoint: Some(25),
    ..Limits::NONE
};

/// The limits of sandboxes.
pub const SANDBOX_LIMITS: Limits = Limits {
    per_second: Some(25),
    per_second_and_endpoint: Some(25),
    ..Limits::NONE
};
