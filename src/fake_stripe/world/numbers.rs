//! How many ids of each kind were handed out, by namespace.

use std::collections::BTreeMap;

use compact_str::CompactString;

use super::identifiers::{identifier, mix};

/// The ids of one namespace. What is made in one is counted apart from what is made in another, so that scenarios
/// that are played side by side get the same ids in every run.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    /// Where this namespace begins to count.
    start: u64,
    given: BTreeMap<&'static str, u64>,
    /// The ids that were handed out and are yet to be noted; only those of a namespace with a name are kept.
    fresh: Vec<CompactString>,
    is_named: bool,
}

impl Numbers {
    pub(crate) fn of(namespace: &str) -> Self {
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

    /// The ids since this was last asked.
    pub(crate) fn take_fresh(&mut self) -> Vec<CompactString> {
        std::mem::take(&mut self.fresh)
    }
}
