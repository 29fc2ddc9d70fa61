//! Concludes check runs that earlier runs of the same job left in progress.

use super::Publisher;
use crate::github::{
    check_run::{self, CheckRun, Ending, Known, Listing, Output},
    client::{Client, ClientError},
    publication::Conclusion,
};

/// Maximum number of check runs to conclude on one commit.
const MOST_LEFT: usize = 10;

impl Publisher {
    /// Concludes what a fault left in progress on this commit and on the one before the push. An error is only logged,
    /// because the next run tries again.
    pub(super) async fn conclude_leftovers(&self, client: &mut Client) {
        let Some(run) = self.check.run() else {
            return;
        };
        let _share = client.limit_to_share();
        let commits = std::iter::once(&run.sha).chain(&self.context.previous_sha);
        for sha in commits {
            if let Err(error) = self.conclude_on(client, sha).await {
                tracing::debug!(%error, "earlier check runs could not be concluded");
            }
        }
    }

    async fn conclude_on(&self, client: &mut Client, sha: &str) -> Result<(), ClientError> {
        let Some(repository) = &self.context.repository else {
            return Ok(());
        };
        let listing = Listing {
            repository,
            sha,
            name: &self.options.check_name,
            status: Some("in_progress"),
            per_page: 100,
            max_pages: 1,
        };
        let prefix = client.mask().text(&self.context.run.external_id_prefix());
        let all = check_run::list(client, &listing).await?;
        let left = all.into_iter().filter(|known| self.is_left(known, &prefix));
        for known in left.take(MOST_LEFT) {
            let output = Output {
                title: "Interrupted",
                summary: "The job ended without a conclusion. A later run of the same job concluded this check run.",
                text: None,
                trailer: None,
            };
            let ending = Ending {
                conclusion: Conclusion::Cancelled,
                completed_at: self.now(),
            };
            let run = CheckRun::new(repository, sha, known);
            check_run::conclude(client, &run, &output, &ending).await?;
        }
        Ok(())
    }

    /// Returns true for a check run of our app that an earlier run of this job created. The part of its id after the
    /// prefix is `run/attempt/random`.
    fn is_left(&self, known: &Known, prefix: &str) -> bool {
        let external_id = known.external_id.as_deref().unwrap_or_default();
        let mut numbers = external_id
            .strip_prefix(prefix)
            .unwrap_or_default()
            .split('/')
            .map_while(|number| number.parse::<u64>().ok());
        let (Some(run), Some(attempt)) = (numbers.next(), numbers.next()) else {
            return false;
        };
        let ours = &self.context.run;
        let app = self.check.run().and_then(|run| run.app.as_deref());
        (run, attempt) < (ours.id, ours.attempt) && known.app() == app && !known.is_completed()
    }
}
