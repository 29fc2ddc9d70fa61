//! The columns and events that a finding mentions, as data.

use super::{StepContext, description::MAX_EARLIER};
use crate::observed::{ColumnChange, Delivery, Observed};
use contract::{EventMention, Field, Mentions};

/// Returns the mapped columns that changed, the event that the finding is about, those of its step, and earlier ones.
pub(super) fn mentions(
    context: StepContext<'_>,
    observed: &Observed,
    about: Option<&str>,
) -> Mentions {
    let account_changes = observed.all_changes.iter();
    let others = observed
        .bystanders
        .iter()
        .flat_map(|bystander| &bystander.changes);
    let half = observed.fault.iter().flat_map(|fault| &fault.half_written);
    let changed = account_changes.chain(others).chain(half);
    let about = about.map(event);
    let now = observed
        .deliveries
        .iter()
        .map(|delivery| event(&delivery.event));
    let skipped = observed.earlier.len().saturating_sub(MAX_EARLIER);
    let earlier = observed.earlier.iter().skip(skipped).map(earlier_event);
    Mentions {
        fields: fields(
            context,
            changed.map(|change: &ColumnChange| change.column.as_str()),
        ),
        events: about.into_iter().chain(now).chain(earlier).collect(),
    }
}

/// Lists the fields that are mapped to these columns, each once, in the order of fields.
pub(super) fn fields<'a>(
    context: StepContext<'_>,
    columns: impl Iterator<Item = &'a str>,
) -> Vec<Field> {
    let columns: Vec<_> = columns.collect();
    let mapped = context.contract.columns.iter();
    mapped
        .filter(|(_, column)| column.name().is_some_and(|name| columns.contains(&name)))
        .map(|(field, _)| *field)
        .collect()
}

fn earlier_event(delivery: &Delivery) -> EventMention {
    EventMention {
        is_earlier: true,
        ..event(&delivery.event)
    }
}

/// Mentions an event of this step without its id: no log has the events of the fake.
fn event(kind: &str) -> EventMention {
    EventMention {
        kind: kind.to_owned(),
        id: None,
        is_earlier: false,
    }
}
