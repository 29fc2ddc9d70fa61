//! Converts rows to accounts: the required fields, and one account from the values of one row.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::tz::TimeZone;

use super::value::{AccountCustomers, UnreadableValue, Value, ValueForm};
use crate::{
    config::{AccountsQuery, DatabaseSettings, Expression},
    contract::{
        Account, AccountColumns, AccountId, Field, MatchOn, StoredWords, SubscriptionId, Word,
    },
};

/// Reason why a row cannot be read as an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    #[error("row {row} has no `id`: it is null or blank")]
    NoId { row: u64 },
    #[error("`id` of row {row} cannot be read")]
    Id {
        row: u64,
        column: Option<String>,
        #[source]
        source: UnreadableValue,
    },
    #[error("`{}` of the row with id `{id}` cannot be read", .field.as_str())]
    Value {
        field: Field,
        /// Column that the value is read from; `None` if it is not a mapped column.
        column: Option<String>,
        id: String,
        #[source]
        source: UnreadableValue,
    },
}

/// Returns the fields that every account needs.
pub fn required(match_on: MatchOn) -> [Field; 3] {
    [Field::Id, match_on.link(), Field::HasPaidAccess]
}

/// Converts rows that all have the same fields.
#[derive(Debug)]
pub struct AccountRows {
    fields: BTreeSet<Field>,
    has_columns: bool,
    expressions: BTreeMap<Field, Expression>,
    /// `None` if the name of the time zone is unknown.
    zone: Option<TimeZone>,
    words: HashSet<Word>,
    /// Words of the fields that are mapped with `in:`.
    stored: BTreeMap<Field, StoredWords>,
    rows: u64,
}

/// Maximum number of words that rows share. Plans and statuses are few; a column with more distinct words gains nothing
/// by sharing them.
const MAX_SHARED_WORDS: usize = 1024;

/// Maximum length of an id in a message.
const MAX_ID_SHOWN: usize = 64;

impl AccountRows {
    /// Creates a converter for rows with these fields. For a field mapped with `in:`, the value is the word in its
    /// column.
    pub fn new(fields: BTreeSet<Field>, settings: &DatabaseSettings) -> Self {
        let expressions = match &settings.accounts {
            AccountsQuery::Table { columns, .. } => columns.clone(),
            AccountsQuery::Query { .. } => BTreeMap::new(),
        };
        let is_mapped_with_in = |field: &&Field| {
            let expression = expressions.get(field);
            matches!(expression, Some(Expression::In { .. }))
        };
        let with_words = fields.iter().filter(is_mapped_with_in);
        Self {
            has_columns: fields.iter().any(|field| is_column(*field)),
            stored: with_words
                .map(|field| (*field, StoredWords::default()))
                .collect(),
            zone: zone(&settings.timezone),
            expressions,
            fields,
            words: HashSet::new(),
            rows: 0,
        }
    }

    /// Returns the optional columns among the fields, for [`crate::contract::Facts::mapped`].
    pub fn mapped(&self) -> BTreeSet<Field> {
        let optional =
            |field: &Field| is_column(*field) || matches!(field, Field::Plan | Field::Exempt);
        self.fields.iter().copied().filter(optional).collect()
    }

    /// Returns the words of all rows so far, by field mapped with `in:`. A field is left out if any word is unknown.
    pub fn stored_words(self) -> BTreeMap<Field, StoredWords> {
        self.stored
    }

    /// Converts the next row; `value_of` is called only for fields that the rows have.
    pub fn account<'v>(
        &mut self,
        value_of: impl Fn(Field) -> Value<'v>,
    ) -> Result<Account, RowError> {
        self.rows = self.rows.saturating_add(1);
        let id = value_of(Field::Id)
            .word()
            .map_err(|source| RowError::Id {
                row: self.rows,
                column: column(&self.expressions, Field::Id),
                source,
            })?
            .ok_or(RowError::NoId { row: self.rows })?;
        for (field, words) in &mut self.stored {
            if let Value {
                form: ValueForm::Scalar,
                text: Some(word),
                ..
            } = value_of(*field)
            {
                words.add(word);
            }
        }
        self.stored
            .retain(|field, _| value_of(*field).form != ValueForm::Answer);
        let row = AccountRow {
            fields: &self.fields,
            expressions: &self.expressions,
            id,
            value_of,
        };
        let customers = row.read(Field::CustomerId, Value::customers)?;
        let AccountCustomers { first, others } = customers.unwrap_or_default();
        let zone = self.zone.as_ref();
        let mut columns = None;
        if self.has_columns {
            columns = Some(Box::new(optional(&row, zone, &mut self.words)?));
        }
        if !others.is_empty() {
            let columns = columns.get_or_insert_default();
            columns.other_customers = others.into_boxed_slice();
        }
        Ok(Account {
            id: AccountId::from(id),
            customer: first,
            paid: row.boolean(Field::HasPaidAccess)?,
            exempt: row.boolean(Field::Exempt)?,
            plan: row.shared(Field::Plan, &mut self.words)?,
            columns,
        })
    }
}

