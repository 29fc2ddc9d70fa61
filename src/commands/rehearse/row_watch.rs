//! Changes in the rows of the account and of the bystanders.

use serde_json::Value;

use super::{test_accounts::UntouchedAccount, test_database::TestDatabase};
use crate::{
    commands::failure::Failure,
    rehearsal::{BystanderChange, ColumnChange},
    scratch::{Clock, RowChange, Snapshot},
};

/// The rows of an account and of the bystanders as they were last read.
#[derive(Debug, Default)]
pub(super) struct WatchedRows<'b> {
    pub(super) own: Snapshot,
    bystanders: &'b [UntouchedAccount],
    of_bystanders: Vec<Snapshot>,
}

impl<'b> WatchedRows<'b> {
    /// Reads the rows before the first step.
    pub(super) async fn read(
        database: &TestDatabase<'_>,
        tokens: &[String],
        bystanders: &'b [UntouchedAccount],
    ) -> Result<Self, Failure> {
        Ok(Self {
            own: database.rows_of(tokens).await?,
            bystanders,
            of_bystanders: snapshots(database, bystanders).await?,
        })
    }

    /// Lists the changes in the bystanders' rows since the last call. `tokens` identify the rows of the account.
    pub(super) async fn bystander_changes(
        &mut self,
        database: &TestDatabase<'_>,
        tokens: &[String],
    ) -> Result<Vec<BystanderChange>, Failure> {
        let later = snapshots(database, self.bystanders).await?;
        let clock = database.clock();
        let before = self.bystanders.iter().zip(&self.of_bystanders);
        let mut changed = Vec::new();
        for ((bystander, before), after) in before.zip(&later) {
            let mut changes = before.changes(after);
            // A new row with the e-mail of one account and the customer of another belongs to the customer.
            let tokens_without_email: Vec<_> = bystander
                .tokens
                .iter()
                .filter(|token| **token != bystander.email)
                .cloned()
                .collect();
            changes.retain(|change| {
                let is_of_account = after.has_token(change, tokens)
                    && !after.has_token(change, &tokens_without_email);
                change.before.is_some() || !is_of_account
            });
            if !changes.is_empty() {
                changed.push(BystanderChange {
                    who: bystander.who.to_owned(),
                    account: bystander.id.clone(),
                    changes: column_changes(changes.iter(), &clock),
                });
            }
        }
        self.of_bystanders = later;
        Ok(changed)
    }
}

async fn snapshots(
    database: &TestDatabase<'_>,
    bystanders: &[UntouchedAccount],
) -> Result<Vec<Snapshot>, Failure> {
    let rows = bystanders
        .iter()
        .map(|bystander| database.rows_of(&bystander.tokens));
    futures::future::try_join_all(rows).await
}

/// Formats changes. Timestamps of the present are replaced, so that reports do not depend on the time.
pub(super) fn column_changes<'c>(
    changes: impl Iterator<Item = &'c RowChange>,
    clock: &Clock,
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
            let is_complete = change.before.is_none() || change.after.is_none();
            let is_stamp = change.is_time_of_writing(clock);
            let side = |side: &Option<Value>, stamp: &str| match side {
                Some(_) if is_complete => Some(String::new()),
                Some(_) if is_stamp => Some(stamp.to_owned()),
                side => value(side),
            };
            ColumnChange {
                table: change.table.clone(),
                key: change.key.clone(),
                column: if is_complete {
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
