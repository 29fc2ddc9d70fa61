//! Compares how strictly contracts judge: thresholds, severities, and everything that exempts an account or a price.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{AccessContract, diagnostics::quote},
    ContractPlaces, Notes, describe_change, listed, plans, stored,
};
use contract::text::counted;
use contract::{
    Contract, Pause, PauseMeaning, PausePolicy, PriceId, PricePattern, Rule, Severity, Status,
    Statuses,
};

pub(super) fn compare(
    base: &AccessContract,
    head: &AccessContract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    // `..` is not used: a new field has to be compared here, unless a comment names another place.
    let AccessContract {
        name: _, // `pairs` knows contracts by it.
        contract: now,
        key_env: _,       // See `reading`.
        database: _,      // See `reading`.
        confirm_after: _, // See `single_values`, as for the next one.
        evidence: _,
        max_requests: _,        // A check that would take more has no verdict.
        requests_per_second: _, // It only takes longer, as for the next one.
        requests_per_minute: _,
        account_link: _, // See `single_values`.
    } = head;
    let Contract {
        source: _,  // See `reading`.
        entity: _,  // See `stored`.
        columns: _, // See `reading`.
        plans: _,   // See `plans`, as for the next two.
        plan_order: _,
        free_plans: _,
        ignore_prices: _,
        statuses,
        pause,
        grace: _, // See `single_values`.
        seats: _, // See `stored`, as for the next two.
        status_words: _,
        metadata_account: _,
        severities: _,
        exempt: _,
        match_on: _,    // See `single_values`.
        allow_empty: _, // See `single_values`, as for the next one.
        mode: _,
        fail_on: _,
        fix: _,              // A text of the report.
        period_tolerance: _, // See `single_values`.
        renewal_delay: _,    // Not configured.
    } = now;
    let before = &base.contract;
    compare_thresholds(before, now, places, notes);
    compare_severities(before, now, places, notes);
    compare_exemptions(before, now, places, notes);
    compare_ignored_prices(before, now, places, notes);
    plans::compare(before, now, places, notes);
    compare_statuses(&before.statuses, statuses, places, notes);
    compare_pauses(&before.pause, pause, places, notes);
    stored::compare(before, now, places, notes);
}

fn compare_thresholds(
    before: &Contract,
    now: &Contract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    let fails = |severity: Severity, contract: &Contract| {
        contract
            .fail_on
            .is_some_and(|threshold| severity.reaches(threshold))
    };
    let passing: Vec<_> = Severity::ALL
        .into_iter()
        .filter(|severity| fails(*severity, before) && !fails(*severity, now))
        .map(Severity::as_str)
        .collect();
    if passing.is_empty() {
        return;
    }
    let word = |contract: &Contract| quote(contract.fail_on.map_or("never", Severity::as_str));
    let change = describe_change("fail_on", &word(before), &word(now));
    let effect = format!("lets findings of severity {} pass", passing.join(" and "));
    notes.note(effect, change, places.of_key("fail_on", None));
}

fn compare_severities(
    before: &Contract,
    now: &Contract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    let mut lowered: BTreeMap<_, Vec<&'static str>> = BTreeMap::new();
    for rule in Rule::all_with_handler_rules() {
        let (was, is) = (before.severities.get(&rule), now.severities.get(&rule));
        let Some(was) = was.filter(|was| is.is_none_or(|is| is > *was)) else {
            continue;
        };
        if rule.is_used_by(now.source) {
            lowered.entry((*was, is)).or_default().push(rule.as_str());
        }
    }
    for ((was, is), rules) in lowered {
        let first = rules.first().copied();
        let rules = listed(rules);
        let (effect, word) = match is {
            None => (format!("turns off {rules}"), "off"),
            Some(severity) => (format!("lowers the severity of {rules}"), severity.as_str()),
        };
        let change = format!("the severity changes from `{was}` to `{word}`");
        let rules_place = places.of_entry("rules", first.unwrap_or_default());
        let place = rules_place.unwrap_or_else(|| places.of_key("severity", None));
        notes.note(effect, change, place);
    }
}

fn compare_exemptions(
    before: &Contract,
    now: &Contract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    let added: Vec<_> = now.exempt.difference(&before.exempt).collect();
    let Some(first) = added.first() else {
        return;
    };
    // Only the line of the file shows the ids, because more people can read the report than the file.
    let effect = format!(
        "exempts {} from every rule",
        counted(added.len(), "further account")
    );
    let count = |exempt: &BTreeSet<String>| exempt.len().to_string();
    let change = describe_change("exempt", &count(&before.exempt), &count(&now.exempt));
    notes.note(effect, change, places.of_key("exempt", Some(first)));
}

