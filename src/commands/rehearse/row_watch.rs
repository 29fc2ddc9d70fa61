//! Changes in the rows of the account and of the bystanders.

use serde_json::Value;

use super::{Rehearsing, step::Memory, test_accounts::snapshots};
use crate::{
    commands::failure::Failure,
    contract::UnixSeconds,
    rehearsal::{BystanderChange, ColumnChange},
    scratch::{RowChange, Snapshot},
};

pub(super) async fn look(
    rehearsing: &Rehearsing<'_>,
    tokens: &[String],
) -> Result<Snapshot, Failure> {
    let rows = rehearsing.scratch.rows_of(tokens).await;
    rows.map_err(Failure::from)
}

pub(super) async fn bystanders(
    rehearsing: &Rehearsing<'_>,
    memory: &mut Memory<'_>,
    actor: &[String],
) -> Result<Vec<BystanderChange>, Failure> {
    let later = snapshots(rehearsing, memory.bystanders).await?;
    let now = super::real_now();
    let mut changed = Vec::new();
    for ((bystander, before), after) in memory
        .bystanders
        .iter()
        .zip(&memory.bystander_rows)
        .zip(&later)
    {
        let mut changes = before.changes(after);
        // A new row with the e-mail of one account and the customer of another belongs to the customer.
        let own = bystander.tokens.iter();
        let own: Vec<_> = own
            .filter(|token| **token != bystander.email)
            .cloned()
            .collect();
        changes.retain(|change| {
            let is_actors = after.names(change, actor) && !after.names(change, &own);
            change.before.is_some() || !is_actors
        });
        if !changes.is_empty() {
            changed.push(BystanderChange {
                who: bystander.who.to_owned(),
                account: bystander.account.clone(),
                changes: plain(changes.iter(), now),
            });
        }
    }
    memory.bystander_rows = later;
    Ok(changed)
}

/// Formats changes. Timestamps of the present are replaced, so that reports do not depend on the time.
pub(super) fn plain<'c>(
    changes: impl Iterator<Item = &'c RowChange>,
    now: UnixSeconds,
) -> Vec<ColumnChange> {
    let value = |value: &Option<Value>| {
        let value = value.as_ref()?;
        Some(
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        )
    };
    let mut plain: Vec<_> = changes
        .map(|change| {
            // An inserted or deleted row is reported once, not per column.
            let is_whole = change.before.is_none() || change.after.is_none();
            let is_stamp = change.is_time_of_writing(now);
            let side = |side: &Option<Value>, stamp: &str| match side {
                Some(_) if is_whole => Some(String::new()),
                Some(_) if is_stamp => Some(stamp.to_owned()),
                side => value(side),
            };
            ColumnChange {
                table: change.table.clone(),
                key: change.key.clone(),
                column: if is_whole {
                    String::new()
                } else {
                    change.column.clone()
                },
                before: side(&change.before, "earlier"),
                after: side(&change.after, "now"),
            }
        })
        .collect();
    plain.dedup();
    plain
}
