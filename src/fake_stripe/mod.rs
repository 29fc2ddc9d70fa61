//! A stateful Stripe that runs on loopback: the provider for tests, benchmarks and rehearsals.
