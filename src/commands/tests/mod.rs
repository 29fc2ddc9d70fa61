//! Properties of the use cases with any data, tested against the fake Stripe.

mod entitlements;
mod faults;
mod paddle_plans;
mod plans;
