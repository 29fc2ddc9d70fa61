//! Files that redirect an application's requests to the fake providers, without changes to the application.

mod folder;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use folder::RedirectFolder;

/// Environment variable that tells `sitecustomize.py` where the proxy's CA certificate is.
pub const AUTHORITY_VARIABLE: &str = "PRODVERDICT_CA";

const NODE_PRELOAD: &str = include_str!("redirect.cjs");
const SITECUSTOMIZE: &str = include_str!("sitecustomize.py");

/// Name of the file that Python runs at startup.
const PYTHON_FILE: &str = "sitecustomize.py";

/// The beginnings of the files that any version of this program wrote. No other file is overwritten.
const OWN_PREFIXES: [&str; 2] = ["// prodverdict: ", "# prodverdict: "];

/// Writes the file that Node loads before the application, by the option that `node_options` returns.
pub fn write_node_preload(path: &Path) -> Result<(), WriteError> {
    write(path, NODE_PRELOAD)
}

/// Writes `sitecustomize.py`, which Python runs at startup, into `folder`, and returns the file's path. `PYTHONPATH` has to
/// contain the folder.
pub fn write_sitecustomize(folder: &Path) -> Result<PathBuf, WriteError> {
    let path = folder.join(PYTHON_FILE);
    write(&path, SITECUSTOMIZE)?;
    Ok(path)
}

/// Returns the value of `NODE_OPTIONS` that loads a preload file. The path is absolute if possible: Node resolves a
/// relative one against its working directory.
pub fn node_options(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let path = path.display().to_string();
    if path.contains([' ', '"', '\\']) {
        let escaped = path.replace('\\', "\\\\").replace('"', "\\\"");
        format!("--require \"{escaped}\"")
    } else {
        format!("--require {path}")
    }
}

/// Reason why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("`{}` exists, and is not a file that prodverdict wrote", .path.display())]
    Foreign { path: PathBuf },
    #[error("`{}` cannot be read", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` cannot be written", .path.display())]
    Write { path: PathBuf, source: io::Error },
}

impl WriteError {
    /// Returns a suggestion for a fix.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => {
                "name another path: prodverdict overwrites only files that it wrote"
            }
            Self::Read { .. } => "name a file, or a path that does not exist yet",
            Self::Write { .. } => "name a path in a folder that this user may write to",
        }
    }
}

/// Writes a file unless it is already there with this text, as a program that starts may be reading it.
fn write(path: &Path, text: &str) -> Result<(), WriteError> {
    match fs::read(path) {
        Ok(found) if found == text.as_bytes() => return Ok(()),
        Ok(found) if !is_own(&found) => {
            return Err(WriteError::Foreign {
                path: path.to_owned(),
            });
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => {
            return Err(WriteError::Read {
                path: path.to_owned(),
                source,
            });
        }
    }
    create_parent(path)
        .and_then(|()| fs::write(path, text))
        .map_err(|source| WriteError::Write {
            path: path.to_owned(),
            source,
        })
}

/// Returns true if this program wrote the file.
fn is_own(file: &[u8]) -> bool {
    OWN_PREFIXES
        .iter()
        .any(|prefix| file.starts_with(prefix.as_bytes()))
}

/// Creates the folder of a file. A name alone has an empty one, which is the working directory.
fn create_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::create_dir_all(folder),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_are_written_again_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let preload = folder.path().join("deeper/redirect.cjs");
        write_node_preload(&preload).unwrap();
        fs::write(&preload, "// prodverdict: an older version").unwrap();
        write_node_preload(&preload).unwrap();
        write_node_preload(&preload).unwrap();
        assert_eq!(fs::read_to_string(&preload).unwrap(), NODE_PRELOAD);
        let python = write_sitecustomize(folder.path()).unwrap();
        assert_eq!(python, folder.path().join("sitecustomize.py"));
        assert_eq!(fs::read_to_string(python).unwrap(), SITECUSTOMIZE);
    }

    #[test]
    fn files_of_others_are_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sitecustomize.py");
        fs::write(&path, "import site").unwrap();
        let error = write_sitecustomize(folder.path()).unwrap_err();
        assert!(matches!(error, WriteError::Foreign { .. }), "{error}");
        assert_eq!(fs::read_to_string(path).unwrap(), "import site");
        assert!(matches!(
            write_node_preload(folder.path()).unwrap_err(),
            WriteError::Read { .. }
        ));
    }

    #[test]
    fn node_options_are_quoted_if_necessary() {
        assert_eq!(node_options(Path::new("/a/b.cjs")), "--require /a/b.cjs");
        assert_eq!(
            node_options(Path::new("/a b/\"c\".cjs")),
            "--require \"/a b/\\\"c\\\".cjs\""
        );
    }
}
