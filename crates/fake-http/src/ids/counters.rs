//! Counters of assigned ids by kind and namespace.

use std::collections::BTreeMap;

use compact_str::CompactString;

use super::identifiers::{identifier, mix};

/// The ids of one namespace. Namespaces count separately, so that scenarios that run in parallel get the same ids in
/// every run.
#[derive(Debug, Default)]
pub struct IdCounters {
    /// First number of this namespace.
    start: u64,
    given: BTreeMap<&'static str, u64>,
    /// Newly assigned ids that are not registered yet; only collected in a named namespace.
    fresh: Vec<CompactString>,
    is_named: bool,
}

impl IdCounters {
    pub fn new(namespace: &str) -> Self {
        Self {
            start: namespace
                .bytes()
                .fold(0, |start, byte| mix(start ^ u64::from(byte))),
            given: BTreeMap::new(),
            fresh: Vec::new(),
            is_named: true,
        }
    }

    pub fn next(&mut self, prefix: &'static str, length: usize) -> CompactString {
        self.next_in_form(prefix, |number| identifier(prefix, number, length))
    }

    /// Returns the next id of a kind, as a function forms it from the number.
    pub fn next_in_form(
        &mut self,
        kind: &'static str,
        form: impl FnOnce(u64) -> CompactString,
    ) -> CompactString {
        let number = self.given.entry(kind).or_default();
        *number = number.wrapping_add(1);
        let id = form(self.start.wrapping_add(*number));
        if self.is_named {
            self.fresh.push(id.clone());
        }
        id
    }

    /// Returns the ids assigned since the last call.
    pub fn take_fresh(&mut self) -> Vec<CompactString> {
        std::mem::take(&mut self.fresh)
    }
}