fn optional<'v, F: Fn(Field) -> Value<'v>>(
    row: &AccountRow<'_, 'v, F>,
    zone: Option<&TimeZone>,
    words: &mut HashSet<Word>,
) -> Result<AccountColumns, RowError> {
    let moment = |value: Value<'v>| value.moment(zone);
    Ok(AccountColumns {
        seats: row.read(Field::Seats, Value::integer)?.flatten(),
        status: row.shared(Field::Status, words)?,
        subscription_id: row
            .read(Field::SubscriptionId, Value::word)?
            .flatten()
            .map(SubscriptionId::from),
        period_end: row.read(Field::PeriodEnd, moment)?.flatten(),
        cancel_at_period_end: row.boolean(Field::CancelAtPeriodEnd)?,
        updated_at: row.read(Field::UpdatedAt, moment)?.flatten(),
        paid_elsewhere: row.boolean(Field::PaidElsewhere)?,
        past_due_since: row.read(Field::PastDueSince, moment)?.flatten(),
        other_customers: Box::default(),
    })
}

struct AccountRow<'a, 'v, F> {
    fields: &'a BTreeSet<Field>,
    expressions: &'a BTreeMap<Field, Expression>,
    id: &'v str,
    value_of: F,
}

impl<'v, F: Fn(Field) -> Value<'v>> AccountRow<'_, 'v, F> {
    fn read<T>(
        &self,
        field: Field,
        read: impl Fn(Value<'v>) -> Result<T, UnreadableValue>,
    ) -> Result<Option<T>, RowError> {
        if !self.fields.contains(&field) {
            return Ok(None);
        }
        let value = read((self.value_of)(field));
        value.map(Some).map_err(|source| RowError::Value {
            field,
            column: column(self.expressions, field),
            id: self.id.chars().take(MAX_ID_SHOWN).collect(),
            source,
        })
    }

    fn boolean(&self, field: Field) -> Result<bool, RowError> {
        let read = |value: Value<'v>| match self.expressions.get(&field) {
            Some(Expression::In { values, .. }) if value.form != ValueForm::Answer => {
                let word = value.scalar()?;
                Ok(word.is_some_and(|word| values.iter().any(|value| value == word)))
            }
            Some(Expression::Column(_) | Expression::In { .. } | Expression::Sql(_)) | None => {
                value.boolean()
            }
        };
        Ok(self.read(field, read)?.unwrap_or_default())
    }

    fn shared(&self, field: Field, words: &mut HashSet<Word>) -> Result<Option<Word>, RowError> {
        let Some(text) = self.read(field, Value::scalar)?.flatten() else {
            return Ok(None);
        };
        if let Some(word) = words.get(text) {
            return Ok(Some(word.clone()));
        }
        let word = Word::from(text);
        if words.len() < MAX_SHARED_WORDS {
            words.insert(word.clone());
        }
        Ok(Some(word))
    }
}

/// Returns the column that a field is read from; `None` if it is computed or not mapped.
fn column(expressions: &BTreeMap<Field, Expression>, field: Field) -> Option<String> {
    match expressions.get(&field)? {
        Expression::Column(column) | Expression::In { column, .. } => Some(column.clone()),
        Expression::Sql(_) => None,
    }
}

/// Returns the time zone of that name. UTC needs no time zone database, which some machines lack.
fn zone(name: &str) -> Option<TimeZone> {
    let is_utc = ["UTC", "GMT", "Etc/UTC", "Z"]
        .iter()
        .any(|utc| utc.eq_ignore_ascii_case(name));
    if is_utc {
        return Some(TimeZone::UTC);
    }
    TimeZone::get(name).ok()
}

