//! The comment on a pull request and the issue about the default branch: findings by cause, shortened step by step.

use crate::{
    Outcome,
    count::{counted, length},
    groups::groups,
    links::is_plain,
};
use contract::{UnixSeconds, Verdict};

use super::{
    COMMENT_BYTES, OPEN_IN_COMMENT, OPEN_STEPS,
    accounts::AgeColumn,
    chart,
    finding::{self, FindingOrder},
    fit::{self, largest},
    folded_reproduction,
    group::{GroupBlock, GroupLimits, OmissionLevel},
    overview, reproduction,
};

/// Number of groups that are shown open. The others are folded.
const OPEN_GROUPS: usize = OPEN_IN_COMMENT;

/// Maximum number of groups without a table of rules.
const GROUPS_WITHOUT_TABLE: usize = 4;

/// Maximum number of groups. No comment fits more.
const MAX_GROUPS: usize = 800;

const ELSEWHERE: &str = "The check run and the job summary hold more of them.";

/// Addresses that a comment links to.
#[derive(Debug, Clone, Copy, Default)]
pub struct CommentLinks<'a> {
    pub check_run: Option<&'a str>,
    pub pull_request: Option<&'a str>,
}

/// Renders the comment on a pull request, without its marker, history and footer.
pub fn comment(outcome: &Outcome, config: &str, links: CommentLinks<'_>) -> String {
    rendered(outcome, config, links, AgeColumn::Status)
}

/// Renders the issue about the default branch, with the day on which each finding was first seen. A finding that is not
/// known is first seen `now`.
pub fn issue(outcome: &Outcome, config: &str, now: UnixSeconds) -> String {
    rendered(
        outcome,
        config,
        CommentLinks::default(),
        AgeColumn::Since(now),
    )
}

fn rendered(outcome: &Outcome, config: &str, links: CommentLinks<'_>, age: AgeColumn) -> String {
    let mut tail = Vec::new();
    if outcome.rehearsal.is_none() {
        tail.extend(overview::remarks(outcome));
    }
    tail.extend(overview::data_read(outcome));
    if outcome.verdict != Verdict::Pass {
        tail.push(match outcome.rehearsal {
            Some(_) => reproduction(outcome, config),
            None => folded_reproduction(outcome, config),
        });
    }
    if let Some(url) = links.check_run.filter(|url| is_plain(url)) {
        tail.push(format!("[Check run]({url})"));
    }
    if outcome.rehearsal.is_some() {
        let report = fit::MarkdownReport {
            blocks: overview::blocks(outcome, links.pull_request, overview::rules(outcome)),
            findings: finding::blocks(outcome, COMMENT_BYTES, FindingOrder::OneOfEach),
            all_findings: outcome.findings().len(),
            open: OPEN_STEPS,
            tail,
            elsewhere: ELSEWHERE.to_owned(),
        };
        return report.within(COMMENT_BYTES);
    }
    let groups = groups(outcome);
    let mut rules = Vec::new();
    if groups.len() > GROUPS_WITHOUT_TABLE {
        rules = overview::rules(outcome);
        rules.extend(chart::by_rule(outcome));
    }
    let block = |group| GroupBlock::new(group, outcome, links.pull_request, age);
    let comment = Comment {
        findings: outcome.fingerprints().count(),
        blocks: overview::top(outcome, links.pull_request, rules),
        groups: groups.iter().take(MAX_GROUPS).map(block).collect(),
        tail,
    };
    comment.within(COMMENT_BYTES)
}

/// A comment that is shortened until it fits.
struct Comment {
    /// Number of all findings.
    findings: usize,
    /// Blocks before the groups.
    blocks: Vec<String>,
    groups: Vec<GroupBlock>,
    /// Blocks after the groups, which are never dropped.
    tail: Vec<String>,
}

/// The part of a comment that is shown.
#[derive(Debug, Clone, Copy)]
struct Extent {
    blocks: usize,
    groups: usize,
    rows: usize,
    level: OmissionLevel,
}

impl Extent {
    fn limits(self) -> GroupLimits {
        GroupLimits {
            level: self.level,
            rows: self.rows,
        }
    }
}

