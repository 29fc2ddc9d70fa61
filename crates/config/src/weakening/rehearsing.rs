//! Finds changes that make a rehearsal cover less: scenarios, events and files that are left out, and safety checks
//! that are removed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{Config, Gate, Rehearsal, diagnostics::quote},
    Notes, describe_change, listed, single_values,
    wording::quote_or_none,
};
use contract::text::counted;

/// Compares the rehearsals; `pairs` holds the position in `head` of each contract of `base`.
pub(super) fn compare(
    base: &Config,
    head: &Config,
    pairs: &[Option<usize>],
    notes: &mut Notes<'_>,
) {
    let Some(before) = &base.rehearsal else {
        return;
    };
    let Some(now) = &head.rehearsal else {
        let change = "the section `rehearsal` is removed";
        notes.note("rehearses nothing", change, &head.contracts_place);
        return;
    };
    // `..` is not used: a new field has to be compared here, unless a comment names another place.
    let Rehearsal {
        contract_index,
        handler: _,    // Where the handler listens; what it must do stays the same.
        source_ip: _, // Where deliveries seem to come from; what the handler must do stays the same.
        secret_env: _, // Another name of a variable, as for the next one.
        url_env: _,
        migrate: _,      // Where the tables come from, as for the next one.
        api_versions: _, // See `compare_versions`.
        api_version: _,  // Events have another format; the handler must still do the same.
        app: _,          // How the application is started; what it must do stays the same.
        source: _,       // That of the contract.
        fake: _,         // Where the fake provider listens, and what it holds from the start.
        account: _,      // How the application writes its rows and buys, as for the next two.
        checkout: _,
        subscription_metadata: _,
        gate: _,   // See `compare_guards`.
        settle: _, // See `single_values`.
        skip: _,   // See `compare_scenarios`, as for the next one.
        only: _,
        scenarios_dir: _, // See `compare_files`.
        events: _,        // See `compare_events`.
        handler_paths: _, // See `compare_files`.
        allow_remote: _,  // See `single_values`, as for the next one.
        allow_rows: _,
        places: _, // Positions in the file.
    } = now;
    let same_contract = pairs.get(before.contract_index).copied().flatten();
    if same_contract != Some(*contract_index) {
        let name = |config: &Config, index: usize| {
            let contract = config.contracts.get(index);
            quote_or_none(contract.map(|contract| contract.name.as_str()))
        };
        let change = describe_change(
            "contract",
            &name(base, before.contract_index),
            &name(head, *contract_index),
        );
        let effect = "judges the rehearsal by a different contract";
        notes.note(effect, change, now.places.of_key("contract", None));
    }
    compare_scenarios(before, now, notes);
    compare_events(before, now, notes);
    compare_versions(before, now, notes);
    compare_files(before, now, notes);
    compare_guards(before, now, notes);
}

fn compare_scenarios(before: &Rehearsal, now: &Rehearsal, notes: &mut Notes<'_>) {
    if let (None, Some(only)) = (&before.only, &now.only) {
        let effect = format!("rehearses only {}", counted(only.len(), "scenario"));
        let change = describe_change("only", "all", &listed(only.keys().map(String::as_str)));
        notes.note(effect, change, now.places.of_key("scenarios.only", None));
        return;
    }
    let plays = |rehearsal: &Rehearsal, id: &String| {
        let chosen = rehearsal.only.as_ref();
        chosen.is_none_or(|only| only.contains_key(id)) && !rehearsal.skip.contains_key(id)
    };
    let named = |rehearsal: &Rehearsal| -> BTreeSet<String> {
        let only = rehearsal.only.iter().flat_map(BTreeMap::keys);
        only.chain(rehearsal.skip.keys()).cloned().collect()
    };
    let mut left_out = named(before);
    left_out.append(&mut named(now));
    left_out.retain(|id| plays(before, id) && !plays(now, id));
    let Some(first) = left_out.first() else {
        return;
    };
    let effect = format!(
        "no longer rehearses {}",
        listed(left_out.iter().map(String::as_str))
    );
    let key = if now.skip.contains_key(first) {
        "skip"
    } else {
        "only"
    };
    let shown = |rehearsal: &Rehearsal| {
        let scenario_ids = if key == "skip" {
            Some(&rehearsal.skip)
        } else {
            rehearsal.only.as_ref()
        };
        scenario_ids.map_or("all".to_owned(), |ids| {
            listed(ids.keys().map(String::as_str))
        })
    };
    let change = describe_change(key, &shown(before), &shown(now));
    let place = now.places.of_key(&format!("scenarios.{key}"), Some(first));
    notes.note(effect, change, place);
}

