//! The single issue about the default branch, which is found by label, marker and author and edited in place.

use serde_json::{Value, json};

use super::{
    author::Identity,
    client::{Call, Client, ClientError, encode},
    marker::{MarkedText as _, OwnEntries},
    publication::IssueBody,
    runs,
};
use crate::baseline::{Change, PreviousRun};

mod body;
mod change_comment;
mod search;
mod target;
mod update;

use body::{Draft, ExistingIssue};
use search::{ListedIssue, find_own_issues};
pub(super) use target::IssueTarget;
use update::{IssueState, IssueUpdate, Move};

/// Maximum number of rounds: one to write, one to look for a concurrent run, and two for lost responses.
const MAX_ROUNDS: u32 = 4;

/// Red, like a failed check run.
const LABEL_COLOUR: &str = "b60205";

/// Result of writing the issue.
#[derive(Debug)]
pub(super) enum IssueResult {
    Done {
        url: Option<String>,
        /// Findings that the issue listed before.
        earlier: PreviousRun,
        /// Set if the issue is up to date but the comment about the change may be missing.
        comment_error: Option<ClientError>,
    },
    /// A later run has updated the issue.
    Newer(Option<String>),
    /// There are too many issues to search for this job's own.
    TooMany,
    /// Issues have the marker, but it is unknown if this action wrote them.
    Unclear,
}

/// The result of the first round, kept because later rounds would compare with the text that the first one wrote.
struct FirstRound {
    earlier: PreviousRun,
    change: Option<Change>,
    update: Option<IssueUpdate>,
}

#[derive(Debug, Clone)]
struct OwnIssue {
    number: u64,
    url: Option<String>,
}

/// Outcome of one round.
enum IssueRound {
    /// `None` if there is no issue and none is needed.
    Done(Option<OwnIssue>),
    Newer(Option<String>),
    TooMany,
    Unclear,
    /// An issue was opened or has disappeared, so another round is needed.
    Again,
}

/// Updates the issue. Each round starts from the current issues, so that lost responses and concurrent runs do no harm.
pub(super) async fn publish(
    client: &mut Client,
    identity: &mut Identity,
    target: &IssueTarget<'_>,
    body: &IssueBody,
) -> Result<IssueResult, ClientError> {
    let mut work = Work {
        target,
        body,
        draft: Draft::new(target, body, client.mask()),
        identity,
        first_round: None,
        opened: None,
    };
    let mut last_error = None;
    for _ in 0..MAX_ROUNDS {
        match work.round(client).await {
            Ok(IssueRound::Done(own_issue)) => return Ok(work.end(client, own_issue).await),
            Ok(IssueRound::Newer(url)) => return Ok(IssueResult::Newer(url)),
            Ok(IssueRound::TooMany) => return Ok(IssueResult::TooMany),
            Ok(IssueRound::Unclear) => return Ok(IssueResult::Unclear),
            Ok(IssueRound::Again) => last_error = None,
            // The issue exists. If a concurrent run opened another one, the next run resolves that.
            Err(_unverified) if work.opened.is_some() => break,
            Err(error) if error.is_ambiguous() => last_error = Some(error),
            Err(error) => return Err(error),
        }
    }
    match last_error {
        Some(error) if work.opened.is_none() => Err(error),
        _ => {
            let opened = work.opened.take();
            Ok(work.end(client, opened).await)
        }
    }
}

struct Work<'a> {
    target: &'a IssueTarget<'a>,
    body: &'a IssueBody,
    draft: Draft,
    identity: &'a mut Identity,
    first_round: Option<FirstRound>,
    /// The issue that this run opened, which the list may not show yet.
    opened: Option<OwnIssue>,
}

