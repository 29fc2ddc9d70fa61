//! The single comment on a pull request, which is found by its marker and author and edited in place.

use serde::Deserialize;
use serde_json::json;

use super::{
    author::{Identity, User},
    client::{Call, Client, ClientError},
    locate,
    marker::{self, List, MarkedText, OwnEntries},
    publication::CommentBody,
    runs,
};

mod body;
mod state;
mod target;

use body::{CommentDraft, ExistingComment};
pub(super) use target::CommentTarget;

/// Maximum number of pages. A comment beyond the first 5,000 could not be found again, so none is created.
const MAX_PAGES: usize = 50;

/// Maximum number of rounds: one to write, one to look for a concurrent run, and two for lost responses.
const MAX_ROUNDS: u32 = 4;

/// When to comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentMode {
    On,
    Off,
    /// Only if there is something to act on. An existing comment is still updated.
    OnFindings,
}

/// Result of writing the comment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CommentResult {
    Written(Option<String>),
    /// It already had the same content.
    Unchanged(Option<String>),
    /// There is nothing to report and no comment to correct.
    NotNeeded,
    /// A newer run has commented.
    Newer(Option<String>),
    /// There are too many comments to search for this job's own.
    TooMany,
    /// Comments have the marker, but it is unknown if this action wrote them.
    Unclear,
    /// The pull request is locked.
    Locked,
}

#[derive(Debug, Deserialize)]
struct Comment {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    /// Null if the account was deleted.
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    html_url: Option<String>,
}

impl MarkedText for Comment {
    fn text(&self) -> Option<&str> {
        self.body.as_deref()
    }

    fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }
}

/// Outcome of one round.
enum CommentRound {
    Done(CommentResult),
    /// A new comment. A concurrent run may have posted another one.
    Posted(Comment),
}

/// Writes the comment. Each round starts from the current comments, so that lost responses and concurrent runs do no
/// harm.
pub(super) async fn publish(
    client: &mut Client,
    identity: &mut Identity,
    target: &CommentTarget<'_>,
    (body, mode): (&CommentBody, CommentMode),
) -> Result<CommentResult, ClientError> {
    if mode == CommentMode::Off {
        return Ok(CommentResult::NotNeeded);
    }
    // With `issues: write` alone, a token may write comments but not read the pull request.
    let pull = locate::pull(client, target.repository, target.number)
        .await
        .ok();
    let is_locked = pull.as_ref().is_some_and(|pull| pull.locked);
    let head = pull.and_then(|pull| pull.head?.sha);
    let mut work = Work {
        target,
        sticky: CommentDraft::new(target, head, body, client.mask()),
        creates: mode == CommentMode::On || !body.clean,
        identity,
        posted: None,
    };
    match work.write(client).await {
        Err(error) if is_locked && error.status() == Some(403) => Ok(CommentResult::Locked),
        written => written,
    }
}

struct Work<'a> {
    target: &'a CommentTarget<'a>,
    sticky: CommentDraft,
    /// False if only an existing comment is updated.
    creates: bool,
    identity: &'a mut Identity,
    /// The comment that this run posted.
    posted: Option<Comment>,
}

