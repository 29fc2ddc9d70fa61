//! The text report: findings and verdict for stdout, a summary of one or two lines for stderr.

use std::io;

use anstyle::{AnsiColor, Style};
use compact_str::CompactString;

use baseline::Since;
use contract::{Severity, Source, Summary, Verdict};
use problem::{Message, Problem, Warning};

use super::{
    ContractOutcome, Figure, Outcome, Overview, Reported, StatusCounts,
    amount::amounts,
    count::{by_severity, counted, grouped},
    neutral::{LINE_CHARACTERS, shortened, terminal},
    shown::{self, ShownFinding},
};

/// Renders the report as blocks with blank lines between them: problems, findings, verdict.
pub fn text(outcome: &Outcome, color: bool) -> String {
    let mut bytes = Vec::new();
    // NOTE: writing to memory cannot fail.
    drop(write_text(outcome, color, &mut bytes));
    String::from_utf8(bytes).unwrap_or_default()
}

/// Streams the text report to `out`.
pub fn write_text(outcome: &Outcome, color: bool, out: &mut dyn io::Write) -> io::Result<()> {
    let paint = Paint { color };
    let mut block = |text: &str| write!(out, "{text}\n\n");
    for problem in &outcome.problems {
        block(&no_verdict(problem, None, paint))?;
    }
    for contract in &outcome.contracts {
        let name = outcome.name_of(contract);
        if let Some(problem) = &contract.problem {
            block(&no_verdict(problem, name, paint))?;
        }
        for advice in &contract.advice {
            block(&advised(advice, name, paint))?;
        }
        for found in &contract.findings {
            let is_rehearsal = outcome.rehearsal.is_some();
            let evidence = if is_rehearsal {
                evidence(found)
            } else {
                Vec::new()
            };
            let mut text = finding(found, name, &evidence, paint);
            if !is_rehearsal && let Some(parties) = parties(found, contract) {
                text = format!("{text}\n{parties}");
            }
            block(&text)?;
        }
    }
    let rehearsed = outcome.rehearsal.as_ref();
    if let Some(rehearsed) = rehearsed.filter(|rehearsed| !rehearsed.scenarios.is_empty()) {
        block(&rehearsed.text())?;
    }
    let verdict = outcome.verdict.as_str().to_uppercase();
    let verdict = paint.with(verdict_style(outcome.verdict), &verdict);
    writeln!(out, "VERDICT: {verdict}")
}

/// Renders warnings as blocks; the text is empty if there are none.
pub fn warnings(warnings: &[Warning], color: bool) -> String {
    let paint = Paint { color };
    let label = paint.with(severity_style(Severity::Medium), "[WARNING]");
    let blocks = warnings
        .iter()
        .map(|warning| labelled(&label, warning, paint));
    blocks.collect::<Vec<_>>().join("\n")
}

/// Renders problems as blocks; the text is empty if there are none.
pub fn problems(problems: &[Problem], color: bool) -> String {
    let paint = Paint { color };
    let blocks = problems
        .iter()
        .map(|problem| labelled(&error_label(problem, paint), problem, paint));
    blocks.collect::<Vec<_>>().join("\n")
}

fn labelled<C>(label: &str, message: &Message<C>, paint: Paint) -> String {
    let mut lines = message_lines(message, paint);
    if let Some(first) = lines.first_mut() {
        *first = format!("{label} {first}");
    }
    lines.join("\n") + "\n"
}

/// Returns `error[code]:`, in the style of compilers.
fn error_label(problem: &Problem, paint: Paint) -> String {
    let label = format!("error[{}]", problem.code);
    format!("{}:", paint.with(verdict_style(Verdict::Error), &label))
}

/// Summarizes what was read and found.
pub fn summary_line(outcome: &Outcome) -> String {
    if outcome.contracts.is_empty() {
        return "Nothing was read.".to_owned();
    }
    let mut contracts = outcome.contracts.iter();
    if contracts.all(|contract| contract.problem.is_some()) {
        return "Nothing was judged.".to_owned();
    }
    let totals = outcome.totals();
    let mut found = match by_severity(&outcome.findings()).as_str() {
        "" => "Found nothing".to_owned(),
        findings => format!("Found {findings}"),
    };
    for Figure { label, value } in Overview::new(outcome).money {
        found = format!("{found}; {}: {value} a month", label.to_lowercase());
    }
    if totals.items_without_amount > 0 && has_subscriptions(outcome) {
        let items = counted(totals.items_without_amount, "item");
        found = format!("{found}; {items} without an amount");
    }
    if totals.settled > 0 {
        found = format!("{found}; {} settled", grouped(totals.settled));
    }
    if totals.on_test_clock > 0 {
        let customers = counted(totals.on_test_clock, "customer");
        found = format!("{found}; {customers} on a test clock, not judged");
    }
    let began = match &outcome.rehearsal {
        Some(rehearsed) => rehearsed.sentence(),
        None => read(outcome, &totals),
    };
    let counts = outcome.status_counts();
    if counts.accepted > 0 {
        found = format!("{found}; {} accepted", grouped(counts.accepted));
    }
    let mut lines = vec![began, format!("{found}.")];
    lines.extend(
        outcome
            .since
            .as_ref()
            .map(|since| since_line(since, counts)),
    );
    let lines = lines
        .iter()
        .map(|line| terminal(&shortened(line, LINE_CHARACTERS)));
    lines.collect::<Vec<_>>().join("\n")
}

