//! The money at stake.

use crate::{Figure, Overview, count::counted, neutral::markdown::prose};

/// Returns a line with the amounts at stake, if any.
pub(super) fn line(overview: &Overview) -> Option<String> {
    let figure =
        |Figure { label, value }: &Figure| format!("{label}: **{} a month**", prose(value, &[]));
    let figures: Vec<_> = overview.money.iter().map(figure).collect();
    (!figures.is_empty()).then(|| figures.join(" · "))
}

/// Returns a note on the items that the sums do not include.
pub(super) fn left_out(overview: &Overview) -> Option<String> {
    let items = overview.items_without_amount;
    (items > 0).then(|| {
        let items = counted(items, "item");
        format!("{items} without a fixed amount (metered or tiered), not in these sums.")
    })
}
