//! Finds the newest run of a workflow by schedule.

use serde::Deserialize;

use super::{
    client::{Call, Client, ClientError, encode},
    context::Repository,
};

/// A run by schedule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ScheduledRun {
    /// Such as `success`; `None` while it runs.
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
    /// Returns the newest run of the workflow file by schedule, or `None` if there is none.
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