impl Work<'_> {
    async fn round(&mut self, client: &mut Client) -> Result<IssueRound, ClientError> {
        let found =
            find_own_issues(client, self.identity, self.target, self.draft.marker()).await?;
        let own_issues = match found {
            OwnEntries::Found(issues) => issues,
            // The issue that was just opened is among the others.
            OwnEntries::AuthorUnknown if self.opened.is_some() => {
                return Ok(IssueRound::Done(self.opened.clone()));
            }
            OwnEntries::AuthorUnknown => return Ok(IssueRound::Unclear),
            OwnEntries::TooManyPages => return Ok(IssueRound::TooMany),
        };
        let mut own_issues = own_issues.into_iter();
        let Some(oldest) = own_issues.next() else {
            return self.open_if_needed(client).await;
        };
        let others: Vec<_> = own_issues.collect();
        if self.yields_to_any(client, &oldest, &others).await {
            // The later run may not have seen our new issue.
            if let Some(opened) = self.opened.as_ref().map(|opened| opened.number)
                && opened != oldest.number
            {
                self.supersede(client, opened, oldest.number).await?;
            }
            return Ok(IssueRound::Newer(oldest.html_url));
        }
        if self.bring_up_to_date(client, &oldest).await? == Edit::IssueGone {
            return Ok(IssueRound::Again);
        }
        for other in &others {
            self.supersede(client, other.number, oldest.number).await?;
        }
        Ok(IssueRound::Done(Some(OwnIssue::from_issue(oldest))))
    }

    /// Returns true if one of the issues is from a later run that exists.
    async fn yields_to_any(
        &self,
        client: &mut Client,
        oldest: &ListedIssue,
        others: &[ListedIssue],
    ) -> bool {
        let IssueTarget {
            repository,
            run: own_run,
            ..
        } = self.target;
        for issue in std::iter::once(oldest).chain(others) {
            let written = ExistingIssue::read(issue.text().unwrap_or_default());
            if let Some(later_run) = self.draft.later_run(&written)
                && !runs::is_forged(client, repository, own_run, later_run).await
            {
                return true;
            }
        }
        false
    }

    /// Opens an issue, if there are findings and this run has not opened one yet.
    async fn open_if_needed(&mut self, client: &mut Client) -> Result<IssueRound, ClientError> {
        self.first_round.get_or_insert_with(|| {
            let fingerprints = self.body.fingerprints();
            FirstRound {
                change: PreviousRun::None.change(&fingerprints),
                earlier: PreviousRun::None,
                update: None,
            }
        });
        if self.opened.is_some() || self.body.clean {
            return Ok(IssueRound::Done(self.opened.clone()));
        }
        self.ensure_label(client).await;
        let issue: ListedIssue = client
            .read(Call::post(
                format!("/repos/{}/issues", self.target.repository),
                json!({
                    "title": self.body.title,
                    "body": self.draft.text(),
                    "labels": [self.target.label],
                }),
            ))
            .await?;
        self.identity.learn_user(issue.user());
        self.opened = Some(OwnIssue::from_issue(issue));
        Ok(IssueRound::Again)
    }

    /// Creates the label if it is missing, because GitHub does not reliably create labels that a new issue names. An
    /// error is only logged here; opening the issue will report it.
    async fn ensure_label(&self, client: &mut Client) {
        let labels = format!("/repos/{}/labels", self.target.repository);
        let label = self.target.label;
        let there = client
            .send(Call::get(format!("{labels}/{}", encode(label))))
            .await;
        if matches!(&there, Err(error) if error.status() == Some(404)) {
            let label = json!({
                "name": label,
                "color": LABEL_COLOUR,
                "description": "Billing and access disagree",
            });
            if let Err(error) = client.send(Call::post(labels, label)).await {
                tracing::debug!(%error, "the label could not be made");
            }
        }
    }

    /// Writes the report into the issue, unless it is there already.
    async fn bring_up_to_date(
        &mut self,
        client: &mut Client,
        issue: &ListedIssue,
    ) -> Result<Edit, ClientError> {
        let written = ExistingIssue::read(issue.text().unwrap_or_default());
        let has_same_content = self.draft.has_content_of(&written);
        let is_by_this_run = self.draft.wrote(&written);
        let update = match &self.first_round {
            // An issue that was just opened needs no comment.
            Some(FirstRound { update: None, .. }) => IssueUpdate {
                writes_body: !has_same_content,
                moves: None,
                comments: false,
            },
            // Do not write the text again if only the response was lost.
            Some(FirstRound {
                update: Some(update),
                ..
            }) => IssueUpdate {
                writes_body: update.writes_body && !is_by_this_run,
                ..*update
            },
            None => {
                let earlier = written.earlier();
                let change = earlier.change(&self.body.fingerprints());
                let state = IssueState {
                    is_open: issue.is_open(),
                    clean: self.body.clean,
                    change: change.as_ref(),
                    has_same_content,
                    keeps_state: self.draft.keeps_state(),
                };
                let update = state.update();
                self.first_round = Some(FirstRound {
                    earlier,
                    change,
                    update: Some(update),
                });
                update
            }
        };
        let Some(patch) = self.patch(update) else {
            return Ok(Edit::Done);
        };
        edit(client, self.target, issue.number, patch).await
    }

    fn patch(&self, update: IssueUpdate) -> Option<Value> {
        if !update.writes_body {
            return None;
        }
        let body = self.draft.text();
        Some(match update.moves {
            None => json!({"body": body}),
            Some(Move::Close) => {
                json!({"body": body, "state": "closed", "state_reason": "completed"})
            }
            Some(Move::Reopen) => {
                json!({"body": body, "state": "open", "state_reason": "reopened"})
            }
        })
    }

    /// Closes a duplicate issue that a concurrent run opened, removes the marker from it, and links to the remaining
    /// one.
    async fn supersede(
        &self,
        client: &mut Client,
        other: u64,
        oldest: u64,
    ) -> Result<(), ClientError> {
        let body = format!(
            "Two runs opened an issue at the same moment. The report is kept in #{oldest}."
        );
        let patch = json!({"body": body, "state": "closed", "state_reason": "not_planned"});
        edit(client, self.target, other, patch).await?;
        Ok(())
    }

    /// Comments on the change, if needed, and returns the result. The comment comes last and is not retried, because a
    /// missing comment is better than a duplicate.
    async fn end(&mut self, client: &mut Client, own_issue: Option<OwnIssue>) -> IssueResult {
        let first_round = self.first_round.take();
        let (earlier, update, change) = match first_round {
            Some(first_round) => (first_round.earlier, first_round.update, first_round.change),
            None => (PreviousRun::None, None, None),
        };
        let mut comment_error = None;
        if let Some(update) = update.filter(|update| update.comments)
            && let Some(own_issue) = &own_issue
        {
            let text = change_comment::comment(update, change.as_ref(), self.body);
            let path = format!(
                "/repos/{}/issues/{}/comments",
                self.target.repository, own_issue.number
            );
            comment_error = client
                .send(Call::post(path, json!({"body": text})))
                .await
                .err();
        }
        IssueResult::Done {
            url: own_issue.and_then(|issue| issue.url),
            earlier,
            comment_error,
        }
    }
}

impl OwnIssue {
    fn from_issue(issue: ListedIssue) -> Self {
        Self {
            number: issue.number,
            url: issue.html_url,
        }
    }
}

/// Result of editing an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    /// The issue has the new text and state, or needed no change.
    Done,
    /// The issue no longer exists.
    IssueGone,
}

/// Changes the text and the state of an issue.
async fn edit(
    client: &mut Client,
    target: &IssueTarget<'_>,
    number: u64,
    patch: Value,
) -> Result<Edit, ClientError> {
    let path = format!("/repos/{}/issues/{number}", target.repository);
    // Not retried here. Another run may have written meanwhile, so the next round reads the issues first.
    match client.send(Call::patch(path, patch, false)).await {
        Ok(_answer) => Ok(Edit::Done),
        Err(error) if matches!(error.status(), Some(404 | 410)) => Ok(Edit::IssueGone),
        Err(error) => Err(error),
    }
}
