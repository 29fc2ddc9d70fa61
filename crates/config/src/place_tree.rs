//! Places of everything that is written in the file, found by path.

use std::collections::BTreeMap;

use super::{
    diagnostics::Diagnostics,
    tree::{Node, NodeKey, NodeKind},
};
use problem::Place;

/// The place of a value and of the values in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlaceTree {
    place: Place,
    /// By key; the entries of a list by their text, or by position if they are lists or mappings.
    entries: BTreeMap<String, Self>,
}

impl PlaceTree {
    /// Returns the places of a whole file.
    pub(super) fn new(root: &Node, diagnostics: &Diagnostics<'_>) -> Self {
        Self::of_node(root, None, diagnostics)
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Returns the value at a path of keys, separated by dots.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |tree, key| tree.entry(key))
    }

    /// Returns the value under one key, or the entry of a list.
    pub(super) fn entry(&self, key: &str) -> Option<&Self> {
        self.entries.get(key)
    }

    /// Returns the values in this one, by their keys.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let entries = self.entries.iter();
        entries.map(|(key, entry)| (key.as_str(), entry))
    }

    /// Returns the place of the entry under the path, or else of the path itself.
    pub(super) fn find(&self, path: &str, entry: Option<&str>) -> Option<&Place> {
        let found = self.at(path)?;
        let entry = entry.and_then(|entry| found.entry(entry));
        Some(entry.unwrap_or(found).place())
    }

    fn of_node(node: &Node, key: Option<&NodeKey>, diagnostics: &Diagnostics<'_>) -> Self {
        let child = |node, key| Self::of_node(node, key, diagnostics);
        let entries = match &node.kind {
            NodeKind::Scalar(_) | NodeKind::Refused => BTreeMap::new(),
            NodeKind::Mapping(pairs) => {
                let pairs = pairs.iter();
                let places = pairs.map(|(key, node)| (key.text.clone(), child(node, Some(key))));
                places.collect()
            }
            NodeKind::List(items) => {
                let items = items.iter().enumerate();
                let places = items.map(|(index, node)| (name(index, node), child(node, None)));
                places.collect()
            }
        };
        let span = node.source_span(key, diagnostics.lines().text());
        Self {
            place: diagnostics.entry_place(&span),
            entries,
        }
    }
}

/// Returns the name of an entry of a list.
fn name(index: usize, node: &Node) -> String {
    match &node.kind {
        NodeKind::Scalar(scalar) => scalar.text.clone(),
        NodeKind::List(_) | NodeKind::Mapping(_) | NodeKind::Refused => index.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tree, *};

    #[test]
    fn keys_and_entries_are_found_by_path() {
        let text = "contracts:\n  - plans:\n      price_1*: pro\n    exempt: [a, \"2\"]\n";
        let diagnostics = Diagnostics::new(text, "p.yml");
        let places = PlaceTree::new(&tree::read(&diagnostics).expect("a tree"), &diagnostics);
        let line = |path: &str, entry: Option<&str>| {
            let place = places.find(path, entry)?;
            Some((place.line, place.column))
        };
        assert_eq!(line("contracts", None), Some((1, 1)));
        assert_eq!(line("contracts.0.plans", Some("price_1*")), Some((3, 7)));
        assert_eq!(line("contracts.0.exempt", Some("2")), Some((4, 17)));
        assert_eq!(line("contracts.0.exempt", Some("b")), Some((4, 5)));
        assert_eq!(line("contracts.1", None), None);
    }
}
