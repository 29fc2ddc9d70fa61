//! Texts of a rehearsal: templates, paths in the repository, paths in JSON.

use std::collections::BTreeMap;

use globset::GlobBuilder;

use super::super::{
    super::{
        diagnostics::{DiagnosticDraft, Diagnostics, quote},
        entry::{Entry, Pairs, SourceSpan},
        placeholder::{Placeholder, Template},
        scalars::Literal,
        secrets, suggestion,
    },
    values::{not_blank, place_within},
};
use problem::ErrorCode;

/// Stripe's maximum length of a metadata key.
const MAX_KEY_LENGTH: usize = 40;

/// Reads a text with placeholders.
pub(super) fn template(
    key: &str,
    text: &str,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Option<Template> {
    if !not_blank(&quote(key), text, span, diagnostics) {
        return None;
    }
    if !check_no_secret(key, text, span, diagnostics) {
        return None;
    }
    match Template::parse(text) {
        Ok(template) => Some(template),
        Err(written) => {
            unknown_placeholder(&written, key, span, diagnostics);
            None
        }
    }
}

/// Returns true if the text contains no password or key, and reports it otherwise.
pub(super) fn check_no_secret(
    key: &str,
    text: &str,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> bool {
    if !secrets::contains_secret(text) {
        return true;
    }
    let message = format!("`{key}` should not contain a password or key (not shown)");
    let help = "remove it, and replace it wherever it is in use";
    let draft = DiagnosticDraft::new(ErrorCode::SecretValue, message).help(help);
    diagnostics.add_hiding(draft, diagnostics.focus(span), span.value.clone());
    false
}

/// Reports an unknown placeholder at its place.
pub(super) fn unknown_placeholder(
    written: &str,
    key: &str,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) {
    let known = Placeholder::ALL.map(Placeholder::as_str);
    let draft = DiagnosticDraft::new(
        ErrorCode::Placeholder,
        format!("unknown placeholder {} in `{key}`", quote(written)),
    )
    .help(suggestion::help(written, &known, "known placeholders"));
    diagnostics.add(draft, place_within(written, span, diagnostics));
}

/// Reads metadata as the application would set it; `None` if any of it is invalid.
pub(super) fn metadata(
    entry: &Entry<Pairs<Literal>>,
    diagnostics: &Diagnostics<'_>,
) -> Option<BTreeMap<String, Template>> {
    let Some(Pairs(pairs)) = entry.value() else {
        return entry.is_absent().then(BTreeMap::new);
    };
    // Checks every pair, so that all problems are reported at once.
    let read: Vec<_> = pairs
        .iter()
        .map(|(key, entry)| {
            let (span, Literal(text)) = entry.written()?;
            check_metadata_key(key, span, diagnostics);
            Some((key.clone(), template(key, text, span, diagnostics)?))
        })
        .collect();
    read.into_iter().collect()
}

/// Reports a key that Stripe would refuse.
fn check_metadata_key(key: &str, span: &SourceSpan, diagnostics: &Diagnostics<'_>) {
    let fits = !key.trim().is_empty()
        && key.chars().count() <= MAX_KEY_LENGTH
        && !key.contains(['[', ']']);
    if !fits {
        let message = format!(
            "a metadata key should have 1 to {MAX_KEY_LENGTH} characters, none of them `[` or `]`, found {}",
            quote(key)
        );
        diagnostics.add_at(DiagnosticDraft::invalid(message), span);
    }
}

/// Reads a path in the repository.
pub(super) fn path(
    key: &str,
    entry: &Entry<String>,
    diagnostics: &Diagnostics<'_>,
) -> Option<String> {
    let (span, text) = entry.written()?;
    let leads_out =
        text.starts_with('/') || text.contains('\\') || text.split('/').any(|part| part == "..");
    if !not_blank(&quote(key), text, span, diagnostics) {
        return None;
    }
    if leads_out {
        let message = format!(
            "`{key}` should be a path inside the repository, found {}",
            quote(text)
        );
        let help = "write it from the repository's root, with `/` between its parts";
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
        return None;
    }
    Some(text.trim_start_matches("./").to_owned())
}

pub(super) fn paths(
    key: &str,
    entry: &Entry<Vec<Entry<String>>>,
    diagnostics: &Diagnostics<'_>,
) -> Vec<String> {
    let entries = entry.value().map(Vec::as_slice).unwrap_or_default();
    let mut paths = Vec::new();
    for entry in entries {
        let Some(text) = path(key, entry, diagnostics) else {
            continue;
        };
        match (GlobBuilder::new(&text).build(), entry.span()) {
            (Err(error), Some(span)) => {
                let message = format!(
                    "an entry of `{key}` should be a path or a pattern of paths, found {}: {}",
                    quote(&text),
                    error.kind()
                );
                let help = "write one such as `app/webhook.ts` or `app/**/*.ts`";
                diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
            }
            _ => paths.push(text),
        }
    }
    paths
}

/// Converts a JSON path such as `$.a['b'][0]` to the JSON pointer `/a/b/0`.
pub(super) fn json_pointer(path: &str) -> Option<String> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut pointer = String::new();
    while !rest.is_empty() {
        let (step, remaining) = if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, remaining) = after.split_at_checked(end)?;
            let is_name = name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'));
            (Some(name).filter(|_| is_name)?, remaining)
        } else {
            let (inside, remaining) = rest.strip_prefix('[')?.split_once(']')?;
            let quoted = ['\'', '"']
                .iter()
                .find_map(|quote| inside.strip_prefix(*quote)?.strip_suffix(*quote));
            let index = Some(inside).filter(|inside| inside.bytes().all(|b| b.is_ascii_digit()));
            (quoted.or(index)?, remaining)
        };
        if step.is_empty() {
            return None;
        }
        pointer.push('/');
        pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        rest = remaining;
    }
    Some(pointer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_json_become_pointers() {
        for (path, pointer) in [
            ("$", ""),
            ("$.paid", "/paid"),
            ("$.user.plan_1[0].on", "/user/plan_1/0/on"),
            ("$['a/b']['~']", "/a~1b/~0"),
            ("$[\"x.y\"]", "/x.y"),
        ] {
            assert_eq!(json_pointer(path).as_deref(), Some(pointer), "{path}");
        }
        for other in [
            "", "paid", "$paid", "$.", "$..paid", "$.a[", "$.a[*]", "$[]", "$.a b", "$.*",
        ] {
            assert_eq!(json_pointer(other), None, "{other}");
        }
    }
}
