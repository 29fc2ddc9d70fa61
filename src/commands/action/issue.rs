//! Builds the issue about the default branch from an outcome.

use sha2::{Digest as _, Sha256};

use crate::{
    baseline::{FindingStatus, FindingsSnapshot},
    contract::{UnixSeconds, Verdict},
    github::{Context, IssueBody, NamedFinding},
    report::{
        self, Outcome, markdown,
        neutral::{markdown::code, plain, shortened},
    },
};

/// Default path of the configuration.
const USUAL_CONFIG: &str = "prodverdict.yml";

/// GitHub allows 256 characters for a title.
const CONFIG_CHARACTERS: usize = 120;

/// Builds the issue. `None` without a verdict: the open issue then stays as it is, and none is opened.
pub(super) fn body(
    outcome: &Outcome,
    config: &str,
    context: &Context,
    now: UnixSeconds,
) -> Option<IssueBody> {
    if outcome.verdict == Verdict::Error {
        return None;
    }
    let several = outcome.contracts.len() > 1;
    let unaccepted = report::unaccepted(outcome);
    let findings: Vec<_> = unaccepted
        .iter()
        .map(|(contract, found)| {
            let finding = &found.finding;
            let severity = finding.severity.as_str().to_uppercase();
            let line = format!("{severity} `{}` {}", finding.rule, code(&finding.entity));
            NamedFinding {
                fingerprint: finding.fingerprint.to_string(),
                markdown: if several {
                    format!("{line} in {}", code(&contract.name))
                } else {
                    line
                },
            }
        })
        .collect();
    let state = FindingsSnapshot::since(
        now,
        unaccepted.iter().map(|(_, found)| {
            let first_seen = found.first_seen.unwrap_or(now);
            (found.finding.fingerprint.as_str(), first_seen)
        }),
    );
    Some(IssueBody {
        title: issue_title(outcome, config),
        // The links to the run are in the footer, because a link in the report would change the report every night.
        markdown: markdown::issue(outcome, config, now),
        footer: footer(outcome, context, now),
        content_hash: content_hash(outcome),
        clean: findings.is_empty(),
        state,
        findings,
    })
}

fn issue_title(outcome: &Outcome, config: &str) -> String {
    let title = if outcome.rehearsal.is_some() {
        "ProdVerdict: the webhook handler does not do what the contract says"
    } else {
        "ProdVerdict: billing and access disagree"
    };
    if config == USUAL_CONFIG {
        title.to_owned()
    } else {
        format!("{title} ({})", plain(&shortened(config, CONFIG_CHARACTERS)))
    }
}

fn footer(outcome: &Outcome, context: &Context, now: UnixSeconds) -> String {
    let run = context
        .run_url()
        .map_or_else(|| "a run".to_owned(), |url| format!("[this run]({url})"));
    let origin = markdown::origin(outcome).map_or_else(String::new, |origin| format!(" {origin}"));
    format!(
        "<sub>As of {run}, {}.{origin}</sub>",
        code(&now.to_string())
    )
}

/// Returns a hash that changes only if the text of a finding changes.
fn content_hash(outcome: &Outcome) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update(text.as_bytes());
        hash.update([0]);
    };
    for (contract, found) in outcome.findings() {
        let finding = &found.finding;
        for text in [
            contract.name.as_str(),
            finding.severity.as_str(),
            &finding.fingerprint,
            &finding.entity,
            &finding.message,
            &finding.fix,
            &report::amounts(&finding.amount),
        ] {
            add(text);
        }
        for fact in &finding.evidence_lines() {
            add(fact);
        }
        add(match found.status {
            Some(FindingStatus::Accepted { .. }) => "accepted",
            Some(FindingStatus::New | FindingStatus::Known) | None => "",
        });
    }
    let digest = hash.finalize();
    let first = digest.first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(first))
}
