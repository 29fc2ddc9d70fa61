//! Skips contracts of types that this program does not run, with a warning for each.

use super::{
    diagnostics::{Diagnostics, quote},
    document::OTHER_TYPES,
    entry::SourceSpan,
    tree::{Node, NodeKind},
};
use problem::Warning;

/// Removes the skipped contracts from the tree without reading their keys, and returns a warning for each.
pub(super) fn take_other_types(tree: &mut Node, diagnostics: &Diagnostics<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let NodeKind::Mapping(pairs) = &mut tree.kind else {
        return warnings;
    };
    for (key, value) in pairs {
        if let (true, NodeKind::List(contracts)) = (key.text == "contracts", &mut value.kind) {
            contracts.retain(|contract| {
                let warning = warning(contract, diagnostics);
                let is_kept = warning.is_none();
                warnings.extend(warning);
                is_kept
            });
        }
    }
    warnings
}

/// Returns the warning about a contract of another type, or `None` for an access contract.
fn warning(contract: &Node, diagnostics: &Diagnostics<'_>) -> Option<Warning> {
    let NodeKind::Mapping(pairs) = &contract.kind else {
        return None;
    };
    let (key, value) = pairs.iter().find(|(key, _)| key.text == "type")?;
    let NodeKind::Scalar(kind) = &value.kind else {
        return None;
    };
    let kind = OTHER_TYPES.into_iter().find(|other| *other == kind.text)?;
    let span = SourceSpan {
        key: Some(key.span.clone()),
        value: value.span.clone(),
        is_block: false,
    };
    Some(
        Warning::new(format!(
            "a contract of type {} is skipped: this program runs contracts of type `access`",
            quote(kind)
        ))
        .hint(format!(
            "run `prodverdict check {kind}` of the program that this contract was written for"
        ))
        .at(diagnostics.entry_place(&span)),
    )
}