fn since_line(since: &Since, counts: StatusCounts) -> String {
    let passes = if since.lets_known_pass {
        "; known findings do not fail the check"
    } else {
        ""
    };
    format!(
        "Since {}: {} new, {} known, {} fixed{passes}.",
        shown::displayed_name(&since.source),
        grouped(counts.new),
        grouped(counts.known),
        grouped(since.fixed)
    )
}

/// Returns true if any contract reads subscriptions. Entitlements have neither subscriptions nor amounts.
fn has_subscriptions(outcome: &Outcome) -> bool {
    let mut contracts = outcome.contracts.iter();
    contracts.any(|contract| contract.source != Source::StripeEntitlements)
}

fn read(outcome: &Outcome, totals: &Summary) -> String {
    let subscriptions = totals.subscriptions.values().sum();
    let mut by_status: Vec<_> = totals.subscriptions.iter().collect();
    by_status.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let by_status: Vec<_> = by_status
        .into_iter()
        .map(|(status, count)| format!("{} {}", grouped(*count), shown::displayed_name(status)))
        .collect();
    let by_status = match by_status.join(", ").as_str() {
        "" => String::new(),
        words => format!(" ({words})"),
    };
    let subscriptions = if has_subscriptions(outcome) {
        format!(" and {}{by_status}", counted(subscriptions, "subscription"))
    } else {
        String::new()
    };
    // Recorded data takes no requests.
    let requests = match totals.provider_requests {
        0 => String::new(),
        requests => format!(" in {}", counted(requests, "request")),
    };
    format!(
        "Read {} ({} linked, {} exempt){subscriptions}{requests}.",
        counted(totals.accounts, "account"),
        grouped(totals.linked),
        grouped(totals.exempt),
    )
}

/// Names the customer, the subscription and the amount of a finding of a live check. Returns `None` for recorded data,
/// whose documented report has no such line.
fn parties(found: &Reported, contract: &ContractOutcome) -> Option<String> {
    let finding = &found.finding;
    if contract.summary.provider_requests == 0 {
        return None;
    }
    let named = |word: &str, id: &Option<CompactString>| {
        let id = id.as_deref().filter(|id| *id != finding.entity.id())?;
        Some(format!("{word} {}", shown::displayed_name(id)))
    };
    let subject = &finding.subject;
    let amount = (!finding.amount.is_empty())
        .then(|| format!("{} a month at stake", amounts(&finding.amount)));
    let parts = [
        named("customer", &subject.customer),
        named("subscription", &subject.subscription),
        amount,
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| terminal(&parts.join(", ")))
}

/// Returns the evidence of a step, indented below the message.
fn evidence(found: &Reported) -> Vec<String> {
    let shown = ShownFinding::new(&found.finding);
    let lines = shown.evidence.iter();
    lines.map(|line| format!("  {}", terminal(line))).collect()
}

pub(super) fn finding(
    found: &Reported,
    contract: Option<&str>,
    evidence: &[String],
    paint: Paint,
) -> String {
    let shown = ShownFinding::new(&found.finding);
    let severity = found.finding.severity;
    let label = format!("[{}]", severity.as_str().to_uppercase());
    let label = paint.with(severity_style(severity), &label);
    let entity = paint.with(Style::new().bold(), &terminal(&shown.entity));
    let status = shown::status_suffix(found.status.as_ref());
    let mut lines = vec![format!(
        "{label} {entity}{}{}",
        terminal(&status),
        contract_suffix(contract)
    )];
    lines.extend(shown.message.iter().map(|line| terminal(line)));
    lines.extend(evidence.iter().cloned());
    let changes = found.changes.iter();
    lines.extend(changes.map(|change| terminal(&shown::change(change))));
    lines.extend(fix_lines(&shown.fix, paint));
    lines.join("\n")
}

pub(super) fn no_verdict(problem: &Problem, contract: Option<&str>, paint: Paint) -> String {
    let label = error_label(problem, paint);
    let mut lines = vec![format!("{label} no verdict{}", contract_suffix(contract))];
    lines.extend(message_lines(problem, paint));
    lines.join("\n")
}

