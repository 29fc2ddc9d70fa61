//! Computes repairs of findings from the contract's result for each row and the row's current values.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    config::{AccessContract, AccountsQuery, Expression, TableName, plain_columns},
    contract::{
        Account, Corrected, CustomerId, Facts, Field, Finding, RowCorrection, SubscriptionId,
        UnixSeconds, corrections, uncorrected,
    },
    database::{ColumnKind, StoredRequest, StoredRows, Value, ValueForm},
    report::{CellChange, CellKind, CellValue, Repair, RepairCell, RowRepair},
    sources::AccountSource,
};

/// Returns one repair for each finding, in the same order.
pub(crate) async fn repairs(
    contract: &AccessContract,
    accounts: &dyn AccountSource,
    facts: &Facts,
    findings: &[Finding],
    now: UnixSeconds,
) -> Vec<Repair> {
    let corrections = corrections(&contract.contract, facts, now, findings);
    let rows = match AccountsTable::from_contract(contract) {
        Ok(table) => row_repairs(&table, accounts, facts, &corrections).await,
        Err(reason) => all_by_hand(&corrections, &reason),
    };
    let repair = |finding: &Finding| finding_repair(finding, &corrections, &rows);
    findings.iter().map(repair).collect()
}

fn finding_repair(
    finding: &Finding,
    corrections: &BTreeMap<String, RowCorrection>,
    rows: &BTreeMap<String, Repair>,
) -> Repair {
    let by_hand = |reason: &str| Repair::ByHand(reason.to_owned());
    let Some(account) = finding.subject.account.as_deref() else {
        return by_hand(uncorrected(finding.rule));
    };
    let Some(correction) = corrections.get(account) else {
        return by_hand(uncorrected(finding.rule));
    };
    if let Some(reason) = correction.left.get(&finding.rule) {
        return by_hand(reason);
    }
    match rows.get(account) {
        Some(row) if correction.corrected.contains(&finding.rule) => row.clone(),
        Some(_) | None => by_hand(uncorrected(finding.rule)),
    }
}

fn all_by_hand(
    corrections: &BTreeMap<String, RowCorrection>,
    reason: &str,
) -> BTreeMap<String, Repair> {
    let accounts = corrections.keys().cloned();
    accounts
        .map(|account| (account, Repair::ByHand(reason.to_owned())))
        .collect()
}

/// The accounts' own table, as mapped by the configuration.
struct AccountsTable<'c> {
    /// Environment variable with the URL.
    database: &'c str,
    name: TableName,
    time_zone: &'c str,
    columns: BTreeMap<Field, Expression>,
    id: String,
    link: Field,
}

impl<'c> AccountsTable<'c> {
    fn from_contract(contract: &'c AccessContract) -> Result<Self, String> {
        let settings = &contract.database;
        let (table, columns) = match &settings.accounts {
            AccountsQuery::Table { table, columns, .. } => (table.clone(), columns.clone()),
            AccountsQuery::Query { sql } => table_of_query(sql).ok_or(
                "the accounts come from `query:`, whose `id` is not plainly a column of a table",
            )?,
        };
        let Some(Expression::Column(id)) = columns.get(&Field::Id).cloned() else {
            return Err("`id` is computed, so no statement can find the row by it".to_owned());
        };
        Ok(Self {
            database: &settings.url_env,
            name: table,
            time_zone: &settings.timezone,
            columns,
            id,
            link: settings.match_on.link(),
        })
    }

    /// Returns the column that a field is read from, or `None` if it is computed.
    fn column(&self, field: Field) -> Option<&str> {
        match self.columns.get(&field)? {
            Expression::Column(column) | Expression::In { column, .. } => Some(column),
            Expression::Sql(_) => None,
        }
    }

    /// Returns true if the column holds words (`in:`) instead of the field's boolean.
    fn is_word(&self, field: Field) -> bool {
        matches!(self.columns.get(&field), Some(Expression::In { .. }))
    }
}

/// Returns the table that the query takes the id from, with the columns that it plainly takes from the same row.
fn table_of_query(sql: &str) -> Option<(TableName, BTreeMap<Field, Expression>)> {
    let plain = plain_columns(sql);
    let id = plain.get(&Field::Id)?.clone();
    let columns_of_row = plain
        .into_iter()
        .filter(|(_, column)| column.table_number == id.table_number);
    let columns = columns_of_row.map(|(field, plain)| (field, Expression::Column(plain.column)));
    Some((id.table, columns.collect()))
}

