//! The scratch database of a rehearsal: the one place that writes, and only where nothing can be hurt.

mod account;
mod belonging;
mod cleaning;
mod error;
mod failing;
mod granting;
mod opening;
mod refusal;
mod session;
mod snapshot;
mod tables;
mod temporary;

use std::collections::BTreeMap;

use secrecy::SecretString;
use sqlx::{PgConnection, PgPool};
use tokio::sync::Mutex;

use crate::config::{AccessContract, Rehearsal};

pub use account::AccountSeed;
pub use error::{Error, Refusal, Sameness};
pub use failing::{FailedWrite, Writes};
pub use snapshot::{RowChange, Snapshot, is_about};
pub use temporary::TemporaryDatabase;

use account::TypedStatement;
use failing::Triggers;
use tables::{Key, Table, Tables};

/// E-mail addresses of a rehearsal end like this, by which its rows are known after a run that was killed.
pub const EMAIL_DOMAIN: &str = "rehearsal.prodverdict.invalid";

/// Everything of ours in the database that is not a row of the application's.
const SCHEMA: &str = "prodverdict_rehearsal";

/// Which database is opened, and what it must not be.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// What is in the variable that `rehearsal` names.
    pub url: Option<&'a SecretString>,
    pub rehearsal: &'a Rehearsal,
    /// The contract that judges.
    pub contract: &'a AccessContract,
    /// What is in the variable that the contract names.
    pub contract_url: Option<&'a SecretString>,
    /// The program runs in a container action, where `localhost` is not the runner.
    pub in_container_action: bool,
}

/// A scratch database that is in use by this rehearsal alone.
#[derive(Debug)]
pub struct Scratch {
    pool: PgPool,
    /// Holds the lock by which a second rehearsal is kept out.
    _lock: Mutex<PgConnection>,
    tables: Tables,
    /// The rows that were there at the start; none for a table whose rows cannot be told apart.
    before: BTreeMap<Table, Option<std::collections::BTreeSet<Key>>>,
    account: Vec<TypedStatement>,
    /// Whether the role may keep notes, for a run after one that was killed.
    keeps_notes: bool,
    triggers: Mutex<Triggers>,
}

impl Scratch {
    /// Opens the database, refuses whatever may not be a scratch database, and removes what a killed run left behind.
    pub async fn open(opening: Opening<'_>) -> Result<Self, Error> {
        opening::open(opening).await
    }
}
