//! Reports in GitHub's Markdown, each within the limit of the place that shows it.

mod accounts;
mod chart;
mod comment;
mod finding;
mod fit;
mod group;
mod history;
mod origin;
mod overview;
mod ownership;
mod stake;

use super::{
    Outcome,
    neutral::{NAME_CHARACTERS, markdown::fenced},
};

use finding::FindingOrder;

pub use comment::{CommentLinks, comment, issue};
pub use history::{CommitResult, with_history};
pub use origin::origin;
pub use overview::{headline, warnings};

/// GitHub accepts 65,535 characters for the summary of a check run, and as many for its text. Counted in bytes.
pub const CHECK_RUN_BYTES: usize = 65_535;

/// GitHub accepts 65,536 characters for a comment. Counted in bytes, less what the marker, the history and the
/// footer need, which the publisher adds.
pub const COMMENT_BYTES: usize = 60_000;

/// GitHub drops a job summary above 1 MiB completely.
pub const JOB_SUMMARY_BYTES: usize = 900 * 1024;

/// A line break within a paragraph.
const LINE_BREAK: &str = "\\\n";

/// Number of groups of findings that are open in a comment.
const OPEN_IN_COMMENT: usize = 5;

/// Number of failed steps of a rehearsal that are open in a comment.
const OPEN_STEPS: usize = 3;

/// Number of expanded findings if they have a page to themselves.
const OPEN_ON_PAGE: usize = 10;

/// Maximum number of scenarios in the command that reproduces a rehearsal.
const MAX_REPRODUCED: usize = 5;

/// Renders the summary of a check run: verdict, amounts at stake and number of findings.
pub fn check_summary(outcome: &Outcome, config: &str) -> String {
    let report = fit::MarkdownReport {
        blocks: page(outcome),
        findings: vec![],
        all_findings: 0,
        open: 0,
        tail: vec![reproduction(outcome, config)],
        elsewhere: String::new(),
    };
    report.within(CHECK_RUN_BYTES)
}

/// Renders the text of a check run, which lists the findings. Returns `None` if there are none.
pub fn check_text(outcome: &Outcome, config: &str) -> Option<String> {
    let report = fit::MarkdownReport {
        blocks: vec![],
        findings: finding::blocks(outcome, CHECK_RUN_BYTES, FindingOrder::Worst),
        all_findings: outcome.findings().len(),
        open: OPEN_ON_PAGE,
        tail: vec![],
        elsewhere: format!(
            "The job summary lists more of them. {}",
            all_of_them(outcome, config)
        ),
    };
    (report.all_findings > 0).then(|| report.within(CHECK_RUN_BYTES))
}

/// Renders the job summary, which contains everything.
pub fn job_summary(outcome: &Outcome, config: &str) -> String {
    let report = fit::MarkdownReport {
        blocks: page(outcome),
        findings: finding::blocks(outcome, JOB_SUMMARY_BYTES, FindingOrder::Worst),
        all_findings: outcome.findings().len(),
        open: OPEN_ON_PAGE,
        tail: vec![reproduction(outcome, config)],
        elsewhere: all_of_them(outcome, config),
    };
    report.within(JOB_SUMMARY_BYTES)
}

/// Renders the overview of a page. A page is not limited, so it also shows what was read before the findings.
fn page(outcome: &Outcome) -> Vec<String> {
    let mut blocks = overview::blocks(outcome, None, overview::rules(outcome));
    blocks.extend(overview::data_read(outcome));
    blocks.extend(origin(outcome));
    blocks
}

/// Renders a separate file, which contains everything and has no limit.
pub fn document(outcome: &Outcome, config: &str) -> String {
    let report = fit::MarkdownReport {
        blocks: page(outcome),
        findings: finding::blocks(outcome, usize::MAX, FindingOrder::Worst),
        all_findings: outcome.findings().len(),
        open: OPEN_ON_PAGE,
        tail: vec![reproduction(outcome, config)],
        elsewhere: String::new(),
    };
    report.within(usize::MAX)
}

