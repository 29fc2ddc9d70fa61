//! Finds the columns that refer to an account. In these columns, even a short id identifies it.

use std::collections::BTreeMap;

use sqlx::{PgConnection, Row as _};

use super::{
    error::Error,
    foreign_keys::foreign_keys,
    owner_columns::OwnerColumns,
    tables::{Table, Tables},
};

const READING: &str = "reading which columns refer to an account";

/// Finds the columns that refer to the account tables, which are given by object id.
pub(super) async fn with_owner_columns(
    mut tables: Tables,
    connection: &mut PgConnection,
    accounts: &[i64],
) -> Result<Tables, Error> {
    for (table, columns) in referring(connection, &tables, accounts).await? {
        if let Some(shape) = tables.0.get_mut(&table) {
            shape.owner_columns = columns;
        }
    }
    Ok(tables)
}

async fn referring(
    connection: &mut PgConnection,
    tables: &Tables,
    accounts: &[i64],
) -> Result<BTreeMap<Table, OwnerColumns>, Error> {
    let account_tables: Vec<&Table> = tables
        .0
        .iter()
        .filter(|(_, shape)| accounts.contains(&shape.oid))
        .map(|(table, _)| table)
        .collect();
    if account_tables.is_empty() {
        return Ok(BTreeMap::new());
    }
    let named = columns_named_after(connection, tables, &account_tables).await?;
    let mut referring = BTreeMap::new();
    for (table, shape) in &tables.0 {
        let mut columns = named.get(table).cloned().unwrap_or_default();
        if account_tables.contains(&table) {
            columns.extend_from_slice(shape.key_columns());
        }
        referring.insert(table.clone(), OwnerColumns::Columns(columns));
    }
    for reference in foreign_keys(connection, tables).await? {
        if account_tables.contains(&&reference.to)
            && let Some(OwnerColumns::Columns(columns)) = referring.get_mut(&reference.from)
        {
            columns.extend(reference.columns.into_iter().map(|(ours, _)| ours));
        }
    }
    Ok(referring)
}

/// Finds columns such as `user_id` and `userId` for a table `users`, which need no foreign key.
async fn columns_named_after(
    connection: &mut PgConnection,
    tables: &Tables,
    accounts: &[&Table],
) -> Result<BTreeMap<Table, Vec<String>>, Error> {
    let reading = |error| Error::new(error, READING);
    let names: Vec<String> = accounts
        .iter()
        .flat_map(|table| {
            let name = normalized(&table.name);
            [singular(&name), name].map(|name| format!("{name}id"))
        })
        .collect();
    let rows = sqlx::query(
        "select attrelid::int8, attname::text from pg_attribute where attnum > 0 and not attisdropped \
         and replace(lower(attname), '_', '') = any($1) order by attrelid, attnum",
    )
    .bind(names)
    .persistent(false)
    .fetch_all(connection)
    .await
    .map_err(reading)?;
    let mut found: BTreeMap<Table, Vec<String>> = BTreeMap::new();
    for row in rows {
        let oid: i64 = row.try_get(0).map_err(reading)?;
        let name: String = row.try_get(1).map_err(reading)?;
        if let Some((table, _)) = tables.0.iter().find(|(_, shape)| shape.oid == oid) {
            found.entry(table.clone()).or_default().push(name);
        }
    }
    Ok(found)
}

fn normalized(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

/// Returns the singular of a regular English plural.
fn singular(name: &str) -> String {
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    name.strip_suffix('s').unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_called_after_many_and_columns_after_one() {
        for (table, column) in [
            ("users", "user"),
            ("companies", "company"),
            ("staff", "staff"),
        ] {
            assert_eq!(singular(table), column);
        }
    }
}
