//! The scratch database of a rehearsal, read as a check reads it, and written to by the rehearsal.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use tokio::sync::Mutex;

use super::real_now;
use crate::{
    commands::failure::Failure,
    config::DatabaseSettings,
    contract::{AccountId, Field, UnixSeconds},
    database::{AccountSelection, AccountsReader, DatabaseFacts, ReadRequest},
    scratch::{AccountSeed, Clock, FailedWrite, Scratch, ScratchOptions, Snapshot},
};

/// The scratch database.
#[derive(Debug)]
pub(super) struct TestDatabase<'r> {
    scratch: Scratch,
    settings: &'r DatabaseSettings,
    url: SecretString,
    in_container_action: bool,
    /// True if the contract checks plans.
    wants_plan: bool,
    /// Optional columns that the contract's query has.
    pub(super) mapped: BTreeSet<Field>,
    /// Idle connections.
    readers: Mutex<Vec<AccountsReader<'r>>>,
}

impl<'r> TestDatabase<'r> {
    /// Opens the database. Runs the contract's query once before anything is sent, so that its errors are not blamed on
    /// the handler.
    pub(super) async fn open(
        options: ScratchOptions<'_>,
        settings: &'r DatabaseSettings,
    ) -> Result<Self, Failure> {
        let mut database = Self {
            scratch: Scratch::open(options).await?,
            settings,
            url: options.url.cloned().unwrap_or_default(),
            in_container_action: options.in_container_action,
            wants_plan: !options.contract.contract.plans.is_empty(),
            mapped: BTreeSet::new(),
            readers: Mutex::default(),
        };
        if options.url.is_some() {
            let mut reader = database.reader().await?;
            let read = database.read_by(&mut reader, "0", real_now()).await?;
            database.mapped = read.mapped;
            database.scratch.leave_out_delivery_records(&read.relations);
        }
        Ok(database)
    }

    /// Reads an account as a check does.
    pub(super) async fn read(
        &self,
        account: &str,
        now: UnixSeconds,
    ) -> Result<DatabaseFacts, Failure> {
        let idle = self.readers.lock().await.pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => self.reader().await?,
        };
        let read = self.read_by(&mut reader, account, now).await?;
        self.readers.lock().await.push(reader);
        Ok(read)
    }

    async fn reader(&self) -> Result<AccountsReader<'r>, Failure> {
        Ok(AccountsReader::open(&self.url, self.settings, self.in_container_action).await?)
    }

    async fn read_by(
        &self,
        reader: &mut AccountsReader<'_>,
        account: &str,
        now: UnixSeconds,
    ) -> Result<DatabaseFacts, Failure> {
        let request = ReadRequest {
            wants_plan: self.wants_plan,
            now,
            in_container_action: self.in_container_action,
        };
        let chosen = AccountSelection {
            accounts: vec![AccountId::from(account)],
            ..AccountSelection::default()
        };
        Ok(reader.read(&request, &chosen).await?)
    }

    pub(super) async fn add_account(&self, seed: &AccountSeed) -> Result<String, Failure> {
        Ok(self.scratch.add_account(seed).await?)
    }

    /// Gives an account complimentary access. Returns false if the mapped columns do not determine which values to
    /// write.
    pub(super) async fn grant(&self, account: &str) -> Result<bool, Failure> {
        Ok(self.scratch.grant(self.settings, account).await?)
    }

    /// Puts an account's row into the paid state. Returns false if the mapped columns do not determine which values to
    /// write.
    pub(super) async fn pay(
        &self,
        account: &str,
        values: &BTreeMap<Field, String>,
    ) -> Result<bool, Failure> {
        Ok(self.scratch.pay(self.settings, account, values).await?)
    }

    /// Reads all rows that contain one of the texts.
    pub(super) async fn rows_of(&self, tokens: &[String]) -> Result<Snapshot, Failure> {
        Ok(self.scratch.rows_of(tokens).await?)
    }

    /// Returns the present in every time zone in which the application may write times.
    pub(super) fn clock(&self) -> Clock {
        self.scratch.clock(real_now())
    }

    /// Makes the nth write to these rows fail.
    pub(super) async fn fail_write(
        &self,
        tokens: &[String],
        nth: u8,
    ) -> Result<FailedWrite<'_>, Failure> {
        Ok(self.scratch.fail_write(tokens, nth.into()).await?)
    }

    /// Records ids that the application may store, so that the next rehearsal can clean up if this one is killed.
    pub(super) async fn note<I: ToString>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<(), Failure> {
        let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
        Ok(self.scratch.note(&ids).await?)
    }

    /// Removes all rows that were added since the start, and prepares for further runs.
    pub(super) async fn reset(&self) -> Result<(), Failure> {
        Ok(self.scratch.reset().await?)
    }

    /// Removes everything that the rehearsal and the application added.
    pub(super) async fn clean(&self) -> Result<(), Failure> {
        Ok(self.scratch.clean().await?)
    }
}
