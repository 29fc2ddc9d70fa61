//! Finds SQL that a pull request adds to the configuration, because a check runs it with its database role.

use super::{
    super::{AccessContract, AccountsQuery, Config, DatabaseSettings, Expression},
    ContractPlaces, pairs,
};
use contract::Field;
use problem::Place;

/// SQL of a contract that differs from the base commit's under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedSql {
    /// Position of the contract in the pull request's file.
    pub contract_index: usize,
    /// Name of the contract.
    pub contract: String,
    /// Key that holds the SQL: `query`, `join`, `where` or a column such as `plan`.
    pub key: &'static str,
    /// Line in the pull request's file.
    pub place: Place,
}

/// Lists the SQL of `head` that `base` does not have, in the order of the contracts. Removed SQL is not listed, because
/// it no longer runs.
pub fn sql_that_differs(base: &Config, head: &Config) -> Vec<ChangedSql> {
    let pairs = pairs::matching(&base.contracts, &head.contracts);
    let partner = |index: usize| {
        let known = pairs.iter().position(|head| *head == Some(index))?;
        base.contracts.get(known)
    };
    let mut changed = Vec::new();
    for (index, (contract, places)) in head.contracts.iter().zip(&head.places).enumerate() {
        let known = partner(index).map(texts).unwrap_or_default();
        for text in texts(contract) {
            if !known.contains(&text) {
                changed.push(ChangedSql {
                    contract_index: index,
                    contract: contract.name.clone(),
                    key: text.key.as_str(),
                    place: text.key.place(places).clone(),
                });
            }
        }
    }
    changed
}

/// Lists all SQL of `head`, if there is nothing to compare it with.
pub fn all_sql(head: &Config) -> Vec<ChangedSql> {
    let nothing = Config {
        contracts: Vec::new(),
        ..head.clone()
    };
    sql_that_differs(&nothing, head)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SqlText<'c> {
    key: SqlKey,
    sql: &'c str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SqlKey {
    Database(&'static str),
    Column(Field),
    Email,
}

impl SqlKey {
    fn as_str(self) -> &'static str {
        match self {
            Self::Database(key) => key,
            Self::Column(field) => field.as_str(),
            Self::Email => "email",
        }
    }

    fn place(self, places: &ContractPlaces) -> &Place {
        match self {
            Self::Database(key) => places.of_key(&format!("database.{key}"), None),
            Self::Column(field) => places.of_column(field),
            Self::Email => places.of_key("database.columns.email", None),
        }
    }
}

/// Returns all SQL of a contract. `..` is not used: a new field has to be considered here.
fn texts(contract: &AccessContract) -> Vec<SqlText<'_>> {
    let AccessContract {
        database,
        // None of these is SQL.
        name: _,
        contract: _,
        key_env: _,
        confirm_after: _,
        evidence: _,
        max_requests: _,
        requests_per_second: _,
        requests_per_minute: _,
        account_link: _,
    } = contract;
    let DatabaseSettings {
        accounts,
        email,
        // None of these is SQL.
        url_env: _,
        match_on: _,
        statement_timeout: _,
        timezone: _,
    } = database;
    let text = |key: &'static str, sql| SqlText {
        key: SqlKey::Database(key),
        sql,
    };
    match accounts {
        AccountsQuery::Query { sql } => vec![text("query", sql)],
        AccountsQuery::Table {
            // Quoted, never spliced.
            table: _,
            columns,
            join,
            filter,
        } => {
            let columns = columns
                .iter()
                .map(|(field, expression)| (SqlKey::Column(*field), expression));
            let email = email.iter().map(|expression| (SqlKey::Email, expression));
            let columns = columns.chain(email).filter_map(|(key, expression)| {
                match expression {
                    Expression::Sql(sql) => Some(SqlText { key, sql }),
                    // The name is quoted, and the values are bound.
                    Expression::Column(_)
                    | Expression::In {
                        column: _,
                        values: _,
                    } => None,
                }
            });
            let join = join.iter().map(|sql| text("join", sql));
            let filter = filter.iter().map(|sql| text("where", sql));
            columns.chain(join).chain(filter).collect()
        }
    }
}
