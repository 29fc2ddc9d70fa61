//! Finds changes of the meaning of stored values: seats, words for a status, and the metadata that names an account.

use std::collections::BTreeSet;

use super::{super::diagnostics::quote, ContractPlaces, Notes, describe_change, listed};
use contract::{Contract, Field, Included, PricePattern, Seats, Status};
use problem::Place;

pub(super) fn compare(
    before: &Contract,
    now: &Contract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    // A removed column is reported by `reading`, and a new one is stricter.
    let both_read = |field| before.columns.contains_key(&field) && now.columns.contains_key(&field);
    if both_read(Field::Seats) {
        compare_seats(&before.seats, &now.seats, places, notes);
    }
    if both_read(Field::Status) {
        compare_status_words(before, now, places, notes);
    }
    compare_account_keys(before, now, places, notes);
}

fn compare_seats(before: &Seats, now: &Seats, places: &ContractPlaces, notes: &mut Notes<'_>) {
    // `..` is not used: a new field may let more pass.
    let Seats {
        per_unit,
        included,
        prices,
        unlimited: _,        // See `compare_unlimited_seats`.
        unlimited_prices: _, // See `compare_unlimited_seats`.
    } = now;
    let place = places.of_column(Field::Seats);
    let effect = "expects different numbers of seats";
    if *per_unit != before.per_unit {
        let (from, to) = (before.per_unit.to_string(), per_unit.to_string());
        notes.note(effect, describe_change("per_unit", &from, &to), place);
    }
    if *included != before.included {
        let change = describe_change(
            "included",
            &shown_included(&before.included),
            &shown_included(included),
        );
        notes.note(effect, change, place);
    }
    if pattern_set(prices.as_ref()) != pattern_set(before.prices.as_ref()) {
        let change = describe_change(
            "prices",
            &shown_patterns(before.prices.as_ref()),
            &shown_patterns(prices.as_ref()),
        );
        notes.note("counts the seats of different prices", change, place);
    }
    compare_unlimited_seats(before, now, place, notes);
}

/// Compares the values that mean unlimited seats, and the prices that may have them.
fn compare_unlimited_seats(before: &Seats, now: &Seats, place: &Place, notes: &mut Notes<'_>) {
    let shown_value =
        |value: &Option<i64>| value.map_or("null".to_owned(), |value| value.to_string());
    let values =
        |seats: &Seats| -> BTreeSet<String> { seats.unlimited.iter().map(shown_value).collect() };
    let (was, is) = (values(before), values(now));
    if !is.is_subset(&was) {
        let added = listed(is.difference(&was).map(String::as_str));
        let effect = format!("accepts {added} as unlimited seats");
        notes.note(
            effect,
            describe_change("unlimited", &shown_set(&was), &shown_set(&is)),
            place,
        );
    }
    if now.unlimited.is_empty() || before.unlimited.is_empty() {
        return;
    }
    let is_looser = match (&before.unlimited_prices, &now.unlimited_prices) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(was), Some(is)) => !pattern_set(Some(is)).is_subset(&pattern_set(Some(was))),
    };
    if is_looser {
        let change = describe_change(
            "unlimited_prices",
            &shown_patterns(before.unlimited_prices.as_ref()),
            &shown_patterns(now.unlimited_prices.as_ref()),
        );
        notes.note("lets more prices buy unlimited seats", change, place);
    }
}

fn shown_set(values: &BTreeSet<String>) -> String {
    listed(values.iter().map(String::as_str))
}

fn shown_included(included: &Included) -> String {
    match included {
        Included::Number(number) => number.to_string(),
        Included::ByPlan(by_plan) => {
            let plans: Vec<_> = by_plan
                .iter()
                .map(|(plan, number)| format!("{plan}: {number}"))
                .collect();
            listed(plans.iter().map(String::as_str))
        }
    }
}

/// Returns the patterns as written, without their order; no list means every price.
fn pattern_set(patterns: Option<&Vec<PricePattern>>) -> BTreeSet<String> {
    patterns.map_or_else(
        || BTreeSet::from(["*".to_owned()]),
        |patterns| patterns.iter().map(PricePattern::to_string).collect(),
    )
}

fn shown_patterns(patterns: Option<&Vec<PricePattern>>) -> String {
    match patterns {
        None => "all".to_owned(),
        Some(_) => shown_set(&pattern_set(patterns)),
    }
}

fn compare_status_words(
    before: &Contract,
    now: &Contract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    let words = |contract: &Contract, status: &Status| -> BTreeSet<String> {
        match contract.status_words.get(status) {
            Some(words) => words.iter().cloned().collect(),
            None => BTreeSet::from([status.as_str().to_owned()]),
        }
    };
    let statuses = before.status_words.keys().chain(now.status_words.keys());
    let statuses: BTreeSet<&Status> = statuses.collect();
    for status in statuses {
        let (was, is) = (words(before, status), words(now, status));
        let added: Vec<_> = is.difference(&was).map(String::as_str).collect();
        if added.is_empty() {
            continue;
        }
        let name = quote(status.as_str());
        let effect = format!("accepts {} as the status {name}", listed(added));
        let change = format!(
            "the words of {name} change from {} to {}",
            shown_set(&was),
            shown_set(&is)
        );
        notes.note(effect, change, places.of_column(Field::Status));
    }
}

/// Compares the metadata keys by which `customer-mismatch` finds the account that a customer names: the configured
/// keys, the one with the entity's name, and two that always count.
fn compare_account_keys(
    before: &Contract,
    now: &Contract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    let normalized = |key: &str| key.to_lowercase().replace(['_', '-'], "");
    let entity_key = |contract: &Contract| normalized(&format!("{}id", contract.entity));
    let is_gone = |key: &&str| {
        let is_configured = now.metadata_account.iter().any(|other| other == key);
        let name = normalized(key);
        let is_usual = name == entity_key(now) || ["userid", "accountid"].contains(&name.as_str());
        !is_configured && !is_usual
    };
    let configured = before.metadata_account.iter().map(String::as_str);
    let gone: Vec<_> = configured.filter(is_gone).collect();
    if !gone.is_empty() {
        let shown =
            |contract: &Contract| listed(contract.metadata_account.iter().map(String::as_str));
        let change = describe_change("metadata_account", &shown(before), &shown(now));
        let effect = format!(
            "no longer looks for accounts under the metadata key {}",
            listed(gone)
        );
        notes.note(effect, change, places.of_key("metadata_account", None));
    }
    let key = entity_key(before);
    if is_gone(&key.as_str()) {
        let change = describe_change("entity", &quote(&before.entity), &quote(&now.entity));
        let effect = format!(
            "no longer looks for accounts under the metadata key {}",
            quote(&key)
        );
        notes.note(effect, change, places.of_key("entity", None));
    }
}
