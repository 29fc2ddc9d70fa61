//! The single comment on a pull request, which is found by its marker and author and edited in place.

use serde::Deserialize;
use serde_json::json;

use super::{
    client::{Call, Client, ClientError},
    context::{Repository, Run},
    locate,
    publication::CommentBody,
};

pub(super) mod author;
mod body;
mod state;

use author::Author;
use body::{Sticky, Written};

const PER_PAGE: usize = 100;

/// Maximum number of pages. A comment beyond the first 5,000 could not be found again, so none is created.
const MOST_PAGES: usize = 50;

/// Maximum number of rounds: one to write, one to look for a concurrent run, and two for lost responses.
const MOST_ROUNDS: u32 = 4;

/// When to comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentMode {
    On,
    Off,
    /// Only if there is something to act on. An existing comment is still updated.
    OnFindings,
}

/// The pull request and the run to comment for.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub repository: &'a Repository,
    pub number: u64,
    pub run: &'a Run,
    /// The commit of the report.
    pub sha: &'a str,
    pub check_name: &'a str,
    pub series: &'a str,
    /// The app of the token, if a check run revealed it.
    pub app: Option<&'a str>,
}

/// Outcome for the comment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Commented {
    Written(Option<String>),
    /// It already had the same content.
    Unchanged(Option<String>),
    /// There is nothing to report and no comment to correct.
    NotNeeded,
    /// A newer run has commented.
    Newer(Option<String>),
    /// There are too many comments to be sure that ours is not among them.
    TooMany,
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

