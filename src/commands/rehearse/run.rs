//! One run of a scenario: its plan, and its state between the steps.

use std::collections::BTreeMap;

use compact_str::CompactString;

use super::{
    account_state::AccountState,
    fake_provider::FakeEvent,
    row_watch::WatchedRows,
    test_accounts::{TestAccount, UntouchedAccount},
    write_times::WrongReason,
};
use crate::{
    contract::Rule,
    rehearsal::{Delivery, ScenarioRun, Signing},
};

/// A run to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlannedRun<'p> {
    pub(super) scenario_run: &'p ScenarioRun<'p>,
    /// Seed of ids.
    pub(super) key: &'p str,
    pub(super) bystanders: &'p [UntouchedAccount],
    /// True if no other run takes place at the same time.
    pub(super) is_alone: bool,
    /// The rule that the first purchase breaks.
    pub(super) known: Option<Rule>,
}

/// The state of a run between its steps.
#[derive(Debug)]
pub(super) struct ActiveRun<'b> {
    pub(super) account: TestAccount,
    pub(super) events: RunEvents,
    pub(super) rows: WatchedRows<'b>,
    /// The account after the last step.
    pub(super) last: Option<AccountState>,
    /// Reasons why earlier steps of the run stayed wrong until their time was over.
    pub(super) wrong_for: Vec<WrongReason>,
    /// True if the last step had an unsupported request that cannot be attributed to a run.
    pub(super) is_doubtful: bool,
}

/// The events of a run.
#[derive(Debug, Default)]
pub(super) struct RunEvents {
    /// Events of each step, in the order of creation.
    pub(super) created: BTreeMap<String, Vec<CompactString>>,
    pub(super) delivered: Vec<Delivery>,
    /// Events that were left after a failed delivery.
    pub(super) left: Vec<OutgoingEvent>,
}

/// An event to deliver.
#[derive(Debug, Clone)]
pub(super) struct OutgoingEvent {
    pub(super) id: CompactString,
    pub(super) event: FakeEvent,
    pub(super) signed: Signing,
}

impl<'b> ActiveRun<'b> {
    pub(super) fn new(account: TestAccount, rows: WatchedRows<'b>) -> Self {
        Self {
            account,
            events: RunEvents::default(),
            rows,
            last: None,
            wrong_for: Vec::new(),
            is_doubtful: false,
        }
    }
}
