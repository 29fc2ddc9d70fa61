//! The rows of an account at one moment, and their changes since then.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde_json::Value;

use super::{
    Scratch,
    error::Error,
    tables::{KeyedRow, RowKey},
};
use crate::contract::UnixSeconds;

const READING_ROWS: &str = "looking at the application's rows";

/// Assumed maximum difference between the clocks of the application, its database and this program, in seconds.
const CLOCK_TOLERANCE: u64 = 15 * 60;

/// Rows by table and primary key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    rows: BTreeMap<(String, RowKey), BTreeMap<String, Value>>,
}

/// A change of one column of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// Display name, such as `users` or `billing.invoices`.
    pub table: String,
    /// Values of the primary key as a JSON array.
    pub key: String,
    pub column: String,
    /// Old value; `None` if the row did not exist.
    pub before: Option<Value>,
    /// New value; `None` if the row no longer exists.
    pub after: Option<Value>,
}

/// The present, in every time zone in which the application may write a time without an offset.
#[derive(Debug, Clone)]
pub struct Clock {
    pub now: UnixSeconds,
    pub zones: Vec<TimeZone>,
}

impl Scratch {
    /// Returns a clock that shows `now`.
    pub fn clock(&self, now: UnixSeconds) -> Clock {
        Clock {
            now,
            zones: self.zones.clone(),
        }
    }

    /// Reads every row, of any table, that holds one of the tokens (an account's ids and e-mail address), except
    /// records of deliveries, in one round trip.
    pub async fn rows_of(&self, tokens: &[String]) -> Result<Snapshot, Error> {
        let mut connection = self
            .pool
            .acquire()
            .await
            .map_err(|error| Error::new(error, READING_ROWS))?;
        let rows = self.tables.rows_of(&mut connection, tokens).await?;
        Ok(Snapshot::new(rows))
    }
}

