//! The check run of the report: creates it, adds annotations and completes it.

use jiff::Timestamp;

use super::{
    clock::RunClock,
    fallback::{Fallback, annotations_are},
};
use crate::{
    github::{
        check_run::{self, CheckOutput, CheckRun, Ending, Opening},
        client::{Client, ClientError},
        context::{Context, Run},
        files::random_hexadecimal,
        publication::{Conclusion, Publication},
    },
    problem::Warning,
    report::Annotation,
};

/// Maximum number of annotations. Nobody would read more.
const MAX_ANNOTATIONS: usize = 50;

/// The check run of this process.
#[derive(Debug)]
pub(super) struct Check {
    state: CheckState,
    /// Unique id, which finds the check run if the response to its creation was lost.
    external_id: String,
    /// The end of the summary, which later runs read.
    trailer: Option<String>,
    pub(super) clock: RunClock,
}

#[derive(Debug)]
enum CheckState {
    /// There is no check run: it is switched off, not used for this event, or was rejected.
    None,
    Planned,
    /// Creation was requested on this commit, but it is not known if it succeeded.
    Requested(String),
    Open(CheckRun),
    Concluded(CheckRun),
}

/// Subject and name of the check run.
#[derive(Debug, Clone, Copy)]
pub(super) struct CheckSubject<'a> {
    pub(super) context: &'a Context,
    pub(super) name: &'a str,
}

impl Check {
    pub(super) fn new(is_wanted: bool, run: &Run, began: Timestamp) -> Self {
        Self {
            state: if is_wanted {
                CheckState::Planned
            } else {
                CheckState::None
            },
            external_id: format!(
                "{}{}/{}/{}",
                run.external_id_prefix(),
                run.id,
                run.attempt,
                random_hexadecimal().unwrap_or_default()
            ),
            trailer: None,
            clock: RunClock::starting_at(began),
        }
    }

    /// Returns true if a check run is wanted and not known to exist.
    pub(super) fn is_planned(&self) -> bool {
        matches!(self.state, CheckState::Planned | CheckState::Requested(_))
    }

    pub(super) fn is_concluded(&self) -> bool {
        matches!(self.state, CheckState::Concluded(_))
    }

    pub(super) fn run(&self) -> Option<&CheckRun> {
        match &self.state {
            CheckState::Open(run) | CheckState::Concluded(run) => Some(run),
            CheckState::None | CheckState::Planned | CheckState::Requested(_) => None,
        }
    }

    /// Sets the end of the summary.
    pub(super) fn keep(&mut self, trailer: Option<String>) {
        self.trailer = trailer;
    }

    /// Creates the check run on the commit of the event, or on `GITHUB_SHA` if GitHub does not know that one.
    pub(super) async fn open(
        &mut self,
        client: &mut Client,
        subject: CheckSubject<'_>,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ClientError> {
        let context = subject.context;
        let Some(sha) = &context.commits.head else {
            self.state = CheckState::None;
            return Ok(());
        };
        let mut outcome = self.open_on(client, subject, sha).await;
        if let (Err(error), Some(other)) = (&outcome, &context.commits.fallback)
            && error.is_unknown_commit()
            && other != sha
        {
            warnings.push(Fallback::Commit.warning(error, context));
            outcome = self.open_on(client, subject, other).await;
        }
        if let Err(error) = &outcome
            && error.is_final()
        {
            warnings.push(Fallback::CheckRun.warning(error, context));
            self.state = CheckState::None;
        }
        outcome
    }

    /// Creates the check run on `sha`. After an earlier attempt with an unknown outcome it looks for that one first.
    async fn open_on(
        &mut self,
        client: &mut Client,
        subject: CheckSubject<'_>,
        sha: &str,
    ) -> Result<(), ClientError> {
        let was_requested = matches!(&self.state, CheckState::Requested(before) if before == sha);
        self.state = CheckState::Requested(sha.to_owned());
        let Some(opening) = self.opening(subject, sha) else {
            return Ok(());
        };
        let found = if was_requested {
            check_run::find(client, &opening).await?
        } else {
            None
        };
        let run = match found {
            Some(run) => run,
            None => check_run::create(client, &opening).await?,
        };
        self.state = CheckState::Open(run);
        Ok(())
    }

