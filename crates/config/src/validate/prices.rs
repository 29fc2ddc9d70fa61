//! Price ids, and lists of them in which a trailing `*` matches any ending.

use super::super::{
    diagnostics::{DiagnosticDraft, Diagnostics, quote},
    document::RawContract,
    entry::{Entry, SourceSpan},
};
use contract::{Contract, PlanKey, PlanKeyKind, PriceId, PricePattern};
use problem::ErrorCode;

/// Reads `ignore_prices`, which must not contain prices that `plans` maps.
pub(super) fn ignored(
    contract: &Contract,
    written: &RawContract,
    diagnostics: &Diagnostics<'_>,
) -> Vec<PricePattern> {
    let patterns = patterns("ignore_prices", &written.ignore_prices, diagnostics);
    for (span, pattern) in &patterns {
        let mut keys = contract.plans.iter().map(|(key, _)| key);
        if let Some(key) = keys.find(|key| covers_key(pattern, key)) {
            let message = format!(
                "{} is mapped in `plans` but ignored here",
                quote(&key.to_string())
            );
            let draft = DiagnosticDraft::new(ErrorCode::Conflict, message)
                .help("map it or ignore it: a subscription to ignored prices is never judged");
            diagnostics.add_at(draft, span);
        }
    }
    without_places(patterns)
}

/// Reads a list of prices of seats, which must not contain ignored prices.
pub(super) fn seat_prices(
    key: &'static str,
    entry: &Entry<Vec<Entry<String>>>,
    ignored: &[PricePattern],
    diagnostics: &Diagnostics<'_>,
) -> Option<Vec<PricePattern>> {
    let (span, list) = entry.written()?;
    if list.is_empty() {
        let message = format!("`{key}` should list at least one price, found none");
        let help = format!("leave `{key}` out to include every price");
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
    }
    let patterns = patterns(key, entry, diagnostics);
    for (span, pattern) in &patterns {
        if ignored.iter().any(|ignored| covers(ignored, pattern)) {
            let message = format!("{} is also in `ignore_prices`", quote(&pattern.to_string()));
            let draft = DiagnosticDraft::new(ErrorCode::Conflict, message)
                .help("count it or ignore it: a subscription to ignored prices is never judged");
            diagnostics.add_at(draft, span);
        }
    }
    Some(without_places(patterns))
}

fn without_places(patterns: Vec<(&SourceSpan, PricePattern)>) -> Vec<PricePattern> {
    patterns.into_iter().map(|(_, pattern)| pattern).collect()
}

fn patterns<'e>(
    key: &str,
    entry: &'e Entry<Vec<Entry<String>>>,
    diagnostics: &Diagnostics<'_>,
) -> Vec<(&'e SourceSpan, PricePattern)> {
    let entries = entry.value().map(Vec::as_slice).unwrap_or_default();
    let mut patterns: Vec<(&SourceSpan, PricePattern)> = Vec::new();
    for (span, text) in entries.iter().filter_map(Entry::written) {
        if !check_id(text, span, diagnostics) {
            continue;
        }
        let prefix = text.strip_suffix('*').unwrap_or(text);
        if prefix.is_empty() || prefix.contains('*') {
            let message = format!(
                "an entry of `{key}` should be a price id, or a prefix with one `*` at its end, found {}",
                quote(text)
            );
            let draft = DiagnosticDraft::invalid(message).help("such as `price_addon_*`");
            diagnostics.add_at(draft, span);
            continue;
        }
        patterns.push((span, PricePattern::parse(text)));
    }
    patterns
}

/// Returns true if the text can be the id of a price, and reports it otherwise.
pub(super) fn check_id(price: &str, span: &SourceSpan, diagnostics: &Diagnostics<'_>) -> bool {
    if !price.trim().is_empty() && price.trim() == price {
        return true;
    }
    let message = format!(
        "a price id should not be empty, nor begin or end with a space, found {}",
        quote(price)
    );
    diagnostics.add_at(DiagnosticDraft::invalid(message), span);
    false
}

/// Returns true if the pattern matches every price that the key matches.
fn covers_key(pattern: &PricePattern, key: &PlanKey) -> bool {
    let key_pattern = if key.is_prefix {
        PricePattern::Prefix(key.text.clone())
    } else {
        PricePattern::Exact(key.text.clone())
    };
    key.kind == PlanKeyKind::Price && covers(pattern, &key_pattern)
}

/// Returns true if the pattern matches every price that `other` matches.
fn covers(pattern: &PricePattern, other: &PricePattern) -> bool {
    match (pattern, other) {
        (pattern, PricePattern::Exact(id)) => pattern.matches(&PriceId::from(id.as_str())),
        (PricePattern::Prefix(prefix), PricePattern::Prefix(other)) => {
            other.starts_with(prefix.as_str())
        }
        (PricePattern::Exact(_), PricePattern::Prefix(_)) => false,
    }
}
