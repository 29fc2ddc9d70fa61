//! Which lines of the configuration findings are about.

use std::collections::BTreeMap;

use super::{
    collector::Collector,
    document::Contract,
    entry::{Entry, Spot},
    validate::fields_of,
};
use crate::{
    contract::{Field, Rule},
    problem::Place,
};

/// The lines of one contract that findings can be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContractPlaces {
    entry: Place,
    query: Option<Place>,
    columns: BTreeMap<Field, Place>,
    plans: Option<Place>,
    prices: BTreeMap<String, Place>,
    statuses: Option<Place>,
    source: Option<Place>,
}

impl ContractPlaces {
    pub(super) fn of(contract: &Contract, spot: &Spot, collector: &Collector<'_>) -> Self {
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
        }
    }

    /// The line that a finding of the rule is about; `price` is the one that was expected.
    pub(super) fn of_finding(&self, rule: Rule, price: Option<&str>) -> &Place {
        let price = price.and_then(|price| self.prices.get(price));
        let plans = self.plans.as_ref();
        let customer = || {
            self.column(Field::CustomerId)
                .or_else(|| self.column(Field::SubscriptionId))
        };
        let found = match rule {
            Rule::RevenueLeak | Rule::WrongfulAccess | Rule::NoSubscription => {
                self.column(Field::HasPaidAccess)
            }
            Rule::PlanDrift => price.or(plans).or_else(|| self.column(Field::Plan)),
            Rule::UnmappedPrice | Rule::UnmappedFeature => plans,
            Rule::DuplicateCustomer | Rule::OrphanSubscription | Rule::UnlinkedAccess => customer(),
            Rule::UnknownStatus => self.statuses.as_ref().or(self.source.as_ref()),
            Rule::DoubleSubscription => price.or(plans).or_else(customer),
            Rule::StalePlan => self.column(Field::Plan).or(plans),
            Rule::SeatDrift => self.column(Field::Seats),
            Rule::StatusDrift => self.column(Field::Status),
            Rule::StaleSubscriptionId => self.column(Field::SubscriptionId),
            Rule::PeriodDrift => self.column(Field::PeriodEnd),
            Rule::CancelFlagDrift => self.column(Field::CancelAtPeriodEnd),
            Rule::Handler(_) => None,
        };
        found.unwrap_or(&self.entry)
    }

    /// The entry of the column, or the query that computes it.
    fn column(&self, field: Field) -> Option<&Place> {
        self.columns.get(&field).or(self.query.as_ref())
    }
}

fn place_of<T>(entry: &Entry<T>, collector: &Collector<'_>) -> Option<Place> {
    entry.spot().map(|spot| collector.entry_place(spot))
}
