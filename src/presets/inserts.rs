//! Finds the tables and columns that the statements of a rehearsal fill.

use std::collections::BTreeMap;

use super::{
    naming::{Naming, TableNames, naming},
    renaming::{statement_lines, tokens},
};

/// Looks for the tables and columns of the statements of a rehearsal.
pub fn insert_naming(section: &str, existing: &[TableNames]) -> Naming {
    naming(&inserts(section), existing)
}

/// Returns the tables of all `insert into table (column, …)`.
fn inserts(section: &str) -> BTreeMap<String, Vec<String>> {
    let sql: String = statement_lines(section)
        .filter_map(|(line, is_sql)| is_sql.then_some(line))
        .collect();
    let mut found = BTreeMap::<String, Vec<String>>::new();
    let mut words = tokens(&sql)
        .into_iter()
        .filter(|token| !token.trim().is_empty());
    while let Some(word) = words.next() {
        if !word.eq_ignore_ascii_case("into") {
            continue;
        }
        let is_list = |word: &&str| *word == "(";
        let table: Vec<_> = words.by_ref().take_while(|word| !is_list(word)).collect();
        let columns = words
            .by_ref()
            .take_while(|word| *word != ")")
            .filter(|word| *word != ",");
        let names = columns.map(|name| name.trim_matches('"').to_owned());
        let table: Vec<_> = table.iter().map(|part| part.trim_matches('"')).collect();
        found.entry(table.concat()).or_default().extend(names);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::TableRenaming;

    const SECTION: &str = "rehearsal:
  account:
    # The user's row; insert into nothing (at, all).
    sql:
      - insert into auth.users (id, email) values ({account_id}, {email}) returning id
      - >-
        insert into \"Team\" (id, \"billingId\", name)
        values ({account_id}, {customer_id}, 'insert into x (y)')
  checkout: { metadata: { into: \"(id)\" } }
";

    fn table(schema: &str, name: &str, columns: &[&str]) -> TableNames {
        TableNames {
            schema: Some(schema.to_owned()),
            name: name.to_owned(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
        }
    }

    #[test]
    fn inserted_tables_and_columns_are_found() {
        let found: Vec<_> = inserts(SECTION).into_iter().collect();
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(
            found,
            [
                ("Team".to_owned(), names(&["id", "billingId", "name"])),
                ("auth.users".to_owned(), names(&["id", "email"])),
            ]
        );
    }

    #[test]
    fn names_in_another_spelling_and_missing_ones_are_told_apart() {
        let existing = [
            table("public", "teams", &["id", "billing_id"]),
            table("auth", "users", &["id", "email"]),
        ];
        let Naming { renamings, missing } = insert_naming(SECTION, &existing);
        let renaming = TableRenaming {
            from: "Team".to_owned(),
            to: "teams".to_owned(),
            columns: vec![("billingId".to_owned(), "billing_id".to_owned())],
        };
        assert_eq!(renamings, [renaming]);
        assert_eq!(missing, ["teams.name"]);
        let Naming { renamings, missing } = insert_naming(SECTION, &[]);
        assert_eq!(
            (renamings.len(), missing),
            (0, vec!["Team".to_owned(), "auth.users".to_owned()])
        );
    }
}
