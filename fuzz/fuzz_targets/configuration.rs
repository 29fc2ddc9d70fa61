//! `prodverdict.yml`, baseline files, and the comparison of two versions of a configuration.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prodverdict::config;

fuzz_target!(|text: &str| {
    match config::load(text, "prodverdict.yml") {
        // A configuration never weakens itself.
        Ok(loaded) => assert!(config::weakened(&loaded, &loaded).is_empty()),
        Err(problems) => {
            assert!(!problems.is_empty());
            config::render(&problems, text, "prodverdict.yml", false);
        }
    }
});