impl Comment {
    /// Renders the comment in at most `limit` bytes. It first drops parts that are shown elsewhere too, then rows, then
    /// groups.
    fn within(&self, limit: usize) -> String {
        let whole = Extent {
            blocks: self.blocks.len(),
            groups: self.groups.len(),
            rows: self.findings,
            level: OmissionLevel::Whole,
        };
        for level in OmissionLevel::ALL {
            let text = self.text(Extent { level, ..whole });
            if text.len() <= limit {
                return text;
            }
        }
        let level = OmissionLevel::Links;
        let fits = |extent: &Extent| self.text(*extent).len() <= limit;
        let rows = largest(self.findings, |rows| {
            fits(&Extent {
                rows,
                level,
                ..whole
            })
        });
        if let Some(rows) = rows.filter(|rows| *rows > 0) {
            return self.text(Extent {
                rows,
                level,
                ..whole
            });
        }
        let few = Extent {
            rows: 1,
            level,
            ..whole
        };
        let groups = largest(self.groups.len(), |groups| fits(&Extent { groups, ..few }));
        if let Some(groups) = groups {
            return self.text(Extent { groups, ..few });
        }
        let none = Extent { groups: 0, ..few };
        let blocks = largest(self.blocks.len(), |blocks| fits(&Extent { blocks, ..none }));
        self.text(Extent {
            blocks: blocks.unwrap_or_default(),
            ..none
        })
    }

    fn text(&self, extent: Extent) -> String {
        let mut parts: Vec<String> = self.blocks.iter().take(extent.blocks).cloned().collect();
        let shown: Vec<_> = self
            .groups
            .iter()
            .take(extent.groups)
            .map(|group| group.text(extent.limits()))
            .collect();
        let folded = shown.len().saturating_sub(OPEN_GROUPS);
        let mut shown = shown.into_iter();
        parts.extend(shown.by_ref().take(OPEN_GROUPS));
        if folded > 0 {
            let causes = counted(length(folded), "more cause");
            parts.push(format!("<details>\n<summary>{causes}</summary>"));
            parts.extend(shown);
            parts.push("</details>".to_owned());
        }
        parts.extend(self.notes(extent));
        parts.extend(self.tail.iter().cloned());
        parts.join("\n\n") + "\n"
    }

    /// Describes the parts that are left out.
    fn notes(&self, extent: Extent) -> Vec<String> {
        let mut notes = Vec::new();
        if extent.blocks < self.blocks.len() {
            notes.push("Parts of this overview did not fit here.".to_owned());
        }
        let groups = self.groups.iter().take(extent.groups);
        let shown: usize = groups
            .map(|group| group.shown_findings(extent.limits()))
            .sum();
        let omitted = self.findings.saturating_sub(shown);
        if omitted > 0 {
            let omitted = counted(length(omitted), "finding");
            notes.push(format!("**{omitted} did not fit here.** {ELSEWHERE}"));
        }
        notes.extend(extent.level.note().map(str::to_owned));
        notes
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use crate::{ContractOutcome, oracle, sample};
    use baseline::FindingStatus;
    use contract::{Finding, Mode, Rule, Source, Subject};

    use super::*;

    const LINKS: CommentLinks<'_> = CommentLinks {
        check_run: Some("https://github.com/o/r/runs/1"),
        pull_request: Some("https://github.com/o/r/pull/7"),
    };

    const CONFIG: &str = "prodverdict.yml";

    /// Returns a finding like that of a live check.
    fn live(rule: Rule, number: usize) -> Finding {
        let id = format!("usr_{number:06}");
        Finding {
            rule,
            severity: rule.info().severity,
            entity: contract::Entity::account("user", &id),
            message: format!("User breaks {rule}.\nWhat follows from {rule}.").into(),
            fix: format!("Handle what {rule} is about.").into(),
            subject: Subject {
                account: Some(id.as_str().into()),
                customer: Some(format!("cus_NffrFeUfNV{number:04}").into()),
                subscription: Some(format!("sub_1MowQVLkdIwHu7ixeR{number:06}").into()),
                plan_found: Some("free".into()),
                plan_expected: Some("pro".into()),
                ..Subject::default()
            },
            evidence: vec![format!("row {id}: has_paid_access = false")].into(),
            ..sample::alice()
        }
    }

    /// Returns a live outcome with this many findings of each rule.
    fn world(numbers: &[(Rule, usize)]) -> Outcome {
        let mut findings = Vec::new();
        for (rule, number) in numbers {
            let before = findings.len();
            findings.extend((before..before + number).map(|index| live(*rule, index)));
        }
        let users = ContractOutcome {
            mode: Some(Mode::Test),
            account_link: Some("https://admin.example.com/users/{id}".to_owned()),
            ..sample::contract("users", Source::Stripe, findings)
        };
        sample::outcome(vec![users])
    }