    fn opening<'a>(&'a self, subject: CheckSubject<'a>, sha: &'a str) -> Option<Opening<'a>> {
        Some(Opening {
            repository: subject.context.repository.as_ref()?,
            name: subject.name,
            sha,
            external_id: &self.external_id,
            started_at: self.clock.began(),
            details_url: subject.context.run_url(),
        })
    }

    /// Sends the annotations and then completes the check run, because a completed run cannot be reopened. Returns the
    /// annotations that were not sent.
    pub(super) async fn conclude(
        &mut self,
        client: &mut Client,
        context: &Context,
        publication: &Publication,
        warnings: &mut Vec<Warning>,
    ) -> Vec<Annotation> {
        let CheckState::Open(run) = &self.state else {
            return publication.annotations.clone();
        };
        let run = run.clone();
        let output = CheckOutput {
            title: &publication.title,
            summary: &publication.summary,
            text: publication.text.as_deref(),
            trailer: None,
        };
        let (fitting, mut left) = fitting(&publication.annotations);
        // Time is kept for the conclusion, which matters more than the annotations.
        let kept = client.keep_share();
        let appended = check_run::append(client, &run, &output, &fitting).await;
        drop(kept);
        left.extend(fitting.into_iter().skip(appended.sent));
        if let Some(error) = &appended.error {
            warnings.push(Fallback::Annotations(left.len()).warning(error, context));
        }
        let summary = match left.len() {
            0 => publication.summary.clone(),
            count => format!(
                "_{} not shown here; the job summary has all findings._\n\n{}",
                annotations_are(count),
                publication.summary
            ),
        };
        let output = CheckOutput {
            summary: &summary,
            trailer: self.trailer.as_deref(),
            ..output
        };
        let ending = Ending {
            conclusion: publication.conclusion,
            completed_at: self.clock.now(),
        };
        match check_run::conclude(client, &run, &output, &ending).await {
            Ok(()) => self.state = CheckState::Concluded(run),
            Err(error) => warnings.push(Fallback::Conclusion.warning(&error, context)),
        }
        left
    }

    /// Completes the check run of a cancelled job.
    pub(super) async fn cancel(
        &mut self,
        client: &mut Client,
        subject: CheckSubject<'_>,
    ) -> Result<(), ClientError> {
        if let CheckState::Requested(sha) = &self.state
            && let Some(opening) = self.opening(subject, sha)
            && let Some(run) = check_run::find(client, &opening).await?
        {
            self.state = CheckState::Open(run);
        }
        let CheckState::Open(run) = &self.state else {
            return Ok(());
        };
        let run = run.clone();
        let output = CheckOutput {
            title: "Cancelled",
            summary: "The job was cancelled before the check came to a verdict.",
            text: None,
            trailer: None,
        };
        let ending = Ending {
            conclusion: Conclusion::Cancelled,
            completed_at: self.clock.now(),
        };
        check_run::conclude(client, &run, &output, &ending).await?;
        self.state = CheckState::Concluded(run);
        Ok(())
    }
}

/// Splits the annotations into those that GitHub accepts and those that it would reject.
fn fitting(annotations: &[Annotation]) -> (Vec<Annotation>, Vec<Annotation>) {
    let mut fitting = Vec::new();
    let mut left = Vec::new();
    for annotation in annotations {
        match check_run::sendable(annotation) {
            Some(sendable) if fitting.len() < MAX_ANNOTATIONS => fitting.push(sendable),
            _ => left.push(annotation.clone()),
        }
    }
    (fitting, left)
}
