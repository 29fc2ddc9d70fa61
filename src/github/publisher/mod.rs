//! Publishes the report of one run. A rejected part is reported in another place, and the verdict stays.

use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::{
    author::Identity,
    client::{Client, ClientError},
    comment::{self, CommentMode, Commented, Place},
    context::Context,
    files::{append_outputs, append_summary, random_hexadecimal},
    publication::Publication,
};
use crate::{baseline::PreviousSnapshot, problem::Problem, report::Mask};

mod check;
mod fallback;
mod issue;
mod leftover;
mod previous_result;
mod result;

use check::Check;
use fallback::Fallback;
pub use result::{Issued, Options, Published, ReportMode};

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
    /// The end of the check run's summary, which later runs read.
    trailer: Option<String>,
    /// The last result of the default branch, once it was found.
    earlier: Option<PreviousSnapshot>,
    external_id: String,
    started: (Timestamp, Instant),
    warnings: Vec<Problem>,
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
        let mut warnings = context.problems.clone();
        let client = client
            .map_err(|error| warnings.push(Problem::from(&error)))
            .ok();
        let wanted = context.check_run.is_wanted(options.check_run);
        let possible =
            client.is_some() && context.repository.is_some() && context.nothing_to_do.is_none();
        let external_id = format!(
            "{}{}/{}/{}",
            context.run.external_id_prefix(),
            context.run.id,
            context.run.attempt,
            random_hexadecimal().unwrap_or_default()
        );
        Self {
            client,
            check: if wanted && possible {
                Check::Planned
            } else {
                Check::None
            },
            context,
            options,
            mask,
            identity: Identity::default(),
            trailer: None,
            earlier: None,
            external_id,
            started: (now, Instant::now()),
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
            && let Err(error) = self.open(&mut client).await
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
            left = self.conclude(&mut client, &publication).await;
            comment_url = self.comment(&mut client, &publication).await;
            issue = self.issue(&mut client, &publication).await;
            self.conclude_leftovers(&mut client).await;
        }
        let check_run_url = self.check.run().and_then(|run| run.url.clone());
        let summary_written = self.write_files(&publication, check_run_url.as_deref());
        let mode = if matches!(self.check, Check::Concluded(_)) {
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
                .map(|it| self.safe(it))
                .collect(),
        }
    }

    /// Completes the check run as cancelled, within the short time that a cancelled job has. Call it after dropping the
    /// future of `start` or `finish`.
    pub async fn cancel(&mut self) -> Option<Problem> {
        let mut client = self.client.clone()?;
        client.hurry();
        let budget = client.limits().cancel_budget;
        match timeout(budget, self.conclude_cancelled(&mut client)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(self.safe(Problem::from(&error))),
            Err(_elapsed) => Some(fallback::problem(
                "the check run could not be ended in time; GitHub shows it as running",
            )),
        }
    }

    /// Returns the URL of the check run, once it exists.
    pub fn check_run_url(&self) -> Option<&str> {
        self.check.run()?.url.as_deref()
    }

    /// Returns the client, to read with. It shares the budget of the report.
    pub fn client(&self) -> Option<Client> {
        self.client.clone()
    }

    /// Returns the context, including what `locate` has added.
    pub fn context(&self) -> &Context {
        &self.context
    }

    async fn locate(&mut self, client: &mut Client) {
        let mode = self.options.comment;
        let wish = mode.map(|mode| mode != CommentMode::Off);
        if self.context.needs_locating(wish)
            && let Err(error) = self.context.locate(client).await
        {
            let problem = Fallback::PullRequest.problem(&error, &self.context);
            if !self.warnings.contains(&problem) {
                self.warnings.push(problem);
            }
        }
    }

    fn comment_mode(&self) -> Option<CommentMode> {
        let mode = self.options.comment;
        let wish = mode.map(|mode| mode != CommentMode::Off);
        self.context
            .comment
            .is_wanted(wish)
            .then(|| mode.unwrap_or(CommentMode::On))
    }

    async fn comment(&mut self, client: &mut Client, publication: &Publication) -> Option<String> {
        let mode = self.comment_mode()?;
        let body = publication.comment.as_ref()?;
        let place = Place {
            repository: self.context.repository.as_ref()?,
            number: self.context.pull_request?,
            run: &self.context.run,
            sha: self.context.sha.as_deref()?,
            check_name: &self.options.check_name,
            report_kind: self.options.report_kind,
        };
        match comment::publish(client, &mut self.identity, &place, (body, mode)).await {
            Ok(Commented::Written(url) | Commented::Unchanged(url)) => url,
            Ok(Commented::NotNeeded) => None,
            Ok(Commented::Newer(url)) => {
                self.warnings.push(fallback::problem(
                    "a newer run has commented already; its comment stays",
                ));
                url
            }
            Ok(Commented::TooMany) => {
                self.warnings.push(fallback::problem(
                    "the pull request has too many comments to look for ours; none was made",
                ));
                None
            }
            Ok(Commented::Unclear) => {
                self.warnings.push(fallback::unclear(
                    "a comment of this job stands on the pull request, and GitHub does not say which account the token is; \
                     none was written",
                ));
                None
            }
            Ok(Commented::Locked) => {
                self.warnings.push(fallback::locked());
                None
            }
            Err(error) => {
                self.warn(Fallback::Comment, &error);
                None
            }
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
            self.warnings.push(Problem::from(&error));
        }
        let Some(path) = &self.options.summary_file else {
            return false;
        };
        match append_summary(path, &publication.job_summary, &self.mask) {
            Ok(()) => true,
            Err(error) => {
                self.warnings.push(Problem::from(&error));
                false
            }
        }
    }

    /// Masks the message, because a response may echo the request.
    fn safe(&self, problem: Problem) -> Problem {
        Problem {
            message: self.mask.text(&problem.message),
            ..problem
        }
    }

    /// Returns the current time, computed from the start time and the monotonic clock.
    fn now(&self) -> String {
        let (began, since) = self.started;
        began
            .checked_add(since.elapsed())
            .unwrap_or(began)
            .to_string()
    }

    fn warn(&mut self, fallback: Fallback, error: &ClientError) {
        self.warnings.push(fallback.problem(error, &self.context));
    }
}