    /// Returns the part that a reader sees without a click.
    fn open(text: &str) -> String {
        let mut open = String::new();
        let mut rest = text;
        while let Some((before, folded)) = rest.split_once("<details>") {
            open.push_str(before);
            rest = folded.split_once("</details>").unwrap().1;
        }
        open + rest
    }

    #[test]
    fn sixty_four_findings_of_three_causes_are_one_screen() {
        let mut outcome = world(&[
            (Rule::RevenueLeak, 40),
            (Rule::WrongfulAccess, 20),
            (Rule::PlanDrift, 4),
        ]);
        outcome.are_changes_known = true;
        for found in outcome.contracts[0].findings.iter_mut().take(40) {
            found.changes = vec![sample::change("app/hook.ts", 41, "removes a line")];
        }
        let text = comment(&outcome, CONFIG, LINKS);
        let open = open(&text);
        let lines = open.lines().filter(|line| !line.is_empty()).count();
        assert!(lines <= 24, "{lines}: {open}");
        assert_eq!(oracle::headings(&text), 4);
        assert_eq!(text.matches("\n| [`usr_").count(), 64);
        assert!(!text.contains("fit"), "{text}");
        insta::assert_snapshot!(open);
    }

    #[test]
    fn several_hundred_accounts_fit_in_one_comment() {
        let rows = |text: &str| text.lines().filter(|line| line.contains("`usr_")).count();
        for (findings, left_out) in [
            (150, None),
            (250, Some("Left out to fit: links of folded accounts.")),
            (
                600,
                Some("Left out to fit: links of folded accounts, evidence, and subscriptions."),
            ),
        ] {
            let text = comment(&world(&[(Rule::RevenueLeak, findings)]), CONFIG, LINKS);
            assert!(text.len() <= COMMENT_BYTES);
            assert!(rows(&text) >= findings, "{findings}");
            assert!(!text.contains("did not fit"), "{findings}");
            let note = text.lines().find(|line| line.starts_with("Left out"));
            let note = note.and_then(|note| note.strip_suffix(" See the job summary."));
            assert_eq!(note, left_out, "{findings}");
        }
        let text = comment(&world(&[(Rule::RevenueLeak, 5_000)]), CONFIG, LINKS);
        assert!(text.len() <= COMMENT_BYTES && rows(&text) > 600);
        assert!(text.contains(" findings did not fit here.** The check run and"));
    }

    #[test]
    fn every_cause_keeps_its_first_accounts() {
        let numbers = [(Rule::RevenueLeak, 3_000), (Rule::WrongfulAccess, 3_000)];
        let text = comment(&world(&numbers), CONFIG, LINKS);
        for shown in [
            "#### HIGH: 3,000 accounts (revenue-leak)",
            "(wrongful-access)",
            "`usr_003000`",
        ] {
            assert!(text.contains(shown), "{shown}");
        }
    }

    #[test]
    fn an_issue_shows_when_a_finding_was_first_seen() {
        let mut outcome = world(&[(Rule::RevenueLeak, 2)]);
        let now = UnixSeconds(1_795_700_000);
        let findings = &mut outcome.contracts[0].findings;
        findings[0].status = Some(FindingStatus::New);
        findings[1].status = Some(FindingStatus::Known);
        findings[1].first_seen = Some(UnixSeconds(now.0 - 9 * 86_400));
        let text = issue(&outcome, CONFIG, now);
        assert!(
            text.contains(" | At stake | Since | Subscription |\n"),
            "{text}"
        );
        assert!(text.contains(" | 20.00 USD | `2026-11-26` | ["), "{text}");
        assert!(text.contains(" | 20.00 USD | `2026-11-17` | ["), "{text}");
        let text = comment(&outcome, CONFIG, LINKS);
        assert!(text.contains("| **new** |"), "{text}");
        assert!(text.contains("| known since `2026-11-17` |"), "{text}");
    }

    #[test]
    fn redacted_accounts_are_not_linked() {
        let outcome = crate::redact_ids(&world(&[(Rule::RevenueLeak, 1)]));
        let text = comment(&outcome, CONFIG, LINKS);
        assert!(
            !text.contains("admin.example.com") && !text.contains("dashboard"),
            "{text}"
        );
    }
}
