//! Finds the newest scheduled run of a workflow.

use serde::Deserialize;

use super::{
    client::{Call, Client, ClientError, encode},
    context::Repository,
};

/// A scheduled run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ScheduledRun {
    /// GitHub's conclusion, such as `success`; `None` while the run is in progress.
    pub conclusion: Option<String>,
    /// Start of the run (RFC 3339).
    #[serde(rename = "created_at")]
    pub started: Option<String>,
    #[serde(rename = "html_url")]
    pub url: Option<String>,
}

#[derive(Deserialize)]
struct RunList {
    workflow_runs: Vec<ScheduledRun>,
}

impl Client {
    /// Returns the newest scheduled run of the workflow file, or `None` if it has never run on a schedule.
    pub async fn newest_scheduled_run(
        &mut self,
        repository: &Repository,
        workflow: &str,
    ) -> Result<Option<ScheduledRun>, ClientError> {
        let file = workflow.rsplit('/').next().unwrap_or(workflow);
        let call = Call::get(format!(
            "/repos/{repository}/actions/workflows/{}/runs?event=schedule&per_page=1",
            encode(file)
        ));
        let list: RunList = self.read(call).await?;
        Ok(list.workflow_runs.into_iter().next())
    }
}
