//! The redirect for one application: its files in a folder of their own, and the variables that name them.

use std::{
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use super::{VARIABLE, WriteError, node_options, write_node_preload, write_python_path};

/// A private folder with the files of the redirect; it is removed when this is dropped.
#[derive(Debug)]
pub struct RedirectFolder {
    path: PathBuf,
}

impl RedirectFolder {
    /// Writes the files into a new folder under `parent`; `name` must be one that nobody else can guess.
    pub fn create(parent: &Path, name: &str) -> Result<Self, WriteError> {
        let path = parent.join(name);
        let made = fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|source| WriteError::Write {
            path: path.clone(),
            source,
        })?;
        let folder = Self { path };
        write_node_preload(&folder.node_preload())?;
        write_python_path(&folder.python_path())?;
        Ok(folder)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn node_preload(&self) -> PathBuf {
        self.path.join("stripe.cjs")
    }

    fn python_path(&self) -> PathBuf {
        self.path.join("python")
    }

    /// The variables of an application whose provider is at `base_url`. `present` holds what a variable has already,
    /// which is kept where it is a list.
    pub fn variables(
        &self,
        base_url: &str,
        present: impl Fn(&str) -> Option<String>,
    ) -> Vec<(String, String)> {
        let mut node = node_options(&self.node_preload());
        if let Some(options) = present("NODE_OPTIONS") {
            node = format!("{node} {options}");
        }
        let mut python = self.python_path().display().to_string();
        if let Some(path) = present("PYTHONPATH") {
            python = format!("{python}:{path}");
        }
        vec![
            ("NODE_OPTIONS".to_owned(), node),
            ("PYTHONPATH".to_owned(), python),
            (VARIABLE.to_owned(), base_url.to_owned()),
        ]
    }
}

impl Drop for RedirectFolder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_holds_both_files_and_goes() {
        let parent = tempfile::tempdir().unwrap();
        let folder = RedirectFolder::create(parent.path(), "prodverdict-x").unwrap();
        let path = folder.path().to_owned();
        assert!(path.join("stripe.cjs").exists());
        assert!(path.join("python/sitecustomize.py").exists());
        assert!(RedirectFolder::create(parent.path(), "prodverdict-x").is_err());
        let variables = folder.variables("http://127.0.0.1:1", |name| {
            (name == "NODE_OPTIONS").then(|| "--inspect".to_owned())
        });
        let options = &variables.first().unwrap().1;
        assert!(options.starts_with("--require /") && options.ends_with(" --inspect"));
        assert!(!variables.iter().any(|(_, value)| value.ends_with(':')));
        drop(folder);
        assert!(!path.exists());
    }
}
