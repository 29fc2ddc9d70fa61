//! A list in one line.

/// Number of texts that a line names.
const MAX_NAMED: usize = 3;

/// Names the first of these texts, and counts the others.
pub(super) fn some_of(texts: &[impl AsRef<str>]) -> String {
    let named: Vec<_> = texts.iter().take(MAX_NAMED).map(AsRef::as_ref).collect();
    let named = named.join(", ");
    match texts.len().saturating_sub(MAX_NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