fn advised(advice: &Warning, contract: Option<&str>, paint: Paint) -> String {
    let label = paint.with(severity_style(Severity::Low), "[ADVICE]");
    let place = shown::place(advice).unwrap_or_else(|| "the contract".to_owned());
    let mut lines = vec![format!(
        "{label} {}{}",
        terminal(&place),
        contract_suffix(contract)
    )];
    lines.push(terminal(&shown::message_line(advice)));
    lines.extend(fix_lines(&shown::hint_lines(advice), paint));
    lines.join("\n")
}

pub(super) fn message_lines<C>(message: &Message<C>, paint: Paint) -> Vec<String> {
    let mut text = shown::message_line(message);
    if let Some(place) = shown::place(message) {
        text = format!("{place}: {text}");
    }
    let mut lines = vec![terminal(&text)];
    lines.extend(fix_lines(&shown::hint_lines(message), paint));
    lines
}

/// Formats the fix. Further lines are aligned with the text of the first.
fn fix_lines(fix: &[String], paint: Paint) -> Vec<String> {
    let label = paint.with(AnsiColor::Green.on_default(), "fix:");
    let line = |(index, line): (usize, &String)| match index {
        0 => format!("{label} {}", terminal(line)),
        _ => terminal(&format!("     {line}")),
    };
    fix.iter().enumerate().map(line).collect()
}

fn contract_suffix(contract: Option<&str>) -> String {
    contract
        .map(|name| format!(" (contract {})", terminal(&shown::displayed_name(name))))
        .unwrap_or_default()
}

pub(super) fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::High => AnsiColor::Red.on_default().bold(),
        Severity::Medium => AnsiColor::Yellow.on_default().bold(),
        Severity::Low => AnsiColor::Cyan.on_default().bold(),
    }
}

pub(super) fn verdict_style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Pass => AnsiColor::Green.on_default().bold(),
        Verdict::Warn => AnsiColor::Yellow.on_default().bold(),
        Verdict::Fail | Verdict::Error => AnsiColor::Red.on_default().bold(),
    }
}

/// Styles text if color is enabled.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    pub(super) color: bool,
}

