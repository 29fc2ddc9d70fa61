//! Subscriptions as the API of Paddle sends them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prodverdict::billing::{PriceTable, paddle_objects};

fuzz_target!(|text: &str| {
    if let Ok(value) = serde_json::from_str(text) {
        let _ = paddle_objects::subscription(&value, &mut PriceTable::default());
    }
});
