//! Lines of the configuration to which findings point.

use super::place_tree::PlaceTree;
use contract::{ContractKey, Field, Rule, RuleKey};
use problem::Place;

/// The lines of one contract to which findings can point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContractPlaces(PlaceTree);

impl ContractPlaces {
    /// Creates the places from those of an entry of `contracts`.
    pub(super) fn new(contract: PlaceTree) -> Self {
        Self(contract)
    }

    /// Returns the place of the entry under a key of the contract, such as `grace.past_due`. If the entry is not
    /// written, returns the place of the key, or else of the contract.
    pub(super) fn of_key(&self, key: &str, entry: Option<&str>) -> &Place {
        self.0.find(key, entry).unwrap_or(self.0.place())
    }

    /// Returns the place of the entry under the key, if it is written.
    pub(super) fn of_entry(&self, key: &str, entry: &str) -> Option<&Place> {
        self.0.at(key)?.entry(entry).map(PlaceTree::place)
    }

    /// Returns the place of the column's mapping, or else the place where the column could be mapped.
    pub(super) fn of_column(&self, field: Field) -> &Place {
        self.of_written_column(field)
            .or_else(|| self.0.find("database.columns", None))
            .unwrap_or_else(|| self.of_key("database", None))
    }

    /// Returns the place for advice.
    pub(super) fn of_advice(&self, about: &ContractKey) -> &Place {
        match about {
            ContractKey::Contract => self.0.place(),
            ContractKey::Plans(key) => {
                let key = key.as_ref().map(ToString::to_string);
                self.of_key("plans", key.as_deref())
            }
            ContractKey::Column(field) => self.of_column(*field),
            ContractKey::GracePastDue => {
                let grace = || self.of_key("grace", None);
                self.0.find("grace.past_due", None).unwrap_or_else(grace)
            }
            ContractKey::MetadataAccount => self.of_key("metadata_account", None),
        }
    }

    /// Returns the place for a finding of the rule; `price` is the expected one.
    pub(super) fn of_finding(&self, rule: Rule, price: Option<&str>) -> &Place {
        let mut keys = rule.info().keys.iter();
        let found = keys.find_map(|key| self.of_rule_key(*key, price));
        found.unwrap_or(self.0.place())
    }

    /// Returns the place of a key that a rule is about, if it is written.
    fn of_rule_key(&self, key: RuleKey, price: Option<&str>) -> Option<&Place> {
        match key {
            RuleKey::Contract => Some(self.0.place()),
            RuleKey::Price => self.of_price(price?),
            RuleKey::Plans => self.0.find("plans", None),
            RuleKey::Column(field) => self.of_written_column(field),
            RuleKey::Statuses => self.0.find("statuses", None),
            RuleKey::Source => self.0.find("source_of_truth", None),
        }
    }

    /// Returns the place of the price's entry in `plans`: the exact one, or else the longest prefix.
    fn of_price(&self, price: &str) -> Option<&Place> {
        let plans = self.0.entry("plans")?;
        let exact = plans.entry(price);
        let found = exact.or_else(|| {
            let prefixes = plans.entries().filter_map(|(key, entry)| {
                let prefix = key.strip_suffix('*')?;
                price.starts_with(prefix).then_some((prefix, entry))
            });
            let longest = prefixes.max_by_key(|(prefix, _)| prefix.len());
            longest.map(|(_, entry)| entry)
        });
        found.map(PlaceTree::place)
    }

    /// Returns the place of the column, or of the query that computes it, if either is written.
    fn of_written_column(&self, field: Field) -> Option<&Place> {
        let mapped = |name: &str| self.0.at("database.columns")?.entry(name);
        // The key has two names.
        let other_name = (field == Field::CustomerId).then_some("stripe_customer_id");
        let column = mapped(field.as_str()).or_else(|| mapped(other_name?));
        let column = column.or_else(|| self.0.at("database.query"));
        column.map(PlaceTree::place)
    }
}
