//! Grants access without a payment, as an administrator does by hand.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Row as _};

use super::{Scratch, error::Error};
use crate::{
    config::{AccountsQuery, DatabaseSettings, Expression},
    contract::Field,
    database::{quoted, quoted_table},
};

const PAYING: &str = "setting an account to the paid state";
const GRANTING: &str = "granting an account access without payment";

impl Scratch {
    /// Writes a paying account's values into the mapped columns; values are text, times are seconds since 1970. Returns
    /// false if a column cannot be written, for example because it is computed.
    pub async fn pay(
        &self,
        settings: &DatabaseSettings,
        account: &str,
        values: &BTreeMap<Field, String>,
    ) -> Result<bool, Error> {
        let AccountsQuery::Table {
            table,
            columns,
            join: None,
            ..
        } = &settings.accounts
        else {
            return Ok(false);
        };
        let (Some(Expression::Column(id)), Some(assigned)) =
            (columns.get(&Field::Id), assigned(columns, values))
        else {
            return Ok(false);
        };
        let failed = |error| Error::new(error, PAYING);
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        let name = quoted_table(table);
        let mut sets = Vec::new();
        let mut bound = vec![account];
        for (column, value) in &assigned {
            let kind: Option<(String, String)> = sqlx::query_as(
                "select format_type(atttypid, atttypmod), typcategory::text from pg_attribute \
                 join pg_type t on t.oid = atttypid where attrelid = to_regclass($1) and attname = $2",
            )
            .bind(&name)
            .bind(column)
            .persistent(false)
            .fetch_optional(&mut *connection)
            .await
            .map_err(failed)?;
            let Some((kind, category)) = kind else {
                return Ok(false);
            };
            bound.push(value);
            let number = bound.len();
            let value = match category.as_str() {
                "D" => format!("to_timestamp(${number}::text::float8)::{kind}"),
                _ => format!("${number}::text::{kind}"),
            };
            sets.push(format!("{} = {value}", quoted(column)));
        }
        let update = format!(
            "update {name} set {} where {}::text = $1",
            sets.join(", "),
            quoted(id)
        );
        let mut query = sqlx::query(AssertSqlSafe(update)).persistent(false);
        for value in bound {
            query = query.bind(value);
        }
        // The application's own constraints may reject the values.
        Ok(query.execute(&mut *connection).await.is_ok())
    }

    /// Gives an account access. Returns false if access is computed or not a boolean.
    pub async fn grant(&self, settings: &DatabaseSettings, account: &str) -> Result<bool, Error> {
        let AccountsQuery::Table { table, columns, .. } = &settings.accounts else {
            return Ok(false);
        };
        let (Some(Expression::Column(paid)), Some(Expression::Column(id))) =
            (columns.get(&Field::HasPaidAccess), columns.get(&Field::Id))
        else {
            return Ok(false);
        };
        let failed = |error| Error::new(error, GRANTING);
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        let (name, paid, id) = (quoted_table(table), quoted(paid), quoted(id));
        let kind = format!("select pg_typeof({paid})::text from {name} where {id}::text = $1");
        let kind = sqlx::query(AssertSqlSafe(kind))
            .bind(account)
            .persistent(false)
            .fetch_optional(&mut *connection)
            .await;
        // The query fails if the columns belong to a joined table.
        let kind = kind
            .ok()
            .flatten()
            .and_then(|row| row.try_get::<String, _>(0).ok());
        if kind.as_deref() != Some("boolean") {
            return Ok(false);
        }
        let update = format!("update {name} set {paid} = true where {id}::text = $1");
        sqlx::query(AssertSqlSafe(update))
            .bind(account)
            .persistent(false)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        Ok(true)
    }
}

/// Returns the column and new value of each field; `None` if a field is computed.
fn assigned<'v>(
    columns: &'v BTreeMap<Field, Expression>,
    values: &'v BTreeMap<Field, String>,
) -> Option<BTreeMap<&'v str, &'v str>> {
    let mut assigned: BTreeMap<&str, &str> = BTreeMap::new();
    let mut later = Vec::new();
    for (field, value) in values {
        match columns.get(field) {
            None => {}
            Some(Expression::Column(column)) => {
                assigned.insert(column, value);
            }
            Some(Expression::In { column, values }) => later.push((column, values.first()?)),
            Some(Expression::Sql(_)) => return None,
        }
    }
    // A column that is also mapped directly keeps that value.
    for (column, value) in later {
        assigned.entry(column).or_insert(value);
    }
    Some(assigned)
}
