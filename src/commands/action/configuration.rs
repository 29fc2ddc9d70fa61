//! Which configuration a job may trust: the checked-out file, or that of the base commit where a stranger's code meets
//! secrets.

use std::path::{Path, PathBuf};

use crate::{
    commands::configuration::{self, Unusable},
    config::{Config, MAX_BYTES},
    github::{Client, ClientError, Context, Trust},
    problem::Problem,
};

/// Loads the configuration at `path`, which is relative to the root of the repository.
pub(super) async fn load(
    path: &str,
    workspace: &Path,
    context: &Context,
    client: &Result<Client, ClientError>,
) -> Result<Config, Unusable> {
    let path = path.strip_prefix("./").unwrap_or(path);
    match &context.trust {
        Trust::Ordinary => {
            let file = inside(workspace, path).map_err(Unusable::Unreadable)?;
            configuration::load_as(&file, path)
        }
        Trust::BaseOnly { base_sha } => {
            let text = from_base(path, base_sha.as_deref(), context, client).await;
            configuration::parse(text.map_err(Unusable::Unreadable)?, path)
        }
    }
}

/// The file, if it lies in the workspace with every link followed: messages quote the lines they are about, and a link
/// to somewhere else would quote that.
fn inside(workspace: &Path, path: &str) -> Result<PathBuf, Problem> {
    let file = workspace.join(path);
    let (Ok(root), Ok(real)) = (workspace.canonicalize(), file.canonicalize()) else {
        // It is not there; reading it says so.
        return Ok(file);
    };
    if real.starts_with(root) {
        return Ok(real);
    }
    Err(Problem {
        message: format!("the configuration `{path}` lies outside the workspace"),
        hint: "name a file of the repository in the input `config`".to_owned(),
        place: None,
    })
}

async fn from_base(
    path: &str,
    base_sha: Option<&str>,
    context: &Context,
    client: &Result<Client, ClientError>,
) -> Result<String, Problem> {
    let event = &context.event_name;
    let refused = |message: String| Problem {
        message,
        hint: format!(
            "on `{event}` the configuration is read from the base commit through the API, never from the pull request; \
             give the job `contents: read`"
        ),
        place: None,
    };
    let (Some(sha), Some(repository)) = (base_sha, &context.repository) else {
        return Err(refused(format!(
            "the event `{event}` does not say what the base commit is"
        )));
    };
    let mut client = client
        .as_ref()
        .map_err(|error| {
            refused(format!(
                "the configuration of the base commit cannot be read: {error}"
            ))
        })?
        .clone();
    match client.fetch_file(repository, path, sha, MAX_BYTES).await {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(refused(format!(
            "the base commit {sha} has no file `{path}`"
        ))),
        Err(error) => Err(Problem {
            place: None,
            ..Problem::of(&error)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_out_of_the_workspace_is_refused_and_one_inside_is_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = folder.path().join("workspace");
        std::fs::create_dir(&workspace).expect("a folder");
        std::fs::write(workspace.join("real.yml"), "").expect("a file");
        std::fs::write(folder.path().join("secret"), "").expect("a file");
        std::os::unix::fs::symlink("real.yml", workspace.join("inside.yml")).expect("a link");
        std::os::unix::fs::symlink("../secret", workspace.join("outside.yml")).expect("a link");
        assert!(inside(&workspace, "inside.yml").is_ok());
        assert!(inside(&workspace, "missing.yml").is_ok());
        assert!(inside(&workspace, "outside.yml").is_err());
        assert!(inside(&workspace, "../secret").is_err());
    }
}
