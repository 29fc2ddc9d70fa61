//! Publishes the report of one run. A part that GitHub rejects is published in another place; the verdict stays the
//! same.

use jiff::Timestamp;
use tokio::time::timeout;

use super::{
    author::Identity,
    client::{Client, ClientError},
    context::Context,
    files::{append_outputs, append_summary},
    publication::Publication,
};
use crate::{problem::Warning, report::Mask};

mod check;
mod clock;
mod comment;
mod fallback;
mod issue;
mod leftover;
mod previous_result;
mod result;

use check::{Check, CheckSubject};
use fallback::Fallback;
pub use result::{Options, Published, PublishedIssue, ReportMode};

/// Publishes the result of one run in every place that GitHub permits.
#[derive(Debug)]
pub struct Publisher {
    /// `None` if the API is unavailable; the reason is in `warnings`.
    client: Option<Client>,
    context: Context,
    options: Options,
    mask: Mask,
    check: Check,
    identity: Identity,
    warnings: Vec<Warning>,
}

impl Publisher {
    /// Creates a publisher. `now` is the start time of the run. Without a client, the publisher uses only the places
    /// that need none.
    pub fn new(
        client: Result<Client, ClientError>,
        context: Context,
        options: Options,
        mask: Mask,
        now: Timestamp,
    ) -> Self {
        let options = Options {
            check_name: mask.text(&options.check_name),
            issue_label: mask.text(&options.issue_label),
            ..options
        };
        let mut warnings = context.warnings.clone();
        let client = client
            .map_err(|error| warnings.push(Warning::from(&error)))
            .ok();
        let wanted = context.policies.check_run.is_wanted(options.check_run);
        let possible =
            client.is_some() && context.repository.is_some() && context.nothing_to_do.is_none();
        Self {
            client,
            check: Check::new(wanted && possible, &context.run, now),
            context,
            options,
            mask,
            identity: Identity::default(),
            warnings,
        }
    }

    /// Creates the check run early, so that GitHub shows it as running, and so that a cancelled job can complete it.
    pub async fn start(&mut self) {
        let Some(mut client) = self.client.clone() else {
            return;
        };
        let _share = client.limit_to_share();
        self.locate(&mut client).await;
        if self.check.is_planned()
            && let Err(error) = self.open_check_run(&mut client).await
        {
            // Retried in `finish`, which reports the error.
            tracing::debug!(%error, "the check run could not be opened yet");
        }
    }

    /// Publishes everything. Never fails: the result lists what could not be published in its proper place.
    pub async fn finish(&mut self, publication: &Publication) -> Published {
        let publication = publication.masked(&self.mask);
        let mut left = publication.annotations.clone();
        let mut comment_url = None;
        let mut issue = None;
        if let Some(mut client) = self.client.clone() {
            self.locate(&mut client).await;
            self.open_late(&mut client).await;
            let (context, warnings) = (&self.context, &mut self.warnings);
            let concluding = self
                .check
                .conclude(&mut client, context, &publication, warnings);
            left = concluding.await;
            comment_url = self.comment(&mut client, &publication).await;
            issue = self.issue(&mut client, &publication).await;
            leftover::conclude(&mut client, &self.check, self.subject()).await;
        }
        let check_run_url = self.check.run().and_then(|run| run.url.clone());
        let summary_written = self.write_files(&publication, check_run_url.as_deref());
        let mode = if self.check.is_concluded() {
            ReportMode::Checks
        } else if !left.is_empty() {
            ReportMode::Commands
        } else if summary_written {
            ReportMode::Summary
        } else {
            ReportMode::Log
        };
        Published {
            check_run_url,
            comment_url,
            issue,
            mode,
            annotations_left: left,
            warnings: std::mem::take(&mut self.warnings)
                .into_iter()
                .map(|warning| self.masked(warning))
                .collect(),
        }
    }

    /// Completes the check run as cancelled, within the short time that a cancelled job has. Call it after dropping the
    /// future of `start` or `finish`.
    pub async fn cancel(&mut self) -> Option<Warning> {
        let mut client = self.client.clone()?;
        client.hurry();
        let budget = client.limits().cancel_budget;
        let subject = CheckSubject {
            context: &self.context,
            name: &self.options.check_name,
        };
        let cancelling = self.check.cancel(&mut client, subject);
        match timeout(budget, cancelling).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(self.masked(Warning::from(&error))),
            Err(_elapsed) => Some(Warning::new(
                "the check run could not be ended in time; GitHub shows it as running",
            )),
        }
    }

    /// Returns the URL of the check run, once it exists.
    pub fn check_run_url(&self) -> Option<&str> {
        self.check.run()?.url.as_deref()
    }

    /// Returns a client for reading, which shares the budget of the report.
    pub fn client(&self) -> Option<Client> {
        self.client.clone()
    }

    /// Returns the context, including what `locate` has added.
    pub fn context(&self) -> &Context {
        &self.context
    }

    async fn locate(&mut self, client: &mut Client) {
        if self.context.needs_locating(self.comment_wish())
            && let Err(error) = self.context.locate(client).await
        {
            let warning = Fallback::PullRequest.warning(&error, &self.context);
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    /// Creates the check run, whose app is the author of everything that the token writes.
    async fn open_check_run(&mut self, client: &mut Client) -> Result<(), ClientError> {
        let subject = CheckSubject {
            context: &self.context,
            name: &self.options.check_name,
        };
        let opened = self.check.open(client, subject, &mut self.warnings).await;
        let app = self.check.run().and_then(|run| run.app.as_deref());
        self.identity.learn_app(app);
        opened
    }

    /// Creates the check run if `start` did not.
    async fn open_late(&mut self, client: &mut Client) {
        if self.check.is_planned()
            && let Err(error) = self.open_check_run(client).await
            && !error.is_final()
        {
            self.warn(Fallback::CheckRun, &error);
        }
    }

    fn subject(&self) -> CheckSubject<'_> {
        CheckSubject {
            context: &self.context,
            name: &self.options.check_name,
        }
    }

    /// Writes outputs and summary. Returns true if the summary was written.
    fn write_files(&mut self, publication: &Publication, check_run_url: Option<&str>) -> bool {
        let mut outputs = publication.outputs.clone();
        outputs.insert(
            "check_run_url".to_owned(),
            check_run_url.unwrap_or_default().to_owned(),
        );
        if let Some(path) = &self.options.output_file
            && let Err(error) = append_outputs(path, &outputs, &self.mask)
        {
            self.warnings.push(Warning::from(&error));
        }
        let Some(path) = &self.options.summary_file else {
            return false;
        };
        match append_summary(path, &publication.job_summary, &self.mask) {
            Ok(()) => true,
            Err(error) => {
                self.warnings.push(Warning::from(&error));
                false
            }
        }
    }

    /// Masks the message, because a response may echo the request.
    fn masked(&self, warning: Warning) -> Warning {
        Warning {
            text: self.mask.text(&warning.text),
            ..warning
        }
    }

    fn warn(&mut self, fallback: Fallback, error: &ClientError) {
        self.warnings.push(fallback.warning(error, &self.context));
    }
}
