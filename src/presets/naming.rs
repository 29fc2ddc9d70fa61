//! Finds the tables and columns of a preset among those that exist, also where an adapter spells them differently.

use std::collections::BTreeMap;

/// A table and the names of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    pub schema: Option<String>,
    pub name: String,
    pub columns: Vec<String>,
}

/// The result of looking for a preset's tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Naming {
    /// Tables with a name that is spelled differently.
    pub renamings: Vec<TableRenaming>,
    /// Names without a counterpart: `table`, or `table.column` with the table's real name.
    pub missing: Vec<String>,
}

impl Naming {
    /// Returns true if every name has a counterpart.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// Returns true if every name exists as the preset has it.
    pub fn is_same(&self) -> bool {
        self.is_complete() && self.renamings.is_empty()
    }
}

/// The real names of one table of a preset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRenaming {
    pub from: String,
    pub to: String,
    /// Columns with a different name.
    pub columns: Vec<(String, String)>,
}

/// Looks for the tables, by their names first, and then by names that differ only in case, underscores and number:
/// `stripe_customer_id` and `stripeCustomerId`, `users` and `User`.
pub fn naming(wanted: &BTreeMap<String, Vec<String>>, existing: &[TableNames]) -> Naming {
    let mut naming = Naming::default();
    for (table, columns) in wanted {
        let Some((found, renamed, lacking)) = best_table(table, columns, existing) else {
            naming.missing.push(table.clone());
            continue;
        };
        let lacking = lacking.iter();
        let lacking = lacking.map(|column| format!("{}.{column}", found.name));
        naming.missing.extend(lacking);
        let from = name_of(table);
        if from != found.name || !renamed.is_empty() {
            naming.renamings.push(TableRenaming {
                from: from.to_owned(),
                to: found.name.clone(),
                columns: renamed,
            });
        }
    }
    naming
}

type FoundTable<'t> = (&'t TableNames, Vec<(String, String)>, Vec<String>);

/// Returns the table that lacks the fewest columns, then the one with the fewest other names, with both lists.
fn best_table<'t>(
    wanted: &str,
    columns: &[String],
    existing: &'t [TableNames],
) -> Option<FoundTable<'t>> {
    let (schema, name) = wanted
        .split_once('.')
        .map_or((None, wanted), |(schema, name)| (Some(schema), name));
    let candidates = existing.iter().filter(|table| {
        // A name without a schema means a table that is found without one.
        let in_schema = match table.schema.as_deref() {
            None | Some("public") => schema.is_none_or(|schema| schema == "public"),
            other => other == schema,
        };
        in_schema
            && (table.name == name
                || singular(&normalized(&table.name)) == singular(&normalized(name)))
    });
    let with_columns = candidates.map(|table| {
        let (renamed, lacking) = columns_of(table, columns);
        (table, renamed, lacking)
    });
    with_columns
        .min_by_key(|(table, renamed, lacking)| (lacking.len(), table.name != name, renamed.len()))
}

/// Returns the columns with another name, and those that the table does not have.
fn columns_of(table: &TableNames, wanted: &[String]) -> (Vec<(String, String)>, Vec<String>) {
    let (mut renamed, mut lacking) = (Vec::new(), Vec::new());
    for column in wanted {
        if table.columns.contains(column) {
            continue;
        }
        let mut alike = table
            .columns
            .iter()
            .filter(|other| normalized(other) == normalized(column));
        match (alike.next(), alike.next()) {
            (Some(only), None) => renamed.push((column.clone(), only.clone())),
            _ => lacking.push(column.clone()),
        }
    }
    (renamed, lacking)
}

fn name_of(table: &str) -> &str {
    table.split_once('.').map_or(table, |(_, name)| name)
}

/// Returns the name without case and underscores.
fn normalized(name: &str) -> String {
    let letters = name.chars().filter(|letter| *letter != '_');
    letters.flat_map(char::to_lowercase).collect()
}

fn singular(name: &str) -> &str {
    name.strip_suffix('s').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, columns: &[&str]) -> TableNames {
        TableNames {
            schema: Some("public".to_owned()),
            name: name.to_owned(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
        }
    }

    fn wanted(table: &str, columns: &[&str]) -> BTreeMap<String, Vec<String>> {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        BTreeMap::from([(table.to_owned(), columns)])
    }

    #[test]
    fn equal_names_need_no_change() {
        let existing = [table("users", &["id", "stripe_customer_id"])];
        assert!(naming(&wanted("users", &["id"]), &existing).is_same());
    }

    #[test]
    fn another_spelling_is_a_renaming() {
        let existing = [table("User", &["id", "stripeCustomerId"])];
        let columns = ["id", "stripe_customer_id", "plan"];
        let found = naming(&wanted("users", &columns), &existing);
        let renaming = TableRenaming {
            from: "users".to_owned(),
            to: "User".to_owned(),
            columns: vec![(
                "stripe_customer_id".to_owned(),
                "stripeCustomerId".to_owned(),
            )],
        };
        assert_eq!(found.renamings, [renaming]);
        assert_eq!(found.missing, ["User.plan"]);
    }

    #[test]
    fn a_column_without_a_counterpart_is_missing() {
        let existing = [table("users", &["id"])];
        let found = naming(&wanted("users", &["id", "plan"]), &existing);
        assert_eq!(found.missing, ["users.plan"]);
        let found = naming(&wanted("stripe.users", &["id"]), &existing);
        assert_eq!(found.missing, ["stripe.users"]);
    }
}
