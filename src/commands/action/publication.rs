//! Builds everything that a job publishes on GitHub from its outcome.

use std::collections::BTreeMap;

use super::{
    inputs::{Inputs, Mode},
    issue,
};
use crate::{
    contract::{Severity, UnixSeconds, Verdict},
    github::{CommentBody, Conclusion, Context, Publication},
    problem::Warning,
    report::{
        self, Outcome,
        markdown::{self, CommentLinks},
    },
};

/// Returns the path of the JSON report, relative to the root of the workspace.
pub(super) fn report_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Check => "prodverdict-report.json",
        Mode::Rehearse => "prodverdict-rehearsal.json",
    }
}

/// Builds the publication of an outcome whose texts are already masked and redacted.
pub(super) fn publication(
    outcome: &Outcome,
    inputs: &Inputs,
    context: &Context,
    check_run_url: Option<&str>,
    now: UnixSeconds,
) -> Publication {
    let config = inputs.config_path();
    let run = context.run_url().map(|url| format!("[Run]({url})"));
    let origin = markdown::origin(outcome).map(|origin| format!("<sub>{origin}</sub>"));
    let footer: Vec<_> = run.into_iter().chain(origin).collect();
    let pull_request = context.pull_request_url();
    let links = CommentLinks {
        check_run: check_run_url,
        pull_request: pull_request.as_deref(),
    };
    Publication {
        verdict: outcome.verdict,
        conclusion: Conclusion::new(
            outcome.verdict,
            outcome.any_finding_fails(inputs.verdict.strict),
            inputs.verdict.neutral_on_error,
        ),
        title: markdown::headline(outcome),
        summary: markdown::check_summary(outcome, config),
        text: markdown::check_text(outcome, config),
        annotations: report::annotations(outcome, config),
        comment: Some(CommentBody {
            markdown: markdown::comment(outcome, config, links),
            footer: footer.join(" · "),
            verdict: outcome.verdict,
            findings: findings(outcome),
            clean: outcome.verdict == Verdict::Pass,
        }),
        // If only some scenarios were played, findings of the others would wrongly count as fixed.
        issue: issue::body(outcome, config, context, now)
            .filter(|_| inputs.rehearsal.scenarios.is_empty()),
        job_summary: markdown::job_summary(outcome, config),
        outputs: outputs(outcome),
    }
}

/// Builds the publication of a job without credentials that may be skipped.
pub(super) fn skipped(
    missing: &[String],
    warnings: &[Warning],
    context: &Context,
    mode: Mode,
) -> Publication {
    let names: Vec<_> = missing.iter().map(|name| format!("`{name}`")).collect();
    let whose = if context.origin.is_fork {
        "Secrets are not passed to pull requests from forks."
    } else if context.origin.is_dependabot {
        "Secrets of Actions are not passed to Dependabot's pull requests."
    } else {
        "They are not set for this job."
    };
    let names = if names.len() == 1 {
        format!("{} is", names.join(""))
    } else {
        format!("{} are", names.join(" and "))
    };
    let text = match mode {
        Mode::Check => format!(
            "Nothing was checked: {names} missing. {whose} The check runs where the secrets are, such as in the merge \
             queue or on the default branch.\n"
        ),
        Mode::Rehearse => format!(
            "Nothing was rehearsed: {names} missing. {whose} A rehearsal needs no real secret: the workflow can make up \
             both values itself.\n"
        ),
    };
    let text = match markdown::warnings(warnings) {
        Some(warnings) => format!("{text}\n{warnings}\n"),
        None => text,
    };
    Publication {
        annotations: report::annotations_of_warnings(warnings).collect(),
        ..without_a_verdict("Skipped: no credentials", text, mode)
    }
}

/// Builds the publication of an event without a commit to report on.
pub(super) fn nothing_to_check(reason: &str, mode: Mode) -> Publication {
    let done = match mode {
        Mode::Check => "checked",
        Mode::Rehearse => "rehearsed",
    };
    without_a_verdict(
        "Skipped: nothing to check",
        format!("Nothing was {done}: {reason}.\n"),
        mode,
    )
}

fn without_a_verdict(title: &str, summary: String, mode: Mode) -> Publication {
    let heading = match mode {
        Mode::Check => "ProdVerdict skipped",
        Mode::Rehearse => "ProdVerdict rehearsal skipped",
    };
    Publication {
        verdict: Verdict::Error,
        conclusion: Conclusion::Skipped,
        title: title.to_owned(),
        job_summary: format!("## {heading}\n\n{summary}"),
        summary,
        text: None,
        annotations: Vec::new(),
        comment: None,
        issue: None,
        outputs: BTreeMap::from([
            ("verdict".to_owned(), "skipped".to_owned()),
            ("findings_count".to_owned(), "0".to_owned()),
            ("high_count".to_owned(), "0".to_owned()),
        ]),
    }
}

fn findings(outcome: &Outcome) -> u64 {
    outcome.totals().by_severity.values().sum()
}

fn outputs(outcome: &Outcome) -> BTreeMap<String, String> {
    let totals = outcome.totals();
    let counts = outcome.status_counts();
    // Without a comparison the counts are empty, because 0 would imply that one was made.
    let compared = |number: u64| match outcome.since {
        Some(_) => number.to_string(),
        None => String::new(),
    };
    let fixed = outcome.since.as_ref().map_or(0, |since| since.fixed);
    BTreeMap::from([
        ("new_count".to_owned(), compared(counts.new)),
        ("known_count".to_owned(), compared(counts.known)),
        ("fixed_count".to_owned(), compared(fixed)),
        ("accepted_count".to_owned(), counts.accepted.to_string()),
        ("verdict".to_owned(), outcome.verdict.to_string()),
        ("findings_count".to_owned(), findings(outcome).to_string()),
        (
            "high_count".to_owned(),
            totals.count(Severity::High).to_string(),
        ),
    ])
}
