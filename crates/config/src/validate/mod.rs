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
mod statuses;
mod table_name;
mod values;

use std::collections::BTreeMap;

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
pub(super) fn config(
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
    let written = contracts
        .map(|(_, list)| list.as_slice())
        .unwrap_or_default();
    let names = names(written, diagnostics);
    let rehearsal = document.rehearsal.written().map(|rehearsal| {
        let named = self::written(written).zip(names.iter().map(String::as_str));
        let places = RehearsalPlaces::new(places.at("rehearsal")?.clone());
        rehearsal::settings(rehearsal, named, places, diagnostics)
    });
    let (span, _) = contracts?;
    if written.is_empty() {
        let message = "`contracts` should hold at least one contract of type `access`, found none";
        let draft = DiagnosticDraft::invalid(message);
        diagnostics.add_at(draft.help("add `- type: access`"), span);
    }
    let list = places.at("contracts")?;
    let mut contracts = Vec::new();
    let mut contract_places = Vec::new();
    let readable = written.iter().enumerate();
    let readable = readable.filter_map(|(index, entry)| Some((index, entry.written()?)));
    for ((index, (span, written)), name) in readable.zip(names) {
        contracts.push(contract::access_contract(name, written, span, diagnostics));
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

/// Returns the names of the contracts that could be read. A contract without a name gets one from its position.
fn names(contracts: &[Entry<RawContract>], diagnostics: &Diagnostics<'_>) -> Vec<String> {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for (span, name) in written(contracts).filter_map(|contract| contract.name.written()) {
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
    let mut number = 0;
    written(contracts)
        .map(|contract| match contract.name.value() {
            Some(name) => name.clone(),
            None => loop {
                number += 1;
                let name = match number {
                    1 => "access".to_owned(),
                    position => format!("access-{position}"),
                };
                if !lines.contains_key(name.as_str()) {
                    break name;
                }
            },
        })
        .collect()
}

fn written(contracts: &[Entry<RawContract>]) -> impl Iterator<Item = &RawContract> {
    contracts.iter().filter_map(Entry::value)
}

fn check_name(name: &str, span: &SourceSpan, diagnostics: &Diagnostics<'_>) {
    let fits = !name.trim().is_empty()
        && name.chars().count() <= MAX_NAME_LENGTH
        && !name.chars().any(char::is_control)
        && secrets::secrets_in(name).is_empty();
    if !fits {
        let message = format!(
            "`name` should be one line of at most {MAX_NAME_LENGTH} characters, found {}",
            quote(name)
        );
        diagnostics.add_at(DiagnosticDraft::invalid(message), span);
    }
}
