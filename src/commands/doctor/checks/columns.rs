//! `columns`: the mapped columns exist, and their values can be what they are mapped as.

use std::{borrow::Cow, collections::BTreeMap, future::ready};

use crate::{
    billing::definition,
    commands::doctor::{
        contract_facts::ContractFacts,
        definition::{CheckFuture, ContractCheck, DoctorCheck},
    },
    contract::{Account, ContractKey, Field, Source, Unanswerable},
    database::{DatabaseFacts, Error},
    problem::{Problem, Warning},
    report::StepResult,
    text::counted,
};

pub(in crate::commands::doctor) const CHECK: ContractCheck = DoctorCheck {
    id: "columns",
    run: |facts| -> CheckFuture<'_> { Box::pin(ready(check(facts))) },
};

/// Number of accounts from which one value for all of them is unusual.
const MANY: u64 = 5;

fn check(facts: &mut ContractFacts<'_>) -> StepResult {
    let read = match &facts.accounts {
        None => return StepResult::needs(super::database::CHECK.id),
        Some(Err(Error::RowSecurity { .. } | Error::Permission { .. })) => {
            return StepResult::needs(super::role::CHECK.id);
        }
        Some(Err(error)) => return StepResult::fail(Problem::from(error)),
        Some(Ok(read)) => read,
    };
    if read.accounts.is_empty() && !facts.contract.contract.allow_empty {
        return StepResult::fail(Problem::from(Unanswerable::NoAccounts));
    }
    let columns = tallies(read, facts.contract.contract.source);
    let warnings: Vec<_> = columns
        .iter()
        .filter_map(|(field, tally)| warning(facts, *field, tally))
        .collect();
    let types = columns.keys().map(|field| {
        let kind = read.types.get(field).map_or("", String::as_str);
        format!("`{}` {kind}", field.as_str())
    });
    let types: Vec<_> = types.collect();
    let accounts = u64::try_from(read.accounts.len()).unwrap_or(u64::MAX);
    let entity = &facts.contract.contract.entity;
    let message = format!("{} with {}", counted(accounts, entity), types.join(", "));
    facts.are_accounts_usable = true;
    StepResult::warned(message, warnings)
}

/// The values of one column.
#[derive(Debug, Default)]
struct ColumnTally {
    rows: u64,
    values: u64,
    distinct: DistinctValues,
    /// Usual prefix of the provider's ids, if the column holds such.
    usual: Option<&'static str>,
    /// Number of values that are as they should be: with it, or of accounts that pay elsewhere.
    usual_values: u64,
}

/// The different values of a column.
#[derive(Debug, Default)]
enum DistinctValues {
    #[default]
    None,
    One(String),
    Several,
}

impl ColumnTally {
    /// Adds a value. An account that pays elsewhere has the ids of another provider.
    fn add(&mut self, value: Option<Cow<'_, str>>, is_elsewhere: bool) {
        self.rows += 1;
        let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
            return;
        };
        self.values += 1;
        let is_usual = self.usual.is_some_and(|usual| value.starts_with(usual));
        self.usual_values += u64::from(is_usual || is_elsewhere);
        match &self.distinct {
            DistinctValues::None => self.distinct = DistinctValues::One(value.into_owned()),
            DistinctValues::One(only) if *only != value => self.distinct = DistinctValues::Several,
            DistinctValues::One(_) | DistinctValues::Several => {}
        }
    }

    /// Returns the value of all rows that have one.
    fn only(&self) -> Option<&str> {
        match &self.distinct {
            DistinctValues::One(only) => Some(only),
            DistinctValues::None | DistinctValues::Several => None,
        }
    }
}

fn tallies(read: &DatabaseFacts, source: Source) -> BTreeMap<Field, ColumnTally> {
    let empty = |field: &Field| ColumnTally {
        usual: definition(source).usual_prefix(*field),
        ..ColumnTally::default()
    };
    let fields = read.types.keys();
    let mut tallies: BTreeMap<_, _> = fields.map(|field| (*field, empty(field))).collect();
    for account in &read.accounts {
        for (field, tally) in &mut tallies {
            tally.add(value(account, *field), is_elsewhere(account));
        }
    }
    tallies
}

