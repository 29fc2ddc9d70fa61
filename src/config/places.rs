//! Lines of the configuration to which findings point.

use std::collections::BTreeMap;

use super::{
    collector::Collector,
    document::RawContract,
    entry::{Entry, SourceSpan},
    key_places::KeyPlaces,
    validate::fields_of,
};
use crate::{
    contract::{ContractKey, Field, Rule, RuleKey},
    problem::Place,
};

/// The lines of one contract to which findings can point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContractPlaces {
    entry: Place,
    query: Option<Place>,
    columns: BTreeMap<Field, Place>,
    plans: Option<Place>,
    prices: BTreeMap<String, Place>,
    statuses: Option<Place>,
    source: Option<Place>,
    keys: KeyPlaces,
}

impl ContractPlaces {
    pub(super) fn new(
        contract: &RawContract,
        spot: &SourceSpan,
        collector: &Collector<'_>,
    ) -> Self {
        let database = contract.database.value();
        let columns = database.and_then(|database| database.columns.value());
        let columns = columns.map_or_else(BTreeMap::new, |columns| {
            fields_of(columns)
                .into_iter()
                .filter_map(|(field, entry)| Some((field, place_of(entry, collector)?)))
                .collect()
        });
        let prices = contract.plans.value().map_or_else(BTreeMap::new, |plans| {
            plans
                .0
                .iter()
                .filter_map(|(price, entry)| Some((price.clone(), place_of(entry, collector)?)))
                .collect()
        });
        Self {
            entry: collector.entry_place(spot),
            query: database.and_then(|database| place_of(&database.query, collector)),
            columns,
            plans: place_of(&contract.plans, collector),
            prices,
            statuses: place_of(&contract.statuses, collector),
            source: place_of(&contract.source_of_truth, collector),
            keys: keys(contract, collector),
        }
    }

    /// Returns the place of an entry under a key of the contract or its `database`, or else of the key, or else of the
    /// contract.
    pub(super) fn of_key(&self, key: &str, entry: Option<&str>) -> &Place {
        self.keys.find(key, entry).unwrap_or(&self.entry)
    }

    /// Returns the place of the entry under the key, if it is written.
    pub(super) fn of_entry(&self, key: &str, entry: &str) -> Option<&Place> {
        self.keys.entry(key, entry)
    }

    /// Returns the place of the column's mapping. A column with a default has the place where it could be mapped.
    pub(super) fn of_column(&self, field: Field) -> &Place {
        self.column(field)
            .or_else(|| self.keys.find("columns", None))
            .unwrap_or_else(|| self.of_key("database", None))
    }

    /// Returns the place for advice.
    pub(super) fn of_advice(&self, about: &ContractKey) -> &Place {
        match about {
            ContractKey::Contract => &self.entry,
            ContractKey::Plans(key) => {
                let key = key.as_ref().map(ToString::to_string);
                let entry = key.and_then(|key| self.prices.get(&key));
                entry.or(self.plans.as_ref()).unwrap_or(&self.entry)
            }
            ContractKey::Column(field) => self.of_column(*field),
            ContractKey::GracePastDue => {
                let grace = || self.of_key("grace", None);
                self.keys.find("past_due", None).unwrap_or_else(grace)
            }
            ContractKey::MetadataAccount => self.of_key("metadata_account", None),
        }
    }

    /// Returns the place for a finding of the rule; `price` is the expected one.
    pub(super) fn of_finding(&self, rule: Rule, price: Option<&str>) -> &Place {
        let mut keys = rule.info().keys.iter();
        let found = keys.find_map(|key| self.written(*key, price));
        found.unwrap_or(&self.entry)
    }

    /// Returns the place of a key that a rule is about, if it is written.
    fn written(&self, key: RuleKey, price: Option<&str>) -> Option<&Place> {
        match key {
            RuleKey::Contract => Some(&self.entry),
            RuleKey::Price => self.price(price?),
            RuleKey::Plans => self.plans.as_ref(),
            RuleKey::Column(field) => self.column(field),
            RuleKey::Statuses => self.statuses.as_ref(),
            RuleKey::Source => self.source.as_ref(),
        }
    }

    /// Returns the entry of `plans` for the price: the exact one, or else the longest prefix.
    fn price(&self, price: &str) -> Option<&Place> {
        self.prices.get(price).or_else(|| {
            let beginnings = self.prices.iter().filter_map(|(key, place)| {
                let beginning = key.strip_suffix('*')?;
                price.starts_with(beginning).then_some((beginning, place))
            });
            let longest = beginnings.max_by_key(|(beginning, _)| beginning.len());
            longest.map(|(_, place)| place)
        })
    }

    /// Returns the place of the column, or of the query that computes it.
    fn column(&self, field: Field) -> Option<&Place> {
        self.columns.get(&field).or(self.query.as_ref())
    }
}

fn keys(contract: &RawContract, collector: &Collector<'_>) -> KeyPlaces {
    let mut keys = KeyPlaces::default();
    keys.key("source_of_truth", &contract.source_of_truth, collector);
    keys.key("stripe", &contract.stripe, collector);
    keys.key("paddle", &contract.paddle, collector);
    keys.key("entitlements", &contract.entitlements, collector);
    keys.key("mode", &contract.mode, collector);
    keys.key("entity", &contract.entity, collector);
    keys.pairs("plans", &contract.plans, collector);
    keys.list(
        "free_plans",
        &contract.free_plans,
        |plan| &plan.0,
        collector,
    );
    keys.list(
        "ignore_prices",
        &contract.ignore_prices,
        |text| text,
        collector,
    );
    keys.list(
        "plan_order",
        &contract.plan_order,
        |plan| &plan.0,
        collector,
    );
    keys.list(
        "metadata_account",
        &contract.metadata_account,
        |text| text,
        collector,
    );
    keys.key("pause_collection", &contract.pause_collection, collector);
    keys.key("statuses", &contract.statuses, collector);
    keys.key("grace", &contract.grace, collector);
    if let Some(grace) = contract.grace.value() {
        keys.key("past_due", &grace.past_due, collector);
        keys.key("canceled", &grace.canceled, collector);
    }
    keys.pairs("rules", &contract.rules, collector);
    keys.list("exempt", &contract.exempt, |id| &id.0, collector);
    keys.key("severity", &contract.severity, collector);
    keys.key("fail_on", &contract.fail_on, collector);
    keys.key("confirm_after", &contract.confirm_after, collector);
    keys.key("evidence", &contract.evidence, collector);
    keys.key("period_tolerance", &contract.period_tolerance, collector);
    keys.key("allow_empty", &contract.allow_empty, collector);
    keys.key("database", &contract.database, collector);
    if let Some(database) = contract.database.value() {
        keys.key("url_env", &database.url_env, collector);
        keys.key("users_table", &database.users_table, collector);
        keys.key("columns", &database.columns, collector);
        keys.key("join", &database.join, collector);
        keys.key("where", &database.filter, collector);
        keys.key("query", &database.query, collector);
        keys.key("match_on", &database.match_on, collector);
        keys.key("timezone", &database.timezone, collector);
    }
    keys
}

fn place_of<T>(entry: &Entry<T>, collector: &Collector<'_>) -> Option<Place> {
    entry.spot().map(|spot| collector.entry_place(spot))
}
