//! Reports the placeholders of presets that are still in the file.

use std::ops::Range;

use super::{
    diagnostics::{DiagnosticDraft, Diagnostics, quote},
    tree::{Node, NodeKind},
};
use problem::ErrorCode;

/// Prefix of the prices that `init` leaves to be filled in.
const PRICE: &str = "price_your_";

/// Placeholder of presets for the stored name of a plan.
const PLAN: &str = "your_plan";

/// Returns true for the placeholder of a price.
pub(super) fn is_price(text: &str) -> bool {
    text.starts_with(PRICE)
}

/// Reports every placeholder in the keys and values of the tree, at its own place.
pub(super) fn report(node: &Node, diagnostics: &Diagnostics<'_>) {
    match &node.kind {
        NodeKind::Scalar(_) => report_in(&node.span, diagnostics),
        NodeKind::List(items) => items.iter().for_each(|item| report(item, diagnostics)),
        NodeKind::Mapping(pairs) => {
            for (key, value) in pairs {
                report_in(&key.span, diagnostics);
                report(value, diagnostics);
            }
        }
        NodeKind::Refused => {}
    }
}

fn report_in(span: &Range<usize>, diagnostics: &Diagnostics<'_>) {
    let text = diagnostics.lines().text();
    let mut start = span.start;
    let words = text.get(span.clone()).unwrap_or_default();
    for word in words.split_inclusive(|letter: char| !continues(letter)) {
        let name = word.trim_end_matches(|letter: char| !continues(letter));
        let (what, help) = if is_price(name) {
            let help = "replace it with the id of your own price, from the provider's dashboard";
            ("price", help)
        } else if name == PLAN {
            let help = "replace it with the word that the application stores for this price";
            ("plan", help)
        } else {
            start += word.len();
            continue;
        };
        let message = format!("{} is a placeholder, not a {what}", quote(name));
        diagnostics.add(
            DiagnosticDraft::new(ErrorCode::Placeholder, message).help(help),
            start..start + name.len(),
        );
        start += word.len();
    }
}

fn continues(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}