impl Snapshot {
    fn new(rows: Vec<KeyedRow>) -> Self {
        let mut snapshot = Self::default();
        for row in rows {
            // `Display` puts the name in backticks, for messages.
            let table = row.table.to_string().replace('`', "");
            let mut key = (table, row.key);
            // Equal rows of a table without a primary key stay separate.
            while snapshot.rows.contains_key(&key) {
                key.1.push('+');
            }
            snapshot.rows.insert(key, row.columns);
        }
        snapshot
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns true if the changed row holds one of the tokens.
    pub fn has_token(&self, change: &RowChange, tokens: &[String]) -> bool {
        let key = (change.table.clone(), change.key.clone());
        let mut values = self.rows.get(&key).into_iter().flat_map(BTreeMap::values);
        values.any(|value| match value.as_str() {
            Some(text) => tokens.iter().any(|token| token == text),
            None => tokens.contains(&value.to_string()),
        })
    }

    /// Lists the changes up to `later`, ordered by table, key and column.
    pub fn changes(&self, later: &Self) -> Vec<RowChange> {
        let keys: BTreeSet<_> = self.rows.keys().chain(later.rows.keys()).collect();
        let mut changes = Vec::new();
        for key in keys {
            let (before, after) = (self.rows.get(key), later.rows.get(key));
            if before == after {
                continue;
            }
            let names = before.into_iter().chain(after).flat_map(BTreeMap::keys);
            for column in names.collect::<BTreeSet<_>>() {
                let value = |row: Option<&BTreeMap<String, Value>>| {
                    row.map(|row| row.get(column).cloned().unwrap_or_default())
                };
                let (before, after) = (value(before), value(after));
                if before != after {
                    changes.push(RowChange {
                        table: key.0.clone(),
                        key: key.1.clone(),
                        column: column.clone(),
                        before,
                        after,
                    });
                }
            }
        }
        changes
    }
}

impl RowChange {
    /// Returns true if the change only records the time of the write: the old value is a time or null, and the new one
    /// is about the present. New and removed rows do not count.
    pub fn is_time_of_writing(&self, clock: &Clock) -> bool {
        let (Some(before), Some(after)) = (&self.before, &self.after) else {
            return false;
        };
        let was_time = before.is_null() || !moments(before, &clock.zones).is_empty();
        let after = moments(after, &clock.zones);
        was_time
            && after
                .into_iter()
                .any(|after| is_close_to_now(after, clock.now))
    }
}

/// Returns true if a moment is about now, as far as clocks agree.
pub fn is_close_to_now(moment: i64, now: UnixSeconds) -> bool {
    moment.abs_diff(now.0) <= CLOCK_TOLERANCE
}

/// Converts a value to seconds since 1970: a timestamp as Postgres writes it in JSON, or a number of seconds or
/// milliseconds. Without an offset, it is a different moment in each zone. Returns nothing for other values.
fn moments(value: &Value, zones: &[TimeZone]) -> Vec<i64> {
    /// Smallest number that is taken as a time in seconds (in 2001). A smaller one is more likely something else.
    const FIRST_SECONDS: i64 = 1_000_000_000;
    /// Smallest number that is taken as a time in milliseconds (in 1973).
    const FIRST_MILLISECONDS: i64 = 100_000_000_000;
    match value {
        Value::Number(number) => {
            let number = number.as_i64().filter(|number| *number >= FIRST_SECONDS);
            let seconds = number.map(|number| {
                if number >= FIRST_MILLISECONDS {
                    number / 1000
                } else {
                    number
                }
            });
            seconds.into_iter().collect()
        }
        Value::String(text) => {
            if let Ok(moment) = text.parse::<jiff::Timestamp>() {
                return vec![moment.as_second()];
            }
            let Ok(civil) = text.parse::<jiff::civil::DateTime>() else {
                return Vec::new();
            };
            let in_zone = |zone: &TimeZone| civil.to_zoned(zone.clone()).ok();
            let zoned = zones.iter().filter_map(in_zone);
            zoned.map(|zoned| zoned.timestamp().as_second()).collect()
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(before: Option<Value>, after: Option<Value>) -> RowChange {
        RowChange {
            table: "users".to_owned(),
            key: "[1]".to_owned(),
            column: "updated_at".to_owned(),
            before,
            after,
        }
    }

    #[test]
    fn a_time_of_about_now_is_distinguished_from_other_values() {
        let clock = Clock {
            now: UnixSeconds(1_785_542_400),
            zones: vec![TimeZone::UTC, TimeZone::get("Europe/Berlin").unwrap()],
        };
        for after in [
            json!("2026-08-01T00:00:10.5+00:00"),
            json!("2026-08-01T02:00:10+02:00"),
            json!("2026-08-01T00:00:10"),
            json!("2026-08-01T02:00:10.25"),
            json!(1_785_542_410),
            json!(1_785_542_410_123_i64),
        ] {
            for before in [
                json!(null),
                json!("2025-01-01T00:00:00"),
                json!(1_700_000_000),
            ] {
                let change = change(Some(before), Some(after.clone()));
                assert!(change.is_time_of_writing(&clock), "{change:?}");
            }
        }
        for (before, after) in [
            (
                Some(json!("2025-01-01T00:00:00")),
                Some(json!("2026-08-02T00:00:00")),
            ),
            (
                Some(json!("2025-01-01T00:00:00")),
                Some(json!("2026-08-01T01:00:00")),
            ),
            (Some(json!("free")), Some(json!("2026-08-01T00:00:00"))),
            (Some(json!(null)), Some(json!("pro"))),
            (Some(json!("2025-01-01T00:00:00")), Some(json!(null))),
            (Some(json!(1)), Some(json!(2))),
            (None, Some(json!("2026-08-01T00:00:00"))),
            (Some(json!("2026-08-01T00:00:00")), None),
        ] {
            let change = change(before, after);
            assert!(!change.is_time_of_writing(&clock), "{change:?}");
        }
    }
}
