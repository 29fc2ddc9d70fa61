//! The setup to check: configuration, environment and limits.

use std::path::Path;

use crate::{
    commands::{configuration::Unusable, output::Output, run_parameters::RunParameters},
    config::Config,
    report::Mask,
};

/// The setup to check.
#[derive(Debug)]
pub(super) struct Setup<'d> {
    /// Path of the configuration.
    pub(super) path: &'d Path,
    pub(super) config: Result<&'d Config, &'d Unusable>,
    pub(super) run: &'d RunParameters<'d>,
    pub(super) output: &'d Output,
    /// Hides the secrets in what others answer.
    pub(super) mask: Mask,
}
