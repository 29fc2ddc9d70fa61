//! Builds the message: the changes since the last run, then the totals, then the links. Pure.

use serde_json::{Value, json};

use super::mrkdwn::{code, format_amounts, is_safe_url, link};
use crate::{
    baseline::{Change, PreviousRun},
    contract::{Severity, Verdict},
    report::{self, ContractOutcome, Figure, Mask, Outcome, Overview, Reported},
    text::counted,
};

/// Slack accepts 40,000 characters of text. Discord, which also accepts Slack's format, allows 2,000.
const TEXT_CHARACTERS: usize = 1_900;

/// Slack accepts 3,000 characters in a section.
const SECTION_CHARACTERS: usize = 2_900;

/// Maximum number of findings that the message names.
const MAX_NAMED: usize = 10;

/// Input of the message. The outcome is already redacted; `mask` hides secrets.
#[derive(Debug)]
pub struct MessageInput<'a> {
    pub outcome: &'a Outcome,
    /// Findings of the last run.
    pub earlier: &'a PreviousRun,
    /// `owner/name`.
    pub repository: Option<String>,
    pub issue_url: Option<&'a str>,
    pub run_url: Option<&'a str>,
    pub mask: &'a Mask,
}

/// Returns the message as JSON, or `None` if nothing has changed. A run without a verdict is always reported, because
/// silence would be taken for a pass.
pub fn message(input: &MessageInput<'_>) -> Option<Value> {
    let outcome = input.outcome;
    if outcome.verdict == Verdict::Error {
        let (heading, lines) = no_verdict(outcome);
        return Some(rendered(input, &heading, &[lines]));
    }
    let findings = report::unaccepted(outcome);
    let fingerprints: Vec<_> = findings
        .iter()
        .map(|(_, found)| found.finding.fingerprint.as_str())
        .collect();
    let mut change = input.earlier.change(&fingerprints);
    if let (Some(change), PreviousRun::Found(state)) = (&mut change, input.earlier) {
        // A finding that was accepted since the last run does not count as fixed.
        let all = outcome.findings();
        change.fixed = state.gone(
            all.iter()
                .map(|(_, found)| found.finding.fingerprint.as_str()),
        );
    }
    let (heading, named) = match &change {
        Some(change) if change.is_empty() => return None,
        Some(change) => (
            changed(change, findings.is_empty()),
            named(change, outcome, &findings),
        ),
        None if !findings.is_empty() => (
            counted(findings.len(), "finding"),
            vec!["What has changed since the last run is not known.".to_owned()],
        ),
        None if *input.earlier == PreviousRun::Unreadable => (RESOLVED.to_owned(), Vec::new()),
        None => return None,
    };
    Some(rendered(
        input,
        &heading,
        &[named, totals(outcome, &findings)],
    ))
}

const RESOLVED: &str = "resolved, nothing is found any more";

fn changed(change: &Change, is_clean: bool) -> String {
    match (change.new.len(), change.fixed) {
        _ if is_clean => RESOLVED.to_owned(),
        (0, fixed) => format!("{fixed} fixed"),
        (new, 0) => counted(new, "new finding"),
        (new, fixed) => format!("{}, {fixed} fixed", counted(new, "new finding")),
    }
}

type NewFinding<'a> = (&'a ContractOutcome, &'a Reported);

