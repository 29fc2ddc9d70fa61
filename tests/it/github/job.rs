//! A job as GitHub runs it: its variables, event, files and reports.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use jiff::Timestamp;
use prodverdict::{
    baseline::FindingsSnapshot,
    contract::{UnixSeconds, Verdict},
    github::{
        Client, CommentBody, Conclusion, Context, IssueBody, Limits, NamedFinding, Options,
        Publication, Published, Publisher,
    },
    report::{Annotation, AnnotationLevel, Mask},
};
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;
use testing::fake_github::{FakeGithub, TOKEN, World};

pub(crate) struct Job {
    pub variables: BTreeMap<String, String>,
    pub payload: Option<String>,
    /// The input that names a pull request.
    pub pull_request: Option<u64>,
    pub options: Options,
    pub token: &'static str,
    pub secrets: Vec<SecretString>,
    pub limits: Limits,
    folder: TempDir,
}

impl Job {
    fn mask(&self) -> Mask {
        let secrets: Vec<_> = self
            .secrets
            .iter()
            .map(SecretString::expose_secret)
            .collect();
        Mask::new(&secrets)
    }

    /// Creates a job; `fixture` is the name of a payload in `fixtures/github`.
    pub(crate) fn new(event: &str, fixture: &str) -> Self {
        let path = format!(
            "{}/fixtures/github/{fixture}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let folder = tempfile::tempdir().expect("a folder for the job");
        let variables = [
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_REPOSITORY", "acme/shop"),
            // The merge commit of a pull request: reporting there would be wrong.
            ("GITHUB_SHA", &World::sha(5)),
            ("GITHUB_REF", "refs/pull/7/merge"),
            ("GITHUB_SERVER_URL", "https://github.test"),
            ("GITHUB_RUN_ID", "100"),
            ("GITHUB_RUN_ATTEMPT", "1"),
            (
                "GITHUB_WORKFLOW_REF",
                "acme/shop/.github/workflows/billing.yml@refs/pull/7/merge",
            ),
            ("GITHUB_JOB", "billing"),
            ("GITHUB_ACTOR", "dana"),
        ];
        Self {
            variables: variables
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            payload: Some(std::fs::read_to_string(path).expect("a fixture of this name")),
            pull_request: None,
            options: Options {
                check_run: None,
                check_name: "ProdVerdict".to_owned(),
                report_kind: None,
                comment: None,
                issue: None,
                issue_label: "prodverdict".to_owned(),
                config: "prodverdict.yml".to_owned(),
                summary_file: Some(folder.path().join("summary")),
                output_file: Some(folder.path().join("output")),
            },
            token: TOKEN,
            secrets: Vec::new(),
            limits: Limits {
                request_timeout: Duration::from_secs(10),
                budget: Duration::from_mins(5),
                write_interval: Duration::ZERO,
                attempts: 4,
                backoff: Duration::from_millis(1),
                unhinted_wait: Duration::from_millis(1),
                cancel_budget: Duration::from_secs(3),
            },
            folder,
        }
    }

    pub(crate) fn pull_request() -> Self {
        Self::new("pull_request", "pull_request")
    }

    pub(crate) fn run(mut self, id: u64, attempt: u64) -> Self {
        self.set("GITHUB_RUN_ID", &id.to_string());
        self.set("GITHUB_RUN_ATTEMPT", &attempt.to_string());
        self
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn context(&self, github: &FakeGithub) -> Context {
        let mut variables = self.variables.clone();
        variables.insert("GITHUB_API_URL".to_owned(), github.api_url());
        let mut context = Context::resolve(&variables, self.payload.as_deref());
        if let Some(number) = self.pull_request {
            context.name_pull_request(number);
        }
        context
    }

    pub(crate) fn client(&self, github: &FakeGithub) -> Client {
        let http = prodverdict::http::client().expect("an HTTP client");
        let token = SecretString::from(self.token);
        let mask = self.mask();
        Client::new(
            &http,
            &self.context(github),
            Some(&token),
            mask,
            self.limits.clone(),
        )
        .expect("a client")
    }

    pub(crate) fn publisher(&self, github: &FakeGithub) -> Publisher {
        let now: Timestamp = "2026-11-23T09:40:00Z".parse().expect("a time");
        let mask = self.mask();
        Publisher::new(
            Ok(self.client(github)),
            self.context(github),
            self.options.clone(),
            mask,
            now,
        )
    }

    pub(crate) async fn report(&self, github: &FakeGithub, publication: &Publication) -> Published {
        let mut publisher = self.publisher(github);
        publisher.start().await;
        publisher.finish(publication).await
    }

    pub(crate) fn summary(&self) -> String {
        self.file("summary")
    }

    pub(crate) fn raw_outputs(&self) -> String {
        self.file("output")
    }

    /// Parses the outputs as the runner does.
    pub(crate) fn outputs(&self) -> BTreeMap<String, String> {
        let text = self.raw_outputs();
        let mut outputs = BTreeMap::new();
        let mut lines = text.split('\n');
        while let Some(line) = lines.next() {
            if line.is_empty() {
                continue;
            }
            let (name, delimiter) = match (line.find('='), line.split_once("<<")) {
                (Some(equals), Some((name, delimiter))) if name.len() < equals => (name, delimiter),
                (None, Some(split)) => split,
                _ => {
                    let (name, value) = line.split_once('=').expect("the grammar of outputs");
                    outputs.insert(name.to_owned(), value.to_owned());
                    continue;
                }
            };
            let value: Vec<&str> = lines
                .by_ref()
                .take_while(|line| *line != delimiter)
                .collect();
            outputs.insert(name.to_owned(), value.join("\n"));
        }
        outputs
    }

    fn file(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        std::fs::read_to_string(path).unwrap_or_default()
    }
}

/// Returns a report that fails with this many findings, or passes with none.
pub(crate) fn publication(findings: u32) -> Publication {
    let verdict = if findings == 0 {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    Publication {
        verdict,
        conclusion: Conclusion::new(verdict, false, false),
        title: format!("{findings} findings"),
        summary: format!("**{findings} findings** in 1 contract"),
        text: Some("| Rule | Customer |\n|---|---|\n".to_owned()),
        annotations: (1..=findings).map(annotation).collect(),
        comment: Some(CommentBody {
            markdown: format!("## ProdVerdict\n\n{findings} findings"),
            footer: "Run 100".to_owned(),
            verdict,
            findings: findings.into(),
            clean: findings == 0,
        }),
        issue: Some(issue(&(1..=u64::from(findings)).collect::<Vec<_>>())),
        job_summary: format!("## ProdVerdict\n\n{findings} findings\n"),
        outputs: BTreeMap::from([
            ("verdict".to_owned(), verdict.to_string()),
            ("findings_count".to_owned(), findings.to_string()),
        ]),
    }
}

/// Returns an issue with findings of these numbers.
pub(crate) fn issue(findings: &[u64]) -> IssueBody {
    let named = |number: &u64| NamedFinding {
        fingerprint: format!("{number:016x}"),
        markdown: format!("HIGH `revenue-leak` `user:{number}`"),
    };
    let findings: Vec<_> = findings.iter().map(named).collect();
    let fingerprints = findings.iter().map(|finding| finding.fingerprint.as_str());
    IssueBody {
        title: "ProdVerdict: billing and access disagree".to_owned(),
        markdown: format!("## ProdVerdict\n\n{} findings", findings.len()),
        footer: "Run 100".to_owned(),
        clean: findings.is_empty(),
        content_hash: format!("{:016x}", findings.len()),
        state: FindingsSnapshot::new(UnixSeconds(1_795_426_800), fingerprints),
        findings,
    }
}

pub(crate) fn annotation(line: u32) -> Annotation {
    Annotation {
        path: "prodverdict.yml".to_owned(),
        start_line: line,
        end_line: line,
        start_column: Some(3),
        end_column: Some(20),
        level: AnnotationLevel::Failure,
        title: format!("revenue-leak {line}"),
        message: "the customer pays and has no access".to_owned(),
        raw_details: None,
    }
}
