//! The arguments of a run as words of a shell's command line, for the commands that a report suggests.

use std::path::Path;

use crate::cli::FixtureArgs;

/// The configuration that commands read without an argument.
const USUAL_CONFIGURATION: &str = "prodverdict.yml";

/// Returns the arguments that say what a run reads.
pub(super) fn of_run(config: &Path, fixtures: Option<&FixtureArgs>) -> String {
    let mut words = Vec::new();
    if config != Path::new(USUAL_CONFIGURATION) {
        words.push(format!("--config {}", quoted(config)));
    }
    if let Some(fixtures) = fixtures {
        if fixtures.fixtures {
            words.push("--fixtures".to_owned());
        }
        if fixtures.fixtures_stripe {
            words.push("--fixtures-stripe".to_owned());
        }
        if let Some(folder) = &fixtures.fixtures_dir {
            words.push(format!("--fixtures-dir {}", quoted(folder)));
        }
    }
    words.join(" ")
}

/// Returns a path as one word, with quotes if a shell could read more into it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        let fixtures = FixtureArgs {
            fixtures: true,
            fixtures_stripe: false,
            fixtures_dir: Some("it's $(here)".into()),
        };
        assert_eq!(
            of_run(Path::new("app/a.yml"), Some(&fixtures)),
            r"--config app/a.yml --fixtures --fixtures-dir 'it'\''s $(here)'"
        );
        assert_eq!(of_run(Path::new("prodverdict.yml"), None), "");
    }
}