fn named(change: &Change, outcome: &Outcome, findings: &[NewFinding<'_>]) -> Vec<String> {
    let several = outcome.contracts.len() > 1;
    let new = change.new.iter().filter_map(|index| findings.get(*index));
    let mut lines: Vec<_> = new
        .take(MAX_NAMED)
        .map(|(contract, found)| {
            let finding = &found.finding;
            let line = format!(
                "• {} {} {}",
                finding.severity.as_str().to_uppercase(),
                code(finding.rule.as_str()),
                code(&finding.entity)
            );
            if several {
                format!("{line} in {}", code(&contract.name))
            } else {
                line
            }
        })
        .collect();
    let more = change.new.len().saturating_sub(MAX_NAMED);
    if more > 0 {
        lines.push(format!("• … and {more} more"));
    }
    lines
}

fn totals(outcome: &Outcome, findings: &[NewFinding<'_>]) -> Vec<String> {
    if findings.is_empty() {
        return Vec::new();
    }
    let by_severity: Vec<_> = Severity::ALL
        .into_iter()
        .filter_map(|severity| {
            let with_severity = findings
                .iter()
                .filter(|(_, found)| found.finding.severity == severity);
            let number = with_severity.count();
            (number > 0).then(|| format!("{number} {severity}"))
        })
        .collect();
    let mut lines = vec![format!("In all: {}", by_severity.join(", "))];
    for Figure { label, value } in Overview::new(outcome).money {
        lines.push(format!("{label}: {} a month", format_amounts(&value)));
    }
    lines
}

fn no_verdict(outcome: &Outcome) -> (String, Vec<String>) {
    let headline = if outcome.rehearsal.is_some() {
        "the rehearsal could not be carried out, nothing is known about the handler"
    } else {
        "the check could not be carried out, nothing is known about access and payment"
    };
    let contract_problems = outcome
        .contracts
        .iter()
        .filter_map(|contract| contract.problem.as_ref());
    let problems = outcome.problems.iter().chain(contract_problems);
    let lines = problems
        .take(3)
        .map(|problem| format!("• {}", code(&problem.text)));
    (headline.to_owned(), lines.collect())
}

fn rendered(input: &MessageInput<'_>, heading: &str, sections: &[Vec<String>]) -> Value {
    let name = if input.outcome.rehearsal.is_some() {
        "ProdVerdict rehearsal"
    } else {
        "ProdVerdict"
    };
    let place = input
        .repository
        .as_ref()
        .map_or_else(String::new, |repository| {
            format!(" in {}", code(repository))
        });
    let masked = |line: &String| input.mask.text(line);
    let heading = masked(&format!("*{name}: {heading}*{place}"));
    let mut plain = vec![heading.clone()];
    let mut blocks = vec![section(&[heading])];
    for lines in sections.iter().filter(|lines| !lines.is_empty()) {
        let lines: Vec<_> = lines.iter().map(masked).collect();
        blocks.push(section(&lines));
        plain.extend(lines);
    }
    let links = [("Issue", input.issue_url), ("Run", input.run_url)];
    let links = links
        .into_iter()
        .filter_map(|(name, url)| Some((name, url.filter(|url| is_safe_url(url))?)));
    let mut shown = Vec::new();
    let mut addresses = Vec::new();
    for (name, url) in links {
        shown.extend(link(url, name));
        addresses.push(format!("{name}: {url}"));
    }
    if !shown.is_empty() {
        blocks.push(section(&[shown.join(" · ")]));
    }
    // Reserve space for the addresses, so that a shortened text still links to the report.
    let reserved = addresses.iter().map(|line| line.chars().count() + 1).sum();
    let mut text = fitting(&plain, TEXT_CHARACTERS.saturating_sub(reserved));
    for address in addresses {
        text = format!("{text}\n{address}");
    }
    json!({"text": text, "blocks": blocks})
}

/// `verbatim` keeps Slack from turning text into links and mentions.
fn section(lines: &[String]) -> Value {
    let text = fitting(lines, SECTION_CHARACTERS);
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}})
}