async fn row_repairs(
    table: &AccountsTable<'_>,
    accounts: &dyn AccountSource,
    facts: &Facts,
    corrections: &BTreeMap<String, RowCorrection>,
) -> BTreeMap<String, Repair> {
    let fields: BTreeSet<Field> = corrections
        .values()
        .flat_map(|correction| correction.values.keys().copied())
        .chain([Field::Id, table.link])
        .collect();
    let columns: BTreeSet<String> = fields
        .iter()
        .filter_map(|field| table.column(*field))
        .map(str::to_owned)
        .collect();
    let columns: Vec<_> = columns.into_iter().collect();
    let ids: Vec<_> = corrections
        .iter()
        .filter(|(_, correction)| !correction.values.is_empty())
        .map(|(account, _)| account.clone())
        .collect();
    if ids.is_empty() {
        return BTreeMap::new();
    }
    let request = StoredRequest {
        table: &table.name,
        id: &table.id,
        columns: &columns,
        ids: &ids,
    };
    let stored = match accounts.stored(&request).await {
        Ok(Some(stored)) => stored,
        Ok(None) => {
            return all_by_hand(
                corrections,
                "the accounts are recorded: no database was read",
            );
        }
        Err(failure) => {
            let message = failure.problem.text;
            let reason = format!("its row could not be read again ({message})");
            return all_by_hand(corrections, &reason);
        }
    };
    let judged: BTreeMap<_, _> = facts
        .accounts
        .iter()
        .map(|account| (account.id.as_str(), account))
        .filter(|(id, _)| corrections.contains_key(*id))
        .collect();
    corrections
        .iter()
        .map(|(account, correction)| {
            let link = judged.get(account.as_str());
            let link = link.and_then(|link| link_of(link, table.link));
            let paid = judged.get(account.as_str()).map(|judged| judged.paid);
            let row = row_repair(table, &stored, account, correction, (link, paid));
            (account.clone(), row.unwrap_or_else(Repair::ByHand))
        })
        .collect()
}

/// Returns the value by which an account is linked.
fn link_of(account: &Account, link: Field) -> Option<&str> {
    if link == Field::SubscriptionId {
        let columns = account.columns.as_ref()?;
        columns.subscription_id.as_ref().map(SubscriptionId::as_str)
    } else {
        account.customer.as_ref().map(CustomerId::as_str)
    }
}

/// The reason for a row without repair although its account was checked.
const MOVED: &str = "its row changed while it was read";

/// The reason for rows that no statement could find.
const NO_COLUMN: &str = "its table is a view, or `id` is not a column of that table itself";

/// Returns the repair of one row, or the reason it has none.
fn row_repair(
    table: &AccountsTable<'_>,
    stored: &StoredRows,
    account: &str,
    correction: &RowCorrection,
    (link, paid): (Option<&str>, Option<bool>),
) -> Result<Repair, String> {
    let found = match stored.rows.get(account).map(Vec::as_slice) {
        Some([row]) => row,
        Some(_) => return Err("more than one row of the table has this id".to_owned()),
        None if stored.columns.contains_key(&table.id) => {
            return Err("its row is gone".to_owned());
        }
        None => return Err(NO_COLUMN.to_owned()),
    };
    let cell = |column: &str| -> Result<RepairCell, String> {
        let (Some(kind), Some(value)) = (stored.columns.get(column), found.get(column)) else {
            return Err(format!(
                "`{column}` is not a column of that table itself that can be written"
            ));
        };
        Ok(RepairCell {
            column: column.to_owned(),
            kind: cell_kind(*kind),
            value: value.clone(),
        })
    };
    let mut seen = Vec::new();
    if let Some(column) = table.column(table.link) {
        let cell = cell(column)?;
        if cell.value.as_deref() != link {
            return Err(MOVED.to_owned());
        }
        seen.push(cell);
    }
    let mut changes: Vec<CellChange> = Vec::new();
    for (field, corrected) in &correction.values {
        let column = table.column(*field).ok_or_else(|| {
            format!(
                "`{}` is computed, or stored in another table: change it there",
                field.as_str()
            )
        })?;
        let before = cell(column)?;
        if *field == Field::HasPaidAccess && !table.is_word(*field) {
            let now = parse_boolean(before.value.as_deref());
            if now != paid {
                return Err(MOVED.to_owned());
            }
        }
        let kind = stored
            .columns
            .get(column)
            .copied()
            .unwrap_or(ColumnKind::Text);
        let after = format_value(corrected, kind, before.value.as_deref()).ok_or_else(|| {
            format!(
                "it is unclear how `{column}` spells that value: write it as your application does"
            )
        })?;
        match changes.iter().find(|change| change.before.column == column) {
            Some(other) if other.after != after => {
                return Err(format!(
                    "two different values are expected in `{column}`: check the mapping"
                ));
            }
            Some(_) => {}
            None => changes.push(CellChange { before, after }),
        }
    }
    Ok(Repair::Row(Box::new(RowRepair {
        database: table.database.to_owned(),
        table: table
            .name
            .schema
            .iter()
            .chain([&table.name.name])
            .cloned()
            .collect(),
        time_zone: table.time_zone.to_owned(),
        id: cell(&table.id)?,
        seen,
        changes,
    })))
}

fn parse_boolean(text: Option<&str>) -> Option<bool> {
    let value = Value {
        text,
        kind: "",
        form: ValueForm::Scalar,
    };
    value.boolean().ok()
}

