//! JSON reports of an earlier step, which `mode: publish` reads.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prodverdict::report;

fuzz_target!(|text: &str| {
    let _ = report::read_json(text);
});
