//! The configuration and the baseline that are in force.

use super::{
    committed::{self, CommittedBaseline},
    configuration,
    step::JobStep,
};
use crate::{
    commands::configuration::Unusable,
    config::Config,
    github::{Client, ClientError, Context},
    problem::Problem,
};

pub(super) struct TrustedFiles {
    pub(super) config: Result<Config, Unusable>,
    pub(super) baseline: Result<CommittedBaseline, Unusable>,
}

impl TrustedFiles {
    /// Loads both. Reading them through the API leaves time for the report.
    pub(super) async fn load(
        step: &JobStep<'_>,
        context: &mut Context,
        client: &mut Result<Client, ClientError>,
    ) -> Self {
        let _kept = client.as_ref().map(Client::keep_share);
        let workspace = &step.workspace;
        let reader = client.as_mut().map_err(|error| &*error);
        let path = step.inputs.config_path();
        let config = configuration::load(path, workspace, context, reader).await;
        let reader = client.as_mut().map_err(|error| &*error);
        let path = step.inputs.baseline.as_deref();
        let baseline = committed::load(path, workspace, context, reader, step.today()).await;
        Self { config, baseline }
    }

    /// Returns the problems of both files.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let unusable = [self.config.as_ref().err(), self.baseline.as_ref().err()];
        let unusable = unusable.into_iter().flatten();
        unusable.flat_map(Unusable::problems).collect()
    }
}
