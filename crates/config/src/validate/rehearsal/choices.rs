//! Choices of a rehearsal: the contract that judges, scenarios, event types.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::{
    diagnostics::{DiagnosticDraft, Diagnostics, Parent, quote},
    document::{RawContract, SourceOfTruth},
    entry::Entry,
    rehearsal::Scenarios,
    suggestion,
};
use contract::Source;
use problem::{ErrorCode, Place};

/// Returns the position of the contract that judges; `None` if it is not clear.
pub(super) fn contract<'e>(
    entry: &Entry<String>,
    contracts: impl Iterator<Item = (&'e RawContract, &'e str)>,
    owner: Parent<'_>,
    diagnostics: &Diagnostics<'_>,
) -> Option<(usize, Source)> {
    let (contracts, sources): (Vec<_>, Vec<_>) = contracts
        .map(|(contract, name)| ((name, reason_against(contract)), source(contract)))
        .unzip();
    let chosen = chosen(entry, &contracts, owner, diagnostics)?;
    Some((chosen, *sources.get(chosen)?))
}

/// Returns the position of the contract, given the names of all and the reasons against them.
fn chosen(
    entry: &Entry<String>,
    contracts: &[(&str, Option<&'static str>)],
    owner: Parent<'_>,
    diagnostics: &Diagnostics<'_>,
) -> Option<usize> {
    let fits: Vec<_> = contracts
        .iter()
        .enumerate()
        .filter(|(_, (_, reason))| reason.is_none())
        .map(|(index, (name, _))| (index, *name))
        .collect();
    let names: Vec<_> = fits.iter().map(|(_, name)| *name).collect();
    if contracts.is_empty() {
        // Reported elsewhere.
        return None;
    }
    let Some((span, wanted)) = entry.written() else {
        return match (fits.as_slice(), contracts) {
            _ if !entry.is_absent() => None,
            ([(index, _)], _) => Some(*index),
            ([], _) => {
                let message =
                    "no contract can be rehearsed: none has `source_of_truth: stripe` or `paddle`";
                let help = "leave `rehearsal` out";
                diagnostics.add_at(
                    DiagnosticDraft::new(ErrorCode::Conflict, message).help(help),
                    owner.span,
                );
                None
            }
            _ => {
                let message =
                    "missing key `contract` in `rehearsal`: several contracts could judge it";
                let draft = DiagnosticDraft::new(ErrorCode::MissingKey, message)
                    .help(format!("name one of {}", suggestion::listed(&names)));
                diagnostics.add_at(draft, owner.span);
                None
            }
        };
    };
    let found = contracts.iter().position(|(name, _)| name == wanted);
    let reason = found
        .and_then(|index| contracts.get(index))
        .and_then(|(_, reason)| *reason);
    match (found, reason) {
        (Some(index), None) => return Some(index),
        (Some(_), Some(reason)) => {
            let message = format!("contract {} cannot be rehearsed: {reason}", quote(wanted));
            let draft =
                DiagnosticDraft::new(ErrorCode::Conflict, message).help(if names.is_empty() {
                    "leave `rehearsal` out".to_owned()
                } else {
                    format!("these can: {}", suggestion::listed(&names))
                });
            diagnostics.add_at(draft, span);
        }
        (None, _) => {
            let message = format!("no contract is called {}", quote(wanted));
            let help = suggestion::help(wanted, &names, "contracts that can be rehearsed");
            diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
        }
    }
    None
}

fn source(contract: &RawContract) -> Source {
    match contract.source_of_truth.value() {
        None | Some(SourceOfTruth::Stripe) => Source::Stripe,
        Some(SourceOfTruth::Paddle) => Source::Paddle,
        Some(SourceOfTruth::StripeEntitlements) => Source::StripeEntitlements,
    }
}

/// Returns the reason why a contract cannot be rehearsed, if any.
fn reason_against(contract: &RawContract) -> Option<&'static str> {
    match contract.source_of_truth.value() {
        None | Some(SourceOfTruth::Stripe | SourceOfTruth::Paddle) => None,
        Some(SourceOfTruth::StripeEntitlements) => Some(
            "its source of truth is entitlements, but the scenarios of a rehearsal cover subscriptions",
        ),
    }
}

#[derive(Debug, Default)]
pub(super) struct ScenarioChoices {
    pub(super) skip: BTreeMap<String, Place>,
    pub(super) only: Option<BTreeMap<String, Place>>,
}

/// Reads the selection of scenarios. Unknown ids are reported later, because the scenarios are not loaded here.
pub(super) fn scenarios(
    entry: &Entry<Scenarios>,
    diagnostics: &Diagnostics<'_>,
) -> ScenarioChoices {
    let Some(written) = entry.value() else {
        return ScenarioChoices::default();
    };
    let skip = scenario_ids("skip", &written.skip, diagnostics).unwrap_or_default();
    let only = scenario_ids("only", &written.only, diagnostics);
    if let (Some(only), Some((span, _))) = (&only, written.only.written()) {
        if only.is_empty() {
            let draft =
                DiagnosticDraft::invalid("`only` should name at least one scenario, found none");
            diagnostics.add_at(draft.help("leave `only` out to play all"), span);
        }
        if let Some(both) = only.keys().find(|id| skip.contains_key(*id)) {
            let message = format!("scenario {} is in `skip` and in `only`", quote(both));
            diagnostics.add_at(
                DiagnosticDraft::new(ErrorCode::Conflict, message).help("keep one of the two"),
                span,
            );
        }
    }
    ScenarioChoices { skip, only }
}

fn scenario_ids(
    key: &str,
    entry: &Entry<Vec<Entry<String>>>,
    diagnostics: &Diagnostics<'_>,
) -> Option<BTreeMap<String, Place>> {
    let mut found = BTreeMap::new();
    for (span, id) in entry.value()?.iter().filter_map(Entry::written) {
        let is_id = !id.is_empty()
            && id
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if is_id {
            found.insert(id.clone(), diagnostics.entry_place(span));
        } else {
            let message = format!(
                "an entry of `{key}` should be the id of a scenario, found {}",
                quote(id)
            );
            let help =
                "write one such as `first-purchase`; `prodverdict rehearse --list` shows them";
            diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
        }
    }
    Some(found)
}

pub(super) fn events(
    entry: &Entry<Vec<Entry<String>>>,
    diagnostics: &Diagnostics<'_>,
) -> Option<BTreeSet<String>> {
    let (span, written) = entry.written()?;
    if written.is_empty() {
        let draft =
            DiagnosticDraft::invalid("`events` should name at least one event type, found none");
        diagnostics.add_at(draft.help("leave `events` out for all"), span);
    }
    let mut types = BTreeSet::new();
    for (span, text) in written.iter().filter_map(Entry::written) {
        let is_type = text.contains('.')
            && text.split('.').all(|part| {
                !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            });
        if is_type {
            types.insert(text.clone());
        } else {
            let message = format!(
                "an entry of `events` should be an event type, found {}",
                quote(text)
            );
            let help =
                "write one such as `customer.subscription.updated`, or leave `events` out for all";
            diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
        }
    }
    Some(types)
}
