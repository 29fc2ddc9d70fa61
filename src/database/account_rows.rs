//! Rows into accounts: which fields a reading must have, and one account from the values of one row.

use std::collections::{BTreeSet, HashSet};

use crate::contract::{
    Account, AccountColumns, AccountId, CustomerId, Field, MatchOn, SubscriptionId, Word,
};

use super::value::{Meaningless, Value};

/// Why a row is no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    #[error("row {row} has no `id`: it is null or blank")]
    NoId { row: u64 },
    #[error("`{}` of the row with id `{id}` cannot be read", .field.as_str())]
    Value {
        field: Field,
        id: String,
        #[source]
        source: Meaningless,
    },
}

/// The fields that every account needs.
pub fn required(match_on: MatchOn) -> [Field; 3] {
    [Field::Id, match_on.link(), Field::HasPaidAccess]
}

/// Makes accounts of rows that all have the same fields.
#[derive(Debug)]
pub struct AccountRows {
    fields: BTreeSet<Field>,
    has_columns: bool,
    words: HashSet<Word>,
    rows: u64,
}

/// Plans and statuses are a handful of words; a column that holds more distinct ones gains nothing by sharing them.
const MAX_SHARED_WORDS: usize = 1024;

/// An id in a message; the rest of a longer one helps nobody.
const MAX_ID_SHOWN: usize = 64;

impl AccountRows {
    pub fn new(fields: BTreeSet<Field>) -> Self {
        Self {
            has_columns: fields.iter().any(|field| is_column(*field)),
            fields,
            words: HashSet::new(),
            rows: 0,
        }
    }

    /// The optional columns among the fields, as [`crate::contract::Facts::mapped`] wants them.
    pub fn mapped(&self) -> BTreeSet<Field> {
        let optional =
            |field: &Field| is_column(*field) || matches!(field, Field::Plan | Field::Exempt);
        self.fields.iter().copied().filter(optional).collect()
    }

    /// The account of the next row; `value_of` is asked only for fields that the rows have.
    pub fn account<'v>(
        &mut self,
        value_of: impl Fn(Field) -> Value<'v>,
    ) -> Result<Account, RowError> {
        self.rows = self.rows.saturating_add(1);
        let id = value_of(Field::Id)
            .word()
            .ok_or(RowError::NoId { row: self.rows })?;
        let row = Row {
            fields: &self.fields,
            id,
            value_of,
        };
        let columns = if self.has_columns {
            Some(Box::new(columns(&row, &mut self.words)?))
        } else {
            None
        };
        Ok(Account {
            id: AccountId::from(id),
            customer: row
                .value(Field::CustomerId)
                .and_then(Value::word)
                .map(CustomerId::from),
            paid: row.boolean(Field::HasPaidAccess)?,
            exempt: row.boolean(Field::Exempt)?,
            plan: row.shared(Field::Plan, &mut self.words),
            columns,
        })
    }
}

fn columns<'v, F: Fn(Field) -> Value<'v>>(
    row: &Row<'_, 'v, F>,
    words: &mut HashSet<Word>,
) -> Result<AccountColumns, RowError> {
    Ok(AccountColumns {
        seats: row.read(Field::Seats, Value::integer)?.flatten(),
        status: row.shared(Field::Status, words),
        subscription_id: row
            .value(Field::SubscriptionId)
            .and_then(Value::word)
            .map(SubscriptionId::from),
        period_end: row.read(Field::PeriodEnd, Value::moment)?.flatten(),
        cancel_at_period_end: row.boolean(Field::CancelAtPeriodEnd)?,
        updated_at: row.read(Field::UpdatedAt, Value::moment)?.flatten(),
        paid_elsewhere: row.boolean(Field::PaidElsewhere)?,
        past_due_since: row.read(Field::PastDueSince, Value::moment)?.flatten(),
        other_customers: Box::default(),
    })
}

struct Row<'a, 'v, F> {
    fields: &'a BTreeSet<Field>,
    id: &'v str,
    value_of: F,
}

