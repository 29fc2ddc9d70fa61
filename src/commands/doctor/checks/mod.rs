//! The checks, one per file, in the order in which a first run reaches what they check. A new check is a file and a line.

mod api;
mod columns;
mod configuration;
mod customers;
mod database;
mod forged_event;
mod github_token;
mod handler;
mod key;
mod permissions;
mod plans;
mod redirect;
mod role;
mod scratch_database;
mod variables;

use super::definition::{ContractCheck, RehearsalCheck, SetupCheck};

/// Name of the check without which no contract is known.
pub(super) const CONFIGURATION: &str = configuration::CHECK.id;

pub(super) const OF_CONFIGURATION: &[SetupCheck] = &[configuration::CHECK, variables::CHECK];

/// Made for each contract.
pub(super) const OF_CONTRACT: &[ContractCheck] = &[
    key::CHECK,
    api::CHECK,
    permissions::CHECK,
    database::CHECK,
    role::CHECK,
    columns::CHECK,
    customers::CHECK,
    plans::CHECK,
];

pub(super) const OF_REHEARSAL: &[RehearsalCheck] = &[
    scratch_database::CHECK,
    handler::CHECK,
    forged_event::CHECK,
    redirect::CHECK,
];

pub(super) const OF_JOB: &[SetupCheck] = &[github_token::CHECK];
