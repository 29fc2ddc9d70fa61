//! Formats values of both files for messages.

use std::time::Duration;

use super::super::{Expression, diagnostics::quote};

/// Maximum number of names in a message.
const MAX_NAMED: usize = 3;

/// Lists the first few in backticks, and the number of others.
pub(super) fn listed<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut texts = texts.into_iter();
    let named: Vec<_> = texts.by_ref().take(MAX_NAMED).map(quote).collect();
    let more = texts.count();
    match (named.as_slice(), more) {
        ([], _) => "none".to_owned(),
        ([first @ .., last], 0) if !first.is_empty() => {
            format!("{} and {last}", first.join(", "))
        }
        (_, 0) => named.concat(),
        (_, more) => format!("{} and {more} more", named.join(", ")),
    }
}

pub(super) fn plural<'w>(count: usize, singular: &'w str, plural: &'w str) -> &'w str {
    if count == 1 { singular } else { plural }
}

pub(super) fn quote_or_none(text: Option<&str>) -> String {
    text.map_or_else(|| "none".to_owned(), quote)
}

pub(super) fn duration_of_seconds(seconds: u64) -> String {
    duration(Duration::from_secs(seconds))
}

pub(super) fn duration(duration: Duration) -> String {
    format!("`{}`", humantime::format_duration(duration))
}

pub(super) fn expression(expression: &Expression) -> String {
    match expression {
        Expression::Column(column) => quote(column),
        Expression::In { column, values } => quote(&format!("{column} in {}", values.join(", "))),
        Expression::Sql(sql) => quote(sql),
    }
}
