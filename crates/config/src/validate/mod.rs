//! Validates the document: checks what serde does not check, and reports every problem.

mod columns;
mod contract;
mod database;
mod links;
mod plans;
mod policy;
mod prices;
mod rehearsal;
mod seats;
mod sql;
mod statuses;
mod table_name;
mod values;

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};

use super::{
    Config, RehearsalPlaces,
    diagnostics::{DiagnosticDraft, Diagnostics, Parent, quote},
    document::{RawConfig, RawContract},
    entry::{Entry, SourceSpan},
    place_tree::PlaceTree,
    places::ContractPlaces,
    secrets,
};
use problem::{ErrorCode, Warning};

/// Maximum length of a name. A longer one would break the layout of every report.
const MAX_NAME_LENGTH: usize = 100;

/// Returns the configuration, or `None` if a required part is missing or invalid. The result is valid only if no
/// problem was reported.
pub(super) fn validate_config(
    document: &Entry<RawConfig>,
    warnings: Vec<Warning>,
    places: &PlaceTree,
    diagnostics: &Diagnostics<'_>,
) -> Option<Config> {
    let (span, document) = document.written()?;
    let parent = Parent {
        name: "the file",
        span,
    };
    if let Some((span, version)) = diagnostics.require(&document.version, "version", parent)
        && version.0 != "1"
    {
        let draft = DiagnosticDraft::invalid(format!(
            "`version` should be 1, found {}",
            quote(&version.0)
        ))
        .help("this program reads version 1 of the format");
        diagnostics.add_at(draft, span);
    }
    let contracts = diagnostics.require(&document.contracts, "contracts", parent);
    let entries = contracts
        .map(|(_, list)| list.as_slice())
        .unwrap_or_default();
    check_names(entries, diagnostics);
    let names = names(entries);
    // Even if `contracts` is missing, so that all problems of the file are reported at once.
    let rehearsal = document.rehearsal.written().map(|rehearsal| {
        let named = readable_contracts(entries).zip(names.iter().map(String::as_str));
        let places = RehearsalPlaces::new(places.at("rehearsal")?.clone());
        rehearsal::settings(rehearsal, named, places, diagnostics)
    });
    let (span, _) = contracts?;
    if entries.is_empty() {
        let message = "`contracts` should hold at least one contract of type `access`, found none";
        let draft = DiagnosticDraft::invalid(message);
        diagnostics.add_at(draft.help("add `- type: access`"), span);
    }
    let list = places.at("contracts")?;
    let mut contracts = Vec::new();
    let mut contract_places = Vec::new();
    let readable = entries.iter().enumerate();
    let readable = readable.filter_map(|(index, entry)| Some((index, entry.written()?)));
    for ((index, (span, contract)), name) in readable.zip(names) {
        contracts.push(contract::access_contract(name, contract, span, diagnostics));
        let places = list.entry(&index.to_string())?;
        contract_places.push(ContractPlaces::new(places.clone()));
    }
    Some(Config {
        contracts: contracts.into_iter().collect::<Option<_>>()?,
        rehearsal: match rehearsal {
            Some(rehearsal) => Some(rehearsal?),
            None => None,
        },
        warnings,
        places: contract_places,
        contracts_place: list.place().clone(),
    })
}

/// Reports invalid names of contracts, and names that another contract already has.
fn check_names(entries: &[Entry<RawContract>], diagnostics: &Diagnostics<'_>) {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for (span, name) in written_names(entries) {
        check_name(name, span, diagnostics);
        let line = diagnostics.lines().number(span.value.start);
        if let Some(first) = lines.get(name.as_str()) {
            let message = format!("another contract is also called {}", quote(name));
            let draft = DiagnosticDraft::new(ErrorCode::Conflict, message).help(format!(
                "the first one is on line {first}; give each contract a unique name"
            ));
            diagnostics.add_at(draft, span);
        } else {
            lines.insert(name, line);
        }
    }
}

fn check_name(name: &str, span: &SourceSpan, diagnostics: &Diagnostics<'_>) {
    let is_valid = !name.trim().is_empty()
        && name.chars().count() <= MAX_NAME_LENGTH
        && !name.chars().any(char::is_control)
        && secrets::secrets_in(name).is_empty();
    if !is_valid {
        let message = format!(
            "`name` should be one line of at most {MAX_NAME_LENGTH} characters, found {}",
            quote(name)
        );
        diagnostics.add_at(DiagnosticDraft::invalid(message), span);
    }
}

/// Returns the names of the contracts that could be read. A contract without a name gets the first of `access`,
/// `access-2`, … that no other contract has.
fn names(entries: &[Entry<RawContract>]) -> Vec<String> {
    let taken: BTreeSet<&str> = written_names(entries)
        .map(|(_, name)| name.as_str())
        .collect();
    let mut free = iter::once("access".to_owned())
        .chain((2_u64..).map(|number| format!("access-{number}")))
        .filter(|name| !taken.contains(name.as_str()));
    readable_contracts(entries)
        .filter_map(|contract| contract.name.value().cloned().or_else(|| free.next()))
        .collect()
}

fn written_names(entries: &[Entry<RawContract>]) -> impl Iterator<Item = (&SourceSpan, &String)> {
    readable_contracts(entries).filter_map(|contract| contract.name.written())
}

fn readable_contracts(entries: &[Entry<RawContract>]) -> impl Iterator<Item = &RawContract> {
    entries.iter().filter_map(Entry::value)
}