/// Returns true for an account that does not pay the contract's provider.
pub(super) fn is_elsewhere(account: &Account) -> bool {
    let columns = account.columns.as_ref();
    account.exempt || columns.is_some_and(|columns| columns.paid_elsewhere)
}

fn value(account: &Account, field: Field) -> Option<Cow<'_, str>> {
    let columns = account.columns.as_deref();
    let number = |number: Option<i64>| number.map(|number| number.to_string().into());
    let word = |yes: bool| Some(if yes { "true" } else { "false" }.into());
    match field {
        Field::Id => Some(account.id.as_str().into()),
        Field::CustomerId => account.customer.as_ref().map(|id| id.as_str().into()),
        Field::HasPaidAccess => word(account.paid),
        Field::Exempt => word(account.exempt),
        Field::Plan => account.plan.as_deref().map(Cow::from),
        Field::Status => columns?.status.as_deref().map(Cow::from),
        Field::SubscriptionId => {
            let id = columns?.subscription_id.as_ref();
            id.map(|id| id.as_str().into())
        }
        Field::Seats => number(columns?.seats),
        Field::PeriodEnd => number(columns?.period_end.map(|time| time.0)),
        Field::UpdatedAt => number(columns?.updated_at.map(|time| time.0)),
        Field::PastDueSince => number(columns?.past_due_since.map(|time| time.0)),
        Field::CancelAtPeriodEnd => word(columns?.cancel_at_period_end),
        Field::PaidElsewhere => word(columns?.paid_elsewhere),
    }
}

fn warning(facts: &ContractFacts<'_>, field: Field, tally: &ColumnTally) -> Option<Warning> {
    let contract = &facts.contract.contract;
    let column = contract.column(field);
    let name = field.as_str();
    let link = facts.contract.database.match_on.link();
    let (message, hint) = if tally.rows > 0 && tally.values == 0 {
        if field == link {
            (
                format!(
                    "no {} is linked: `{column}` is empty in every row",
                    contract.entity
                ),
                format!(
                    "map the column in which your webhook handler stores the id as `{name}`; before the first customer this is as it should be"
                ),
            )
        } else if field == Field::PastDueSince {
            return None;
        } else {
            (
                format!("`{column}` is empty in every row, so `{name}` checks nothing"),
                format!("map the column that your webhook handler writes, or leave `{name}` out"),
            )
        }
    } else if field == link && tally.values > 1 && tally.only().is_some() {
        (
            format!(
                "`{column}` is the same in all {} rows that have one",
                tally.values
            ),
            format!(
                "map the column that identifies the customer of each {}",
                contract.entity
            ),
        )
    } else if let Some(only) = tally.only()
        && field == Field::HasPaidAccess
        && tally.rows >= MANY
    {
        (
            format!("`has_paid_access` is {only} for all {} rows", tally.rows),
            "check the column or the words of `in:`: usually some have access and some have not"
                .to_owned(),
        )
    } else {
        unusual_ids(facts, field, tally)?
    };
    let place = facts.place(&ContractKey::Column(field));
    Some(Warning::new(message).hint(hint).at(place))
}

/// Returns the message and the hint about ids that do not begin as those of the provider usually do.
fn unusual_ids(
    facts: &ContractFacts<'_>,
    field: Field,
    tally: &ColumnTally,
) -> Option<(String, String)> {
    let contract = &facts.contract.contract;
    let usual = tally.usual?;
    let other = tally.values.saturating_sub(tally.usual_values);
    if other == 0 {
        return None;
    }
    let column = contract.column(field);
    Some((
        format!(
            "{other} of {} values of `{column}` do not begin with `{usual}`",
            tally.values
        ),
        format!(
            "map the column with {}'s id as `{}`; ids that you gave {0} yourself may look different",
            contract.source.provider(),
            field.as_str()
        ),
    ))
}
