//! Loads the committed baseline, and reports what a pull request adds to it.

use std::path::Path;

use jiff::civil::Date;

use super::configuration::{from_base, inside};
use crate::{
    baseline::BaselineEntry,
    commands::{
        configuration::{Unusable, load_baseline, parse_baseline},
        input_file::InputFile,
    },
    github::{Client, ClientError, Context, Trust},
    problem::Warning,
    report::newly_accepted,
};

/// The committed baseline.
#[derive(Debug, Default)]
pub(super) struct CommittedBaseline {
    pub(super) accepted: Vec<BaselineEntry>,
    pub(super) warnings: Vec<Warning>,
}

impl CommittedBaseline {
    /// Returns true if the baseline accepts the finding with this fingerprint on that day.
    pub(super) fn accepts(&self, fingerprint: &str, today: Date) -> bool {
        let mut accepted = self.accepted.iter();
        accepted.any(|entry| entry.fingerprint == fingerprint && entry.holds_on(today))
    }
}

/// Loads the baseline at `path`, which is relative to the root of the repository. If untrusted code runs with secrets,
/// it is the base commit's; otherwise it is the checked-out one, and entries that a pull request adds are reported.
pub(super) async fn load(
    path: Option<&str>,
    workspace: &Path,
    context: &mut Context,
    client: Result<&mut Client, &ClientError>,
    today: Date,
) -> Result<CommittedBaseline, Unusable> {
    let Some(path) = path.map(|path| path.strip_prefix("./").unwrap_or(path)) else {
        return Ok(CommittedBaseline::default());
    };
    if context.trust != Trust::Ordinary {
        let text = from_base(path, context, client, InputFile::Baseline).await;
        return match text.map_err(Unusable::Unreadable)? {
            Some(text) => Ok(CommittedBaseline {
                accepted: parse_baseline(text, path, today)?,
                warnings: Vec::new(),
            }),
            None => Ok(CommittedBaseline {
                accepted: Vec::new(),
                warnings: vec![none_at_base(path)],
            }),
        };
    }
    let file = inside(workspace, path, InputFile::Baseline).map_err(Unusable::Unreadable)?;
    let accepted = load_baseline(&file, path, today)?;
    let is_any_in_force = accepted.iter().any(|entry| entry.holds_on(today));
    let mut warnings = Vec::new();
    if is_any_in_force && context.has_base() {
        warnings.extend(added_entries(path, &accepted, context, client, today).await);
    }
    Ok(CommittedBaseline { accepted, warnings })
}

/// Reports the entries that a pull request adds, or why they cannot be determined.
async fn added_entries(
    path: &str,
    accepted: &[BaselineEntry],
    context: &Context,
    client: Result<&mut Client, &ClientError>,
    today: Date,
) -> Option<Warning> {
    let (Some(repository), Some(base)) = (&context.repository, &context.commits.base) else {
        return Some(unknown_acceptances(
            path,
            "the event does not say what the base commit is",
        ));
    };
    let unread = |error: &ClientError| unknown_acceptances(path, &Warning::from(error).text);
    let client = match client {
        Ok(client) => client,
        Err(error) => return Some(unread(error)),
    };
    let max_bytes = InputFile::Baseline.max_bytes();
    let text = match client.fetch_file(repository, path, base, max_bytes).await {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => return Some(unread(&error)),
    };
    let Ok(before) = parse_baseline(text, path, today) else {
        return Some(unknown_acceptances(
            path,
            "that of the base commit is not valid",
        ));
    };
    let added = newly_accepted(&before, accepted, today)?;
    // The checkout may be ahead of the base commit that the event names.
    let is_behind = client.is_behind_base(context, path).await;
    (!is_behind).then_some(added)
}

fn none_at_base(path: &str) -> Warning {
    Warning::new(format!(
        "the base commit has no baseline `{path}`, so that nothing is accepted"
    ))
    .hint("what a pull request accepts is in force once it is merged")
}

fn unknown_acceptances(path: &str, why: &str) -> Warning {
    Warning::new(format!(
        "what this change itself accepts in `{path}` cannot be told from what was \
         accepted before: {why}"
    ))
    .hint("look at the changes of the file; give the job `contents: read`")
}