fn cell_kind(kind: ColumnKind) -> CellKind {
    match kind {
        ColumnKind::Boolean => CellKind::Boolean,
        ColumnKind::Number => CellKind::Number,
        ColumnKind::Json => CellKind::Json,
        ColumnKind::Time | ColumnKind::Text => CellKind::Text,
    }
}

/// Words for true and false, in pairs.
const BOOLEAN_WORDS: [(&str, &str); 6] = [
    ("true", "false"),
    ("t", "f"),
    ("yes", "no"),
    ("y", "n"),
    ("on", "off"),
    ("1", "0"),
];

/// Largest column value that counts seconds since 1970. Larger values count milliseconds.
const MAX_SECONDS: i64 = 100_000_000_000;

/// Formats the value as the column stores it. Returns `None` if the previous value does not determine the format.
fn format_value(
    corrected: &Corrected,
    kind: ColumnKind,
    before: Option<&str>,
) -> Option<CellValue> {
    let text = |text: &str| Some(CellValue::Text(text.to_owned()));
    match (corrected, kind) {
        (_, ColumnKind::Json)
        | (Corrected::Number(_), ColumnKind::Boolean | ColumnKind::Time)
        | (Corrected::Time(_), ColumnKind::Boolean) => None,
        (Corrected::Flag(flag), ColumnKind::Boolean) => text(if *flag { "true" } else { "false" }),
        (Corrected::Flag(flag), ColumnKind::Number) => text(if *flag { "1" } else { "0" }),
        (Corrected::Flag(flag), ColumnKind::Text | ColumnKind::Time) => {
            let before = before?.trim();
            let is_pair = |(yes, no): &&(&str, &str)| {
                before.eq_ignore_ascii_case(yes) || before.eq_ignore_ascii_case(no)
            };
            let (yes, no) = BOOLEAN_WORDS.iter().find(is_pair)?;
            text(&match_case(before, if *flag { yes } else { no }))
        }
        (Corrected::Word(word), _) => text(&match_case(before.unwrap_or_default().trim(), word)),
        (Corrected::Number(number), ColumnKind::Number | ColumnKind::Text) => {
            text(&number.to_string())
        }
        (Corrected::Time(time), ColumnKind::Time) => Some(CellValue::Moment(time.0)),
        (Corrected::Time(time), ColumnKind::Number) => {
            let before: i64 = before?.parse().ok()?;
            if before.abs() > MAX_SECONDS {
                text(&time.0.checked_mul(1000)?.to_string())
            } else {
                text(&time.0.to_string())
            }
        }
        (Corrected::Time(time), ColumnKind::Text) => {
            // Only RFC 3339 is certain to be understood by the application that wrote the previous text.
            let before = before?;
            let is_stamp = before.contains('T') && before.ends_with('Z');
            is_stamp.then(|| CellValue::Text(time.to_string()))
        }
    }
}

/// Returns the word in upper case if the previous value was: enums are often spelled so.
fn match_case(before: &str, word: &str) -> String {
    let is_upper =
        before.chars().any(char::is_uppercase) && !before.chars().any(char::is_lowercase);
    if is_upper
        && BOOLEAN_WORDS
            .iter()
            .any(|(yes, no)| word == *yes || word == *no)
    {
        word.to_ascii_uppercase()
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_in_the_format_of_its_column() {
        let text = |value: &str| Some(CellValue::Text(value.to_owned()));
        let (yes, no) = (Corrected::Flag(true), Corrected::Flag(false));
        let end = Corrected::Time(UnixSeconds(1_785_542_400));
        for (corrected, kind, before, expected) in [
            (&yes, ColumnKind::Boolean, None, text("true")),
            (&no, ColumnKind::Boolean, Some("true"), text("false")),
            (&yes, ColumnKind::Number, Some("0"), text("1")),
            (&yes, ColumnKind::Text, Some("no"), text("yes")),
            (&no, ColumnKind::Text, Some("Y"), text("N")),
            (&yes, ColumnKind::Text, None, None),
            (&yes, ColumnKind::Json, Some("false"), None),
            (
                &end,
                ColumnKind::Time,
                None,
                Some(CellValue::Moment(1_785_542_400)),
            ),
            (
                &end,
                ColumnKind::Number,
                Some("1700000000"),
                text("1785542400"),
            ),
            (
                &end,
                ColumnKind::Number,
                Some("1700000000000"),
                text("1785542400000"),
            ),
            (&end, ColumnKind::Number, None, None),
            (
                &end,
                ColumnKind::Text,
                Some("2026-01-01T00:00:00Z"),
                text("2026-08-01T00:00:00Z"),
            ),
            (&end, ColumnKind::Text, Some("1 January"), None),
            (
                &Corrected::Word("pro".to_owned()),
                ColumnKind::Text,
                Some("FREE"),
                text("pro"),
            ),
            (&Corrected::Number(5), ColumnKind::Number, None, text("5")),
        ] {
            assert_eq!(
                format_value(corrected, kind, before),
                expected,
                "{corrected:?} {kind:?} {before:?}"
            );
        }
    }
}
