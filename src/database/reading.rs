//! Runs one reading: connects, finds the columns, checks that no row is hidden, streams the rows.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    config::{AccountsQuery, DatabaseSettings, Expression},
    contract::{Account, Field},
};

use super::{
    DatabaseFacts, ReadRequest,
    account_rows::{AccountRows, required},
    accounts_query::{AccountsStatement, TableForm, query_form},
    catalog::{self, ColumnType, CurrentRole, TouchedRelation},
    cell::Cell,
    chosen::AccountSelection,
    diagnosis,
    error::Error,
    output_columns, replica, role_advice,
    sampling::some_of,
    session::{Failed, RowSecurity, Session},
    value::{Value, ValueForm},
};

/// Number of rows between two reports of progress.
const PROGRESS_STEP: u64 = 1000;

/// The accounts to read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extent<'a> {
    All,
    Chosen(&'a AccountSelection),
    /// Any accounts, at most this many.
    Some(u32),
}

pub(super) async fn read(
    url: &SecretString,
    settings: &DatabaseSettings,
    request: &ReadRequest,
    extent: Extent<'_>,
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<DatabaseFacts, Error> {
    let mut session = Session::open(url, settings, request.in_container_action).await?;
    let warning = session.take_warning();
    let reading = AccountsReading {
        settings,
        request,
        extent,
        on_progress,
    };
    let facts = match replica::check_is_current(&mut session).await {
        Ok(()) => reading.run(&mut session).await,
        Err(behind) => Err(behind),
    };
    session.close().await;
    let mut facts = facts?;
    facts.warnings.extend(warning);
    Ok(facts)
}

/// A connection for repeated readings of the same accounts.
#[derive(Debug)]
pub struct AccountsReader<'a>(Session<'a>);

impl<'a> AccountsReader<'a> {
    pub async fn open(
        url: &SecretString,
        settings: &'a DatabaseSettings,
        in_container_action: bool,
    ) -> Result<Self, Error> {
        let session = Session::open(url, settings, in_container_action).await?;
        Ok(Self(session))
    }

    /// Reads only the chosen accounts. Must not be called again after an error.
    pub async fn read(
        &mut self,
        request: &ReadRequest,
        chosen: &AccountSelection,
    ) -> Result<DatabaseFacts, Error> {
        let reading = AccountsReading {
            settings: self.0.settings(),
            request,
            extent: Extent::Chosen(chosen),
            on_progress: &|_| {},
        };
        reading.run(&mut self.0).await
    }
}

struct AccountsReading<'a> {
    settings: &'a DatabaseSettings,
    request: &'a ReadRequest,
    extent: Extent<'a>,
    on_progress: &'a (dyn Fn(u64) + Sync),
}

/// Reason why an attempt failed: an error to report, or a failed statement that still needs an explanation.
#[derive(Debug)]
enum FailedAttempt {
    Known(Error),
    Failed(Failed),
}

impl From<Failed> for FailedAttempt {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<Error> for FailedAttempt {
    fn from(error: Error) -> Self {
        Self::Known(error)
    }
}

/// SQLSTATE `insufficient_privilege`: permissions, and row-level security under `row_security = off`.
const INSUFFICIENT_PRIVILEGE: &str = "42501";
const UNDEFINED_TABLE: &str = "42P01";
const INVALID_PARAMETER_VALUE: &str = "22023";

impl AccountsReading<'_> {
    async fn run(&self, session: &mut Session<'_>) -> Result<DatabaseFacts, Error> {
        // Only the server knows which policies apply to a statement, by which role the tables under a view are read,
        // and what functions do. With `row_security = off` a statement fails instead of leaving rows out.
        let stopped = match self.attempt(session, RowSecurity::Refused).await {
            Ok(facts) => return Ok(facts),
            Err(stopped) => stopped,
        };
        let failed = match stopped {
            FailedAttempt::Known(error) => return Err(error),
            FailedAttempt::Failed(failed) => failed,
        };
        match failed.code().as_deref() {
            Some(INSUFFICIENT_PRIVILEGE) => self.without_refusal(session).await,
            Some(UNDEFINED_TABLE) => Err(self.no_table(session, failed).await),
            _ => Err(self.explained(failed)),
        }
    }

