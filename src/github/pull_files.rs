//! Lists the files that a pull request changes.

use serde::Deserialize;

use super::{
    client::{Call, Client, ClientError},
    context::{Context, Repository},
};
use crate::changes::ChangedFile;

const PER_PAGE: usize = 100;

/// GitHub lists at most 3,000 files.
const MAX_PAGES: usize = 30;

/// Maximum size of all patches together. GitHub sends no patch above 1 MB; a patch over this limit is treated as not
/// sent.
const MAX_PATCH_BYTES: usize = 4 * 1024 * 1024;

#[derive(Debug, Deserialize)]
struct Listed {
    filename: String,
    #[serde(default)]
    previous_filename: Option<String>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    patch: Option<String>,
    /// URL that contains the commit for which the file was listed.
    #[serde(default)]
    contents_url: Option<String>,
}

impl Client {
    /// Returns true if the pull request is known not to change the file. If so, a different version on its branch only
    /// means that the branch is behind its base. Returns false if the list is truncated, empty or unavailable, and for
    /// a merge group, which is never behind.
    pub async fn is_behind_base(&mut self, context: &Context, path: &str) -> bool {
        let (Some(repository), Some(number), Some(sha), false) = (
            &context.repository,
            context.pull_request,
            &context.commits.head,
            context.is_merge_group(),
        ) else {
            return false;
        };
        let Ok(files) = self.changed_files(repository, number, sha).await else {
            return false;
        };
        let is_complete = !files.is_empty() && files.len() < MAX_PAGES * PER_PAGE;
        is_complete && !files.iter().any(|file| file.path == path)
    }

    /// Lists the changes of the pull request up to the commit `sha`. The list is empty if the pull request has moved on
    /// to another commit, because the line numbers would not match.
    pub async fn changed_files(
        &mut self,
        repository: &Repository,
        number: u64,
        sha: &str,
    ) -> Result<Vec<ChangedFile>, ClientError> {
        let _share = self.limit_to_share();
        let mut files = Vec::new();
        let mut bytes_left = MAX_PATCH_BYTES;
        for page in 1..=MAX_PAGES {
            let path =
                format!("/repos/{repository}/pulls/{number}/files?per_page={PER_PAGE}&page={page}");
            let listed: Vec<Listed> = self.read(Call::get(path)).await?;
            let is_last = listed.len() < PER_PAGE;
            if listed.iter().any(|file| is_of_another_commit(file, sha)) {
                return Ok(Vec::new());
            }
            files.extend(listed.into_iter().map(|file| {
                let patch = file.patch.filter(|patch| patch.len() <= bytes_left);
                bytes_left -= patch.as_ref().map_or(0, String::len);
                ChangedFile {
                    path: file.filename,
                    previous_path: file.previous_filename,
                    is_added: file.status == "added",
                    is_removed: file.status == "removed",
                    patch,
                }
            }));
            if is_last {
                break;
            }
        }
        Ok(files)
    }
}

fn is_of_another_commit(file: &Listed, sha: &str) -> bool {
    let url = file.contents_url.as_deref().unwrap_or_default();
    let reference = url.rsplit_once("?ref=").map(|(_, reference)| reference);
    reference.is_some_and(|reference| reference != sha) && file.status != "removed"
}
