//! Places of the keys of a section, and of the entries under them.

use std::collections::BTreeMap;

use super::{
    collector::Collector,
    entry::{Entry, Pairs, SourceSpan},
};
use crate::problem::Place;

/// The keys that are written in one section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KeyPlaces(BTreeMap<&'static str, SectionPlaces>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct SectionPlaces {
    key: Place,
    /// By their text, or by their key.
    entries: BTreeMap<String, Place>,
}

impl KeyPlaces {
    pub(super) fn key<T>(
        &mut self,
        key: &'static str,
        entry: &Entry<T>,
        collector: &Collector<'_>,
    ) {
        self.insert(key, entry.spot(), std::iter::empty(), collector);
    }

    /// Adds a list; entries are looked up by what `text` returns.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        entry: &Entry<Vec<Entry<T>>>,
        text: impl Fn(&T) -> &str,
        collector: &Collector<'_>,
    ) {
        let entries = entry.value().into_iter().flatten();
        let entries = entries.filter_map(Entry::written);
        let entries = entries.map(|(spot, value)| (text(value).to_owned(), spot));
        self.insert(key, entry.spot(), entries, collector);
    }

    pub(super) fn pairs<T>(
        &mut self,
        key: &'static str,
        entry: &Entry<Pairs<T>>,
        collector: &Collector<'_>,
    ) {
        let pairs = entry.value().into_iter().flat_map(|pairs| &pairs.0);
        let pairs = pairs.filter_map(|(key, entry)| Some((key.clone(), entry.spot()?)));
        self.insert(key, entry.spot(), pairs, collector);
    }

    /// Returns the place of the entry under the key, or else of the key.
    pub(super) fn find(&self, key: &str, entry: Option<&str>) -> Option<&Place> {
        let entry = entry.and_then(|entry| self.entry(key, entry));
        entry.or_else(|| self.0.get(key).map(|written| &written.key))
    }

    pub(super) fn entry(&self, key: &str, entry: &str) -> Option<&Place> {
        self.0.get(key)?.entries.get(entry)
    }

    fn insert<'e>(
        &mut self,
        key: &'static str,
        spot: Option<&SourceSpan>,
        entries: impl Iterator<Item = (String, &'e SourceSpan)>,
        collector: &Collector<'_>,
    ) {
        let Some(spot) = spot else {
            return;
        };
        let entries = entries.map(|(text, spot)| (text, collector.entry_place(spot)));
        let written = SectionPlaces {
            key: collector.entry_place(spot),
            entries: entries.collect(),
        };
        self.0.insert(key, written);
    }
}
