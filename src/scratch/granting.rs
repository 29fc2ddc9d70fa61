//! Letting somebody in who does not pay: what an administrator does by hand.

use sqlx::{AssertSqlSafe, Row as _};

use super::{Scratch, error::Error};
use crate::{
    config::{AccountsQuery, DatabaseSettings, Expression},
    contract::Field,
    database::{quoted, quoted_table},
};

const GRANTING: &str = "letting an account in without paying";

impl Scratch {
    /// Gives an account access. False where nobody can tell how: the access is computed, or no boolean.
    pub async fn grant(&self, settings: &DatabaseSettings, account: &str) -> Result<bool, Error> {
        let AccountsQuery::Table { table, columns, .. } = &settings.accounts else {
            return Ok(false);
        };
        let (Some(Expression::Column(paid)), Some(Expression::Column(id))) =
            (columns.get(&Field::HasPaidAccess), columns.get(&Field::Id))
        else {
            return Ok(false);
        };
        let failed = |error| Error::of(error, GRANTING);
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        let (name, paid, id) = (quoted_table(table), quoted(paid), quoted(id));
        let kind = format!("select pg_typeof({paid})::text from {name} where {id}::text = $1");
        let kind = sqlx::query(AssertSqlSafe(kind))
            .bind(account)
            .persistent(false)
            .fetch_optional(&mut *connection)
            .await;
        // The columns may belong to a joined table.
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