#[derive(Debug, Deserialize)]
pub(super) struct User {
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    login: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

/// Outcome of one round.
enum Round {
    Done(Commented),
    /// A new comment. A concurrent run may have posted another one.
    Posted(Comment),
}

/// Writes the comment. Each round starts from the current comments, so that lost responses and concurrent runs do no
/// harm.
pub(super) async fn publish(
    client: &mut Client,
    place: &Place<'_>,
    body: &CommentBody,
    mode: CommentMode,
) -> Result<Commented, ClientError> {
    if mode == CommentMode::Off {
        return Ok(Commented::NotNeeded);
    }
    // With `issues: write` alone, a token may write comments but not read the pull request.
    let pull = locate::pull(client, place.repository, place.number)
        .await
        .ok();
    let head = pull.and_then(|pull| pull.head?.sha);
    let sticky = Sticky::new(place, head, body, client.mask());
    let mut posted = None;
    let mut lost = None;
    for _ in 0..MOST_ROUNDS {
        let may_post = posted.is_none();
        match round(client, place, &sticky, (mode, body.clean, may_post)).await {
            Ok(Round::Done(Commented::NotNeeded)) if !may_post => break,
            Ok(Round::Done(Commented::Unchanged(url))) if !may_post || lost.is_some() => {
                return Ok(Commented::Written(url));
            }
            Ok(Round::Done(done)) => return Ok(done),
            Ok(Round::Posted(comment)) => posted = Some(comment.html_url),
            Err(_unverified) if !may_post => break,
            Err(error) if error.is_ambiguous() => lost = Some(error),
            Err(error) => return Err(error),
        }
    }
    match (posted, lost) {
        (Some(url), _) => Ok(Commented::Written(url)),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(Commented::NotNeeded),
    }
}

async fn round(
    client: &mut Client,
    place: &Place<'_>,
    sticky: &Sticky,
    (mode, clean, may_post): (CommentMode, bool, bool),
) -> Result<Round, ClientError> {
    let Some(mut ours) = ours(client, place, sticky).await? else {
        return Ok(Round::Done(Commented::TooMany));
    };
    ours.sort_by_key(|comment| comment.id);
    let mut ours = ours.into_iter();
    let Some(oldest) = ours.next() else {
        if !may_post || (mode == CommentMode::OnFindings && clean) {
            return Ok(Round::Done(Commented::NotNeeded));
        }
        return post(client, place, sticky).await.map(Round::Posted);
    };
    let others: Vec<_> = ours.collect();
    let written: Vec<_> = std::iter::once(&oldest)
        .chain(&others)
        .map(|comment| Written::read(comment.body.as_deref().unwrap_or_default()))
        .collect();
    if written.iter().any(|written| sticky.yields_to(written)) {
        if !may_post {
            // The newer run may have looked before this one wrote. It keeps the oldest comment, so keep that one too.
            let others = others.iter().zip(written.iter().skip(1));
            for (other, _) in others.filter(|(_, written)| !sticky.yields_to(written)) {
                delete(client, place, other).await?;
            }
        }
        return Ok(Round::Done(Commented::Newer(oldest.html_url)));
    }
    let says_the_same = written
        .first()
        .is_some_and(|written| sticky.is_said_by(written));
    let url = oldest.html_url.clone();
    if !says_the_same {
        let latest = written.iter().max_by_key(|written| written.run());
        let text = sticky.text(latest);
        if edit(client, place, &text, &oldest).await?.is_gone() {
            return post(client, place, sticky).await.map(Round::Posted);
        }
    }
    for other in &others {
        delete(client, place, other).await?;
    }
    Ok(Round::Done(if says_the_same {
        Commented::Unchanged(url)
    } else {
        Commented::Written(url)
    }))
}

/// Finds our comments. They must have our marker and our account, because anybody can write the marker. Returns `None`
/// if there are too many comments to read.
async fn ours(
    client: &mut Client,
    place: &Place<'_>,
    sticky: &Sticky,
) -> Result<Option<Vec<Comment>>, ClientError> {
    let mut marked = Vec::new();
    let mut is_complete = false;
    for page in 1..=MOST_PAGES {
        let path = format!(
            "/repos/{}/issues/{}/comments?per_page={PER_PAGE}&page={page}",
            place.repository, place.number
        );
        let answer = client.send(Call::get(path)).await?;
        let comments: Vec<Comment> = answer.json()?;
        let is_last = comments.len() < PER_PAGE && !answer.has_next();
        let is_marked = |comment: &Comment| {
            comment
                .body
                .as_deref()
                .is_some_and(|body| sticky.marks(body))
        };
        marked.extend(comments.into_iter().filter(is_marked));
        if is_last {
            is_complete = true;
            break;
        }
    }
    if marked.is_empty() {
        return Ok(is_complete.then_some(marked));
    }
    let author = Author::find(client, place.app).await;
    marked.retain(|comment| comment.user.as_ref().is_some_and(|user| author.is(user)));
    Ok((is_complete || !marked.is_empty()).then_some(marked))
}

async fn post(
    client: &mut Client,
    place: &Place<'_>,
    sticky: &Sticky,
) -> Result<Comment, ClientError> {
    let path = format!(
        "/repos/{}/issues/{}/comments",
        place.repository, place.number
    );
    client
        .read(Call::post(path, json!({"body": sticky.text(None)})))
        .await
}

/// Outcome of an edit.
enum Edited {
    There,
    Gone,
}

impl Edited {
    fn is_gone(&self) -> bool {
        matches!(self, Self::Gone)
    }
}

async fn edit(
    client: &mut Client,
    place: &Place<'_>,
    text: &str,
    comment: &Comment,
) -> Result<Edited, ClientError> {
    let path = format!("/repos/{}/issues/comments/{}", place.repository, comment.id);
    // Not retried here. Another run may have written meanwhile, so the next round reads the comments first.
    match client
        .send(Call::patch(path, json!({"body": text}), false))
        .await
    {
        Ok(_answer) => Ok(Edited::There),
        Err(error) if matches!(error.status(), Some(404 | 410)) => Ok(Edited::Gone),
        Err(error) => Err(error),
    }
}

async fn delete(
    client: &mut Client,
    place: &Place<'_>,
    comment: &Comment,
) -> Result<(), ClientError> {
    let path = format!("/repos/{}/issues/comments/{}", place.repository, comment.id);
    match client.send(Call::delete(path)).await {
        Err(error) if !matches!(error.status(), Some(404 | 410)) => Err(error),
        _ => Ok(()),
    }
}