    /// Handles a statement that failed because of a policy: reads with the policies applied if none of them hides a
    /// row, or else reports the policies that do.
    async fn without_refusal(&self, session: &mut Session<'_>) -> Result<DatabaseFacts, Error> {
        let end = session.end().await;
        end.map_err(|failed| self.explained(failed))?;
        match self.attempt(session, RowSecurity::Applied).await {
            Ok(facts) => Ok(facts),
            Err(FailedAttempt::Known(error)) => Err(error),
            Err(FailedAttempt::Failed(failed))
                if failed.code().as_deref() == Some(INSUFFICIENT_PRIVILEGE) =>
            {
                Err(self.permission(session, &failed).await)
            }
            Err(FailedAttempt::Failed(failed)) => Err(self.explained(failed)),
        }
    }

    async fn attempt(
        &self,
        session: &mut Session<'_>,
        row_security: RowSecurity,
    ) -> Result<DatabaseFacts, FailedAttempt> {
        session
            .begin(row_security)
            .await
            .map_err(|failed| match failed.code().as_deref() {
                Some(INVALID_PARAMETER_VALUE) => {
                    Error::Timezone(self.settings.timezone.clone()).into()
                }
                _ => FailedAttempt::Failed(failed),
            })?;
        let role = catalog::role(session).await?;
        let statement = self.statement(session).await?;
        let types = types(session, &statement).await?;
        let touched = catalog::touched(session).await?;
        if row_security == RowSecurity::Applied {
            check_nothing_hidden(session, &role, None).await?;
        }
        let warning = role_advice::warning(&role, &touched, &self.settings.url_env);
        let mut facts = self.rows(session, &statement, &types).await?;
        facts.warnings.extend(warning);
        facts.relations = touched.iter().map(|relation| relation.oid).collect();
        if row_security == RowSecurity::Applied {
            // Checks again for tables that only functions touch, which the server locks only while it runs them.
            check_nothing_hidden(session, &role, Some(&touched)).await?;
        }
        session.end().await?;
        Ok(facts)
    }

    /// Builds the SELECT for the accounts, checked against the database.
    async fn statement(
        &self,
        session: &mut Session<'_>,
    ) -> Result<AccountsStatement, FailedAttempt> {
        let needed = required(self.settings.match_on);
        match &self.settings.accounts {
            AccountsQuery::Table {
                table,
                columns,
                join,
                filter,
            } => {
                if let Some(field) = needed.iter().find(|field| !columns.contains_key(field)) {
                    return Err(Error::Unmapped(*field).into());
                }
                let Some(existing) = catalog::columns(session, table).await? else {
                    return Err(diagnosis::no_configured_table(session, table).await?.into());
                };
                let found = self.settings.email.clone().or_else(|| {
                    existing
                        .iter()
                        .find(|name| *name == "email")
                        .cloned()
                        .map(Expression::Column)
                });
                let form = TableForm {
                    table,
                    columns,
                    email: found.as_ref().filter(|_| self.is_chosen_by_email()),
                    join: join.as_deref(),
                    filter: filter.as_deref(),
                    existing: &existing,
                    now: self.request.now,
                };
                let wanted = Field::ALL
                    .into_iter()
                    .filter(|field| *field != Field::Plan || self.request.wants_plan)
                    .collect();
                Ok(form.statement(&wanted)?)
            }
            AccountsQuery::Query { sql } => {
                let statement = query_form(sql, self.request.now)?;
                let rows = session.rows(&statement.column_names()).await?;
                let names: Vec<String> = catalog::first_column(&rows)?;
                let columns = output_columns::by_field(&names, needed, self.request.wants_plan)?;
                Ok(statement.with_columns(columns, &names))
            }
        }
    }

    fn is_chosen_by_email(&self) -> bool {
        match self.extent {
            Extent::Chosen(chosen) => !chosen.emails.is_empty(),
            Extent::All | Extent::Some(_) => false,
        }
    }

