//! The state of one account: its row, its customer's subscriptions, and the contract's result.

use std::collections::BTreeMap;

use super::{real_now, systems::Systems, test_accounts::TestAccount};
use crate::{
    commands::failure::Failure,
    contract::{
        Contract, CustomerAccess, CustomerId, Explanation, Facts, Field, FieldValue, Finding, Rule,
        Source, Subscription, UnixSeconds, explain,
    },
    problem::{ErrorCode, Problem},
    rehearsal::{ExpectedRow, RowState},
    scratch::is_close_to_now,
};

/// State of one account on both sides.
#[derive(Debug, Clone)]
pub(super) struct AccountState {
    pub(super) row: RowState,
    /// The contract's explanation of the customer.
    pub(super) explained: Option<Explanation>,
    /// Findings about the account, most severe first.
    pub(super) findings: Vec<Finding>,
    /// The access that the account must have. `None` if both are right.
    pub(super) expected_access: Option<bool>,
}

/// Reads both sides of an account. If a step keeps the plan, plans are not compared, because the contract cannot judge
/// an unknown price.
pub(super) async fn account_state(
    systems: &Systems<'_>,
    account: &TestAccount,
    row: ExpectedRow,
) -> Result<AccountState, Failure> {
    let mut contract = systems.config.contract.contract.clone();
    if row == ExpectedRow::Kept {
        contract.plans.clear();
    }
    // Each test account has one customer. If no row stores it, that is an orphan, whatever its metadata names.
    contract.severities.remove(&Rule::CustomerMismatch);
    // The renewal's payment is delivered before the row is read.
    contract.renewal_delay = 0;
    let now = UnixSeconds(account.customer.context.clock);
    let read = systems.database.read(&account.id, now).await?;
    let facts = Facts {
        accounts: read.accounts,
        mapped: read.mapped,
        subscriptions: subscriptions(systems, account)?,
        ..Facts::default()
    };
    Ok(judged(&contract, &facts, account, now))
}

/// Reads the provider's side as the contract does.
fn subscriptions(
    systems: &Systems<'_>,
    account: &TestAccount,
) -> Result<Vec<Subscription>, Failure> {
    let read = systems.provider.fake.subscriptions(&account.customer);
    read.map_err(|error| {
        Problem::new(
            ErrorCode::Internal,
            format!("the fake provider's own object cannot be read: {error}"),
        )
        .into()
    })
}

fn judged(
    contract: &Contract,
    facts: &Facts,
    tested: &TestAccount,
    now: UnixSeconds,
) -> AccountState {
    let customer = CustomerId::from(tested.customer.id.as_str());
    let explained = explain(contract, facts, std::slice::from_ref(&customer), now);
    let account = facts.accounts.first();
    let columns = explained.customers.iter().flat_map(|one| &one.accounts);
    let columns: Vec<_> = columns
        .flat_map(|account| &account.fields)
        .map(|field| {
            let name = match &field.column {
                contract::ColumnName::Column(name) => name.clone(),
                // The field's name instead of the column's, because the column may be mapped to another field too.
                contract::ColumnName::In { .. } | contract::ColumnName::Computed => {
                    field.field.as_str().to_owned()
                }
            };
            let stamped = match &field.value {
                FieldValue::Time(time) => {
                    field.field == Field::UpdatedAt && is_close_to_now(time.0, real_now())
                }
                FieldValue::Null
                | FieldValue::Text(_)
                | FieldValue::Boolean(_)
                | FieldValue::Number(_)
                | FieldValue::List(_) => false,
            };
            let value = if stamped {
                "now".to_owned()
            } else {
                words(&field.value)
            };
            (name, value)
        })
        .collect();
    let row = RowState {
        exists: account.is_some(),
        linked: account.is_some_and(|account| is_linked(contract, account)),
        paid: account.is_some_and(|account| account.paid),
        plan: account
            .and_then(|account| account.plan.as_deref())
            .map(str::to_owned),
        columns,
    };
    let is_ours = |finding: &Finding| {
        let subject = &finding.subject;
        if finding.rule == Rule::OrphanSubscription {
            subject.customer.as_deref() == Some(customer.as_str())
        } else {
            subject.account.as_deref() == Some(tested.id.as_str())
        }
    };
    let mut customers = explained.customers.into_iter();
    let explained_customer =
        customers.find(|one| one.customers.iter().any(|id| id == customer.as_str()));
    let state = explained_customer
        .as_ref()
        .and_then(|one| one.judgement.as_ref().ok())
        .and_then(|judgement| judgement.state.as_ref());
    AccountState {
        expected_access: match state.map(|state| state.access) {
            Some(CustomerAccess::Granting) => Some(true),
            Some(CustomerAccess::NotGranting | CustomerAccess::None) => Some(false),
            Some(CustomerAccess::InGrace | CustomerAccess::Unjudged) | None => None,
        },
        row,
        explained: explained_customer,
        findings: explained.findings.into_iter().filter(is_ours).collect(),
    }
}

fn is_linked(contract: &Contract, account: &contract::Account) -> bool {
    let link = match contract.match_on {
        contract::MatchOn::CustomerId => account.customer.as_ref().map(CustomerId::as_str),
        contract::MatchOn::SubscriptionId => account
            .columns
            .as_ref()
            .and_then(|columns| columns.subscription_id.as_ref())
            .map(contract::SubscriptionId::as_str),
    };
    link.is_some_and(|link| !link.trim().is_empty())
}

fn words(value: &FieldValue) -> String {
    match value {
        FieldValue::Null => "null".to_owned(),
        FieldValue::Text(text) => text.clone(),
        FieldValue::Boolean(value) => value.to_string(),
        FieldValue::Number(number) => number.to_string(),
        FieldValue::List(texts) => texts.join(", "),
        FieldValue::Time(time) => time.to_string(),
    }
}

/// Returns the correct values of a paying customer's row, for each mapped column, as text.
pub(super) fn paid_values(systems: &Systems<'_>, account: &TestAccount) -> BTreeMap<Field, String> {
    let contract = &systems.config.contract.contract;
    let mut values = BTreeMap::from([
        (Field::HasPaidAccess, "true".to_owned()),
        (Field::CustomerId, account.customer.id.to_string()),
        (Field::CancelAtPeriodEnd, "false".to_owned()),
        (Field::Seats, "1".to_owned()),
    ]);
    let subscriptions = subscriptions(systems, account).unwrap_or_default();
    let Some(subscription) = subscriptions.first() else {
        return values;
    };
    if contract.source != Source::StripeEntitlements {
        values.insert(Field::SubscriptionId, subscription.id.to_string());
        values.insert(Field::Status, subscription.status.to_string());
    }
    let mut items = subscription.items.iter();
    let plan = items.find_map(|item| contract.plan_of(&item.price));
    if let Some(plan) = plan {
        values.insert(Field::Plan, plan.name().to_owned());
    }
    if let Some(end) = subscription.period_end() {
        values.insert(Field::PeriodEnd, end.0.to_string());
    }
    values
}
