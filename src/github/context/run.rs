//! The repository and the workflow run that this process belongs to.

use std::{collections::BTreeMap, fmt};

use sha2::{Digest as _, Sha256};

/// `owner/name`, restricted to characters that cannot change the meaning of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    owner: String,
    name: String,
}

/// A workflow run and the job in it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Run {
    /// Id of the run, which increases across all repositories; 0 if unknown.
    pub id: u64,
    /// Number of the attempt, from 1 up; each re-run increases it.
    pub attempt: u64,
    /// `owner/name/.github/workflows/file.yml`, without the ref.
    pub workflow: String,
    pub job: String,
}

impl Repository {
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        (is_plain(owner) && is_plain(name)).then(|| Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
        })
    }

    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Compares names. GitHub ignores their case.
    pub(in crate::github) fn has_name(&self, full_name: &str) -> bool {
        self.to_string().eq_ignore_ascii_case(full_name)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl Run {
    pub(super) fn new(variables: &BTreeMap<String, String>) -> Self {
        let text = |name: &str| variables.get(name).cloned().unwrap_or_default();
        let number = |name: &str| text(name).trim().parse().unwrap_or(0);
        let workflow_ref = text("GITHUB_WORKFLOW_REF");
        Self {
            id: number("GITHUB_RUN_ID"),
            attempt: number("GITHUB_RUN_ATTEMPT"),
            workflow: workflow_ref
                .split('@')
                .next()
                .unwrap_or_default()
                .to_owned(),
            job: text("GITHUB_JOB"),
        }
    }

    /// Returns the prefix of the external ids of this job's check runs.
    pub(in crate::github) fn external_id_prefix(&self) -> String {
        format!("prodverdict/{}/{}/", self.workflow, self.job)
    }

    /// Returns a key that is the same for every run of one job. Different workflows, check names and kinds of report
    /// have different keys, so that each keeps its own comment.
    pub(in crate::github) fn key(&self, check_name: &str, report_kind: Option<&str>) -> String {
        let mut hash = Sha256::new();
        let parts = [self.workflow.as_str(), self.job.as_str(), check_name];
        for part in parts.into_iter().chain(report_kind) {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest = hash.finalize();
        let first = digest.first_chunk().copied().unwrap_or_default();
        format!("{:016x}", u64::from_be_bytes(first))
    }
}

fn is_plain(segment: &str) -> bool {
    !segment.is_empty()
        && segment.len() <= 100
        && !matches!(segment, "." | "..")
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_cannot_change_the_meaning_of_a_url() {
        assert_eq!(
            Repository::parse("acme/shop.js").map(|it| it.to_string()),
            Some("acme/shop.js".to_owned())
        );
        for odd in [
            "",
            "acme",
            "acme/",
            "acme/..",
            "acme/shop/x",
            "acme/a?b",
            "a b/c",
            "acme/sh%6fp",
        ] {
            assert_eq!(Repository::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn the_key_outlives_a_run_but_not_a_change_of_job() {
        let variables = |reference: &str, job: &str| {
            BTreeMap::from([
                (
                    "GITHUB_WORKFLOW_REF".to_owned(),
                    format!("acme/shop/.github/workflows/ci.yml@{reference}"),
                ),
                ("GITHUB_JOB".to_owned(), job.to_owned()),
            ])
        };
        let first = Run::new(&variables("refs/pull/1/merge", "billing")).key("ProdVerdict", None);
        assert_eq!(first.len(), 16);
        assert_eq!(
            first,
            Run::new(&variables("refs/heads/main", "billing")).key("ProdVerdict", None)
        );
        assert_ne!(
            first,
            Run::new(&variables("refs/heads/main", "other")).key("ProdVerdict", None)
        );
        assert_ne!(
            first,
            Run::new(&variables("refs/heads/main", "billing")).key("other", None)
        );
        assert_ne!(
            first,
            Run::new(&variables("refs/heads/main", "billing"))
                .key("ProdVerdict", Some("rehearsal"))
        );
    }
}
