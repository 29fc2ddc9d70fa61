//! State that the calls of one client share: the arguments of the server, the last report, and whose turn it is to rehearse.

use std::{cell::RefCell, path::Path, rc::Rc, sync::Arc};

use tokio::sync::{Mutex, RwLock, watch};

use super::call::Call;
use crate::{
    cli::{Environment, McpArgs, Redact},
    commands::{output::Output, recorded::RecordedSides, secrets::mask_of_environment},
    config::Config,
    report::Outcome,
};

/// One client's session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) arguments: McpArgs,
    pub(super) environment: Environment,
    /// The last report of a check or a rehearsal, masked.
    last_report: RefCell<Option<Rc<Outcome>>>,
    /// Held by the call that uses the scratch database and the application's address, which serve one at a time.
    pub(super) scratch_lock: Mutex<()>,
    /// Each call holds the reading side until it has cleaned up.
    running_calls: Arc<RwLock<()>>,
    /// Turns false when the client has gone.
    is_client_there: watch::Receiver<bool>,
}

impl Session {
    pub(super) fn new(
        arguments: McpArgs,
        environment: Environment,
        is_client_there: watch::Receiver<bool>,
    ) -> Self {
        Self {
            arguments,
            environment,
            last_report: RefCell::new(None),
            scratch_lock: Mutex::new(()),
            running_calls: Arc::default(),
            is_client_there,
        }
    }

    /// Returns the lock whose writing side is free when no call runs.
    pub(super) fn running_calls(&self) -> Arc<RwLock<()>> {
        Arc::clone(&self.running_calls)
    }

    pub(super) fn new_call(
        &self,
        context: rmcp::service::RequestContext<rmcp::RoleServer>,
    ) -> Call {
        Call::new(context, self.is_client_there.clone())
    }

    /// Returns the path of the configuration.
    pub(super) fn config_path(&self) -> &Path {
        &self.arguments.config.config
    }

    /// Returns what is read from recorded files instead of the provider and the database.
    pub(super) fn recorded(&self) -> RecordedSides {
        RecordedSides::from_arguments(&self.arguments.fixtures, self.config_path())
    }

    pub(super) fn has_recordings(&self) -> bool {
        self.arguments.fixtures.fixtures
    }

    pub(super) fn redacts(&self) -> bool {
        self.arguments.redact == Redact::Ids
    }

    /// Returns the output that masks everything that may be a secret here.
    pub(super) fn output(&self, config: Option<&Config>) -> Output {
        Output::of_process(mask_of_environment(config, &self.environment))
    }

    /// Returns the last report of a check or a rehearsal.
    pub(super) fn last_report(&self) -> Option<Rc<Outcome>> {
        self.last_report.borrow().clone()
    }

    /// Keeps the report of a check or a rehearsal, which is masked.
    pub(super) fn keep_report(&self, outcome: Outcome) {
        self.last_report.replace(Some(Rc::new(outcome)));
    }
}
