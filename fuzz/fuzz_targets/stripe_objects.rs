//! Subscriptions as the API of Stripe sends them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prodverdict::billing::{PriceTable, stripe_objects};

fuzz_target!(|text: &str| {
    if let Ok(value) = serde_json::from_str(text) {
        let _ = stripe_objects::subscription(&value, &mut PriceTable::default());
    }
});