impl Work<'_> {
    async fn write(&mut self, client: &mut Client) -> Result<CommentResult, ClientError> {
        let mut lost = None;
        for _ in 0..MAX_ROUNDS {
            let may_post = self.posted.is_none();
            match self.round(client).await {
                Ok(CommentRound::Done(CommentResult::NotNeeded)) if !may_post => break,
                Ok(CommentRound::Done(CommentResult::Unchanged(url)))
                    if !may_post || lost.is_some() =>
                {
                    return Ok(CommentResult::Written(url));
                }
                Ok(CommentRound::Done(done)) => return Ok(done),
                Ok(CommentRound::Posted(comment)) => {
                    self.identity.learn_user(comment.user.as_ref());
                    self.posted = Some(comment);
                }
                Err(_unverified) if !may_post => break,
                Err(error) if error.is_ambiguous() => lost = Some(error),
                Err(error) => return Err(error),
            }
        }
        match (self.posted.take(), lost) {
            (Some(comment), _) => Ok(CommentResult::Written(comment.html_url)),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(CommentResult::NotNeeded),
        }
    }

    async fn round(&mut self, client: &mut Client) -> Result<CommentRound, ClientError> {
        let may_post = self.posted.is_none();
        let mut own_comments = match self.find_own_comments(client).await? {
            OwnEntries::Found(comments) => comments,
            // The comment that was just posted is among the others.
            OwnEntries::AuthorUnknown if !may_post => {
                return Ok(CommentRound::Done(CommentResult::NotNeeded));
            }
            OwnEntries::AuthorUnknown => return Ok(CommentRound::Done(CommentResult::Unclear)),
            OwnEntries::TooManyPages => return Ok(CommentRound::Done(CommentResult::TooMany)),
        };
        own_comments.sort_by_key(|comment| comment.id);
        let mut own_comments = own_comments.into_iter();
        let Some(oldest) = own_comments.next() else {
            if !may_post || !self.creates {
                return Ok(CommentRound::Done(CommentResult::NotNeeded));
            }
            return post(client, self.target, &self.sticky)
                .await
                .map(CommentRound::Posted);
        };
        let others: Vec<_> = own_comments
            .map(|comment| {
                (
                    ExistingComment::read(comment.text().unwrap_or_default()),
                    comment,
                )
            })
            .collect();
        let written = ExistingComment::read(oldest.text().unwrap_or_default());
        let mut all = vec![&written];
        all.extend(others.iter().map(|(written, _)| written));
        if self.yields_to_any(client, &all).await {
            if !may_post {
                // The newer run may not have seen this run's comment. It keeps the oldest comment, so this run does the
                // same.
                let from_this_run_or_earlier = others
                    .iter()
                    .filter(|(written, _)| !self.sticky.yields_to(written));
                for (_, other) in from_this_run_or_earlier {
                    delete(client, self.target, other).await?;
                }
            }
            return Ok(CommentRound::Done(CommentResult::Newer(oldest.html_url)));
        }
        let has_same_content = self.sticky.has_content_of(&written);
        if !has_same_content {
            let latest = all.into_iter().max_by_key(|written| written.run());
            let text = self.sticky.text(latest);
            if edit(client, self.target, &text, &oldest).await?.is_gone() {
                return post(client, self.target, &self.sticky)
                    .await
                    .map(CommentRound::Posted);
            }
        }
        for (_, other) in &others {
            delete(client, self.target, other).await?;
        }
        Ok(CommentRound::Done(if has_same_content {
            CommentResult::Unchanged(oldest.html_url)
        } else {
            CommentResult::Written(oldest.html_url)
        }))
    }

    /// Returns true if one of the comments is from a later run that exists, or is about the head.
    async fn yields_to_any(&self, client: &mut Client, all: &[&ExistingComment]) -> bool {
        for written in all {
            if !self.sticky.yields_to(written) {
                continue;
            }
            let CommentTarget {
                repository,
                run: own_run,
                ..
            } = self.target;
            let later_run = written
                .run()
                .filter(|run| *run > (own_run.id, own_run.attempt));
            let is_forged = match later_run {
                Some(run) => runs::is_forged(client, repository, own_run, run).await,
                None => false,
            };
            if !is_forged {
                return true;
            }
        }
        false
    }

    async fn find_own_comments(
        &mut self,
        client: &mut Client,
    ) -> Result<OwnEntries<Comment>, ClientError> {
        let CommentTarget {
            repository, number, ..
        } = self.target;
        let list = List {
            path: format!("/repos/{repository}/issues/{number}/comments"),
            max_pages: MAX_PAGES,
        };
        marker::find(client, self.identity, self.sticky.marker(), &list).await
    }
}

async fn post(
    client: &mut Client,
    target: &CommentTarget<'_>,
    sticky: &CommentDraft,
) -> Result<Comment, ClientError> {
    let path = format!(
        "/repos/{}/issues/{}/comments",
        target.repository, target.number
    );
    client
        .read(Call::post(path, json!({"body": sticky.text(None)})))
        .await
}

/// Outcome of an edit.
enum EditOutcome {
    There,
    Gone,
}

impl EditOutcome {
    fn is_gone(&self) -> bool {
        matches!(self, Self::Gone)
    }
}

async fn edit(
    client: &mut Client,
    target: &CommentTarget<'_>,
    text: &str,
    comment: &Comment,
) -> Result<EditOutcome, ClientError> {
    let path = format!(
        "/repos/{}/issues/comments/{}",
        target.repository, comment.id
    );
    // Not retried here. Another run may have written meanwhile, so the next round reads the comments first.
    match client
        .send(Call::patch(path, json!({"body": text}), false))
        .await
    {
        Ok(_answer) => Ok(EditOutcome::There),
        Err(error) if matches!(error.status(), Some(404 | 410)) => Ok(EditOutcome::Gone),
        Err(error) => Err(error),
    }
}

async fn delete(
    client: &mut Client,
    target: &CommentTarget<'_>,
    comment: &Comment,
) -> Result<(), ClientError> {
    let path = format!(
        "/repos/{}/issues/comments/{}",
        target.repository, comment.id
    );
    match client.send(Call::delete(path)).await {
        Err(error) if !matches!(error.status(), Some(404 | 410)) => Err(error),
        _ => Ok(()),
    }
}
