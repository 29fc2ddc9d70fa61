//! The files that a rehearsal's configuration names, and whether they may be read.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::problem::Warning;

/// The location of files named by a configuration.
#[derive(Debug, Clone)]
pub(crate) struct ConfigFiles {
    folder: PathBuf,
    /// The folder that files must be in after resolving links; `None` on the user's own machine.
    within: Option<PathBuf>,
    are_trusted: bool,
}

impl ConfigFiles {
    /// Returns files relative to the folder of the configuration at `path`.
    pub(crate) fn beside(path: &Path) -> Self {
        Self {
            folder: path.parent().unwrap_or(Path::new("")).to_owned(),
            within: None,
            are_trusted: true,
        }
    }

    /// Restricts files to `workspace`, because error messages quote them.
    pub(crate) fn inside(self, workspace: &Path) -> Self {
        Self {
            within: Some(workspace.to_owned()),
            ..self
        }
    }

    /// Prohibits reading: on some events only the configuration is trusted, and the files belong to the pull request.
    pub(crate) fn untrusted(self) -> Self {
        Self {
            are_trusted: false,
            ..self
        }
    }

    pub(crate) fn are_trusted(&self) -> bool {
        self.are_trusted
    }

    /// Returns the path of a file or folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Lists the contents of a folder, sorted.
    pub(super) fn list(&self, name: &str) -> io::Result<Vec<PathBuf>> {
        let folder = self.path(name);
        self.permit(&folder)?;
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            let file = entry?.path();
            self.permit(&file)?;
            files.push(file);
        }
        files.sort();
        Ok(files)
    }

    /// Refuses paths outside, including links that lead there.
    pub(super) fn permit(&self, path: &Path) -> io::Result<()> {
        let Some(root) = &self.within else {
            return Ok(());
        };
        if path.canonicalize()?.starts_with(root.canonicalize()?) {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it points outside the workspace",
        ))
    }

    /// Returns a warning if the named file is not read.
    pub(super) fn left_out(&self, key: &str) -> Option<Warning> {
        (!self.are_trusted).then(|| {
            Warning::new(format!(
                "`{key}` is left out: on this event the files are the pull request's, and \
                 only the configuration is the base commit's"
            ))
            .hint("rehearse on `pull_request`, which has no secrets to lose, to include it")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_outside_the_workspace_are_not_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = folder.path().join("workspace");
        fs::create_dir_all(workspace.join("mine")).expect("a folder");
        fs::write(folder.path().join("secret"), "").expect("a file");
        fs::write(workspace.join("mine/a.yml"), "").expect("a file");
        let files = ConfigFiles::beside(&workspace.join("prodverdict.yml")).inside(&workspace);
        assert_eq!(
            files.list("mine").expect("listed"),
            [workspace.join("mine/a.yml")]
        );
        std::os::unix::fs::symlink("../../secret", workspace.join("mine/b.yml")).expect("a link");
        let refused = files.list("mine").expect_err("refused");
        assert_eq!(refused.to_string(), "it points outside the workspace");
        assert!(files.list("..").is_err());
        let current = ConfigFiles::beside(&workspace.join("prodverdict.yml"));
        assert_eq!(current.list("mine").expect("listed").len(), 2);
    }
}