/// Returns true if the field is kept in [`AccountColumns`].
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
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::contract::{CustomerId, UnixSeconds};

    fn settings(expressions: &[(Field, Expression)]) -> DatabaseSettings {
        DatabaseSettings {
            url_env: "DATABASE_URL".to_owned(),
            accounts: AccountsQuery::Table {
                table: config::TableName {
                    schema: None,
                    name: "users".to_owned(),
                },
                columns: expressions.iter().cloned().collect(),
                join: None,
                filter: None,
            },
            email: None,
            match_on: MatchOn::CustomerId,
            statement_timeout: Duration::from_secs(1),
            timezone: "UTC".to_owned(),
        }
    }

    fn read(row: &BTreeMap<Field, Option<&'static str>>) -> Result<Account, RowError> {
        let fields = row.keys().copied().collect();
        AccountRows::new(fields, &settings(&[])).account(|field| Value {
            text: row[&field],
            kind: "text",
            form: ValueForm::Scalar,
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
    fn a_row_becomes_an_account_with_the_mapped_columns() {
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
            form: ValueForm::Scalar,
        };
        rows.account(|_| value).unwrap().plan.unwrap()
    }

    #[test]
    fn words_are_shared_between_rows() {
        let mut rows = AccountRows::new(BTreeSet::from([Field::Id, Field::Plan]), &settings(&[]));
        let first = plan(&mut rows, "pro");
        assert_eq!(first.as_ptr(), plan(&mut rows, "pro").as_ptr());
        for number in 0..2000 {
            let word = number.to_string();
            assert_eq!(*plan(&mut rows, &word), *word);
        }
        assert_eq!(rows.words.len(), MAX_SHARED_WORDS);
    }

    fn list(text: &'static str) -> Result<Account, RowError> {
        let fields = row().into_keys().collect();
        let mapped = (
            Field::CustomerId,
            Expression::Column("customers".to_owned()),
        );
        AccountRows::new(fields, &settings(&[mapped])).account(|field| Value {
            text: if field == Field::CustomerId {
                Some(text)
            } else {
                row()[&field]
            },
            kind: "text[]",
            form: if field == Field::CustomerId {
                ValueForm::Array
            } else {
                ValueForm::Scalar
            },
        })
    }

    #[test]
    fn an_account_may_have_several_customers() {
        let account = list(r#"["cus_2","cus_1","cus_3"]"#).unwrap();
        assert_eq!(account.customer, Some(CustomerId::from("cus_2")));
        let others = &account.columns.unwrap().other_customers;
        assert_eq!(
            **others,
            [CustomerId::from("cus_1"), CustomerId::from("cus_3")]
        );
        // A single customer takes no more memory than without a list.
        let account = list(r#"["cus_1"]"#).unwrap();
        assert_eq!(
            (account.customer, account.columns),
            (Some(CustomerId::from("cus_1")), None)
        );
        assert_eq!(list("[]").unwrap().customer, None);
        assert!(list(r#"[["cus_1"]]"#).is_err());
    }

    #[test]
    fn the_words_of_a_column_mapped_with_in_are_kept() {
        let listed = Expression::In {
            column: "status".to_owned(),
            values: vec!["active".to_owned()],
        };
        let settings = settings(&[(Field::HasPaidAccess, listed)]);
        let read = |words: &[(Option<&'static str>, ValueForm)]| {
            let mut rows = AccountRows::new(row().into_keys().collect(), &settings);
            let mut paid = Vec::new();
            for (text, form) in words {
                let account = rows.account(|field| {
                    let is_flag = field == Field::HasPaidAccess;
                    Value {
                        text: if is_flag { *text } else { row()[&field] },
                        kind: "text",
                        form: if is_flag { *form } else { ValueForm::Scalar },
                    }
                });
                paid.push(account.unwrap().paid);
            }
            (paid, rows.stored_words())
        };
        let scalar = |text| (text, ValueForm::Scalar);
        let (paid, stored) = read(&[
            scalar(Some("active")),
            scalar(Some("Active")),
            scalar(None),
            scalar(Some("active")),
        ]);
        assert_eq!(paid, [true, false, false, true]);
        let words = &stored[&Field::HasPaidAccess].words;
        assert_eq!(
            words.iter().map(|word| &**word).collect::<Vec<_>>(),
            ["Active", "active"]
        );
        // If a recorded row holds only a boolean, the word in the column is unknown.
        let (paid, stored) = read(&[scalar(Some("active")), (Some("true"), ValueForm::Answer)]);
        assert_eq!(paid, [true, true]);
        assert!(stored.is_empty());
    }
}