/// Joins as many whole lines as fit.
fn fitting(lines: &[String], most_characters: usize) -> String {
    let mut text = String::new();
    let mut left = most_characters.saturating_sub(2);
    for line in lines {
        let length = line.chars().count() + 1;
        if length > left {
            text.push_str("\n…");
            break;
        }
        left -= length;
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    text
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{
        baseline::{FindingStatus, FindingsSnapshot},
        contract::{Entity, Finding, Money, Rule, Source, Subject, Summary, UnixSeconds},
        problem::{ErrorCode, Problem},
    };

    fn finding(number: u64) -> Finding {
        let mut amount = Money::default();
        amount.add("usd", 2_000);
        Finding {
            rule: Rule::RevenueLeak,
            severity: Severity::High,
            entity: Entity::account("user", &number.to_string()),
            message: "".into(),
            fix: "".into(),
            subject: Subject::default(),
            evidence: Vec::new().into(),
            amount,
            items_without_amount: 0,
            shares: Box::default(),
            mentions: None,
            fingerprint: format!("{number:016x}").into(),
        }
    }

    fn contract(findings: &[u64]) -> ContractOutcome {
        let findings: Vec<_> = findings.iter().map(|number| finding(*number)).collect();
        let mut summary = Summary::default();
        summary.count_findings(&findings);
        ContractOutcome {
            name: "users".to_owned(),
            source: Source::Stripe,
            mode: None,
            account_link: None,
            verdict: Verdict::from_findings(&findings, Some(Severity::High)),
            fail_on: Some(Severity::High),
            advice: Vec::new(),
            findings: findings
                .into_iter()
                .map(|finding| Reported::new(finding, None))
                .collect(),
            summary,
            problem: None,
            named: Vec::new(),
        }
    }

    fn outcome(contracts: Vec<ContractOutcome>) -> Outcome {
        let verdict = contracts.iter().map(|contract| contract.verdict).max();
        Outcome {
            verdict: verdict.unwrap_or(Verdict::Error),
            contracts,
            problems: Vec::new(),
            warnings: Vec::new(),
            rehearsal: None,
            since: None,
            provenance: None,
            are_changes_known: false,
        }
    }

    fn found(findings: &[u64]) -> PreviousRun {
        let fingerprints: Vec<_> = findings
            .iter()
            .map(|finding| format!("{finding:016x}"))
            .collect();
        let fingerprints = fingerprints.iter().map(String::as_str);
        PreviousRun::Found(FindingsSnapshot::new(UnixSeconds(0), fingerprints))
    }

    /// Returns the text of the message, or `None` if there is no message.
    fn message_text(outcome: &Outcome, earlier: &PreviousRun) -> Option<String> {
        let input = MessageInput {
            outcome,
            earlier,
            repository: Some("acme/shop".to_owned()),
            issue_url: Some("https://github.test/acme/shop/issues/1"),
            run_url: Some("https://x|<!channel>"),
            mask: &Mask::new(&["canary-of-a-secret"]),
        };
        let message = message(&input)?;
        Some(message["text"].as_str().unwrap().to_owned())
    }

    #[test]
    fn the_message_lists_changes_then_totals_then_links() {
        let text = message_text(&outcome(vec![contract(&[1, 2])]), &found(&[2, 3])).unwrap();
        assert_eq!(
            text,
            "*ProdVerdict: 1 new finding, 1 fixed* in `acme/shop`\n\
             • HIGH `revenue-leak` `user:1`\n\
             In all: 2 high\n\
             Paid for, not served: 40.00 USD a month\n\
             Issue: https://github.test/acme/shop/issues/1"
        );
        let several = outcome(vec![contract(&[1]), contract(&[])]);
        let text = message_text(&several, &PreviousRun::None).unwrap();
        assert!(text.contains("`user:1` in `users`"), "{text}");
    }

    #[test]
    fn nothing_is_reported_when_nothing_changed() {
        assert_eq!(
            message_text(&outcome(vec![contract(&[1])]), &found(&[1])),
            None
        );
        for earlier in [PreviousRun::None, PreviousRun::Unknown, found(&[])] {
            assert_eq!(message_text(&outcome(vec![contract(&[])]), &earlier), None);
        }
    }

    #[test]
    fn an_accepted_finding_is_not_fixed() {
        let mut accepted = contract(&[1]);
        for finding in &mut accepted.findings {
            finding.status = Some(FindingStatus::Accepted {
                reason: "known".to_owned(),
                until: None,
            });
        }
        assert_eq!(message_text(&outcome(vec![accepted]), &found(&[1])), None);
    }

    #[test]
    fn unknown_changes_are_not_claimed() {
        for earlier in [PreviousRun::Unknown, PreviousRun::Unreadable] {
            let text = message_text(&outcome(vec![contract(&[1, 2])]), &earlier).unwrap();
            assert!(text.starts_with("*ProdVerdict: 2 findings*"), "{text}");
            assert!(
                text.contains("not known") && !text.contains("new"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_message_reports_that_no_findings_remain() {
        let clean = outcome(vec![contract(&[])]);
        for earlier in [found(&[1]), PreviousRun::Unreadable] {
            let text = message_text(&clean, &earlier).unwrap();
            assert!(text.starts_with("*ProdVerdict: resolved, nothing is found any more*"));
            assert!(!text.contains("In all"), "{text}");
        }
    }

    #[test]
    fn without_a_verdict_no_finding_is_known() {
        let mut broken = contract(&[1]);
        broken.verdict = Verdict::Error;
        broken.problem = Some(Problem::new(
            ErrorCode::Internal,
            "no page for canary-of-a-secret <!here>",
        ));
        for earlier in [found(&[1]), PreviousRun::None, PreviousRun::Unknown] {
            let text = message_text(&outcome(vec![broken.clone()]), &earlier).unwrap();
            assert!(
                text.contains("nothing is known about access and payment"),
                "{text}"
            );
            assert!(text.contains("• `no page for *** &lt;!here&gt;`"), "{text}");
            assert!(!text.contains("user:1"), "{text}");
        }
    }

    #[test]
    fn any_number_of_long_lines_fits() {
        let lines: Vec<_> = (0..100)
            .map(|number| format!("{number} {}", "x".repeat(250)))
            .collect();
        for most in [0, 100, 1_000, SECTION_CHARACTERS] {
            let text = fitting(&lines, most);
            assert!(text.chars().count() <= most.max(2), "{most}: {text}");
            assert!(text.ends_with('…'));
        }
        assert_eq!(fitting(&lines[..1], SECTION_CHARACTERS), lines[0]);
    }
}