fn compare_ignored_prices(
    before: &Contract,
    now: &Contract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    let covered = |pattern: &&PricePattern| {
        before
            .ignore_prices
            .iter()
            .any(|known| match (known, pattern) {
                (known, PricePattern::Exact(id)) => known.matches(&PriceId::from(id.as_str())),
                (PricePattern::Prefix(known), PricePattern::Prefix(prefix)) => {
                    prefix.starts_with(known.as_str())
                }
                (PricePattern::Exact(_), PricePattern::Prefix(_)) => false,
            })
    };
    let written = |patterns: &mut dyn Iterator<Item = &PricePattern>| -> BTreeSet<String> {
        patterns.map(PricePattern::to_string).collect()
    };
    let added = written(&mut now.ignore_prices.iter().filter(|pattern| !covered(pattern)));
    let Some(first) = added.first() else {
        return;
    };
    let effect = format!(
        "ignores subscriptions to {}",
        listed(added.iter().map(String::as_str))
    );
    let shown = |contract: &Contract| {
        let all = written(&mut contract.ignore_prices.iter());
        listed(all.iter().map(String::as_str))
    };
    let change = describe_change("ignore_prices", &shown(before), &shown(now));
    notes.note(effect, change, places.of_key("ignore_prices", Some(first)));
}

/// Effect of a status on access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum StatusEffect {
    Grants,
    Denies,
    Nothing,
}

impl StatusEffect {
    fn new(status: &Status, statuses: &Statuses) -> Self {
        if statuses.grant.contains(status) {
            Self::Grants
        } else if statuses.deny.contains(status) {
            Self::Denies
        } else {
            Self::Nothing
        }
    }

    fn place(self) -> &'static str {
        match self {
            Self::Grants => "`grant`",
            Self::Denies => "`deny`",
            Self::Nothing => "neither list",
        }
    }
}

fn compare_statuses(
    before: &Statuses,
    now: &Statuses,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    // `StatusEffect` reads both.
    let Statuses { grant: _, deny: _ } = now;
    let listed_before: BTreeSet<_> = before.grant.iter().chain(&before.deny).collect();
    let mut moved: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for status in listed_before {
        let from = StatusEffect::new(status, before);
        let to = StatusEffect::new(status, now);
        if from != to {
            moved.entry((from, to)).or_default().push(status.as_str());
        }
    }
    for ((from, to), words) in moved {
        let names = listed(words);
        let effect = match to {
            StatusEffect::Grants => {
                format!("allows access while a subscription is {names}")
            }
            StatusEffect::Denies => {
                format!("accepts missing access while a subscription is {names}")
            }
            StatusEffect::Nothing => {
                format!("no longer checks customers whose subscription is {names}")
            }
        };
        let change = format!("{names} changes from {} to {}", from.place(), to.place());
        notes.note(effect, change, places.of_key("statuses", None));
    }
}

/// Lists the behaviors that Stripe documents, and any other.
fn behaviors() -> [Pause; 4] {
    let other = Pause::Other("any other behavior".into());
    [
        Pause::Void,
        Pause::KeepAsDraft,
        Pause::MarkUncollectible,
        other,
    ]
}

fn compare_pauses(
    before: &PausePolicy,
    now: &PausePolicy,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    // `meaning` reads both.
    let PausePolicy {
        all: _,
        by_behavior: _,
    } = now;
    let mut changed: BTreeMap<_, Vec<Pause>> = BTreeMap::new();
    for behavior in behaviors() {
        let (was, is) = (before.meaning(&behavior), now.meaning(&behavior));
        // Nobody was judged before, so nothing is lost.
        if was != is && was != PauseMeaning::Unjudged {
            changed.entry((was, is)).or_default().push(behavior);
        }
    }
    let word = |meaning: PauseMeaning| match meaning {
        PauseMeaning::Grant => "grant",
        PauseMeaning::Deny => "deny",
        PauseMeaning::Unjudged => "unjudged",
    };
    for ((was, is), behaviors) in changed {
        let names = listed(behaviors.iter().map(Pause::as_str));
        let effect = match is {
            PauseMeaning::Grant => "allows access while collection is paused",
            PauseMeaning::Deny => "accepts missing access while collection is paused",
            PauseMeaning::Unjudged => "no longer checks customers while collection is paused",
        };
        let change = format!("{names} changes from `{}` to `{}`", word(was), word(is));
        notes.note(effect, change, places.of_key("pause_collection", None));
    }
}