fn reproduction(outcome: &Outcome, config: &str) -> String {
    let mut line = command(outcome, config);
    let introduction = match &outcome.rehearsal {
        Some(rehearsed) => {
            let broken = rehearsed.broken().filter(|id| id.len() <= NAME_CHARACTERS);
            for id in broken.take(MAX_REPRODUCED) {
                line = format!("{line} --scenario {}", quoted(id));
            }
            "Reproduce it locally, beside the running application:"
        }
        None => "Reproduce it locally:",
    };
    let command = fenced("sh", &[line]);
    format!("{introduction}\n\n{command}")
}

/// Renders the same command behind a summary, for a text that has to be short.
fn folded_reproduction(outcome: &Outcome, config: &str) -> String {
    let command = fenced("sh", &[command(outcome, config)]);
    format!("<details>\n<summary>Reproduce it locally</summary>\n\n{command}\n\n</details>")
}

fn all_of_them(outcome: &Outcome, config: &str) -> String {
    let command = fenced(
        "sh",
        &[format!("{} --format json", command(outcome, config))],
    );
    format!("This lists all of them:\n\n{command}")
}

fn command(outcome: &Outcome, config: &str) -> String {
    let subcommand = match outcome.rehearsal {
        Some(_) => "rehearse",
        None => "check access",
    };
    format!("prodverdict {subcommand} --config {}", quoted(config))
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '_' | '-');
    if word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use crate::{
        Reported,
        count::{grouped, length},
        mask::Mask,
        oracle, redact_ids,
        rehearsed::{PlayedResult, PlayedScenario, Rehearsed},
        sample,
    };
    use baseline::FindingStatus;
    use contract::{Rule, Source, Verdict};

    use super::*;

    const CONFIG: &str = "./prodverdict.yml";

    const LINKS: CommentLinks<'_> = CommentLinks {
        check_run: Some("https://github.com/o/r/runs/1"),
        pull_request: Some("https://github.com/o/r/pull/7"),
    };

    /// Renders the outcome for every place, with the limit of that place.
    fn everywhere(outcome: &Outcome) -> Vec<(usize, String)> {
        vec![
            (CHECK_RUN_BYTES, check_summary(outcome, CONFIG)),
            (
                CHECK_RUN_BYTES,
                check_text(outcome, CONFIG).unwrap_or_default(),
            ),
            (COMMENT_BYTES, comment(outcome, CONFIG, LINKS)),
            (JOB_SUMMARY_BYTES, job_summary(outcome, CONFIG)),
        ]
    }

    #[test]
    fn a_comment_on_the_known_case() {
        insta::assert_snapshot!(comment(&sample::failing(), CONFIG, LINKS));
    }

    #[test]
    fn a_comment_shows_statuses_and_changed_lines() {
        insta::assert_snapshot!(comment(&sample::pull_request_outcome(), CONFIG, LINKS));
    }

    #[test]
    fn known_findings_that_pass_are_not_called_an_agreement() {
        let mut outcome = sample::pull_request_outcome();
        outcome.verdict = Verdict::Pass;
        for contract in &mut outcome.contracts {
            for found in &mut contract.findings {
                found.status = Some(FindingStatus::Known);
            }
        }
        let text = comment(&outcome, CONFIG, LINKS);
        assert!(
            text.starts_with(
                "## ✅ ProdVerdict PASS: 5 findings (3 high, 1 medium, 1 low), none new, 5 known, 2 fixed\n"
            ),
            "{text}"
        );
        assert!(!text.contains("agree."), "{text}");
        assert!(
            text.contains("disagree only in ways that were already known."),
            "{text}"
        );
    }

    #[test]
    fn a_chart_is_drawn_of_four_different_values_in_a_comment() {
        let mut outcome = sample::many(20);
        let findings = &mut outcome.contracts[0].findings;
        let numbers = [
            (Rule::PlanDrift, 3),
            (Rule::OrphanSubscription, 2),
            (Rule::StalePlan, 1),
        ];
        for (rule, number) in numbers {
            for index in 0..number {
                let mut finding = sample::finding(rule, &format!("user:x{index}"));
                finding.fix = format!("{rule}: {}.", "x".repeat(index)).into();
                findings.push(Reported::new(finding, None));
            }
        }
        insta::assert_snapshot!(chart::by_rule(&outcome).unwrap());
        assert!(comment(&outcome, CONFIG, LINKS).contains("```mermaid\n"));
        assert!(!check_summary(&outcome, CONFIG).contains("mermaid"));
        outcome.contracts[0].findings.truncate(25);
        assert_eq!(chart::by_rule(&outcome), None);
        assert!(!comment(&sample::many(30), CONFIG, LINKS).contains("mermaid"));
    }

    #[test]
    fn a_comment_on_a_rehearsal() {
        insta::assert_snapshot!(comment(&sample::rehearsal(), CONFIG, LINKS));
    }

    #[test]
    fn any_number_of_scenarios_keeps_the_findings() {
        let mut outcome = sample::rehearsal();
        let scenario = |number| PlayedScenario {
            ends: "|`@x".repeat(300),
            ..sample::scenario(&format!("mine-{number}"), PlayedResult::Broken)
        };
        outcome.rehearsal = Some(Rehearsed {
            scenarios: (0..2_000).map(scenario).collect(),
        });
        for (limit, text) in everywhere(&outcome) {
            assert!(text.len() <= limit);
            assert_eq!(oracle::foreign_markup(&text), Vec::<String>::new());
        }
        let comment = comment(&outcome, CONFIG, LINKS);
        assert!(comment.contains("more scenarios"), "{comment}");
        assert!(comment.contains("scenario:cancel-now/deleted"), "{comment}");
        assert!(comment.contains(" --scenario mine-4\n"), "{comment}");
    }

    #[test]
    fn a_job_summary_of_several_contracts() {
        insta::assert_snapshot!(job_summary(&sample::several_contracts(), CONFIG));
    }

    #[test]
    fn an_error_has_its_hint_and_no_pass() {
        let mut problem = sample::problem("unknown key `plan```\n\nPASS`", "did you mean `plans`?");
        problem.place = Some(sample::place("prodverdict.yml", 3));
        let outcome = sample::without_contracts(problem);
        insta::assert_snapshot!(check_summary(&outcome, CONFIG));
        for outcome in sample::every_kind() {
            let text = comment(&outcome, CONFIG, LINKS);
            let passes = outcome.verdict == Verdict::Pass;
            assert_eq!(text.contains('✅'), passes, "{text}");
            assert_eq!(text.contains("PASS:"), passes, "{text}");
        }
    }

    #[test]
    fn a_comment_on_a_pass_is_short() {
        insta::assert_snapshot!(comment(&sample::passing(), CONFIG, LINKS));
    }

    #[test]
    fn a_check_run_without_findings_has_no_text() {
        assert_eq!(check_text(&sample::passing(), CONFIG), None);
        assert_eq!(check_text(&sample::unanswerable(), CONFIG), None);
    }

    #[test]
    fn thousands_of_findings_stay_within_every_limit() {
        let findings = 9_000;
        for (limit, text) in everywhere(&sample::many(findings)) {
            assert!(text.len() <= limit);
            let (headings, rows) = (
                text.matches("#### HIGH").count(),
                text.matches("\n| `usr_").count(),
            );
            let shown = headings.max(rows);
            if shown > 0 {
                // As many as fit: ten more would not.
                assert!(text.len() > limit - 10 * 300, "{} of {limit}", text.len());
                let omitted = grouped(length(findings - shown));
                assert!(
                    text.contains(&format!("**{omitted} findings did not fit here.**")),
                    "{omitted}"
                );
            }
            assert_eq!(oracle::foreign_markup(&text), Vec::<String>::new());
        }
        assert!(
            comment(&sample::many(findings), CONFIG, LINKS)
                .ends_with("[Check run](https://github.com/o/r/runs/1)\n")
        );
    }

    #[test]
    fn a_finding_full_of_long_texts_still_fits_everywhere() {
        let long = "\u{1f980}@#:_".repeat(14_000);
        for outcome in [sample::full_of(&long), sample::rehearsal_full_of(&long)] {
            for (limit, text) in everywhere(&outcome) {
                assert!(text.len() <= limit, "{} of {limit}", text.len());
                assert!(!text.contains("did not fit"), "{text}");
                assert_eq!(oracle::foreign_markup(&text), Vec::<String>::new());
            }
        }
    }

    #[test]
    fn any_number_of_contracts_keeps_the_findings() {
        let contract = |index| {
            sample::contract(
                &format!("c{index}|`x"),
                Source::Stripe,
                vec![sample::about("a")],
            )
        };
        let outcome = sample::outcome((0..2_000).map(contract).collect());
        for (limit, text) in everywhere(&outcome) {
            assert!(text.len() <= limit);
            assert_eq!(oracle::foreign_markup(&text), Vec::<String>::new());
        }
        assert!(comment(&outcome, CONFIG, LINKS).contains("… and 1,980 more contracts"));
    }

    #[test]
    fn a_url_that_could_leave_its_link_is_left_out() {
        let hostile = CommentLinks {
            check_run: Some("https://x) @org ("),
            pull_request: None,
        };
        assert!(!comment(&sample::failing(), CONFIG, hostile).contains("Check run"));
        assert!(
            comment(&sample::failing(), CONFIG, LINKS)
                .contains("[Check run](https://github.com/o/r/runs/1)")
        );
    }

    #[test]
    fn the_configuration_path_is_quoted_for_a_shell() {
        let summary = check_summary(&sample::passing(), "a b'; rm -rf ~\n```\n@x");
        assert!(
            summary.contains(r"--config 'a b'\''; rm -rf ~\n```\n@x'"),
            "{summary}"
        );
        assert_eq!(oracle::foreign_markup(&summary), Vec::<String>::new());
    }

    #[test]
    fn canaries_are_neither_in_masked_nor_in_redacted_reports() {
        let canary = "cus_CANARY_0123456789";
        let outcome = sample::full_of(canary);
        let masked = Mask::new(&[canary]).outcome(&outcome);
        let played = sample::rehearsal_full_of(canary);
        let rehearsal = Mask::new(&[canary]).outcome(&played);
        for text in sample::rendered(&rehearsal) {
            assert!(!text.contains("CANARY"), "{text}");
        }
        let mut redacted = outcome.clone();
        redacted.contracts.truncate(1);
        redacted.problems.clear();
        redacted.warnings = vec![];
        redacted.contracts[0].name = "users".into();
        redacted.since = None;
        redacted.contracts[0].findings[0].place = None;
        // A path is not an id.
        redacted.contracts[0].findings[0].changes[0].path = "a.ts".into();
        redacted.contracts[0].summary.subscriptions.clear();
        redacted.contracts[0].problem.as_mut().unwrap().place = None;
        redacted.provenance = None;
        let redacted = redact_ids(&redacted);
        for outcome in [&masked, &redacted] {
            for text in sample::rendered(outcome) {
                assert!(!text.contains("CANARY"), "{text}");
            }
        }
        for text in sample::rendered(&outcome) {
            assert!(
                text.contains("CANARY") || text.contains("ARY\\_") || text.is_empty(),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn hostile_text_stays_text_in_every_report(text in sample::hostile(), other in sample::hostile()) {
            let mut outcome = sample::full_of(&text);
            let stake = sample::money(&[(&text, 5)]);
            outcome.contracts[0].summary.paid_not_served = stake.clone();
            outcome.contracts[0].findings[0].finding.amount = stake;
            outcome.contracts[1] = sample::contract(&other, Source::Paddle, vec![sample::about(&other)]);
            for (limit, markdown) in everywhere(&outcome) {
                prop_assert!(markdown.len() <= limit);
                prop_assert_eq!(oracle::foreign_markup(&markdown), Vec::<String>::new(), "{}", markdown);
            }
            // The headings, sections and tables are only ours.
            prop_assert_eq!(oracle::headings(&job_summary(&outcome, CONFIG)), 3);
        }

        #[test]
        fn hostile_text_stays_text_in_every_report_of_a_rehearsal(text in sample::hostile(), other in sample::hostile()) {
            let mut outcome = sample::rehearsal_full_of(&text);
            outcome.contracts[1] = sample::contract(&other, Source::Stripe, vec![sample::about(&other)]);
            for (limit, markdown) in everywhere(&outcome) {
                prop_assert!(markdown.len() <= limit);
                prop_assert_eq!(oracle::foreign_markup(&markdown), Vec::<String>::new(), "{}", markdown);
            }
            let summary = job_summary(&outcome, CONFIG);
            prop_assert_eq!(oracle::headings(&summary), 3);
            prop_assert_eq!(oracle::code_blocks(&summary), 3, "{}", summary);
        }
    }
}
