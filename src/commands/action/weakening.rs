//! Warns if a pull request weakens the configuration of its base commit. The warning changes no verdict.

use crate::{
    config::{self, Config, Diagnostic, MAX_BYTES, Weakening},
    github::{Client, ClientError, Context, Trust},
    problem::Warning,
};

/// Compares `config`, which is in force, with the other side's file at `path`. A failed comparison is a warning too.
pub(super) async fn warnings(
    path: &str,
    config: &Config,
    context: &mut Context,
    client: Option<Client>,
) -> Vec<Warning> {
    let is_about_one = context.trust != Trust::Ordinary || context.has_base();
    if !is_about_one || context.nothing_to_do.is_some() {
        return Vec::new();
    }
    // Without a token nothing is published on GitHub, and the publisher reports that.
    let Some(client) = client else {
        return Vec::new();
    };
    let compared = compare(path, config, context, client).await;
    compared.unwrap_or_else(|incomparable| vec![incomparable.problem(path)])
}

/// The reason why two files cannot be compared.
enum Incomparable {
    Unreadable(ClientError),
    /// The base's file is invalid.
    BaseInvalid(Vec<Diagnostic>),
    /// The pull request's file is invalid, and not in force.
    HeadInvalid(Vec<Diagnostic>),
    HeadMissing,
}

impl From<ClientError> for Incomparable {
    fn from(error: ClientError) -> Self {
        Self::Unreadable(error)
    }
}

async fn compare(
    path: &str,
    config: &Config,
    context: &mut Context,
    mut client: Client,
) -> Result<Vec<Warning>, Incomparable> {
    let _share = client.limit_to_share();
    // Not every event names its pull request.
    context.locate(&mut client).await?;
    let (Some(repository), Some(sha)) = (&context.repository, &context.commits.head) else {
        return Ok(Vec::new());
    };
    if context.trust != Trust::Ordinary {
        if context.pull_request.is_none() {
            return Ok(Vec::new());
        }
        let text = client.fetch_file(repository, path, sha, MAX_BYTES).await?;
        let text = text.ok_or(Incomparable::HeadMissing)?;
        let head = config::load(&text, path).map_err(Incomparable::HeadInvalid)?;
        let hint = "the configuration of the base commit is in force here; the pull request's own is once it is merged";
        return Ok(problems(config::weakened(config, &head), hint));
    }
    let Some(base) = &context.commits.base else {
        return Ok(Vec::new());
    };
    let Some(text) = client.fetch_file(repository, path, base, MAX_BYTES).await? else {
        // The base has no configuration that could be weakened.
        return Ok(Vec::new());
    };
    let base = config::load(&text, path).map_err(Incomparable::BaseInvalid)?;
    let found = config::weakened(&base, config);
    if found.is_empty() {
        return Ok(Vec::new());
    }
    if client.is_behind_base(context, path).await {
        return Ok(Vec::new());
    }
    let hint = "the pull request's own configuration is in force here; see that this is meant";
    Ok(problems(found, hint))
}

fn problems(found: Vec<Weakening>, hint: &str) -> Vec<Warning> {
    let problem = |weakening: Weakening| {
        Warning::new(weakening.message())
            .hint(hint)
            .at(weakening.place)
    };
    found.into_iter().map(problem).collect()
}

impl Incomparable {
    fn problem(self, path: &str) -> Warning {
        let first = |diagnostics: Vec<Diagnostic>| diagnostics.into_iter().next();
        let unknown =
            "it is not known whether this pull request lets more pass than its base commit";
        let (message, hint, place) = match self {
            Self::Unreadable(error) => (
                format!("{unknown}: {}", Warning::from(&error).text),
                "give the job `contents: read`",
                None,
            ),
            Self::BaseInvalid(diagnostics) => {
                let problem = first(diagnostics).map(|problem| problem.message);
                let problem = problem.unwrap_or_default();
                (
                    format!("{unknown}: `{path}` of the base commit has problems: {problem}"),
                    "",
                    None,
                )
            }
            Self::HeadInvalid(diagnostics) => {
                let problem = first(diagnostics);
                let place = problem.as_ref().map(|problem| problem.place.clone());
                let problem = problem.map(|problem| problem.message).unwrap_or_default();
                (
                    format!(
                        "once it is merged, this pull request keeps `{path}` from being read: {problem}"
                    ),
                    "the configuration of the base commit is in force here",
                    place,
                )
            }
            Self::HeadMissing => (
                format!(
                    "there is no `{path}` at the head of this pull request: once it is merged, nothing is judged"
                ),
                "the configuration of the base commit is in force here",
                None,
            ),
        };
        Warning::new(message).hint(hint).at(place)
    }
}
