//! Concludes check runs that earlier runs of the same job left in progress.

use super::{
    check::{Check, CheckSubject},
    clock::RunClock,
};
use crate::github::{
    check_run::{self, CheckOutput, CheckRun, Ending, Known, Listing},
    client::{Client, ClientError},
    publication::Conclusion,
};

/// Maximum number of check runs to conclude on one commit.
const MAX_LEFTOVERS: usize = 10;

/// The criteria for check runs that an earlier run left in progress.
struct Leftovers<'a> {
    subject: CheckSubject<'a>,
    /// App that wrote this job's check run.
    app: Option<&'a str>,
    clock: RunClock,
}

/// Concludes check runs in progress that earlier runs left on the commit of this job's check run and on the commit
/// before the push. An error is only logged, because the next run tries again.
pub(super) async fn conclude(client: &mut Client, check: &Check, subject: CheckSubject<'_>) {
    let Some(run) = check.run() else {
        return;
    };
    let leftovers = Leftovers {
        subject,
        app: run.app.as_deref(),
        clock: check.clock,
    };
    let _share = client.limit_to_share();
    for sha in std::iter::once(&run.sha).chain(&subject.context.commits.previous) {
        if let Err(error) = leftovers.conclude_on(client, sha).await {
            tracing::debug!(%error, "earlier check runs could not be concluded");
        }
    }
}

impl Leftovers<'_> {
    async fn conclude_on(&self, client: &mut Client, sha: &str) -> Result<(), ClientError> {
        let CheckSubject { context, name } = self.subject;
        let Some(repository) = &context.repository else {
            return Ok(());
        };
        let listing = Listing {
            repository,
            sha,
            name,
            status: Some("in_progress"),
            per_page: 100,
            max_pages: 1,
        };
        let prefix = client.mask().text(&context.run.external_id_prefix());
        let all = check_run::list(client, &listing).await?;
        let left = all.into_iter().filter(|known| self.is_left(known, &prefix));
        for known in left.take(MAX_LEFTOVERS) {
            let output = CheckOutput {
                title: "Interrupted",
                summary: "The job ended without a conclusion. A later run of the same job concluded this check run.",
                text: None,
                trailer: None,
            };
            let ending = Ending {
                conclusion: Conclusion::Cancelled,
                completed_at: self.clock.now(),
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
        let own_run = &self.subject.context.run;
        (run, attempt) < (own_run.id, own_run.attempt)
            && known.app() == self.app
            && !known.is_completed()
    }
}
