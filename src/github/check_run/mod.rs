//! The check run: opened before the check, given its annotations, concluded last.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    client::{Call, Client, ClientError, encode},
    context::Repository,
    publication::Conclusion,
    shorten::{head, shorten},
};
use crate::report::Annotation;

mod annotations;

pub(super) use annotations::{append, sendable};

/// In bytes; GitHub takes 65,535 of what it calls characters.
const TEXT_BYTES: usize = 65_535;

/// GitHub documents no limit for a run's title; this is the one of an annotation's.
const TITLE_BYTES: usize = 255;

const SHORTENED: &str = "_Shortened: GitHub takes no more text here. The job summary holds more._";

/// A check run that GitHub knows.
#[derive(Debug, Clone)]
pub(super) struct CheckRun {
    /// Where it is changed.
    path: String,
    pub url: Option<String>,
    /// The app that the token belongs to.
    pub app: Option<String>,
}

/// What a check run is opened with.
#[derive(Debug)]
pub(super) struct Opening<'a> {
    pub repository: &'a Repository,
    pub name: &'a str,
    pub sha: &'a str,
    /// Tells this run from all others, so that it is found again when the answer to its creation was lost.
    pub external_id: &'a str,
    pub started_at: String,
    pub details_url: Option<String>,
}

/// What a check run says; replaced whole by every change, unlike the annotations.
#[derive(Debug)]
pub(super) struct Output<'a> {
    pub title: &'a str,
    pub summary: &'a str,
    pub text: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
struct Known {
    id: u64,
    #[serde(default)]
    html_url: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    app: Option<App>,
    #[serde(default)]
    output: Option<KnownOutput>,
}

#[derive(Debug, Deserialize)]
struct App {
    #[serde(default)]
    slug: Option<String>,
}

#[derive(Debug, Deserialize)]
struct KnownOutput {
    #[serde(default)]
    annotations_count: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Listing {
    #[serde(default)]
    check_runs: Vec<Known>,
}

/// Always a new one, also in a re-run: GitHub lets no concluded run begin again, and shows the latest of a name.
pub(super) async fn create(
    client: &mut Client,
    opening: &Opening<'_>,
) -> Result<CheckRun, ClientError> {
    let output = Output {
        title: "Running",
        summary: "The check is running.",
        text: None,
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
        Ok(known) => return Ok(CheckRun::of(opening.repository, known)),
        Err(error) => error,
    };
    if !error.is_ambiguous() {
        return Err(error);
    }
    if let Some(run) = find(client, opening).await? {
        return Ok(run);
    }
    let known = client.read(Call::post(path, body)).await?;
    Ok(CheckRun::of(opening.repository, known))
}

/// The run of this very process, if it was created.
pub(super) async fn find(
    client: &mut Client,
    opening: &Opening<'_>,
) -> Result<Option<CheckRun>, ClientError> {
    let path = format!(
        "/repos/{}/commits/{}/check-runs?check_name={}&filter=all&per_page=100",
        opening.repository,
        opening.sha,
        encode(opening.name)
    );
    let listing: Listing = client.read(Call::get(path)).await?;
    let external_id = client.mask().text(opening.external_id);
    let ours = |known: &Known| known.external_id.as_deref() == Some(external_id.as_str());
    let found = listing.check_runs.into_iter().find(ours);
    Ok(found.map(|known| CheckRun::of(opening.repository, known)))
}

/// Nothing comes after this; saying it twice says the same.
pub(super) async fn conclude(
    client: &mut Client,
    run: &CheckRun,
    output: &Output<'_>,
    (conclusion, completed_at): (Conclusion, String),
) -> Result<(), ClientError> {
    let body = json!({
        "status": "completed",
        "conclusion": conclusion.as_str(),
        "completed_at": completed_at,
        "output": output.to_json(),
    });
    client
        .send(Call::patch(run.path.as_str(), body, true))
        .await
        .map(|_answer| ())
}

impl CheckRun {
    fn of(repository: &Repository, known: Known) -> Self {
        let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        Self {
            path: format!("/repos/{repository}/check-runs/{}", known.id),
            url: known.html_url.filter(is_web),
            app: known.app.and_then(|app| app.slug),
        }
    }
}

impl Output<'_> {
    fn to_json(&self) -> Value {
        let mut output = json!({
            "title": head(self.title, TITLE_BYTES),
            "summary": shorten(self.summary, TEXT_BYTES, SHORTENED),
        });
        if let (Some(text), Some(fields)) = (self.text, output.as_object_mut()) {
            fields.insert(
                "text".to_owned(),
                shorten(text, TEXT_BYTES, SHORTENED).into(),
            );
        }
        output
    }

    /// Without the text, which would be sent anew with every fifty.
    fn with_annotations(&self, annotations: &[Annotation]) -> Value {
        let mut output = Output {
            text: None,
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
