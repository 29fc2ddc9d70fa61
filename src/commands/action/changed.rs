//! Places findings at the lines of the pull request that most likely caused them.

use std::collections::BTreeMap;

use crate::{
    commands::changed_lines::{ChangedLines, MAX_SOURCE_BYTES, ReadConfig},
    config::Config,
    github::{Client, ClientError, Context, ReportPolicy, Repository, Trust},
    problem::Warning,
    report::Outcome,
};

/// Lists the relevant changed lines with each finding, and moves its annotation to the likeliest one. `path` is the
/// path of the configuration. If GitHub does not list the changes, findings stay where they are and a warning gives the
/// reason.
pub(super) async fn place(
    outcome: &mut Outcome,
    (config, path): (&Config, &str),
    context: &Context,
    client: Option<Client>,
) {
    let has_findings = outcome
        .contracts
        .iter()
        .any(|contract| !contract.findings.is_empty());
    // Without a token nothing is published on GitHub, and the publisher reports that.
    let (Some(mut client), Some(repository), Some(number), Some(sha), true, true) = (
        client,
        &context.repository,
        context.pull_request,
        &context.commits.head,
        // A merge group knows its pull request too, but reports on another commit.
        context.policies.comment != ReportPolicy::No,
        has_findings,
    ) else {
        return;
    };
    let files = match client.changed_files(repository, number, sha).await {
        Ok(files) => files,
        Err(error) => return outcome.warnings.push(unlisted(&error)),
    };
    let read = ReadConfig {
        config,
        shown: path,
        path,
        // For untrusted code, the configuration that was read is not the file that the pull request changes.
        is_changed_version: context.trust == Trust::Ordinary,
    };
    let lines = ChangedLines::find(outcome, read, &files);
    let now = fetch(&lines, &mut client, (repository, sha)).await;
    lines.place(outcome, &now, &|path| path);
    outcome.are_changes_known = true;
}

fn unlisted(error: &ClientError) -> Warning {
    Warning::new(format!(
        "what the pull request changes cannot be read, so that findings are shown at the \
         configuration: {}",
        Warning::from(error).text
    ))
    .hint("give the job `pull-requests: read` or `write`")
}

/// Fetches the files needed to describe the changes in full, as of the head commit. Files that cannot be read are left
/// out, and the description is shorter.
async fn fetch(
    lines: &ChangedLines,
    client: &mut Client,
    (repository, sha): (&Repository, &str),
) -> BTreeMap<String, String> {
    let mut now = BTreeMap::new();
    for path in lines.files_to_read() {
        if let Ok(Some(text)) = client
            .fetch_file(repository, path, sha, MAX_SOURCE_BYTES)
            .await
        {
            now.insert(path.to_owned(), text);
        }
    }
    now
}