impl Paint {
    pub(super) fn with(self, style: Style, text: &str) -> String {
        if self.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use crate::{Change, sample};

    use super::*;

    #[test]
    fn the_known_case_is_printed_exactly() {
        // It is recorded, without amounts.
        let mut recorded = sample::failing();
        let users = &mut recorded.contracts[0];
        users.summary.provider_requests = 0;
        users.findings[0].finding.amount = contract::Money::default();
        assert_eq!(
            text(&recorded, false),
            "[HIGH] user:usr_alice\n\
             User has an active/trialing Stripe subscription but has_paid_access is false.\n\
             Revenue leak — user cannot access paid features.\n\
             fix: Set has_paid_access=true in your webhook handler on subscription activation.\n\
             \n\
             VERDICT: FAIL\n"
        );
    }

    #[test]
    fn a_finding_of_a_live_check_names_who_pays_what() {
        let mut outcome = sample::failing();
        outcome.contracts[0].summary.provider_requests = 1;
        let parties =
            "\ncustomer cus_alice, subscription sub_alice_1, 20.00 USD a month at stake\n\n";
        assert!(text(&outcome, false).contains(parties));
        let orphan = &mut outcome.contracts[0].findings[0].finding;
        orphan.entity = contract::Entity::customer("cus_alice");
        orphan.amount = contract::Money::default();
        assert!(text(&outcome, false).contains("\nsubscription sub_alice_1\n\n"));
    }

    #[test]
    fn findings_show_their_status() {
        let outcome = sample::compared();
        let text = text(&outcome, false);
        for line in [
            "[HIGH] user:usr_alice (known)\n",
            "[HIGH] user:usr_bob (new)\n",
            "[LOW] user:usr_carol (accepted until 2026-12-31: Carol leaves at the end of the year.)\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert_eq!(
            summary_line(&outcome).lines().skip(1).collect::<Vec<_>>(),
            [
                "Found 2 high, 1 low; 1 accepted.",
                "Since the check run of `1a2b3c4` on `main`: 1 new, 1 known, 1 fixed; known findings do not fail the \
                 check.",
            ]
        );
    }

    #[test]
    fn the_changed_lines_that_matter_are_reported_before_the_fix() {
        let mut outcome = sample::failing();
        let found = &mut outcome.contracts[0].findings[0];
        found.changes = [("app/a\u{1b}.ts", 42), ("b.ts", 7)]
            .map(|(path, line)| Change {
                path: path.into(),
                line,
                does: "removes a line that sets `has_paid_access`".into(),
            })
            .into();
        let printed = text(&outcome, false);
        let lines: Vec<_> = printed.lines().skip(3).take(3).collect();
        assert_eq!(
            lines,
            [
                "This pull request removes a line that sets `has_paid_access` (app/a\\u{1b}.ts:42)",
                "This pull request removes a line that sets `has_paid_access` (b.ts:7)",
                "fix: Set has_paid_access=true in your webhook handler on subscription activation.",
            ]
        );
    }

    #[test]
    fn without_findings_only_the_verdict_is_printed() {
        assert_eq!(text(&sample::passing(), false), "VERDICT: PASS\n");
    }

    #[test]
    fn color_changes_nothing_but_color() {
        let outcome = sample::several_contracts();
        let colored = text(&outcome, true);
        assert!(colored.contains("\u{1b}["));
        assert_eq!(
            anstream::adapter::strip_str(&colored).to_string(),
            text(&outcome, false)
        );
    }

    #[test]
    fn several_contracts_have_headings() {
        insta::assert_snapshot!(text(&sample::several_contracts(), false));
    }

    #[test]
    fn a_configuration_that_does_not_parse_is_shown_with_its_place() {
        let mut problem = sample::problem("unknown key `plan`", "");
        problem.hint = "did you mean `plans`?\n\nSee the reference.".into();
        problem.place = Some(sample::place("prodverdict.yml", 3));
        let outcome = sample::without_contracts(problem);
        insta::assert_snapshot!(text(&outcome, false));
    }

    #[test]
    fn warnings_suggest_a_fix() {
        let mut outcome = sample::passing();
        assert_eq!(warnings(&outcome.warnings, false), "");
        outcome.warnings = vec![
            sample::advice("the key is not restricted", "create a restricted key"),
            sample::advice("the role can write", ""),
        ];
        assert_eq!(
            warnings(&outcome.warnings, false),
            "[WARNING] the key is not restricted\nfix: create a restricted key\n\n[WARNING] the role can write\n"
        );
    }

    #[test]
    fn the_summary_counts_customers_on_a_test_clock() {
        let mut outcome = sample::passing();
        outcome.contracts[0].summary.on_test_clock = 2;
        let summary = summary_line(&outcome);
        assert!(
            summary.ends_with("\nFound nothing; 2 customers on a test clock, not judged."),
            "{summary}"
        );
    }

    #[test]
    fn advice_comes_before_the_findings_with_its_line() {
        let mut outcome = sample::failing();
        let mut advice = sample::advice("no row holds `Pro`", "write `pro`");
        advice.place = Some(sample::place("prodverdict.yml", 9));
        outcome.contracts[0].advice = vec![advice];
        assert!(text(&outcome, false).starts_with(
            "[ADVICE] prodverdict.yml:9:5\nno row holds `Pro`\nfix: write `pro`\n\n[HIGH] "
        ));
    }

    #[test]
    fn a_long_status_leaves_the_rest_of_the_summary() {
        let mut outcome = sample::passing();
        let statuses = &mut outcome.contracts[0].summary.subscriptions;
        statuses.insert("x".repeat(70_000), 1);
        assert!(
            summary_line(&outcome).contains("(70,000 characters)) in 1 request.\nFound nothing.")
        );
    }

    #[test]
    fn the_summary_names_the_objects_read_and_the_amounts_at_stake() {
        insta::assert_snapshot!(summary_line(&sample::several_contracts()));
        assert_eq!(
            summary_line(&sample::without_contracts(sample::problem("x", ""))),
            "Nothing was read."
        );
        // Zeros would look like actual counts.
        assert_eq!(summary_line(&sample::unanswerable()), "Nothing was judged.");
    }

    #[test]
    fn names_in_a_problem_cannot_fake_a_verdict() {
        let problem = sample::problem("row `a\n\nVERDICT: PASS\n` is no account", "");
        assert_eq!(
            text(&sample::without_contracts(problem), false),
            "error[no-accounts]: no verdict\nrow `a\\n\\nVERDICT: PASS\\n` is no account\n\nVERDICT: ERROR\n"
        );
    }

    proptest! {
        #[test]
        fn no_id_can_add_a_line_or_a_command(id in sample::hostile()) {
            let mut outcome = sample::outcome(vec![sample::contract("a", Source::Stripe, vec![sample::about(&id)])]);
            outcome.contracts[0].findings[0].changes = vec![Change { path: id.clone(), line: 1, does: id.clone() }];
            outcome.contracts[0].summary.subscriptions.insert(id, 1);
            let printed = text(&outcome, false);
            prop_assert!(printed.lines().count() <= 8, "{}", printed);
            prop_assert!(printed.ends_with("\n\nVERDICT: FAIL\n"));
            for line in printed.lines().chain(summary_line(&outcome).lines()) {
                prop_assert!(!line.trim_start().starts_with("::"), "{line}");
                prop_assert!(!line.contains("##["), "{line}");
                prop_assert!(!line.chars().any(char::is_control), "{line}");
            }
        }
    }
}
