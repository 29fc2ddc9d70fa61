//! Generates an SQL script that repairs rows. It guards each row by the values that were read, and rolls back until a
//! person changes that.

mod events;
mod literal;

use std::fmt::Write as _;

use super::{
    ContractOutcome, Outcome, Reported,
    count::{counted, length},
    neutral::visible,
    shown::{ShownFinding, hint_lines, message_line},
};
use contract::Verdict;

use literal::{guard, name, text};

/// The repair for a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    Row(Box<RowRepair>),
    /// No statement can repair it. The text explains why, and what to do instead.
    ByHand(String),
}

/// A row and the values that it must have. All names and values are raw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowRepair {
    /// The environment variable that holds the URL of the database.
    pub database: String,
    /// Schema and table name, or the table name alone.
    pub table: Vec<String>,
    /// Time zone of the session that read the row.
    pub time_zone: String,
    pub id: RepairCell,
    /// Other columns whose values must be unchanged when the script runs, such as the customer.
    pub seen: Vec<RepairCell>,
    pub changes: Vec<CellChange>,
}

/// A column of the row with the value that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairCell {
    pub column: String,
    pub kind: CellKind,
    /// The value as Postgres prints it; `None` is NULL.
    pub value: Option<String>,
}

/// Type of a column, which decides how values are compared and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    Boolean,
    Number,
    /// JSON, which has no equality operator in Postgres.
    Json,
    /// Any type whose values are written as quoted text.
    Text,
}

/// A column to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellChange {
    pub before: RepairCell,
    pub after: CellValue,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellValue {
    Text(String),
    /// Seconds since 1970.
    Moment(i64),
}

const HEADER: &str = concat!(
    "-- Repairs the rows that ProdVerdict found to disagree with the billing provider.\n",
    "--\n",
    "-- Nothing changes yet: the script ends in ROLLBACK. Read each statement, remove those you do not want, run the script\n",
    "-- once unchanged, and check its result for each account. Then replace ROLLBACK with COMMIT and run it again.\n",
    "--\n",
    "-- Each statement changes one row, and only if it still holds the values that were read. A row that has changed since is\n",
    "-- left alone, and the result of the statement says so. Fix what wrote the wrong rows first, or they come back.\n",
);

const ROW_COUNT_TEXT: &str = "\
CASE count(*)
  WHEN 1 THEN 'one row, as expected'
  WHEN 0 THEN 'no row: it is gone or has changed, and is left alone'
  ELSE 'MORE THAN ONE ROW: do not commit'
END";

/// Renders the script.
pub(super) fn script(outcome: &Outcome) -> String {
    let mut out = HEADER.to_owned();
    for line in no_verdict(outcome) {
        comment(&mut out, &line);
    }
    let (statements, by_hand): (Vec<_>, Vec<_>) = groups(outcome)
        .into_iter()
        .partition(|group| group.row.is_some());
    out.push_str("--\n");
    comment(
        &mut out,
        &match (statements.len(), by_hand.len()) {
            (0, 0) if outcome.verdict == Verdict::Error => "Nothing is repaired.".to_owned(),
            (0, 0) => "There is nothing to repair.".to_owned(),
            (statements, 0) => counted(length(statements), "statement") + ".",
            (statements, by_hand) => format!(
                "{}, and {} without one: comments at the end say why.",
                counted(length(statements), "statement"),
                counted(length(by_hand), "finding")
            ),
        },
    );
    let mut databases: Vec<&str> = Vec::new();
    for database in statements.iter().filter_map(RepairGroup::database) {
        if !databases.contains(&database) {
            databases.push(database);
        }
    }
    for database in databases {
        let statements_of_database = statements
            .iter()
            .filter(|group| group.database() == Some(database));
        transaction(&mut out, database, statements_of_database);
    }
    for group in &by_hand {
        out.push('\n');
        group.write(&mut out);
    }
    events::write(outcome, &mut out);
    out
}

/// Writes the statements for one database, ending in ROLLBACK.
fn transaction<'g, 'o: 'g>(
    out: &mut String,
    database: &str,
    groups: impl Iterator<Item = &'g RepairGroup<'o>>,
) {
    out.push('\n');
    comment(
        out,
        &format!("For the database that {database} names, as a role that may write."),
    );
    out.push_str("BEGIN;\nSET LOCAL standard_conforming_strings = on;\n");
    let mut time_zone = None;
    for group in groups {
        if let Some(row) = group.row.filter(|row| time_zone != Some(&row.time_zone)) {
            time_zone = Some(&row.time_zone);
            // Writing to a string cannot fail.
            let _ = writeln!(out, "SET LOCAL TIME ZONE {};", text(&row.time_zone));
        }
        out.push('\n');
        group.write(out);
    }
    out.push_str("\nROLLBACK;\n");
}

