//! The check run's part of the publisher: creates it, adds annotations and completes it.

use super::{Fallback, Publisher};
use crate::{
    github::{
        check_run::{self, CheckRun, Ending, Opening, Output},
        client::{Client, ClientError},
        publication::{Conclusion, Publication},
    },
    report::Annotation,
};

/// Maximum number of annotations. Nobody would read more.
const MOST_ANNOTATIONS: usize = 50;

/// State of the check run.
#[derive(Debug)]
pub(super) enum Check {
    /// Switched off, not used for this event, or rejected for good.
    None,
    Planned,
    /// Creation was requested on this commit, with an unknown outcome.
    Asked(String),
    Open(CheckRun),
    Concluded(CheckRun),
}

impl Check {
    /// Returns true if there is no check run yet. An unknown outcome counts as none.
    pub(super) fn is_planned(&self) -> bool {
        matches!(self, Self::Planned | Self::Asked(_))
    }

    pub(super) fn run(&self) -> Option<&CheckRun> {
        match self {
            Self::Open(run) | Self::Concluded(run) => Some(run),
            Self::None | Self::Planned | Self::Asked(_) => None,
        }
    }
}

impl Publisher {
    pub(super) async fn open(&mut self, client: &mut Client) -> Result<(), ClientError> {
        let Some(sha) = self.context.sha.clone() else {
            self.check = Check::None;
            return Ok(());
        };
        let mut outcome = self.open_on(client, &sha).await;
        if let (Err(error), Some(other)) = (&outcome, self.context.fallback_sha.clone())
            && error.is_unknown_commit()
            && other != sha
        {
            self.warn(Fallback::Commit, error);
            outcome = self.open_on(client, &other).await;
        }
        if let Err(error) = &outcome
            && error.is_final()
        {
            self.warn(Fallback::CheckRun, error);
            self.check = Check::None;
        }
        outcome
    }

    /// Creates the check run on `sha`. After an earlier attempt with an unknown outcome it looks for that one first.
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
        self.identity.learn_app(run.app.as_deref());
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

    /// Sends the annotations and then completes the check run, because a completed run cannot be reopened. Returns the
    /// annotations that were not sent.
    pub(super) async fn conclude(
        &mut self,
        client: &mut Client,
        publication: &Publication,
    ) -> Vec<Annotation> {
        if self.check.is_planned()
            && let Err(error) = self.open(client).await
            && !error.is_final()
        {
            self.warn(Fallback::CheckRun, &error);
        }
        let Check::Open(run) = &self.check else {
            return publication.annotations.clone();
        };
        let run = run.clone();
        let output = Output {
            title: &publication.title,
            summary: &publication.summary,
            text: publication.text.as_deref(),
            trailer: None,
        };
        let (fitting, mut left) = fitting(&publication.annotations);
        // The conclusion matters more than the annotations.
        let kept = client.keep_share();
        let appended = check_run::append(client, &run, &output, &fitting).await;
        drop(kept);
        left.extend(fitting.into_iter().skip(appended.sent));
        if let Some(error) = &appended.error {
            self.warn(Fallback::Annotations(left.len()), error);
        }
        let summary = match left.len() {
            0 => publication.summary.clone(),
            count => format!(
                "_{count} annotations are not shown here; the job summary has all findings._\n\n{}",
                publication.summary
            ),
        };
        let trailer = self.trailer.clone();
        let output = Output {
            summary: &summary,
            trailer: trailer.as_deref(),
            ..output
        };
        let ending = Ending {
            conclusion: publication.conclusion,
            completed_at: self.now(),
        };
        match check_run::conclude(client, &run, &output, &ending).await {
            Ok(()) => self.check = Check::Concluded(run),
            Err(error) => self.warn(Fallback::Conclusion, &error),
        }
        left
    }

    pub(super) async fn conclude_cancelled(
        &mut self,
        client: &mut Client,
    ) -> Result<(), ClientError> {
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
            trailer: None,
        };
        let ending = Ending {
            conclusion: Conclusion::Cancelled,
            completed_at: self.now(),
        };
        check_run::conclude(client, &run, &output, &ending).await?;
        self.check = Check::Concluded(run);
        Ok(())
    }
}

/// Splits the annotations into those that GitHub accepts and those that it would reject.
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
