//! The scratch database of a rehearsal: the only module that writes to a database, after checking that it is safe.

mod account;
mod belonging;
mod cleaning;
mod delivery_records;
mod error;
mod failing;
mod foreign_keys;
mod granting;
mod opening;
mod owner_columns;
mod refusal;
mod session;
mod snapshot;
mod tables;
mod temporary;
mod zones;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use secrecy::SecretString;
use sqlx::{PgConnection, PgPool};
use tokio::sync::Mutex;

use crate::config::{AccessContract, Rehearsal};

pub use account::AccountSeed;
pub use error::{Error, Sameness, ScratchRefusal};
pub use failing::{FailedWrite, Writes};
pub use snapshot::{Clock, RowChange, Snapshot, is_close_to_now};
pub use temporary::TemporaryDatabase;

use account::TypedStatement;
use failing::Triggers;
use tables::{RowKey, Table, Tables};

/// Domain of all e-mail addresses of a rehearsal, by which the rows of a killed run are found.
pub const EMAIL_DOMAIN: &str = "rehearsal.prodverdict.invalid";

/// Schema of the objects that the rehearsal creates in the database.
const SCHEMA: &str = "prodverdict_rehearsal";

/// Options of [`Scratch::open`]: the database to open, and the contract's own, which must be a different one.
#[derive(Debug, Clone, Copy)]
pub struct ScratchOptions<'a> {
    /// Value of the variable that `rehearsal` names.
    pub url: Option<&'a SecretString>,
    pub rehearsal: &'a Rehearsal,
    /// The contract that judges the rows.
    pub contract: &'a AccessContract,
    /// Value of the variable that the contract names.
    pub contract_url: Option<&'a SecretString>,
    /// True if the program runs in a container action, where `localhost` is not the runner.
    pub in_container_action: bool,
}

/// A scratch database, locked by this rehearsal.
#[derive(Debug)]
pub struct Scratch {
    pool: PgPool,
    /// Connection that holds the lock against other rehearsals.
    _lock: Mutex<PgConnection>,
    tables: Tables,
    /// Rows that existed at the start; `None` for a table with rows but no primary key.
    before: BTreeMap<Table, Option<std::collections::BTreeSet<RowKey>>>,
    account: Vec<TypedStatement>,
    /// True if the role may record ids, so that the next run can clean up if this one is killed.
    keeps_notes: bool,
    triggers: Mutex<Triggers>,
    /// Time zones of times without an offset.
    zones: Vec<TimeZone>,
}

impl Scratch {
    /// Checks that the database may be written to, and writes nothing.
    pub async fn examine(opening: ScratchOptions<'_>) -> Result<(), Error> {
        opening::examine(&opening).await.map(drop)
    }

    /// Opens the database, refuses one that must not be written to, and removes what a killed run left behind.
    pub async fn open(opening: ScratchOptions<'_>) -> Result<Self, Error> {
        opening::open(opening).await
    }
}