fn compare_events(before: &Rehearsal, now: &Rehearsal, notes: &mut Notes<'_>) {
    let Some(sent) = &now.events else {
        return;
    };
    let is_fewer = before
        .events
        .as_ref()
        .is_none_or(|events| !events.is_subset(sent));
    if is_fewer {
        let shown = |events: Option<&BTreeSet<String>>| {
            events.map_or("all".to_owned(), |events| {
                counted(events.len(), "event type")
            })
        };
        let effect = match &before.events {
            None => "no longer sends every event to the handler".to_owned(),
            Some(events) => {
                let gone = events.difference(sent).map(String::as_str);
                format!("no longer sends {} to the handler", listed(gone))
            }
        };
        let change = describe_change("events", &shown(before.events.as_ref()), &shown(Some(sent)));
        notes.note(effect, change, now.places.of_key("events", None));
    }
}

fn compare_versions(before: &Rehearsal, now: &Rehearsal, notes: &mut Notes<'_>) {
    let versions_of = |rehearsal: &Rehearsal| -> BTreeSet<String> {
        rehearsal.api_versions.iter().cloned().collect()
    };
    let (was, is) = (versions_of(before), versions_of(now));
    let gone: Vec<_> = was.difference(&is).map(String::as_str).collect();
    if gone.is_empty() {
        return;
    }
    let effect = format!("no longer rehearses the API version {}", listed(gone));
    let shown = |versions: &BTreeSet<String>| listed(versions.iter().map(String::as_str));
    let change = describe_change("api_versions", &shown(&was), &shown(&is));
    notes.note(effect, change, now.places.of_key("api_versions", None));
}

fn compare_files(before: &Rehearsal, now: &Rehearsal, notes: &mut Notes<'_>) {
    if before.scenarios_dir.is_some() && before.scenarios_dir != now.scenarios_dir {
        let change = describe_change(
            "scenarios_dir",
            &quote_or_none(before.scenarios_dir.as_deref()),
            &quote_or_none(now.scenarios_dir.as_deref()),
        );
        let effect = "rehearses the scenarios of a different folder";
        notes.note(effect, change, now.places.of_key("scenarios_dir", None));
    }
    let paths = |rehearsal: &Rehearsal| -> BTreeSet<String> {
        rehearsal.handler_paths.iter().cloned().collect()
    };
    let (was, is) = (paths(before), paths(now));
    let gone: Vec<_> = was.difference(&is).map(String::as_str).collect();
    if !gone.is_empty() {
        let effect = format!("no longer shows findings at the lines of {}", listed(gone));
        let shown = |paths: &BTreeSet<String>| listed(paths.iter().map(String::as_str));
        let change = describe_change("handler_paths", &shown(&was), &shown(&is));
        notes.note(effect, change, now.places.of_key("handler_paths", None));
    }
}

fn compare_gates(before: &Gate, now: &Gate, rehearsal: &Rehearsal, notes: &mut Notes<'_>) {
    let Gate {
        url,
        paid,
        paid_pointer: _, // Derived from `paid`.
    } = now;
    let change = if before.paid != *paid {
        describe_change("paid", &quote(&before.paid), &quote(paid))
    } else if before.url != *url {
        "`url` changes".to_owned()
    } else {
        return;
    };
    let effect = "asks a different URL whether an account has access";
    notes.note(effect, change, rehearsal.places.of_key("gate", None));
}

fn compare_guards(before: &Rehearsal, now: &Rehearsal, notes: &mut Notes<'_>) {
    match (&before.gate, &now.gate) {
        (Some(_), None) => {
            let effect = "no longer asks the application whether an account has access";
            notes.note(effect, "the section `gate` is removed", &now.places.section);
        }
        (Some(was), Some(is)) => compare_gates(was, is, now, notes),
        (None, _) => {}
    }
    single_values::compare_rehearsals(before, now, notes);
}
