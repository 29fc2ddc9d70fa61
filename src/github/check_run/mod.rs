//! The check run: created before the check, then given its annotations, and completed last.

use serde_json::{Value, json};

use super::{
    client::{Call, Client, ClientError},
    context::Repository,
    publication::Conclusion,
    shorten::{head, shorten},
};
use crate::report::Annotation;

mod annotations;
mod listing;

pub(super) use annotations::{append, sendable};
pub(super) use listing::{Known, Listing, list};

/// Limit in bytes; GitHub accepts 65,535 of what it calls characters.
const TEXT_BYTES: usize = 65_535;

/// GitHub documents no limit for the title of a check run; this is the limit for annotations.
const TITLE_BYTES: usize = 255;

const SHORTENED: &str =
    "_Shortened: GitHub accepts no more text here. See the job summary for more._";

/// A check run that exists on GitHub.
#[derive(Debug, Clone)]
pub(super) struct CheckRun {
    /// API path of the check run.
    path: String,
    /// The commit that it is on.
    pub sha: String,
    pub url: Option<String>,
    /// The app that the token belongs to.
    pub app: Option<String>,
}

/// The end of a check run.
#[derive(Debug)]
pub(super) struct Ending {
    pub conclusion: Conclusion,
    pub completed_at: String,
}

/// Fields of a new check run.
#[derive(Debug)]
pub(super) struct Opening<'a> {
    pub repository: &'a Repository,
    pub name: &'a str,
    pub sha: &'a str,
    /// Unique id of this run, which finds the check run if the response to its creation was lost.
    pub external_id: &'a str,
    pub started_at: String,
    pub details_url: Option<String>,
}

/// Output of a check run. Unlike the annotations, every update replaces it as a whole.
#[derive(Debug)]
pub(super) struct CheckOutput<'a> {
    pub title: &'a str,
    pub summary: &'a str,
    pub text: Option<&'a str>,
    /// The end of the summary, which later runs read. It is never truncated.
    pub trailer: Option<&'a str>,
}

/// Creates a check run, even in a re-run: GitHub cannot reopen a completed one, and shows the latest of each name.
pub(super) async fn create(
    client: &mut Client,
    opening: &Opening<'_>,
) -> Result<CheckRun, ClientError> {
    let output = CheckOutput {
        title: "Running",
        summary: "The check is running.",
        text: None,
        trailer: None,
    };
    let mut body = json!({
        "name": opening.name,
        "head_sha": opening.sha,
        "status": "in_progress",
        "started_at": opening.started_at,
        "external_id": opening.external_id,
        "output": output.to_json(),
    });
    if let (Some(url), Some(fields)) = (&opening.details_url, body.as_object_mut()) {
        fields.insert("details_url".to_owned(), url.as_str().into());
    }
    let path = format!("/repos/{}/check-runs", opening.repository);
    let error = match client.read(Call::post(path.as_str(), body.clone())).await {
        Ok(known) => return Ok(CheckRun::new(opening.repository, opening.sha, known)),
        Err(error) => error,
    };
    if !error.is_ambiguous() {
        return Err(error);
    }
    if let Some(run) = find(client, opening).await? {
        return Ok(run);
    }
    let known = client.read(Call::post(path, body)).await?;
    Ok(CheckRun::new(opening.repository, opening.sha, known))
}

/// Finds the check run that this process created, if any.
pub(super) async fn find(
    client: &mut Client,
    opening: &Opening<'_>,
) -> Result<Option<CheckRun>, ClientError> {
    let listing = Listing {
        repository: opening.repository,
        sha: opening.sha,
        name: opening.name,
        status: None,
        per_page: 100,
        max_pages: 1,
    };
    let external_id = client.mask().text(opening.external_id);
    let is_own = |known: &Known| known.external_id.as_deref() == Some(external_id.as_str());
    let found = list(client, &listing).await?.into_iter().find(is_own);
    Ok(found.map(|known| CheckRun::new(opening.repository, opening.sha, known)))
}

/// Completes the check run. If the response does not confirm that, the check run is read again; repeating the update
/// would change nothing.
pub(super) async fn conclude(
    client: &mut Client,
    run: &CheckRun,
    output: &CheckOutput<'_>,
    ending: &Ending,
) -> Result<(), ClientError> {
    let body = json!({
        "status": "completed",
        "conclusion": ending.conclusion.as_str(),
        "completed_at": ending.completed_at,
        "output": output.to_json(),
    });
    let mut attempts = client.limits().attempts;
    loop {
        let call = Call::patch(run.path.as_str(), body.clone(), true);
        let error = match client.read::<Known>(call).await {
            // Some servers leave out the status.
            Ok(known) if known.is_completed() || known.status.is_none() => return Ok(()),
            Ok(_unchanged) => ClientError::Ignored {
                call: format!("PATCH {}", run.path),
            },
            Err(error @ ClientError::Unreadable { .. }) => error,
            Err(error) => return Err(error),
        };
        let known: Known = client.read(Call::get(run.path.as_str())).await?;
        if known.is_completed() {
            return Ok(());
        }
        attempts = attempts.saturating_sub(1);
        if attempts == 0 {
            return Err(error);
        }
    }
}

impl CheckRun {
    pub(super) fn new(repository: &Repository, sha: &str, known: Known) -> Self {
        let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        Self {
            path: format!("/repos/{repository}/check-runs/{}", known.id),
            sha: sha.to_owned(),
            url: known.html_url.filter(is_web),
            app: known.app.and_then(|app| app.slug),
        }
    }
}

impl CheckOutput<'_> {
    fn to_json(&self) -> Value {
        let mut output = json!({
            "title": head(self.title, TITLE_BYTES),
            "summary": self.whole_summary(),
        });
        if let (Some(text), Some(fields)) = (self.text, output.as_object_mut()) {
            fields.insert(
                "text".to_owned(),
                shorten(text, TEXT_BYTES, SHORTENED).into(),
            );
        }
        output
    }

    fn whole_summary(&self) -> String {
        let trailer = self
            .trailer
            .map_or_else(String::new, |trailer| format!("\n\n{trailer}"));
        let limit = TEXT_BYTES.saturating_sub(trailer.len());
        let summary = shorten(self.summary, limit, SHORTENED);
        format!("{summary}{trailer}")
    }

    /// Leaves out the text and the trailer, which would be sent again with every batch.
    fn with_annotations(&self, annotations: &[Annotation]) -> Value {
        let mut output = CheckOutput {
            text: None,
            trailer: None,
            ..*self
        }
        .to_json();
        if let Some(fields) = output.as_object_mut() {
            let annotations = annotations.iter().map(annotations::to_json).collect();
            fields.insert("annotations".to_owned(), annotations);
        }
        json!({ "output": output })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_result_is_never_truncated() {
        let trailer = "k".repeat(43_000);
        for length in [0, 22_000, 22_533, 22_534, 70_000] {
            let summary = "s".repeat(length);
            let output = CheckOutput {
                title: "FAIL",
                summary: &summary,
                text: None,
                trailer: Some(&trailer),
            };
            let whole = output.whole_summary();
            assert!(whole.len() <= TEXT_BYTES, "{length}");
            assert!(whole.ends_with(&format!("\n\n{trailer}")), "{length}");
            assert_eq!(whole.contains("Shortened"), length > 22_533, "{length}");
        }
    }
}
