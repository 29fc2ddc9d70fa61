//! The application that the rehearsal started.

use super::redirection::Redirection;
use crate::{
    application::{Application, Death, Log},
    problem::Warning,
};

/// A ready application with its redirect.
#[derive(Debug)]
pub(crate) struct Running {
    pub(super) application: Application,
    pub(super) command: String,
    pub(super) redirection: Redirection,
}

impl Running {
    /// Waits for a restart in progress. If the application is gone for good, its missing responses show it.
    pub(super) async fn wait_for_restart(&self) {
        if let Err(error) = self.application.ready().await {
            tracing::debug!(%error, "the application is not running");
        }
    }

    pub(super) fn log(&self) -> &Log {
        self.application.log()
    }

    /// Stops it, and returns a warning for each time that it exited by itself.
    pub(super) async fn end(self) -> Vec<Warning> {
        let deaths = self.application.deaths();
        self.application.end().await;
        let command = self.command;
        deaths
            .into_iter()
            .map(|death| warning(&command, &death))
            .collect()
    }
}

fn warning(command: &str, death: &Death) -> Warning {
    let again = if death.was_restarted {
        "started again"
    } else {
        "not started again"
    };
    Warning::new(format!(
        "the application (`{command}`) ended during the rehearsal ({}), and was {again}",
        death.status
    ))
    .hint(
        "a handler that crashes its process also loses every other request; the finding \
         at that step shows what it printed",
    )
}
