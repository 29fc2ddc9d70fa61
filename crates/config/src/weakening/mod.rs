//! Detects where a pull request weakens `prodverdict.yml` compared with its base commit.

mod changed_sql;
mod judging;
mod pairs;
mod plans;
mod reading;
mod rehearsing;
mod single_values;
mod stored;
#[cfg(test)]
mod tests;
mod wording;

use super::{Config, diagnostics::quote, places::ContractPlaces};
use problem::Place;
use wording::listed;

pub use changed_sql::{ChangedSql, all_sql, sql_that_differs};

/// A change that makes the check find less, or may do so. Its texts contain parts of both files, which are untrusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weakening {
    /// Effect of the pull request, such as "lets findings of severity high pass".
    pub effect: String,
    /// Old and new value.
    pub change: String,
    /// Line in the pull request's file.
    pub place: Place,
}

impl Weakening {
    /// Returns one sentence without a full stop.
    pub fn message(&self) -> String {
        format!("this pull request {}: {}", self.effect, self.change)
    }
}

/// Lists the changes from `base` to `head` that let more pass, in the order of the lines of `head`. Stricter settings
/// and changes of order are not listed.
pub fn weakened(base: &Config, head: &Config) -> Vec<Weakening> {
    // `..` is not used: a new field has to be compared, or a comment says why not.
    let Config {
        contracts,
        rehearsal: _, // See `rehearsing`.
        warnings: _,  // A contract of a type that is skipped now is missing from `contracts`.
        places,
        contracts_place,
    } = head;
    let pairs = pairs::matching(&base.contracts, contracts);
    let several = base.contracts.len() > 1 || contracts.len() > 1;
    let mut found = Vec::new();
    let mut removed = Vec::new();
    for (before, partner) in base.contracts.iter().zip(&pairs) {
        let now = partner.and_then(|index| contracts.get(index).zip(places.get(index)));
        let Some((now, places)) = now else {
            removed.push(before.name.as_str());
            continue;
        };
        let mut notes = Notes {
            contract: several.then_some(now.name.as_str()),
            found: Vec::new(),
        };
        reading::compare(before, now, places, &mut notes);
        judging::compare(before, now, places, &mut notes);
        single_values::compare_contracts(before, now, places, &mut notes);
        found.append(&mut notes.found);
    }
    let mut notes = Notes {
        contract: None,
        found,
    };
    if !removed.is_empty() {
        let change = format!(
            "the number of `contracts` changes from {} to {}",
            base.contracts.len(),
            contracts.len()
        );
        let effect = format!(
            "no longer judges {} {}",
            wording::plural(removed.len(), "the contract", "the contracts"),
            listed(removed)
        );
        notes.note(effect, change, contracts_place);
    }
    rehearsing::compare(base, head, &pairs, &mut notes);
    notes.found.sort_by(|a, b| {
        (a.place.line, a.place.column, &a.effect).cmp(&(b.place.line, b.place.column, &b.effect))
    });
    notes.found
}

/// The changes found so far.
struct Notes<'a> {
    /// Name of the contract, if there is more than one.
    contract: Option<&'a str>,
    found: Vec<Weakening>,
}

impl Notes<'_> {
    fn note(&mut self, effect: impl Into<String>, change: impl Into<String>, place: &Place) {
        let mut effect = effect.into();
        if let Some(name) = self.contract {
            effect.push_str(&format!(" in the contract {}", quote(name)));
        }
        self.found.push(Weakening {
            effect,
            change: change.into(),
            place: place.clone(),
        });
    }
}

/// Describes the change of one key.
fn describe_change(what: &str, from: &str, to: &str) -> String {
    if from == to {
        // Both texts were shortened, and differ only in the part that was cut off.
        return format!("`{what}` changes");
    }
    format!("`{what}` changes from {from} to {to}")
}
