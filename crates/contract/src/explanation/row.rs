//! The rows of accounts, column by column.

use crate::{
    Account, AccountColumns, ColumnName, CustomerId, Field, SubscriptionId, UnixSeconds, case::Case,
};

/// One row of the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedAccount {
    pub id: String,
    /// Entity as findings name it: `user:<id>`.
    pub entity: String,
    /// Mapped columns, in the order of the canonical names.
    pub fields: Vec<ExplainedField>,
    /// The reason why the account is never judged.
    pub exempt: Option<&'static str>,
}

/// One mapped column of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedField {
    pub field: Field,
    pub column: ColumnName,
    pub value: FieldValue,
}

/// Value of a column, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldValue {
    Null,
    Text(String),
    /// Several customers of one account.
    List(Vec<String>),
    Boolean(bool),
    Number(i64),
    Time(UnixSeconds),
}

/// Explains the accounts, sorted by id.
pub(super) fn accounts(case: &Case<'_>) -> Vec<ExplainedAccount> {
    let accounts = case.facts.accounts.iter();
    accounts.map(|account| explained(case, account)).collect()
}

fn explained(case: &Case<'_>, account: &Account) -> ExplainedAccount {
    let field = |field| {
        Some(ExplainedField {
            field,
            column: column(case, field),
            value: value(case, account, field)?,
        })
    };
    ExplainedAccount {
        id: account.id.to_string(),
        entity: case.account_entity(account).to_string(),
        fields: Field::ALL.into_iter().filter_map(field).collect(),
        exempt: exempt(case, account),
    }
}

/// Returns the reason why an account is never judged.
pub(super) fn exempt(case: &Case<'_>, account: &Account) -> Option<&'static str> {
    if account.exempt {
        Some("its `exempt` column says so")
    } else if case.is_exempt(account) {
        Some("the contract lists it under `exempt`")
    } else {
        None
    }
}

/// Returns the mapping of a field. A column without one comes from a query, under the canonical name.
fn column(case: &Case<'_>, field: Field) -> ColumnName {
    let named = case.contract.columns.get(&field).cloned();
    named.unwrap_or(ColumnName::Computed)
}

/// Returns the value of a column, or `None` if it was not read.
fn value(case: &Case<'_>, account: &Account, field: Field) -> Option<FieldValue> {
    let is_linked_by = |link| case.contract.match_on.link() == link;
    let none = AccountColumns::default();
    let columns = account.columns.as_deref().unwrap_or(&none);
    let text = |text: Option<&str>| {
        text.map_or(FieldValue::Null, |text| FieldValue::Text(text.to_owned()))
    };
    let time = |time: Option<UnixSeconds>| time.map_or(FieldValue::Null, FieldValue::Time);
    let is_read = case.facts.mapped.contains(&field)
        || matches!(field, Field::Id | Field::HasPaidAccess)
        || is_linked_by(field)
        || (field == Field::CustomerId && account.customer.is_some());
    if !is_read {
        return None;
    }
    Some(match field {
        Field::Id => FieldValue::Text(account.id.to_string()),
        Field::CustomerId if !columns.other_customers.is_empty() => {
            let all = account.customer.iter().chain(&columns.other_customers);
            FieldValue::List(all.map(ToString::to_string).collect())
        }
        Field::CustomerId => text(account.customer.as_ref().map(CustomerId::as_str)),
        Field::HasPaidAccess => FieldValue::Boolean(account.paid),
        Field::Plan => text(account.plan.as_deref()),
        Field::Exempt => FieldValue::Boolean(account.exempt),
        Field::Seats => columns.seats.map_or(FieldValue::Null, FieldValue::Number),
        Field::Status => text(columns.status.as_deref()),
        Field::SubscriptionId => text(columns.subscription_id.as_ref().map(SubscriptionId::as_str)),
        Field::PeriodEnd => time(columns.period_end),
        Field::CancelAtPeriodEnd => FieldValue::Boolean(columns.cancel_at_period_end),
        Field::UpdatedAt => time(columns.updated_at),
        Field::PaidElsewhere => FieldValue::Boolean(columns.paid_elsewhere),
        Field::PastDueSince => time(columns.past_due_since),
    })
}
