//! Facts about the rehearsal that earlier checks found, for later ones.

use super::setup::Setup;
use crate::{
    commands::rehearse::{ConfigFiles, HandlerProbe},
    config::{Config, Rehearsal},
};

/// Facts about the rehearsal of a configuration.
#[derive(Debug)]
pub(super) struct RehearsalFacts<'d> {
    pub(super) setup: &'d Setup<'d>,
    pub(super) config: &'d Config,
    pub(super) settings: &'d Rehearsal,
    pub(super) files: ConfigFiles,
    /// Sender of events, once the handler has answered one.
    pub(super) handler: Option<HandlerProbe>,
}

impl<'d> RehearsalFacts<'d> {
    /// Returns the facts of the configured rehearsal, or `None` if there is none.
    pub(super) fn new(setup: &'d Setup<'d>) -> Option<Self> {
        let config = setup.config.ok()?;
        Some(Self {
            setup,
            config,
            settings: config.rehearsal.as_ref()?,
            files: ConfigFiles::beside(setup.path),
            handler: None,
        })
    }
}
