//! Writes the step's summary and outputs to the files that the runner provides.

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::shorten::shorten;
use crate::{problem::Explain, report::Mask};

/// Maximum size of the summary. The runner drops a summary above 1 MiB; the difference is left to the rest of the step.
const SUMMARY_BYTES: u64 = 900 * 1024;

/// Maximum size of one output. All outputs of a job together may have 1 MB.
const OUTPUT_BYTES: usize = 64 * 1024;

const SHORTENED: &str =
    "_Shortened: GitHub accepts no more text here. The JSON report is complete._";

/// The reason why a file of the runner could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("the {what} cannot be written to `{path}`")]
    Write {
        what: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("`{0}` is not a name for an output")]
    Name(String),
    #[error("the system gives no random bytes")]
    Random(#[source] getrandom::Error),
}

impl Explain for FileError {
    fn hint(&self) -> String {
        match self {
            Self::Write { .. } => "the action must run as root, as GitHub runs it",
            Self::Name(_) | Self::Random(_) => "",
        }
        .to_owned()
    }
}

/// Appends a summary to the file of `GITHUB_STEP_SUMMARY`.
pub fn append_summary(path: &Path, markdown: &str, mask: &Mask) -> Result<(), FileError> {
    let present = std::fs::metadata(path).map_or(0, |file| file.len());
    let bytes_left = usize::try_from(SUMMARY_BYTES.saturating_sub(present)).unwrap_or(0);
    let markdown = shorten(
        &mask.text(markdown),
        bytes_left.saturating_sub(1),
        SHORTENED,
    );
    append("job summary", path, &format!("{markdown}\n"))
}

/// Appends outputs to the file of `GITHUB_OUTPUT`.
pub fn append_outputs(
    path: &Path,
    outputs: &BTreeMap<String, String>,
    mask: &Mask,
) -> Result<(), FileError> {
    let mut text = String::new();
    for (name, value) in outputs {
        if !is_name(name) {
            return Err(FileError::Name(name.chars().take(100).collect()));
        }
        let value = shorten(&mask.text(value), OUTPUT_BYTES, SHORTENED);
        let delimiter = delimiter(&value)?;
        text.extend([name, "<<", &delimiter, "\n", &value, "\n", &delimiter, "\n"]);
    }
    append("outputs", path, &text)
}

fn append(what: &'static str, path: &Path, text: &str) -> Result<(), FileError> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| FileError::Write {
            what,
            path: path.to_owned(),
            source,
        })
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Returns a random delimiter. A value that contained a known delimiter could end itself and set another output.
fn delimiter(value: &str) -> Result<String, FileError> {
    loop {
        let delimiter = format!(
            "ghadelimiter_{}",
            random_hexadecimal().map_err(FileError::Random)?
        );
        if !value.contains(&delimiter) {
            return Ok(delimiter);
        }
    }
}

/// Returns 128 random bits in hexadecimal.
pub(super) fn random_hexadecimal() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        let outputs = BTreeMap::from([("verdict".to_owned(), value.to_owned())]);
        append_outputs(&path, &outputs, &Mask::default()).unwrap();
        append_outputs(&path, &outputs, &Mask::default()).unwrap();
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_value_cannot_set_another_output() {
        let text = written("evil\nfail=false\nghadelimiter_x");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 10);
        let delimiter = lines.first().unwrap().strip_prefix("verdict<<").unwrap();
        assert!(delimiter.len() > 40);
        assert_eq!(lines.iter().filter(|line| **line == delimiter).count(), 1);
        assert_eq!(lines.get(4), Some(&delimiter));
        let second = lines.get(5).copied();
        assert!(
            second.is_some_and(|line| !line.contains(delimiter)),
            "a new one each time"
        );
    }

    #[test]
    fn a_name_that_would_break_the_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        for name in ["", "a=b", "a\nb", "a<<b", "a b"] {
            let outputs = BTreeMap::from([(name.to_owned(), String::new())]);
            assert!(
                append_outputs(&path, &outputs, &Mask::default()).is_err(),
                "{name}"
            );
        }
        assert!(!path.exists());
    }

    #[test]
    fn a_job_summary_stays_under_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary");
        let markdown = "A paragraph of the report.\n\n".repeat(30_000);
        append_summary(&path, &markdown, &Mask::default()).unwrap();
        append_summary(&path, &markdown, &Mask::default()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.len() <= 900 * 1024);
        assert!(text.contains("Shortened"));
    }
}
