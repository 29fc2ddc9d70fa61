//! How the configuration of a pull request lets more pass than that of its base commit.

mod changed_sql;
mod judging;
mod pairs;
mod plans;
mod reading;
mod rehearsing;
mod stored;
#[cfg(test)]
mod tests;
mod wording;

use super::{Config, collector::quote, places::ContractPlaces};
use crate::problem::Place;
use wording::{counted, listed};

pub use changed_sql::{ChangedSql, all_sql, sql_that_differs};

/// One way in which less is found, or in which it cannot be told whether less is found. Its texts hold parts of both
/// files, which are hostile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loosening {
    /// What the pull request does by it, such as "lets findings of severity high pass".
    pub effect: String,
    /// What goes from what to what.
    pub change: String,
    /// The line of the pull request's file.
    pub place: Place,
}

impl Loosening {
    /// One sentence without a full stop.
    pub fn message(&self) -> String {
        format!("this pull request {}: {}", self.effect, self.change)
    }
}

/// What `head` lets pass that `base` does not, in the order of the lines of `head`. What makes it stricter says nothing,
/// nor does the order of anything.
pub fn loosened(base: &Config, head: &Config) -> Vec<Loosening> {
    // Nothing is left out by `..`: what is new has to be compared, or a comment says why not.
    let Config {
        contracts,
        rehearsal: _, // See `rehearsing`.
        warnings: _,  // A contract that is skipped now is one that is gone.
        places,
        list,
    } = head;
    let pairs = pairs::of(&base.contracts, contracts);
    let several = base.contracts.len() > 1 || contracts.len() > 1;
    let mut found = Vec::new();
    let mut gone = Vec::new();
    for (before, partner) in base.contracts.iter().zip(&pairs) {
        let now = partner.and_then(|index| contracts.get(index).zip(places.get(index)));
        let Some((now, places)) = now else {
            gone.push(before.name.as_str());
            continue;
        };
        let mut notes = Notes {
            contract: several.then_some(now.name.as_str()),
            found: Vec::new(),
        };
        reading::compare(before, now, places, &mut notes);
        judging::compare(before, now, places, &mut notes);
        found.append(&mut notes.found);
    }
    let mut notes = Notes {
        contract: None,
        found,
    };
    if !gone.is_empty() {
        let change = format!(
            "`contracts` goes from {} to {}",
            base.contracts.len(),
            contracts.len()
        );
        let effect = format!(
            "no longer judges {} {}",
            wording::plural(gone.len(), "the contract", "the contracts"),
            listed(gone)
        );
        notes.note(effect, change, list);
    }
    rehearsing::compare(base, head, &pairs, &mut notes);
    notes.found.sort_by(|a, b| {
        (a.place.line, a.place.column, &a.effect).cmp(&(b.place.line, b.place.column, &b.effect))
    });
    notes.found
}

/// What was found so far.
struct Notes<'a> {
    /// Named where there is more than one.
    contract: Option<&'a str>,
    found: Vec<Loosening>,
}

impl Notes<'_> {
    fn note(&mut self, effect: impl Into<String>, change: impl Into<String>, place: &Place) {
        let mut effect = effect.into();
        if let Some(name) = self.contract {
            effect.push_str(&format!(" in the contract {}", quote(name)));
        }
        self.found.push(Loosening {
            effect,
            change: change.into(),
            place: place.clone(),
        });
    }
}

/// The sentence about one key.
fn goes(what: &str, from: &str, to: &str) -> String {
    if from == to {
        // Both were cut where they do not differ yet.
        return format!("`{what}` is another one");
    }
    format!("`{what}` goes from {from} to {to}")
}
