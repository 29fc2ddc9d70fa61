//! Validates the document: checks everything that serde cannot see, and reports every problem.

mod columns;
mod contract;
mod database;
mod plans;
mod policy;
mod prices;
mod rehearsal;
mod seats;
mod statuses;
mod table_name;
mod values;

use std::collections::BTreeMap;

pub(super) use columns::fields_of;

use super::{
    Config,
    collector::{Collector, DiagnosticDraft, Parent, quote},
    diagnostic::Code,
    document::{RawConfig, RawContract},
    entry::{Entry, SourceSpan},
    places::ContractPlaces,
    secrets,
};
use crate::problem::Problem;

/// Maximum length of a name. A longer one would break the layout of every report.
const LONGEST_NAME: usize = 100;

/// Returns the configuration, if everything that it needs is there. It is valid only if no problem was reported.
pub(super) fn config(
    document: &Entry<RawConfig>,
    warnings: Vec<Problem>,
    collector: &Collector<'_>,
) -> Option<Config> {
    let (spot, document) = document.written()?;
    let owner = Parent {
        name: "the file",
        spot,
    };
    if let Some((spot, version)) = collector.require(&document.version, "version", owner)
        && version.0 != "1"
    {
        let fault = DiagnosticDraft::invalid(format!(
            "`version` should be 1, found {}",
            quote(&version.0)
        ))
        .help("this program reads version 1 of the format");
        collector.add_at(fault, spot);
    }
    let contracts = collector.require(&document.contracts, "contracts", owner);
    let written = contracts
        .map(|(_, list)| list.as_slice())
        .unwrap_or_default();
    let names = names(written, collector);
    let rehearsal = document.rehearsal.written().map(|rehearsal| {
        let named = self::written(written).zip(names.iter().map(String::as_str));
        rehearsal::settings(rehearsal, named, collector)
    });
    let (spot, _) = contracts?;
    if written.is_empty() {
        let message = "`contracts` should hold at least one contract of type `access`, found none";
        let fault = DiagnosticDraft::invalid(message);
        collector.add_at(fault.help("add `- type: access`"), spot);
    }
    let mut contracts = Vec::new();
    let mut places = Vec::new();
    for ((spot, written), name) in written.iter().filter_map(Entry::written).zip(names) {
        contracts.push(contract::access_contract(name, written, spot, collector));
        places.push(ContractPlaces::new(written, spot, collector));
    }
    Some(Config {
        contracts: contracts.into_iter().collect::<Option<_>>()?,
        rehearsal: match rehearsal {
            Some(rehearsal) => Some(rehearsal?),
            None => None,
        },
        warnings,
        places,
        list: collector.entry_place(spot),
    })
}

/// Returns the names of the contracts that could be read, as written or made from their position.
fn names(contracts: &[Entry<RawContract>], collector: &Collector<'_>) -> Vec<String> {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for (spot, name) in written(contracts).filter_map(|contract| contract.name.written()) {
        check_name(name, spot, collector);
        let line = collector.lines().number(spot.value.start);
        if let Some(first) = lines.get(name.as_str()) {
            let message = format!("another contract is also called {}", quote(name));
            let fault = DiagnosticDraft::new(Code::Conflict, message).help(format!(
                "the first one is on line {first}; give each contract a unique name"
            ));
            collector.add_at(fault, spot);
        } else {
            lines.insert(name, line);
        }
    }
    let mut made = 0;
    written(contracts)
        .map(|contract| match contract.name.value() {
            Some(name) => name.clone(),
            None => loop {
                made += 1;
                let name = match made {
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

fn check_name(name: &str, spot: &SourceSpan, collector: &Collector<'_>) {
    let fits = !name.trim().is_empty()
        && name.chars().count() <= LONGEST_NAME
        && !name.chars().any(char::is_control)
        && secrets::secrets_in(name).is_empty();
    if !fits {
        let message = format!(
            "`name` should be one line of at most {LONGEST_NAME} characters, found {}",
            quote(name)
        );
        collector.add_at(DiagnosticDraft::invalid(message), spot);
    }
}
