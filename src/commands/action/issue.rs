//! What an outcome says in the issue about the default branch.

use crate::{
    baseline::State,
    contract::{UnixSeconds, Verdict},
    github::{Context, IssueBody, NamedFinding},
    report::{
        self, Outcome, markdown,
        neutral::{
            markdown::{code, escaped},
            plain, shortened,
        },
    },
};

/// Where a configuration lies unless somebody says otherwise.
const USUAL_CONFIG: &str = "prodverdict.yml";

/// GitHub takes 256 characters for a title.
const CONFIG_CHARACTERS: usize = 120;

/// The issue's text; none without a verdict: what is open stays open, and nothing is opened on a guess.
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
    let findings: Vec<_> = report::unaccepted(outcome)
        .into_iter()
        .map(|(contract, found)| {
            let finding = &found.finding;
            let severity = finding.severity.as_str().to_uppercase();
            let line = format!("{severity} `{}` {}", finding.rule, code(&finding.entity));
            NamedFinding {
                fingerprint: finding.fingerprint.clone(),
                markdown: if several {
                    format!("{line} in {}", code(&contract.name))
                } else {
                    line
                },
            }
        })
        .collect();
    let state = State::new(now, findings.iter().map(|one| one.fingerprint.as_str()));
    Some(IssueBody {
        title: title(outcome, config),
        // The footer has the link to the run: one in the report would change it every night.
        markdown: markdown::comment(outcome, config, None),
        footer: footer(context, now),
        clean: findings.is_empty(),
        state,
        findings,
    })
}

fn title(outcome: &Outcome, config: &str) -> String {
    let what = if outcome.rehearsal.is_some() {
        "ProdVerdict: the webhook handler does not do what the contract says"
    } else {
        "ProdVerdict: billing and access disagree"
    };
    if config == USUAL_CONFIG {
        what.to_owned()
    } else {
        format!("{what} ({})", plain(&shortened(config, CONFIG_CHARACTERS)))
    }
}

fn footer(context: &Context, now: UnixSeconds) -> String {
    let run = context.run_url().map(|url| format!("[Run]({url})"));
    let time = escaped(&now.to_string());
    let parts: Vec<_> = run.into_iter().chain([time]).collect();
    format!("<sub>{}</sub>", parts.join(" · "))
}
