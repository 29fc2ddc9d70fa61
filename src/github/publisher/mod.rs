//! One run's reporting from its start to its end; what GitHub refuses is said elsewhere, and the verdict stays.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::{
    check_run::{self, CheckRun, Opening, Output},
    client::{Client, ClientError},
    comment::{self, CommentMode, Commented, Place},
    context::Context,
    files::{append_outputs, append_summary, random_hexadecimal},
    mask::Mask,
    publication::{Annotation, Conclusion, Publication},
};
use crate::problem::Problem;

mod refusal;
mod result;

use refusal::Refusal;
pub use result::{Options, Published, ReportMode};

/// More would not be read, and takes GitHub a minute to store.
const MOST_ANNOTATIONS: usize = 1000;

/// Of the budget: what opening the check run may take at most, and what is kept back from annotations so that the run
/// is concluded at all.
const SHARE: u32 = 4;

/// Says one run's result wherever GitHub lets it.
#[derive(Debug)]
pub struct Publisher {
    /// None when there is no way to the API; why is among the problems.
    client: Option<Client>,
    context: Context,
    options: Options,
    mask: Mask,
    check: Check,
    external_id: String,
    started: (Timestamp, Instant),
    time_left: Duration,
    degraded: Vec<Problem>,
}

/// How far the check run is.
#[derive(Debug)]
enum Check {
    /// It was switched off, is not due on this event, or was refused for good.
    None,
    Due,
    /// It was asked for on this commit, and what became of it is not known yet.
    Asked(String),
    Open(CheckRun),
    Concluded(CheckRun),
}

impl Check {
    /// Asked for and not heard of counts as not there yet.
    fn is_due(&self) -> bool {
        matches!(self, Self::Due | Self::Asked(_))
    }

    fn run(&self) -> Option<&CheckRun> {
        match self {
            Self::Open(run) | Self::Concluded(run) => Some(run),
            Self::None | Self::Due | Self::Asked(_) => None,
        }
    }
}

impl Publisher {
    /// `now` is the time at which the run started. Reporting goes on without a client, in the places that need none.
    pub fn new(
        client: Result<Client, ClientError>,
        context: Context,
        options: Options,
        mask: Mask,
        now: Timestamp,
    ) -> Self {
        let options = Options {
            check_name: mask.apply(&options.check_name),
            ..options
        };
        let mut degraded = context.problems.clone();
        let client = client
            .map_err(|error| degraded.push(Problem::of(&error)))
            .ok();
        let wanted = context.check_run.is_wanted(options.check_run);
        let possible =
            client.is_some() && context.repository.is_some() && context.nothing_to_do.is_none();
        let external_id = format!(
            "prodverdict/{}/{}/{}/{}/{}",
            context.run.workflow,
            context.run.job,
            context.run.id,
            context.run.attempt,
            random_hexadecimal().unwrap_or_default()
        );
        Self {
            time_left: client
                .as_ref()
                .map_or(Duration::ZERO, |client| client.limits().budget),
            client,
            check: if wanted && possible {
                Check::Due
            } else {
                Check::None
            },
            context,
            options,
            mask,
            external_id,
            started: (now, Instant::now()),
            degraded,
        }
    }

    /// Opens the check run, so that whoever looks sees that the check runs, and so that a cancelled job can end it.
    pub async fn start(&mut self) {
        let Some(mut client) = self.begin(self.time_left / SHARE) else {
            return;
        };
        self.locate(&mut client).await;
        if self.check.is_due()
            && let Err(error) = self.open(&mut client).await
        {
            // Tried again at the end, when it may be said once.
            tracing::debug!(%error, "the check run could not be opened yet");
        }
        self.end(client);
    }

    /// Says everything. Never fails: what could not be said where it belongs is in the result.
    pub async fn finish(&mut self, publication: &Publication) -> Published {
        let publication = publication.masked(&self.mask);
        let mut left = publication.annotations.clone();
        let mut comment_url = None;
        if let Some(mut client) = self.begin(self.time_left) {
            self.locate(&mut client).await;
            left = self.conclude(&mut client, &publication).await;
            comment_url = self.comment(&mut client, &publication).await;
            self.end(client);
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
            mode,
            annotations_left: left,
            degraded: std::mem::take(&mut self.degraded)
                .into_iter()
                .map(|it| self.safe(it))
                .collect(),
        }
    }

