//! Reads accounts from the application's Postgres, completely or not at all.

mod account_rows;
mod accounts_query;
mod catalog;
mod cell;
mod chosen;
mod connect;
mod diagnosis;
mod error;
mod foreign_protocol;
mod opening;
mod output_columns;
mod privileges;
mod reading;
mod replica;
mod role_advice;
mod sampling;
mod server;
mod session;
mod statement;
mod stored;
mod tls;
mod url;
mod url_error;
mod url_mistake;
mod url_parameters;
mod value;
mod value_advice;

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;

use crate::{
    config::DatabaseSettings,
    contract::{Account, AccountId, Field, StoredWords, UnixSeconds},
    problem::Warning,
};

pub use account_rows::{AccountRows, RowError, required};
pub use chosen::AccountSelection;
pub use connect::ConnectError;
pub use error::{Error, SqlPlace};
pub use foreign_protocol::ForeignProtocol;
pub(crate) use opening::open;
pub use privileges::{ExcessPrivilege, excess_privilege, reader_role};
pub use reading::AccountsReader;
use reading::Extent;
pub use sampling::{
    ColumnForm, DatabaseSample, DatabaseSampler, ForeignKey, SampledColumn, SampledTable,
    StoredPlanRow,
};
pub use server::{RoleFacts, ServerFacts, describe_server};
pub(crate) use statement::{quoted, quoted_table};
pub use stored::{ColumnKind, StoredRequest, StoredRows, read_stored};
pub use tls::CertificateRefusal;
pub(crate) use url::Target;
pub use url_error::UrlError;
pub use url_mistake::Mistake;
pub use value::{AccountCustomers, UnreadableValue, Value, ValueForm, ValueKind};

/// Options of a reading besides the configuration of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadRequest {
    /// True if the contract checks plans.
    pub wants_plan: bool,
    /// The time of evaluation, which is the value of `{{now}}` in SQL.
    pub now: UnixSeconds,
    /// True if the program runs in a container action, where `localhost` is not the runner.
    pub in_container_action: bool,
}

/// Facts from the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// Accounts in the order of the query.
    pub accounts: Vec<Account>,
    /// Optional columns that were read.
    pub mapped: BTreeSet<Field>,
    /// Words of these accounts, by field mapped with `in:`.
    pub stored_words: BTreeMap<Field, StoredWords>,
    /// Types of the columns that were read; empty if they were recorded.
    pub types: BTreeMap<Field, String>,
    /// Tables and views that the query reads, by object id; empty if they were recorded.
    pub relations: BTreeSet<i64>,
    /// Possible improvements of the connection and its role.
    pub warnings: Vec<Warning>,
}

/// Reads every account. Calls `on_progress` with the number of rows so far, from time to time and at the end.
pub async fn read(
    url: &SecretString,
    settings: &DatabaseSettings,
    request: &ReadRequest,
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<DatabaseFacts, Error> {
    reading::read(url, settings, request, Extent::All, on_progress).await
}

/// Reads some of the accounts, at most this many.
pub async fn read_some(
    url: &SecretString,
    settings: &DatabaseSettings,
    request: &ReadRequest,
    max: u32,
) -> Result<DatabaseFacts, Error> {
    reading::read(url, settings, request, Extent::Some(max), &|_| {}).await
}

/// Reads only the accounts with these ids; missing ones are left out.
pub async fn read_accounts(
    url: &SecretString,
    settings: &DatabaseSettings,
    request: &ReadRequest,
    ids: &[AccountId],
) -> Result<DatabaseFacts, Error> {
    let chosen = AccountSelection {
        accounts: ids.to_vec(),
        ..AccountSelection::default()
    };
    read_chosen(url, settings, request, &chosen).await
}

/// Reads only the chosen accounts; none of them has to exist.
pub async fn read_chosen(
    url: &SecretString,
    settings: &DatabaseSettings,
    request: &ReadRequest,
    chosen: &AccountSelection,
) -> Result<DatabaseFacts, Error> {
    reading::read(url, settings, request, Extent::Chosen(chosen), &|_| {}).await
}
