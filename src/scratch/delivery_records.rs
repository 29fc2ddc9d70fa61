//! Records of deliveries: rows in which applications keep the events themselves, such as an inbox, a log of webhooks or a
//! list of handled ids. They name accounts, but are not part of their state.

use std::collections::BTreeSet;

use super::Scratch;

/// Regular expression for the id of an event or a notification, of Stripe or Paddle.
const EVENT_ID: &str = r"\m(evt|ntf)_[0-9A-Za-z]{8,}";

/// Regular expression for the type of an event as a JSON string, or in JSON that a string contains.
const EVENT_TYPE: &str = r#""[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\\*""#;

/// Returns the SQL condition under which a row (`jsonb`) with these values of the primary key (`text[]`) records a
/// delivery: it holds an event's id, in its key or beside the event's type. A row about something else may hold the
/// last event's id too, but an account, a customer or a subscription is its key. An entry of a ledger names the event
/// without its type.
pub(super) fn is_delivery_record(row: &str, keys: &str, tokens: &str) -> String {
    format!(
        "({row}::text ~ '{EVENT_ID}' and (array_to_string({keys}, ' ') ~ '{EVENT_ID}' \
         or {row}::text ~ '{EVENT_TYPE}' and not {keys} && {tokens}))"
    )
}

impl Scratch {
    /// Leaves records of deliveries out of what follows. `read_tables`, by object id, are those that the contract
    /// reads: whatever they hold is state.
    pub fn leave_out_delivery_records(&mut self, read_tables: &BTreeSet<i64>) {
        for shape in self.tables.0.values_mut() {
            shape.may_record = !read_tables.contains(&shape.oid);
        }
    }
}
