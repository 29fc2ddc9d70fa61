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
    let (names, sources): (Vec<_>, Vec<_>) = contracts
        .map(|(contract, name)| (name, source(contract)))
        .unzip();
    let chosen = chosen(entry, (&names, &sources), owner, diagnostics)?;
    Some((chosen, *sources.get(chosen)?))
}

/// Returns the position of the contract, given the names and sources of all.
fn chosen(
    entry: &Entry<String>,
    (names, sources): (&[&str], &[Source]),
    owner: Parent<'_>,
    diagnostics: &Diagnostics<'_>,
) -> Option<usize> {
    let Some((span, wanted)) = entry.written() else {
        return match names {
            _ if !entry.is_absent() => None,
            // Reported elsewhere.
            [] => None,
            [_] => Some(0),
            [..] => only_about_subscriptions(sources).or_else(|| {
                let message =
                    "missing key `contract` in `rehearsal`: several contracts could judge it";
                let draft = DiagnosticDraft::new(ErrorCode::MissingKey, message)
                    .help(format!("name one of {}", suggestion::listed(names)));
                diagnostics.add_at(draft, owner.span);
                None
            }),
        };
    };
    let found = names.iter().position(|name| name == wanted);
    if found.is_none() && !names.is_empty() {
        let message = format!("no contract is called {}", quote(wanted));
        let help = suggestion::help(wanted, names, "contracts");
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
    }
    found
}

/// Returns the position of the only contract that is not about entitlements.
fn only_about_subscriptions(sources: &[Source]) -> Option<usize> {
    let about_subscriptions = |source: &Source| *source != Source::StripeEntitlements;
    let first = sources.iter().position(about_subscriptions)?;
    let last = sources.iter().rposition(about_subscriptions)?;
    (first == last).then_some(first)
}

fn source(contract: &RawContract) -> Source {
    match contract.source_of_truth.value() {
        None | Some(SourceOfTruth::Stripe) => Source::Stripe,
        Some(SourceOfTruth::Paddle) => Source::Paddle,
        Some(SourceOfTruth::StripeEntitlements) => Source::StripeEntitlements,
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
