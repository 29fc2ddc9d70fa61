//! Counters of assigned ids by kind and namespace.

use std::collections::BTreeMap;

use compact_str::CompactString;

use super::identifiers::{identifier, mix};

/// The ids of one namespace. Namespaces count separately, so that scenarios that run in parallel get the same ids in
/// every run.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    /// First number of this namespace.
    start: u64,
    given: BTreeMap<&'static str, u64>,
    /// Newly assigned ids that are not registered yet; only collected in a named namespace.
    fresh: Vec<CompactString>,
    is_named: bool,
}

impl Numbers {
    pub(crate) fn new(namespace: &str) -> Self {
        Self {
            start: namespace
                .bytes()
                .fold(0, |start, byte| mix(start ^ u64::from(byte))),
            given: BTreeMap::new(),
            fresh: Vec::new(),
            is_named: true,
        }
    }

    pub(crate) fn next(&mut self, prefix: &'static str, length: usize) -> CompactString {
        let number = self.given.entry(prefix).or_default();
        *number = number.wrapping_add(1);
        let id = identifier(prefix, self.start.wrapping_add(*number), length);
        if self.is_named {
            self.fresh.push(id.clone());
        }
        id
    }

    /// Returns the ids assigned since the last call.
    pub(crate) fn take_fresh(&mut self) -> Vec<CompactString> {
        std::mem::take(&mut self.fresh)
    }
}
