//! `columns.seats`: the rules that turn a purchase into seats.

use std::collections::BTreeMap;

use super::{
    super::{
        column::RawColumn,
        diagnostics::{DiagnosticDraft, Diagnostics, quote},
        entry::{Entry, SourceSpan},
        forms::RawIncludedSeats as WrittenIncluded,
        scalars::{NullableInteger, PositiveInteger, WholeNumber},
    },
    plans, prices,
};
use contract::{Contract, Included, Seats};
use problem::ErrorCode;

/// Reads the seats. The plans and ignored prices of `contract` must be filled already.
pub(super) fn seats(
    column: &Entry<RawColumn>,
    contract: &Contract,
    diagnostics: &Diagnostics<'_>,
) -> Seats {
    let mut seats = Seats::default();
    let Some(form) = column.value().and_then(RawColumn::form) else {
        return seats;
    };
    if let Some((span, PositiveInteger(text))) = form.per_unit.written() {
        let per_unit = whole("per_unit", text, 1, span, diagnostics);
        seats.per_unit = per_unit.unwrap_or(seats.per_unit);
    }
    if let Some((span, written)) = form.included.written() {
        seats.included = included(written, contract, span, diagnostics);
    }
    let ignored = &contract.ignore_prices;
    seats.prices = prices::seat_prices("prices", &form.prices, ignored, diagnostics);
    seats.unlimited = unlimited(&form.unlimited, diagnostics);
    seats.unlimited_prices =
        prices::seat_prices("unlimited_prices", &form.unlimited_prices, &[], diagnostics);
    if let (Some(span), true) = (form.unlimited_prices.span(), form.unlimited.is_absent()) {
        let message = "`unlimited_prices` has no effect without `unlimited`";
        let draft = DiagnosticDraft::new(ErrorCode::Conflict, message)
            .help("list the stored values that mean no limit, such as `unlimited: [null, -1]`");
        diagnostics.add_at(draft, span);
    }
    seats
}

fn included(
    written: &WrittenIncluded,
    contract: &Contract,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Included {
    let pairs = match written {
        WrittenIncluded::Number(text) => {
            let number = whole("included", text, 0, span, diagnostics);
            return Included::Number(number.unwrap_or_default());
        }
        WrittenIncluded::ByPlan(pairs) => &pairs.0,
    };
    if contract.plans.is_empty() {
        let message = "`included` names plans, but `plans` is not configured";
        let draft = DiagnosticDraft::new(ErrorCode::Conflict, message)
            .help("map the prices under `plans`, or write one number for all");
        diagnostics.add_at(draft, span);
        return Included::ByPlan(BTreeMap::new());
    }
    let known = plans::words_of(contract);
    let mut by_plan = BTreeMap::new();
    for (plan, entry) in pairs {
        if let Some(span) = entry.span() {
            plans::check_known("included", plan, &known, &span.key_span(), diagnostics);
        }
        if let Some((span, WholeNumber(text))) = entry.written()
            && let Some(number) = whole(plan, text, 0, span, diagnostics)
        {
            by_plan.insert(plan.trim().to_owned(), number);
        }
    }
    Included::ByPlan(by_plan)
}

fn unlimited(
    entry: &Entry<Vec<Entry<NullableInteger>>>,
    diagnostics: &Diagnostics<'_>,
) -> Vec<Option<i64>> {
    let Some((span, entries)) = entry.written() else {
        return Vec::new();
    };
    if entries.is_empty() {
        let draft =
            DiagnosticDraft::invalid("`unlimited` should list at least one value, found none");
        diagnostics.add_at(draft.help("such as `unlimited: [null, -1]`"), span);
    }
    let mut values = Vec::new();
    for (span, NullableInteger(text)) in entries.iter().filter_map(Entry::written) {
        let value = (text != "null").then(|| text.parse().ok());
        if value == Some(None) {
            let message = format!(
                "an entry of `unlimited` should be a whole number or `null`, found {}",
                quote(text)
            );
            diagnostics.add_at(DiagnosticDraft::invalid(message), span);
            continue;
        }
        let value = value.flatten();
        if values.contains(&value) {
            let message = format!("{} is in `unlimited` twice", quote(text));
            diagnostics.add_at(
                DiagnosticDraft::new(ErrorCode::Conflict, message).help("keep one of the two"),
                span,
            );
            continue;
        }
        values.push(value);
    }
    values
}

/// Parses a whole number of at least `least`.
fn whole(
    key: &str,
    text: &str,
    least: u32,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Option<u64> {
    let parsed: Option<u32> = text.parse().ok().filter(|number| *number >= least);
    if parsed.is_none() {
        let message = format!(
            "{} should be a whole number from {least} to {}, found {}",
            quote(key),
            u32::MAX,
            quote(text)
        );
        diagnostics.add_at(DiagnosticDraft::invalid(message), span);
    }
    parsed.map(u64::from)
}
