//! `statuses:` and `status.words`: the statuses that give access, and the application's words for them.

use std::collections::BTreeMap;

use super::{
    super::{
        column::RawColumn,
        diagnostics::{DiagnosticDraft, Diagnostics, quote},
        document::RawStatuses,
        entry::{Entry, SourceSpan},
        suggestion,
    },
    values::not_blank,
};
use contract::{Status, Statuses};
use problem::ErrorCode;

/// Reads the two lists.
pub(super) fn lists(
    written: &RawStatuses,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Statuses {
    let grant = statuses("grant", &written.grant, diagnostics);
    let deny = statuses("deny", &written.deny, diagnostics);
    both(grant, deny, span, diagnostics)
}

/// Reads the application's words for each status.
pub(super) fn words(
    column: &Entry<RawColumn>,
    statuses: &Statuses,
    diagnostics: &Diagnostics<'_>,
) -> BTreeMap<Status, Vec<String>> {
    let form = column.value().and_then(RawColumn::form);
    let Some((span, pairs)) = form.and_then(|form| form.words.written()) else {
        return BTreeMap::new();
    };
    if pairs.0.is_empty() {
        let draft = DiagnosticDraft::invalid("`words` should name at least one status, found none");
        diagnostics.add_at(draft.help("such as `words: {active: [ACTIVE]}`"), span);
    }
    let mut words = BTreeMap::new();
    for (key, entry) in &pairs.0 {
        let status = Status::parse(key);
        if let Some(span) = entry.span() {
            check_status(key, &status, statuses, &span.key_span(), diagnostics);
        }
        let Some((span, written)) = entry.written() else {
            continue;
        };
        let spelled = spellings(key, &written.written(span), span, diagnostics);
        if words.insert(status, spelled).is_some() {
            let message = format!("{} names a status that is already listed", quote(key));
            let draft = DiagnosticDraft::new(ErrorCode::Conflict, message)
                .help("put all its words in one list");
            diagnostics.add_at(draft, &span.key_span());
        }
    }
    words
}

/// Reports a status that neither a provider documents nor `statuses` names.
fn check_status(
    key: &str,
    status: &Status,
    statuses: &Statuses,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) {
    let is_known = Status::KNOWN.contains(status)
        || statuses.grant.contains(status)
        || statuses.deny.contains(status);
    if is_known {
        return;
    }
    let known: Vec<_> = Status::KNOWN.iter().map(Status::as_str).collect();
    let draft = DiagnosticDraft::invalid(format!("unknown status {}", quote(key)));
    let help = suggestion::help(key, &known, "the statuses are");
    diagnostics.add_at(draft.help(help), span);
}

/// Reads the words for one status.
fn spellings(
    key: &str,
    words: &[(&SourceSpan, &str)],
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Vec<String> {
    if words.is_empty() {
        let draft =
            DiagnosticDraft::invalid(format!("{} should have a word, found none", quote(key)));
        diagnostics.add_at(
            draft.help("write the word that the application stores"),
            span,
        );
    }
    let mut spelled: Vec<String> = Vec::new();
    for (span, word) in words {
        if !not_blank("a word of a status", word, span, diagnostics) {
            continue;
        }
        if spelled.iter().any(|known| known == word) {
            let message = format!("the word {} is listed twice", quote(word));
            let draft =
                DiagnosticDraft::new(ErrorCode::Conflict, message).help("keep one of the two");
            diagnostics.add_at(draft, span);
            continue;
        }
        spelled.push((*word).to_owned());
    }
    spelled
}

type StatusWords<'e> = Vec<(&'e SourceSpan, Status)>;

fn statuses<'e>(
    key: &str,
    list: &'e Entry<Vec<Entry<String>>>,
    diagnostics: &Diagnostics<'_>,
) -> Option<StatusWords<'e>> {
    let entries = list.value()?.iter().filter_map(Entry::written);
    let mut words: StatusWords<'e> = Vec::new();
    for (span, word) in entries {
        let status = Status::parse(word);
        if !not_blank(&format!("an entry of `{key}`"), word, span, diagnostics) {
            continue;
        }
        let known = Status::KNOWN;
        let near = suggestion::nearest(word, known.iter().map(Status::as_str));
        if let (Status::Other(_), Some(near)) = (&status, near) {
            let draft = DiagnosticDraft::invalid(format!("unknown status {}", quote(word)))
                .help(format!("did you mean `{near}`?"));
            diagnostics.add_at(draft, span);
        }
        if !words.iter().any(|(_, seen)| *seen == status) {
            words.push((span, status));
        }
    }
    Some(words)
}

/// Checks that the two lists share no status and that one status grants access.
fn both(
    grant: Option<StatusWords<'_>>,
    deny: Option<StatusWords<'_>>,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Statuses {
    let granted = |status: &Status| grant.iter().flatten().any(|(_, word)| word == status);
    for (span, status) in deny.iter().flatten() {
        if granted(status) {
            let message = format!(
                "status {} is in both `grant` and `deny`",
                quote(status.as_str())
            );
            let draft = DiagnosticDraft::new(ErrorCode::Conflict, message)
                .help("keep it in one of the two");
            diagnostics.add_at(draft, span);
        }
    }
    let words = |list: Option<StatusWords<'_>>| -> Option<Vec<Status>> {
        list.map(|list| list.into_iter().map(|(_, status)| status).collect())
    };
    let statuses = Statuses::new(words(grant), words(deny));
    if statuses.grant.is_empty() {
        let draft =
            DiagnosticDraft::invalid("`statuses` should grant at least one status, found none")
                .help("otherwise nobody could have paid access; write `grant: [active, trialing]`");
        diagnostics.add_at(draft, span);
    }
    statuses
}
