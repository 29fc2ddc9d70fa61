//! Loads the trusted configuration: the checked-out file, or that of the base commit if untrusted code runs with
//! secrets.

use std::path::{Path, PathBuf};

use crate::{
    commands::{
        configuration::{self, Unusable},
        input_file::InputFile,
    },
    config::Config,
    github::{Client, ClientError, Context, Trust},
    problem::{ErrorCode, Problem, Warning},
};

/// Loads the configuration at `path`, which is relative to the root of the repository. May look up details of the event
/// and add them to `context`.
pub(super) async fn load(
    path: &str,
    workspace: &Path,
    context: &mut Context,
    client: Result<&mut Client, &ClientError>,
) -> Result<Config, Unusable> {
    match &context.trust {
        Trust::Ordinary => {
            let file =
                inside(workspace, path, InputFile::Configuration).map_err(Unusable::Unreadable)?;
            configuration::load_as(&file, path)
        }
        Trust::BaseOnly { .. } => {
            let text = from_base(path, context, client, InputFile::Configuration).await;
            let text = text.and_then(|text| {
                text.ok_or_else(|| {
                    refused(context, InputFile::Configuration, missing(path, context))
                })
            });
            configuration::parse(text.map_err(Unusable::Unreadable)?, path)
        }
    }
}

/// Returns the path if the file lies in the workspace after resolving links. Messages quote lines of the file, so a
/// link to a place outside would leak its contents.
pub(super) fn inside(workspace: &Path, path: &str, kind: InputFile) -> Result<PathBuf, Problem> {
    let file = workspace.join(path);
    let (Ok(root), Ok(real)) = (workspace.canonicalize(), file.canonicalize()) else {
        // The file does not exist; reading it reports that.
        return Ok(file);
    };
    if real.starts_with(root) {
        return Ok(real);
    }
    Err(Problem::new(
        ErrorCode::ActionRestriction,
        format!("the {} `{path}` lies outside the workspace", kind.name()),
    )
    .hint(format!(
        "name a file of the workspace in the input `{}`",
        kind.input()
    )))
}

/// Reads the file at the base commit; `None` if it does not exist there. May look up details of the event and add them
/// to `context`.
pub(super) async fn from_base(
    path: &str,
    context: &mut Context,
    client: Result<&mut Client, &ClientError>,
    kind: InputFile,
) -> Result<Option<String>, Problem> {
    let name = kind.name();
    let event = context.event_name.clone();
    let unreadable = |context: &Context, error: &ClientError| {
        let cause = Warning::from(error).text;
        let message = format!("the {name} of the base commit cannot be read: {cause}");
        refused(context, kind, message)
    };
    let client = client.map_err(|error| unreadable(context, error))?;
    // Not every payload names the base commit.
    let located = context.locate(client).await;
    located.map_err(|error| unreadable(context, &error))?;
    let (
        Trust::BaseOnly {
            base_sha: Some(sha),
        },
        Some(repository),
    ) = (&context.trust, &context.repository)
    else {
        let message = format!("the event `{event}` does not say what the base commit is");
        return Err(refused(context, kind, message));
    };
    let text = client
        .fetch_file(repository, path, sha, kind.max_bytes())
        .await;
    text.map_err(|error| unreadable(context, &error))
}

fn missing(path: &str, context: &Context) -> String {
    let sha = match &context.trust {
        Trust::BaseOnly { base_sha } => base_sha.as_deref().unwrap_or_default(),
        Trust::Ordinary => "",
    };
    format!("the base commit {sha} has no file `{path}`")
}

fn refused(context: &Context, kind: InputFile, message: String) -> Problem {
    Problem::new(ErrorCode::FileUnreadable, message).hint(format!(
        "on `{}` the {} is read from the base commit through the API, never from the pull \
         request; give the job `contents: read`",
        context.event_name,
        kind.name()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_out_of_the_workspace_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = folder.path().join("workspace");
        std::fs::create_dir(&workspace).expect("a folder");
        std::fs::write(workspace.join("real.yml"), "").expect("a file");
        std::fs::write(folder.path().join("secret"), "").expect("a file");
        std::os::unix::fs::symlink("real.yml", workspace.join("inside.yml")).expect("a link");
        std::os::unix::fs::symlink("../secret", workspace.join("outside.yml")).expect("a link");
        assert!(inside(&workspace, "inside.yml", InputFile::Configuration).is_ok());
        assert!(inside(&workspace, "missing.yml", InputFile::Configuration).is_ok());
        assert!(inside(&workspace, "outside.yml", InputFile::Configuration).is_err());
        assert!(inside(&workspace, "../secret", InputFile::Configuration).is_err());
    }
}