impl<'v, F: Fn(Field) -> Value<'v>> Row<'_, 'v, F> {
    fn value(&self, field: Field) -> Option<Value<'v>> {
        self.fields.contains(&field).then(|| (self.value_of)(field))
    }

    fn read<T>(
        &self,
        field: Field,
        read: impl Fn(Value<'v>) -> Result<T, Meaningless>,
    ) -> Result<Option<T>, RowError> {
        self.value(field)
            .map(read)
            .transpose()
            .map_err(|source| RowError::Value {
                field,
                id: self.id.chars().take(MAX_ID_SHOWN).collect(),
                source,
            })
    }

    fn boolean(&self, field: Field) -> Result<bool, RowError> {
        Ok(self.read(field, Value::boolean)?.unwrap_or_default())
    }

    fn shared(&self, field: Field, words: &mut HashSet<Word>) -> Option<Word> {
        let text = self.value(field)?.text?;
        if let Some(word) = words.get(text) {
            return Some(word.clone());
        }
        let word = Word::from(text);
        if words.len() < MAX_SHARED_WORDS {
            words.insert(word.clone());
        }
        Some(word)
    }
}

/// Whether the field is kept in [`AccountColumns`].
fn is_column(field: Field) -> bool {
    match field {
        Field::Seats
        | Field::Status
        | Field::SubscriptionId
        | Field::PeriodEnd
        | Field::CancelAtPeriodEnd
        | Field::UpdatedAt
        | Field::PaidElsewhere
        | Field::PastDueSince => true,
        Field::Id | Field::CustomerId | Field::HasPaidAccess | Field::Plan | Field::Exempt => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::contract::UnixSeconds;

    fn read(row: &BTreeMap<Field, Option<&'static str>>) -> Result<Account, RowError> {
        AccountRows::new(row.keys().copied().collect()).account(|field| Value {
            text: row[&field],
            kind: "text",
        })
    }

    fn row() -> BTreeMap<Field, Option<&'static str>> {
        BTreeMap::from([
            (Field::Id, Some("usr_1")),
            (Field::CustomerId, Some("cus_1")),
            (Field::HasPaidAccess, Some("t")),
        ])
    }

    #[test]
    fn a_row_becomes_an_account_with_what_is_mapped() {
        let account = read(&row()).unwrap();
        assert_eq!(account.id.as_str(), "usr_1");
        assert_eq!(account.customer, Some(CustomerId::from("cus_1")));
        assert!(account.paid && !account.exempt);
        assert_eq!((account.plan, account.columns), (None, None));

        let mut full = row();
        full.extend([
            (Field::Plan, Some("pro")),
            (Field::Exempt, Some("yes")),
            (Field::Seats, Some("5")),
            (Field::Status, None),
            (Field::SubscriptionId, Some(" ")),
            (Field::PeriodEnd, Some("1785542400")),
        ]);
        let account = read(&full).unwrap();
        assert_eq!(account.plan.as_deref(), Some("pro"));
        assert!(account.exempt);
        assert_eq!(
            account.columns.as_deref(),
            Some(&AccountColumns {
                seats: Some(5),
                period_end: Some(UnixSeconds(1_785_542_400)),
                ..AccountColumns::default()
            })
        );
    }

    #[test]
    fn a_blank_customer_is_none_and_a_blank_id_is_an_error() {
        for blank in [None, Some(""), Some("  ")] {
            let mut unlinked = row();
            unlinked.insert(Field::CustomerId, blank);
            assert_eq!(read(&unlinked).unwrap().customer, None);
            let mut nobody = row();
            nobody.insert(Field::Id, blank);
            assert_eq!(read(&nobody), Err(RowError::NoId { row: 1 }));
        }
    }

    #[test]
    fn a_value_without_meaning_names_column_row_and_kind() {
        let mut wrong = row();
        wrong.insert(Field::HasPaidAccess, Some("canceled"));
        let error = read(&wrong).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`has_paid_access` of the row with id `usr_1` cannot be read"
        );
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.starts_with("`canceled` (text) is not one of true/false"));
    }

    fn plan(rows: &mut AccountRows, text: &str) -> Word {
        let value = Value {
            text: Some(text),
            kind: "text",
        };
        rows.account(|_| value).unwrap().plan.unwrap()
    }

    #[test]
    fn words_are_shared_between_rows() {
        let mut rows = AccountRows::new(BTreeSet::from([Field::Id, Field::Plan]));
        let first = plan(&mut rows, "pro");
        assert_eq!(first.as_ptr(), plan(&mut rows, "pro").as_ptr());
        for number in 0..2000 {
            let word = number.to_string();
            assert_eq!(*plan(&mut rows, &word), *word);
        }
        assert_eq!(rows.words.len(), MAX_SHARED_WORDS);
    }
}