/// Lists the problems that prevented a verdict.
fn no_verdict(outcome: &Outcome) -> Vec<String> {
    let contract_problems = outcome.contracts.iter().filter_map(|contract| {
        let problem = contract.problem.as_ref()?;
        Some((Some(contract.name.as_str()), problem))
    });
    let problems = outcome.problems.iter().map(|problem| (None, problem));
    let mut lines = Vec::new();
    for (contract, problem) in problems.chain(contract_problems) {
        let contract_suffix =
            contract.map_or_else(String::new, |name| format!(" of contract {name}"));
        lines.push(String::new());
        lines.push(format!(
            "NO VERDICT{contract_suffix}: {}",
            message_line(problem)
        ));
        lines.extend(hint_lines(problem));
    }
    lines
}

/// Findings that one statement repairs, or a single finding without a statement.
struct RepairGroup<'o> {
    contract: &'o ContractOutcome,
    findings: Vec<&'o Reported>,
    row: Option<&'o RowRepair>,
}

fn groups(outcome: &Outcome) -> Vec<RepairGroup<'_>> {
    let mut groups: Vec<RepairGroup<'_>> = Vec::new();
    // An index, because searching all groups for each of very many findings would be slow.
    let mut index = std::collections::BTreeMap::new();
    for (contract, found) in outcome.findings() {
        let row = match &found.repair {
            Some(Repair::Row(row)) => Some(row.as_ref()),
            Some(Repair::ByHand(_)) | None => None,
        };
        if let Some(row) = row {
            let key = (contract.name.as_str(), row.id.value.as_deref());
            let position = index.get(&key).copied();
            if let Some(group) = position.and_then(|position: usize| groups.get_mut(position))
                && group.row == Some(row)
            {
                group.findings.push(found);
                continue;
            }
            index.insert(key, groups.len());
        }
        groups.push(RepairGroup {
            contract,
            findings: vec![found],
            row,
        });
    }
    groups
}

impl<'o> RepairGroup<'o> {
    fn database(&self) -> Option<&'o str> {
        self.row.map(|row| row.database.as_str())
    }

    fn write(&self, out: &mut String) {
        for found in &self.findings {
            let finding = &found.finding;
            let shown = ShownFinding::new(finding);
            comment(
                out,
                &format!(
                    "[{}] {} {} (contract {})",
                    finding.severity.as_str().to_uppercase(),
                    shown.entity,
                    finding.rule,
                    self.contract.name
                ),
            );
            for line in shown.message.iter().chain(&shown.evidence) {
                comment(out, &format!("  {line}"));
            }
            if self.row.is_none() {
                let why = match &found.repair {
                    Some(Repair::ByHand(why)) => why.as_str(),
                    Some(Repair::Row(_)) | None => "the values for a repair were not read",
                };
                comment(out, &format!("  No statement: {why}."));
            }
        }
        if let (Some(row), Some(first)) = (self.row, self.findings.first()) {
            statement(out, row, &ShownFinding::new(&first.finding).entity);
        }
    }
}

fn statement(out: &mut String, row: &RowRepair, entity: &str) {
    let table: Vec<_> = row.table.iter().map(|part| name(part)).collect();
    let changes = row.changes.iter().map(|change| {
        let value = literal::value(change.before.kind, &change.after);
        format!("{} = {value}", name(&change.before.column))
    });
    let seen = row
        .seen
        .iter()
        .chain(row.changes.iter().map(|change| &change.before));
    let mut guards = vec![guard(&row.id)];
    for cell in seen {
        let guard = guard(cell);
        if !guards.contains(&guard) {
            guards.push(guard);
        }
    }
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "WITH repaired AS (\n  UPDATE {}\n  SET {}\n  WHERE {}\n  RETURNING 1\n)\nSELECT {} AS repaired, {ROW_COUNT_TEXT} AS result\nFROM repaired;\n",
        table.join("."),
        changes.collect::<Vec<_>>().join(",\n      "),
        guards.join("\n    AND "),
        text(entity),
    );
}

/// Writes one comment line. Nothing in `line` can end the comment.
fn comment(out: &mut String, line: &str) {
    let line = visible(line);
    let line = format!("-- {line}");
    out.push_str(line.trim_end());
    out.push('\n');
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests;
