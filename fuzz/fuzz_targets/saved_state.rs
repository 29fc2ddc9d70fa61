//! State of the previous result, which is read back from texts that others can edit.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prodverdict::baseline::FindingsSnapshot;

fuzz_target!(|text: &str| {
    if let Some(state) = FindingsSnapshot::find(text) {
        let line = state.line().expect("what was read can be written");
        assert_eq!(FindingsSnapshot::find(&line), Some(state));
    }
});
