//! The table of keys with a single value: for each, the change that lets more pass, and its effect.

use super::{
    super::{AccessContract, Rehearsal, diagnostics::quote},
    ContractPlaces, Notes, describe_change,
    reading::OTHER_ACCOUNTS,
    wording::{duration, duration_of_seconds},
};
use contract::{CanceledGrace, Grace};
use problem::Place;

/// A key of a contract or of a rehearsal.
struct SingleValue<T> {
    /// Path of the key in the section.
    path: &'static str,
    /// Returns true if the second lets more pass than the first.
    is_weaker: fn(&T, &T) -> bool,
    shown: fn(&T) -> String,
    effect: &'static str,
}

const CONTRACT_VALUES: &[SingleValue<AccessContract>] = &[
    SingleValue {
        path: "mode",
        is_weaker: |before, now| {
            before.contract.mode.is_some() && now.contract.mode != before.contract.mode
        },
        shown: |contract| {
            let mode = contract.contract.mode;
            mode.map_or_else(|| "either".to_owned(), |mode| quote(mode.as_str()))
        },
        effect: "accepts objects of the provider's other mode",
    },
    SingleValue {
        path: "allow_empty",
        is_weaker: |before, now| now.contract.allow_empty && !before.contract.allow_empty,
        shown: |contract| format!("`{}`", contract.contract.allow_empty),
        effect: "accepts a database without accounts",
    },
    SingleValue {
        path: "period_tolerance",
        is_weaker: |before, now| now.contract.period_tolerance > before.contract.period_tolerance,
        shown: |contract| duration_of_seconds(contract.contract.period_tolerance),
        effect: "tolerates stored period ends that are further off",
    },
    SingleValue {
        path: "confirm_after",
        is_weaker: |before, now| now.confirm_after > before.confirm_after,
        shown: |contract| {
            contract
                .confirm_after
                .map_or_else(|| "`0`".to_owned(), duration)
        },
        effect: "drops findings that disappear within a longer time",
    },
    SingleValue {
        path: "evidence",
        is_weaker: |before, now| before.evidence && !now.evidence,
        shown: |contract| if contract.evidence { "`on`" } else { "`off`" }.to_owned(),
        effect: "no longer looks for the webhooks behind a finding",
    },
    // A link does not let more pass, but reports present it as the application's own page.
    SingleValue {
        path: "links.account",
        is_weaker: |before, now| {
            let both = before.account_link.as_ref().zip(now.account_link.as_ref());
            both.is_some_and(|(was, is)| was != is)
        },
        shown: |contract| quote(contract.account_link.as_deref().unwrap_or_default()),
        effect: "links accounts to another address",
    },
    SingleValue {
        path: "grace.past_due",
        is_weaker: |before, now| now.contract.grace.past_due > before.contract.grace.past_due,
        shown: |contract| shown_grace(contract.contract.grace.past_due),
        effect: "allows access for longer while a payment is overdue",
    },
    SingleValue {
        path: "grace.canceled",
        is_weaker: |before, now| {
            let (was, is) = (before.contract.grace.canceled, now.contract.grace.canceled);
            match (was, is) {
                (_, None) => false,
                (None, Some(_)) => true,
                (Some(CanceledGrace::For(was)), Some(CanceledGrace::For(is))) => is > was,
                // Which of the two is longer depends on the subscription.
                (Some(was), Some(is)) => was != is,
            }
        },
        shown: |contract| match contract.contract.grace.canceled {
            None => shown_grace(None),
            Some(CanceledGrace::For(seconds)) => shown_grace(Some(seconds)),
            Some(CanceledGrace::UntilPeriodEnd) => "`until_period_end`".to_owned(),
        },
        effect: "allows access for longer after a subscription ends",
    },
    SingleValue {
        path: "database.url_env",
        is_weaker: |before, now| before.database.url_env != now.database.url_env,
        shown: |contract| quote(&contract.database.url_env),
        effect: OTHER_ACCOUNTS,
    },
    SingleValue {
        path: "database.match_on",
        is_weaker: |before, now| before.database.match_on != now.database.match_on,
        shown: |contract| quote(contract.database.match_on.link().as_str()),
        effect: OTHER_ACCOUNTS,
    },
    SingleValue {
        path: "database.timezone",
        is_weaker: |before, now| before.database.timezone != now.database.timezone,
        shown: |contract| quote(&contract.database.timezone),
        effect: "reads times of the database differently than the base commit",
    },
];

const REHEARSAL_VALUES: &[SingleValue<Rehearsal>] = &[
    SingleValue {
        path: "settle",
        is_weaker: |before, now| now.settle > before.settle,
        shown: |rehearsal| duration(rehearsal.settle),
        effect: "gives the handler more time to write",
    },
    SingleValue {
        path: "allow_remote",
        is_weaker: |before, now| now.allow_remote && !before.allow_remote,
        shown: |rehearsal| format!("`{}`", rehearsal.allow_remote),
        effect: "lets a rehearsal write to other machines",
    },
    SingleValue {
        path: "allow_rows",
        is_weaker: |before, now| now.allow_rows && !before.allow_rows,
        shown: |rehearsal| format!("`{}`", rehearsal.allow_rows),
        effect: "lets a rehearsal write to a database that holds accounts",
    },
];

pub(super) fn compare_contracts(
    before: &AccessContract,
    now: &AccessContract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    // `..` is not used: a new grace needs a row.
    let Grace {
        past_due: _,
        canceled: _,
    } = now.contract.grace;
    let place = |path: &str| places.of_key(path, None);
    compare(CONTRACT_VALUES, (before, now), place, notes);
}

pub(super) fn compare_rehearsals(before: &Rehearsal, now: &Rehearsal, notes: &mut Notes<'_>) {
    let place = |path: &str| now.places.of_key(path, None);
    compare(REHEARSAL_VALUES, (before, now), place, notes);
}

fn compare<'p, T>(
    table: &[SingleValue<T>],
    (before, now): (&T, &T),
    place: impl Fn(&str) -> &'p Place,
    notes: &mut Notes<'_>,
) {
    for value in table.iter().filter(|value| (value.is_weaker)(before, now)) {
        let key = value
            .path
            .rsplit_once('.')
            .map_or(value.path, |(_, key)| key);
        let change = describe_change(key, &(value.shown)(before), &(value.shown)(now));
        notes.note(value.effect, change, place(value.path));
    }
}

fn shown_grace(seconds: Option<i64>) -> String {
    seconds.map_or_else(
        || "none".to_owned(),
        |seconds| duration_of_seconds(seconds.unsigned_abs()),
    )
}
