//! A bounded view of a repository: the paths of its files, and the texts of those that describe a stack.

use std::fmt;

use globset::GlobBuilder;

/// Files of a repository.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    /// Paths relative to the root, sorted.
    pub paths: Vec<String>,
    /// Files of interest with their texts, sorted by path.
    pub files: Vec<RepositoryFile>,
    /// True if there are more files than were looked at.
    pub is_truncated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryFile {
    pub path: String,
    pub text: String,
}

/// The place of something that was seen in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    pub path: String,
    /// Line, counted from one; 0 for the file as a whole.
    pub line: usize,
}

impl fmt::Display for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.path),
            line => write!(f, "{}:{line}", self.path),
        }
    }
}

impl Repository {
    /// Returns the files whose path has this ending.
    pub(super) fn ending<'r>(
        &'r self,
        ending: &'r str,
    ) -> impl Iterator<Item = &'r RepositoryFile> {
        self.files
            .iter()
            .filter(move |file| file.path.ends_with(ending))
    }
}

/// Returns true for a file whose text can be a sign of the stack. `patterns` are paths that presets look for.
pub fn is_of_interest(path: &str, patterns: &[String]) -> bool {
    const NAMES: [&str; 10] = [
        "package.json",
        "Gemfile.lock",
        "composer.json",
        "pyproject.toml",
        "uv.lock",
        "poetry.lock",
        "Pipfile",
        "requirements.txt",
        "drizzle.config.ts",
        "schema.rb",
    ];
    let name = file_name(path);
    let is_code = [".ts", ".js", ".mts", ".mjs"]
        .iter()
        .any(|ending| name.ends_with(ending));
    let is_in = |folder: &str| {
        path.split('/')
            .any(|part| part.eq_ignore_ascii_case(folder))
    };
    NAMES.contains(&name)
        || name.starts_with("requirements") && has_ending(name, "txt")
        || has_ending(name, "prisma")
        || has_ending(name, "sql")
        || is_code
            && (name.to_lowercase().contains("schema")
                || is_in("db")
                || is_in("schema")
                || is_in("drizzle"))
        || patterns.iter().any(|pattern| matches(pattern, path))
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, found)| found == ending)
}

/// Returns true if the path matches the pattern; `*` stays within a folder.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    glob.is_ok_and(|glob| glob.compile_matcher().is_match(path))
}

pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
pub(super) fn repository(files: &[(&str, &str)]) -> Repository {
    let mut files: Vec<_> = files
        .iter()
        .map(|(path, text)| RepositoryFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Repository {
        paths: files.iter().map(|file| file.path.clone()).collect(),
        files,
        is_truncated: false,
    }
}
