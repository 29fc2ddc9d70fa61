//! The line about the origin of a report: version, contracts, configuration and time.

use crate::{Outcome, count::counted, count::length, neutral::markdown::code};

/// Maximum number of contracts that the line names.
const MAX_NAMED_CONTRACTS: usize = 3;

/// Returns the line, if the origin is known.
pub fn origin(outcome: &Outcome) -> Option<String> {
    let provenance = outcome.provenance.as_ref()?;
    let names: Vec<_> = outcome
        .contracts
        .iter()
        .take(MAX_NAMED_CONTRACTS)
        .map(|contract| code(&contract.name))
        .collect();
    let contracts = match outcome.contracts.len() {
        0 => String::new(),
        1 => format!("contract {} of ", names.concat()),
        all if all <= MAX_NAMED_CONTRACTS => format!("contracts {} of ", names.join(", ")),
        all => format!("{} of ", counted(length(all), "contract")),
    };
    Some(format!(
        "ProdVerdict {}, {contracts}{}, checked at {}.",
        code(&provenance.version),
        code(&provenance.config),
        code(&provenance.checked_at.to_string())
    ))
}