    async fn rows(
        &self,
        session: &mut Session<'_>,
        statement: &AccountsStatement,
        types: &BTreeMap<Field, ColumnType>,
    ) -> Result<DatabaseFacts, FailedAttempt> {
        let mut rows = AccountRows::new(statement.fields(), self.settings);
        let mut accounts = Vec::new();
        let mut count = 0_u64;
        let match_on = self.settings.match_on;
        let reading = match self.extent {
            Extent::All => statement.reading(types, None, match_on),
            Extent::Chosen(chosen) => statement.reading(types, Some(chosen), match_on),
            Extent::Some(most) => some_of(&statement.reading(types, None, match_on), most),
        };
        session
            .each(&reading, |row| {
                accounts.push(account(row, &mut rows, types)?);
                count += 1;
                if count.is_multiple_of(PROGRESS_STEP) {
                    (self.on_progress)(count);
                }
                Ok::<(), Error>(())
            })
            .await??;
        (self.on_progress)(count);
        Ok(DatabaseFacts {
            accounts,
            mapped: rows.mapped(),
            stored_words: rows.stored_words(),
            types: types
                .iter()
                .map(|(field, kind)| (*field, kind.shown.clone()))
                .collect(),
            relations: BTreeSet::new(),
            warnings: Vec::new(),
        })
    }

    async fn no_table(&self, session: &mut Session<'_>, failed: Failed) -> Error {
        match restart_transaction(session).await {
            Ok(()) => diagnosis::no_table(session, failed)
                .await
                .unwrap_or_else(|failed| self.explained(failed)),
            Err(failed) => self.explained(failed),
        }
    }

    async fn permission(&self, session: &mut Session<'_>, refusal: &Failed) -> Error {
        match self.try_permission(session, refusal).await {
            Ok(error) | Err(FailedAttempt::Known(error)) => error,
            Err(FailedAttempt::Failed(failed)) => self.explained(failed),
        }
    }

    /// Finds the tables that the role may not read. Permissions are checked only when a statement runs, so one that is
    /// only prepared reveals the tables that it touches.
    async fn try_permission(
        &self,
        session: &mut Session<'_>,
        refusal: &Failed,
    ) -> Result<Error, FailedAttempt> {
        restart_transaction(session).await?;
        let role = catalog::role(session).await?;
        let form = match &self.settings.accounts {
            AccountsQuery::Table { .. } => self.statement(session).await?,
            AccountsQuery::Query { sql } => query_form(sql, self.request.now)?,
        };
        // If the role may not use the schema itself, nothing can be prepared.
        let touched = match session.prepare(form.whole()).await {
            Ok(()) => catalog::touched(session).await?,
            Err(_) => Vec::new(),
        };
        Ok(diagnosis::permission(&role, refusal, &touched))
    }

    fn explained(&self, failed: Failed) -> Error {
        diagnosis::without_catalogs(failed, self.settings.statement_timeout)
    }
}

/// Replaces a failed transaction.
async fn restart_transaction(session: &mut Session<'_>) -> Result<(), Failed> {
    session.end().await?;
    session.begin(RowSecurity::Applied).await
}

async fn check_nothing_hidden(
    session: &mut Session<'_>,
    role: &CurrentRole,
    named: Option<&[TouchedRelation]>,
) -> Result<(), FailedAttempt> {
    let hidden = catalog::hidden_from(session, named).await?;
    if hidden.is_empty() {
        return Ok(());
    }
    Err(diagnosis::row_security(&role.name, hidden).into())
}

/// Returns the types of the columns to read, in the order of the fields.
async fn types(
    session: &mut Session<'_>,
    statement: &AccountsStatement,
) -> Result<BTreeMap<Field, ColumnType>, Failed> {
    let rows = session.rows(&statement.column_types()).await?;
    let oids: Vec<i64> = catalog::first_column(&rows)?
        .into_iter()
        .next()
        .unwrap_or_default();
    let types = catalog::types(session, &oids).await?;
    Ok(statement.fields().into_iter().zip(types).collect())
}

fn account(
    row: &PgRow,
    rows: &mut AccountRows,
    types: &BTreeMap<Field, ColumnType>,
) -> Result<Account, Error> {
    let mut cells: [Option<Cell<'_>>; Field::ALL.len()] = Default::default();
    for (position, ((field, kind), cell)) in types.iter().zip(&mut cells).enumerate() {
        let text = row.try_get(position).map_err(Error::Protocol)?;
        *cell = Some(Cell::new(*field, kind, text));
    }
    let value_of = |field: Field| {
        let cell = cells.iter().flatten().find(|cell| cell.field == field);
        cell.map_or(NOTHING, Cell::value)
    };
    Ok(rows.account(value_of)?)
}

const NOTHING: Value<'static> = Value {
    text: None,
    kind: "",
    form: ValueForm::Scalar,
};