    /// Ends the check run as cancelled, in the little time that a cancelled job has. Call it after dropping whatever
    /// `start` or `finish` was doing.
    pub async fn cancel(&mut self) -> Option<Problem> {
        let mut client = self.client.clone()?;
        client.hurry();
        let budget = client.limits().cancel_budget;
        match timeout(budget, self.conclude_cancelled(&mut client)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(self.safe(Problem::of(&error))),
            Err(_elapsed) => Some(refusal::problem(
                "the check run could not be ended in time; GitHub shows it as running",
            )),
        }
    }

    /// What is known of the event, after what GitHub added to it.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The client stays in its place, so that a dropped call loses nothing.
    fn begin(&self, budget: Duration) -> Option<Client> {
        let mut client = self.client.clone()?;
        client.begin(budget);
        Some(client)
    }

    fn end(&mut self, client: Client) {
        self.time_left = self.time_left.saturating_sub(client.time_spent());
        self.client = Some(client);
    }

    async fn locate(&mut self, client: &mut Client) {
        let comment_wanted = self.comment_mode().is_some();
        if self.context.nothing_to_do.is_some() || (self.context.sha.is_some() && !comment_wanted) {
            return;
        }
        if let Err(error) = self.context.locate(client).await {
            self.degrade(Refusal::PullRequest, &error);
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

    async fn open(&mut self, client: &mut Client) -> Result<(), ClientError> {
        let Some(sha) = self.context.sha.clone() else {
            self.check = Check::None;
            return Ok(());
        };
        let mut outcome = self.open_on(client, &sha).await;
        if let (Err(error), Some(other)) = (&outcome, self.context.fallback_sha.clone())
            && error.is_unknown_commit()
            && other != sha
        {
            self.degrade(Refusal::Commit, error);
            outcome = self.open_on(client, &other).await;
        }
        if let Err(error) = &outcome
            && error.is_final()
        {
            self.degrade(Refusal::CheckRun, error);
            self.check = Check::None;
        }
        outcome
    }

    /// What was asked for before may be there although nobody heard of it.
    async fn open_on(&mut self, client: &mut Client, sha: &str) -> Result<(), ClientError> {
        let asked_before = matches!(&self.check, Check::Asked(before) if before == sha);
        self.check = Check::Asked(sha.to_owned());
        let Some(opening) = self.opening(sha) else {
            return Ok(());
        };
        let found = if asked_before {
            check_run::find(client, &opening).await?
        } else {
            None
        };
        let run = match found {
            Some(run) => run,
            None => check_run::create(client, &opening).await?,
        };
        self.check = Check::Open(run);
        Ok(())
    }

    fn opening<'a>(&'a self, sha: &'a str) -> Option<Opening<'a>> {
        Some(Opening {
            repository: self.context.repository.as_ref()?,
            name: &self.options.check_name,
            sha,
            external_id: &self.external_id,
            started_at: self.started.0.to_string(),
            details_url: self.context.run_url(),
        })
    }

    /// Annotations first, the conclusion last: a concluded run cannot go back. Gives the annotations that are left.
    async fn conclude(
        &mut self,
        client: &mut Client,
        publication: &Publication,
    ) -> Vec<Annotation> {
        if self.check.is_due()
            && let Err(error) = self.open(client).await
            && !error.is_final()
        {
            self.degrade(Refusal::CheckRun, &error);
        }
        let Check::Open(run) = &self.check else {
            return publication.annotations.clone();
        };
        let run = run.clone();
        let output = Output {
            title: &publication.title,
            summary: &publication.summary,
            text: publication.text.as_deref(),
        };
        let (fitting, mut left) = fitting(&publication.annotations);
        let reserve = self.time_left / SHARE;
        client.hold_back(reserve);
        let appended = check_run::append(client, &run, &output, &fitting).await;
        client.give_back(reserve);
        left.extend(fitting.into_iter().skip(appended.sent));
        if let Some(error) = &appended.error {
            self.degrade(Refusal::Annotations(left.len()), error);
        }
        let summary = match left.len() {
            0 => publication.summary.clone(),
            count => format!(
                "_{count} annotations are not shown here; the job summary has all findings._\n\n{}",
                publication.summary
            ),
        };
        let output = Output {
            summary: &summary,
            ..output
        };
        let ending = (publication.conclusion, self.now());
        match check_run::conclude(client, &run, &output, ending).await {
            Ok(()) => self.check = Check::Concluded(run),
            Err(error) => self.degrade(Refusal::Conclusion, &error),
        }
        left
    }

    async fn comment(&mut self, client: &mut Client, publication: &Publication) -> Option<String> {
        let mode = self.comment_mode()?;
        let body = publication.comment.as_ref()?;
        let app = self.check.run().and_then(|run| run.app.as_deref());
        let place = Place {
            repository: self.context.repository.as_ref()?,
            number: self.context.pull_request?,
            run: &self.context.run,
            sha: self.context.sha.as_deref()?,
            check_name: &self.options.check_name,
            app,
        };
        match comment::publish(client, &place, body, mode).await {
            Ok(Commented::Written(url) | Commented::Unchanged(url)) => url,
            Ok(Commented::NotNeeded) => None,
            Ok(Commented::Newer(url)) => {
                self.degraded.push(refusal::problem(
                    "a newer run has commented already; its comment stays",
                ));
                url
            }
            Ok(Commented::TooMany) => {
                self.degraded.push(refusal::problem(
                    "the pull request has too many comments to look for ours; none was made",
                ));
                None
            }
            Err(error) => {
                self.degrade(Refusal::Comment, &error);
                None
            }
        }
    }

    async fn conclude_cancelled(&mut self, client: &mut Client) -> Result<(), ClientError> {
        if let Check::Asked(sha) = &self.check
            && let Some(opening) = self.opening(sha)
            && let Some(run) = check_run::find(client, &opening).await?
        {
            self.check = Check::Open(run);
        }
        let Check::Open(run) = &self.check else {
            return Ok(());
        };
        let run = run.clone();
        let output = Output {
            title: "Cancelled",
            summary: "The job was cancelled before the check came to a verdict.",
            text: None,
        };
        let ending = (Conclusion::Cancelled, self.now());
        check_run::conclude(client, &run, &output, ending).await?;
        self.check = Check::Concluded(run);
        Ok(())
    }

    /// Whether the summary was written.
    fn write_files(&mut self, publication: &Publication, check_run_url: Option<&str>) -> bool {
        let mut outputs = publication.outputs.clone();
        outputs.insert(
            "check_run_url".to_owned(),
            check_run_url.unwrap_or_default().to_owned(),
        );
        if let Some(path) = &self.options.output_file
            && let Err(error) = append_outputs(path, &outputs, &self.mask)
        {
            self.degraded.push(Problem::of(&error));
        }
        let Some(path) = &self.options.summary_file else {
            return false;
        };
        match append_summary(path, &publication.job_summary, &self.mask) {
            Ok(()) => true,
            Err(error) => {
                self.degraded.push(Problem::of(&error));
                false
            }
        }
    }

    /// An answer may repeat what it was asked.
    fn safe(&self, problem: Problem) -> Problem {
        Problem {
            message: self.mask.apply(&problem.message),
            ..problem
        }
    }

    /// By the monotonic clock, from the time that was given.
    fn now(&self) -> String {
        let (began, since) = self.started;
        began
            .checked_add(since.elapsed())
            .unwrap_or(began)
            .to_string()
    }

    fn degrade(&mut self, refusal: Refusal, error: &ClientError) {
        self.degraded.push(refusal.problem(error, &self.context));
    }
}

/// The annotations that GitHub takes, and those it would refuse.
fn fitting(annotations: &[Annotation]) -> (Vec<Annotation>, Vec<Annotation>) {
    let mut fitting = Vec::new();
    let mut left = Vec::new();
    for annotation in annotations {
        match check_run::sendable(annotation) {
            Some(sendable) if fitting.len() < MOST_ANNOTATIONS => fitting.push(sendable),
            _ => left.push(annotation.clone()),
        }
    }
    (fitting, left)
}
