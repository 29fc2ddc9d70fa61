//! Lists the packages that a repository depends on.

use std::collections::BTreeSet;

use serde_json::Value;

use super::repository::{Repository, RepositoryFile, Sighting, file_name};

/// A package that a file names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    /// `npm`, `gem`, `composer` or `pypi`.
    pub registry: &'static str,
    pub name: String,
    pub seen: Sighting,
}

/// Lists the packages, each once per file.
pub fn packages(repository: &Repository) -> Vec<Package> {
    let mut found = BTreeSet::new();
    for file in &repository.files {
        let name = file_name(&file.path);
        match name {
            "package.json" => json(
                file,
                "npm",
                &["dependencies", "devDependencies"],
                &mut found,
            ),
            "composer.json" => json(file, "composer", &["require", "require-dev"], &mut found),
            "Gemfile.lock" => gems(file, &mut found),
            "pyproject.toml" | "uv.lock" | "poetry.lock" | "Pipfile" => toml(file, &mut found),
            _ if name.starts_with("requirements") => requirements(file, &mut found),
            _ => {}
        }
    }
    found.into_iter().collect()
}

fn add(
    file: &RepositoryFile,
    registry: &'static str,
    (name, line): (&str, usize),
    found: &mut BTreeSet<Package>,
) {
    let is_known = found.iter().any(|known| {
        known.registry == registry && known.name == name && known.seen.path == file.path
    });
    if !is_known {
        found.insert(Package {
            registry,
            name: name.to_owned(),
            seen: Sighting {
                path: file.path.clone(),
                line,
            },
        });
    }
}

/// Reads the keys of objects in a JSON file.
fn json(
    file: &RepositoryFile,
    registry: &'static str,
    keys: &[&str],
    found: &mut BTreeSet<Package>,
) {
    let Ok(document) = serde_json::from_str::<Value>(&file.text) else {
        return;
    };
    let objects = keys.iter().filter_map(|key| document.get(key)?.as_object());
    for name in objects.flat_map(serde_json::Map::keys) {
        let written = Value::from(name.as_str()).to_string();
        let line = file.text.lines().position(|line| {
            let after = line
                .split_once(&written)
                .map(|(_, after)| after.trim_start());
            after.is_some_and(|after| after.starts_with(':'))
        });
        add(
            file,
            registry,
            (name, line.map_or(0, |line| line + 1)),
            found,
        );
    }
}

/// Reads the gems of a lock file: their lines are indented by four spaces, those of their dependencies by six.
fn gems(file: &RepositoryFile, found: &mut BTreeSet<Package>) {
    for (line, text) in (1..).zip(file.text.lines()) {
        let gem = text
            .strip_prefix("    ")
            .filter(|rest| !rest.starts_with(' '));
        if let Some((name, _)) = gem.and_then(|gem| gem.split_once(" (")) {
            add(file, "gem", (name, line), found);
        }
    }
}

/// Reads names from TOML, line by line: `name = "…"` of a lock file, a key, or the beginnings of quoted requirements.
fn toml(file: &RepositoryFile, found: &mut BTreeSet<Package>) {
    for (line, text) in (1..).zip(file.text.lines()) {
        let key = text.split_once('=').map(|(key, _)| key.trim());
        let quoted = text.split('"').skip(1).step_by(2);
        for written in key.into_iter().chain(quoted) {
            if let Some(name) = python_name(written) {
                add(file, "pypi", (&name, line), found);
            }
        }
    }
}

fn requirements(file: &RepositoryFile, found: &mut BTreeSet<Package>) {
    for (line, text) in (1..).zip(file.text.lines()) {
        if let Some(name) = python_name(text.trim()) {
            add(file, "pypi", (&name, line), found);
        }
    }
}

/// Returns the name at the beginning of a requirement, in lower case and with hyphens.
fn python_name(requirement: &str) -> Option<String> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let end = requirement
        .find(|letter| !is_name(letter))
        .unwrap_or(requirement.len());
    let (name, _) = requirement.split_at(end);
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic());
    starts.then(|| name.to_ascii_lowercase().replace(['_', '.'], "-"))
}

#[cfg(test)]
mod tests {
    use super::{super::repository::repository, *};

    fn names(path: &str, text: &str) -> Vec<String> {
        let found = packages(&repository(&[(path, text)]));
        let named = |package: &Package| {
            format!(
                "{} {} {}",
                package.registry, package.name, package.seen.line
            )
        };
        found.iter().map(named).collect()
    }

    #[test]
    fn npm_packages_are_read_with_their_lines() {
        let text = "{\n  \"dependencies\": {\n    \"stripe\": \"18\"\n  },\n  \"devDependencies\": { \"next\": \"15\" }\n}";
        assert_eq!(
            names("web/package.json", text),
            ["npm next 5", "npm stripe 3"]
        );
        assert!(names("package.json", "not JSON").is_empty());
    }

    #[test]
    fn gems_are_read_without_the_gems_that_they_need() {
        let text = "GEM\n  specs:\n    pay (11.7.0)\n      rails (>= 7)\n";
        assert_eq!(names("Gemfile.lock", text), ["gem pay 3"]);
    }

    #[test]
    fn composer_packages_are_read() {
        let text = "{\"require\": {\"laravel/cashier\": \"^15\"}}";
        assert_eq!(names("composer.json", text), ["composer laravel/cashier 1"]);
    }

    #[test]
    fn python_packages_are_read_in_every_form() {
        for (path, text) in [
            ("requirements.txt", "dj_stripe>=2.10  # billing\n"),
            ("pyproject.toml", "dj-stripe = \"^2.10\"\n"),
            ("pyproject.toml", "dependencies = [\"dj-stripe>=2.10\"]\n"),
            ("uv.lock", "name = \"dj-stripe\"\n"),
        ] {
            let found = names(path, text);
            assert!(
                found.contains(&"pypi dj-stripe 1".to_owned()),
                "{path}: {found:?}"
            );
        }
        assert!(names("requirements.txt", "# dj-stripe\n-r other.txt\n").is_empty());
    }
}
