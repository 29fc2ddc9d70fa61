//! Subscriptions as the API of Stripe sends them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prodverdict::{
    billing::{PriceTable, RecordedForm, definition},
    contract::Source,
};

fuzz_target!(|text: &str| {
    if let Ok(value) = serde_json::from_str(text)
        && let RecordedForm::Subscriptions { from_value, .. } =
            definition(Source::Stripe).recorded_form()
    {
        let _ = from_value(&value, &mut PriceTable::default());
    }
});
