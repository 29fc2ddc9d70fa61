//! The files that a pull request changes.

use serde::Deserialize;

use super::{
    client::{Call, Client, ClientError},
    context::Repository,
};
use crate::changes::ChangedFile;

const PER_PAGE: usize = 100;

/// GitHub lists no more than 3,000 files.
const MOST_PAGES: usize = 30;

/// GitHub gives no patch above 1 MB, and a diff of that size at most. What is beyond this is as if it gave none.
const MOST_PATCH_BYTES: usize = 4 * 1024 * 1024;

#[derive(Debug, Deserialize)]
struct Listed {
    filename: String,
    #[serde(default)]
    previous_filename: Option<String>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    patch: Option<String>,
    /// Names the commit that it was listed for.
    #[serde(default)]
    contents_url: Option<String>,
}

impl Client {
    /// Whether the pull request is known not to change the file: then a branch that is behind its base has an older one,
    /// which is none of the pull request's doing. No where the list is cut short, empty or not to be had.
    pub async fn leaves_alone(
        &mut self,
        repository: &Repository,
        (number, sha): (u64, &str),
        path: &str,
    ) -> bool {
        let Ok(files) = self.changed_files(repository, number, sha).await else {
            return false;
        };
        let is_whole = !files.is_empty() && files.len() < MOST_PAGES * PER_PAGE;
        is_whole && !files.iter().any(|file| file.path == path)
    }

    /// What is read for a report is worth a part of the time for reporting, not all of it.
    pub fn begin_reading(&mut self) {
        self.begin(self.limits().budget / 4);
    }

    /// What the pull request changes up to the commit `sha`. Nothing where it has moved on to another one: its lines
    /// are not those of this commit.
    pub async fn changed_files(
        &mut self,
        repository: &Repository,
        number: u64,
        sha: &str,
    ) -> Result<Vec<ChangedFile>, ClientError> {
        self.begin_reading();
        let mut files = Vec::new();
        let mut room = MOST_PATCH_BYTES;
        for page in 1..=MOST_PAGES {
            let path =
                format!("/repos/{repository}/pulls/{number}/files?per_page={PER_PAGE}&page={page}");
            let listed: Vec<Listed> = self.read(Call::get(path)).await?;
            let is_last = listed.len() < PER_PAGE;
            if listed.iter().any(|file| is_about_another(file, sha)) {
                return Ok(Vec::new());
            }
            files.extend(listed.into_iter().map(|file| {
                let patch = file.patch.filter(|patch| patch.len() <= room);
                room -= patch.as_ref().map_or(0, String::len);
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

fn is_about_another(file: &Listed, sha: &str) -> bool {
    let url = file.contents_url.as_deref().unwrap_or_default();
    let reference = url.rsplit_once("?ref=").map(|(_, reference)| reference);
    reference.is_some_and(|reference| reference != sha) && file.status != "removed"
}
