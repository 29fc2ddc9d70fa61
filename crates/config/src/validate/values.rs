//! Values of several keys: durations, names of environment variables, text that must not be blank.

use std::{num::NonZeroU32, ops::Range, time::Duration};

use super::super::{
    diagnostics::{DiagnosticDraft, Diagnostics, quote},
    entry::{Entry, SourceSpan},
    scalars::{DurationText, PositiveInteger},
    secrets,
};
use problem::ErrorCode;

const EXAMPLES: &str = "write a number and a unit, such as `14d`, `5m` or `10s`";

/// Reads a duration; zero needs no unit.
pub(super) fn duration(
    key: &str,
    entry: &Entry<DurationText>,
    diagnostics: &Diagnostics<'_>,
) -> Option<Duration> {
    let (span, DurationText(text)) = entry.written()?;
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let parsed = humantime::parse_duration(text).ok();
    if parsed.is_none() {
        let message = format!("`{key}` should be a duration, found {}", quote(text));
        let help = if text.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("a number without a unit is ambiguous: {EXAMPLES}")
        } else {
            EXAMPLES.to_owned()
        };
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
    }
    parsed
}

/// Reads a duration in whole seconds.
pub(super) fn seconds(
    key: &str,
    entry: &Entry<DurationText>,
    diagnostics: &Diagnostics<'_>,
) -> Option<u64> {
    let duration = duration(key, entry, diagnostics)?;
    let fits = duration.subsec_nanos() == 0 && i64::try_from(duration.as_secs()).is_ok();
    if fits {
        return Some(duration.as_secs());
    }
    if let Some((span, DurationText(text))) = entry.written() {
        let message = format!("`{key}` should be in whole seconds, found {}", quote(text));
        diagnostics.add_at(DiagnosticDraft::invalid(message), span);
    }
    None
}

/// Reads a whole number, at least 1.
pub(super) fn number(
    key: &str,
    entry: &Entry<PositiveInteger>,
    diagnostics: &Diagnostics<'_>,
) -> Option<NonZeroU32> {
    let (span, PositiveInteger(text)) = entry.written()?;
    let parsed = text.parse().ok();
    if parsed.is_none() {
        let message = format!(
            "`{key}` should be a whole number from 1 to {}, found {}",
            u32::MAX,
            quote(text)
        );
        let help = format!("leave `{key}` out to set no limit");
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
    }
    parsed
}

/// Reads the name of an environment variable. Any other text may be the secret itself and is never shown.
pub(super) fn variable<'e>(
    key: &str,
    entry: &'e Entry<String>,
    default: &'e str,
    diagnostics: &Diagnostics<'_>,
) -> Option<&'e str> {
    let Some((span, name)) = entry.written() else {
        return entry.is_absent().then_some(default);
    };
    if secrets::is_variable_name(name) {
        return Some(name);
    }
    let message = format!(
        "`{key}` should be the name of an environment variable, found something else (not shown: it may be a secret)"
    );
    let help = format!(
        "write `{key}: {default}` and put the value into that variable; if this was a secret, replace it at its \
         provider"
    );
    let draft = DiagnosticDraft::new(ErrorCode::SecretValue, message).help(help);
    diagnostics.add_hiding(draft, diagnostics.focus(span), span.value.clone());
    None
}

/// Reads a text, and reports a blank one.
pub(super) fn filled<'e>(
    key: &str,
    entry: &'e Entry<String>,
    diagnostics: &Diagnostics<'_>,
) -> Option<&'e str> {
    let (span, text) = entry.written()?;
    not_blank(&quote(key), text, span, diagnostics).then_some(text)
}

/// Returns the place of the text in the value, or of the value if it spells the text differently.
pub(super) fn place_within(
    text: &str,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Range<usize> {
    let value = diagnostics.lines().text().get(span.value.clone());
    match value.and_then(|value| value.find(text)) {
        Some(at) if !text.contains('\n') => {
            let start = span.value.start + at;
            start..start + text.len()
        }
        Some(_) | None => diagnostics.focus(span),
    }
}

/// Reads the texts of a list in their order, without duplicates; `text` returns the text of an entry.
pub(super) fn unique_texts<T>(
    key: &str,
    list: &Entry<Vec<Entry<T>>>,
    text: impl Fn(&T) -> &str,
    diagnostics: &Diagnostics<'_>,
) -> Vec<String> {
    let entries = list.value().map(Vec::as_slice).unwrap_or_default();
    let mut texts: Vec<String> = Vec::new();
    for (span, entry) in entries.iter().filter_map(Entry::written) {
        let text = text(entry);
        if !not_blank(&format!("an entry of `{key}`"), text, span, diagnostics) {
            continue;
        }
        let text = text.trim();
        if texts.iter().any(|known| known == text) {
            let message = format!("{} is in `{key}` twice", quote(text));
            let draft =
                DiagnosticDraft::new(ErrorCode::Conflict, message).help("keep one of the two");
            diagnostics.add_at(draft, span);
            continue;
        }
        texts.push(text.to_owned());
    }
    texts
}

/// Returns true if the text is not blank, and reports it otherwise.
pub(super) fn not_blank(
    what: &str,
    text: &str,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> bool {
    let blank = text.trim().is_empty();
    if blank {
        let draft = DiagnosticDraft::invalid(format!("{what} should not be empty"))
            .help("give it a value or remove it");
        diagnostics.add_at(draft, span);
    }
    !blank
}
