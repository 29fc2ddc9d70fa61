//! Fetches a file of the repository at a commit, for when the checked-out version cannot be trusted.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Call, Client, ClientError};
use crate::github::context::Repository;

const RAW: &str = "application/vnd.github.raw+json";

/// Characters that need no encoding in a path segment or a query value.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

impl Client {
    /// Returns the text of `path` at `reference`, or `None` if there is no such file.
    pub async fn fetch_file(
        &mut self,
        repository: &Repository,
        path: &str,
        reference: &str,
        max_bytes: usize,
    ) -> Result<Option<String>, ClientError> {
        let shown = || path.chars().take(200).collect::<String>();
        let inside = segments(path).ok_or_else(|| ClientError::Path { path: shown() })?;
        let mut call = Call::get(format!(
            "/repos/{repository}/contents/{inside}?ref={}",
            encode(reference)
        ));
        call.accept = RAW;
        let answer = match self.send(call).await {
            Ok(answer) => answer,
            Err(error) if error.status() == Some(404) => return Ok(None),
            Err(error) => return Err(error),
        };
        // GitHub lists a directory as JSON, whatever media type was requested.
        let kind = answer
            .headers
            .get("content-type")
            .and_then(|value| value.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("application/json")) {
            return Err(ClientError::NotAFile { path: shown() });
        }
        if answer.body.len() > max_bytes {
            return Err(ClientError::TooLong {
                path: shown(),
                max: max_bytes,
            });
        }
        match String::from_utf8(answer.body) {
            Ok(text) => Ok(Some(text)),
            Err(_not_text) => Err(ClientError::NotText { path: shown() }),
        }
    }
}

/// Percent-encodes a query value or a path segment.
pub(in crate::github) fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// Returns the path in the form that the API expects, or `None` if it would leave the repository.
fn segments(path: &str) -> Option<String> {
    let path = path.strip_prefix("./").unwrap_or(path);
    let is_inside = |segment: &str| !matches!(segment, "" | "." | "..");
    let inside = path.split('/').all(is_inside);
    inside.then(|| path.split('/').map(encode).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_inside_the_repository() {
        assert_eq!(
            segments("./config/prod verdict?.yml").as_deref(),
            Some("config/prod%20verdict%3F.yml")
        );
        for outside in ["", "/etc/passwd", "../x", "a/../../b", "a//b", "."] {
            assert_eq!(segments(outside), None, "{outside}");
        }
    }
}
