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
    last: RefCell<Option<Rc<Outcome>>>,
    /// Held by the call that uses the scratch database and the application's address, which serve one at a time.
    pub(super) scratch: Mutex<()>,
    /// Each call holds the reading side until it has cleaned up.
    calls: Arc<RwLock<()>>,
    open: watch::Receiver<bool>,
}

impl Session {
    pub(super) fn new(
        arguments: McpArgs,
        environment: Environment,
        open: watch::Receiver<bool>,
    ) -> Self {
        Self {
            arguments,
            environment,
            last: RefCell::new(None),
            scratch: Mutex::new(()),
            calls: Arc::default(),
            open,
        }
    }

    /// Returns the lock whose writing side is free when no call runs.
    pub(super) fn calls(&self) -> Arc<RwLock<()>> {
        Arc::clone(&self.calls)
    }

    pub(super) fn call(&self, context: rmcp::service::RequestContext<rmcp::RoleServer>) -> Call {
        Call::new(context, self.open.clone())
    }

    /// Returns the path of the configuration.
    pub(super) fn config(&self) -> &Path {
        &self.arguments.config.config
    }

    pub(super) fn recorded(&self) -> RecordedSides {
        RecordedSides::from_arguments(&self.arguments.fixtures, self.config())
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
    pub(super) fn last(&self) -> Option<Rc<Outcome>> {
        self.last.borrow().clone()
    }

    /// Keeps the report of a check or a rehearsal, which is masked.
    pub(super) fn keep(&self, outcome: Outcome) {
        self.last.replace(Some(Rc::new(outcome)));
    }
}
