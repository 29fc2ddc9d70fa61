//! The top of the page: verdict, problems, amounts at stake, and figures for rules and contracts.

use maud::{Markup, html};

use super::words::{code, line, lines, prose};
use crate::{
    ContractOutcome, Figure, Outcome, Overview, PlayedResult, PlayedScenario, Rehearsed,
    count::{by_rule, counted, grouped, length},
    meaning::meaning,
    shown,
    text::summary_line,
};
use contract::{Severity, Verdict};
use problem::{ErrorCode, Message};

/// Maximum number of contracts that the origin names.
const MAX_NAMED_CONTRACTS: usize = 3;

/// Width of the longest bar in drawing units.
const MAX_BAR_WIDTH: u64 = 1000;

/// Width at which a bar can still be seen.
const MIN_BAR_WIDTH: u64 = 6;

pub(super) fn sections(outcome: &Outcome) -> Markup {
    html! {
        (verdict(outcome))
        (problems(outcome))
        (advice(outcome))
        (numbers(outcome))
        (rules(outcome))
        @if outcome.contracts.len() > 1 { (contracts(outcome)) }
        @if let Some(rehearsed) = &outcome.rehearsal { (scenarios(rehearsed)) }
        (warnings(outcome))
    }
}

fn verdict(outcome: &Outcome) -> Markup {
    let meaning = meaning(outcome);
    let (mark, word) = match outcome.verdict {
        Verdict::Pass => ("✓", "Pass"),
        Verdict::Warn => ("!", "Warn"),
        Verdict::Fail => ("✕", "Fail"),
        Verdict::Error => ("?", "No verdict"),
    };
    html! {
        section class={ "verdict verdict-" (outcome.verdict) } aria-label="Verdict" {
            span .mark aria-hidden="true" { (mark) }
            div {
                h1 { (word) }
                p {
                    (meaning.says)
                    @if let Some(warns) = meaning.warns { " " strong { (warns) } }
                }
                @if let Some(since) = &outcome.since {
                    p .muted {
                        "Compared with " (prose(&since.source, &[])) "."
                        @if since.lets_known_pass { " Known findings do not fail the check." }
                    }
                }
                (origin(outcome))
            }
        }
    }
}

/// Names the version, the contracts, the configuration and the time of the check.
fn origin(outcome: &Outcome) -> Markup {
    let names = || {
        outcome
            .contracts
            .iter()
            .take(MAX_NAMED_CONTRACTS)
            .enumerate()
    };
    html! {
        @if let Some(provenance) = &outcome.provenance {
            p .muted #origin {
                "ProdVerdict " (code(&provenance.version)) ", "
                @match outcome.contracts.len() {
                    0 => {},
                    several if several > MAX_NAMED_CONTRACTS => { (grouped(length(several))) " contracts of " },
                    number => {
                        @if number == 1 { "contract " } @else { "contracts " }
                        @for (index, contract) in names() {
                            @if index > 0 { ", " }
                            (code(&contract.name))
                        }
                        " of "
                    },
                }
                (code(&provenance.config)) ", checked at "
                (code(&provenance.checked_at.to_string())) "."
            }
        }
    }
}

fn problems(outcome: &Outcome) -> Markup {
    let contract_problems = outcome.contracts.iter().filter_map(|contract| {
        let problem = contract.problem.as_ref()?;
        Some((Some(contract.name.as_str()), problem))
    });
    let run_problems = outcome.problems.iter().map(|problem| (None, problem));
    let all: Vec<_> = run_problems.chain(contract_problems).collect();
    html! {
        @if !all.is_empty() {
            section aria-labelledby="problems" {
                h2 #problems { "What prevented the verdict" }
                @for (contract, message) in all { (problem(contract, Some(message.code), message)) }
            }
        }
    }
}

fn problem<C>(contract: Option<&str>, id: Option<ErrorCode>, problem: &Message<C>) -> Markup {
    let hint = shown::hint_lines(problem);
    html! {
        div .problem {
            @if contract.is_some() || id.is_some() || problem.place.is_some() {
                p .muted {
                    @if let Some(id) = id { (code(&format!("error[{id}]"))) " " }
                    @if let Some(name) = contract { "Contract " (code(name)) " " }
                    @if let Some(place) = shown::place(problem) { (code(&place)) }
                }
            }
            p { (prose(&shown::message_line(problem), &[])) }
            @if !hint.is_empty() { p .fix { strong { "Fix: " } (lines(&hint, &[])) } }
        }
    }
}

fn numbers(outcome: &Outcome) -> Markup {
    let overview = Overview::new(outcome);
    let counts = overview.status_figures.iter();
    let tiles: Vec<(&Figure, &str)> = overview
        .money
        .iter()
        .map(|figure| (figure, "a month"))
        .chain(overview.severities.iter().map(|figure| {
            let is_one = figure.value == "1";
            (figure, if is_one { "finding" } else { "findings" })
        }))
        .chain(counts.map(|figure| {
            let unit = match figure.label {
                "Known" => "from before",
                "Accepted" => "by the team",
                _ => "since then",
            };
            (figure, unit)
        }))
        .collect();
    let items = overview.items_without_amount;
    html! {
        @if !tiles.is_empty() {
            dl .tiles {
                @for (Figure { label, value }, unit) in tiles {
                    div { dt { (label) } dd { b { (line(value)) } " " span { (unit) } } }
                }
            }
        }
        @if items > 0 {
            p .muted {
                (counted(items, "item")) " without a fixed amount (metered or tiered), not in these sums."
            }
        }
    }
}

fn rules(outcome: &Outcome) -> Markup {
    let counts = by_rule(outcome);
    let max = counts.values().map(|count| count.all).max().unwrap_or(1);
    html! {
        @if !counts.is_empty() {
            section aria-labelledby="rules" {
                h2 #rules { "Rules that are broken" }
                table .rules {
                    thead { tr {
                        th scope="col" { "Rule" }
                        th scope="col" .number { "Findings" }
                        th scope="col" .drawing { span .hidden { "Share" } }
                        th scope="col" .meaning { "Broken when" }
                    } }
                    tbody {
                        @for ((severity, rule), count) in counts {
                            tr {
                                th scope="row" {
                                    a href="#findings" data-only-rule=(rule) { (rule) }
                                }
                                td .number { (grouped(count.all)) }
                                td .drawing {
                                    svg viewBox={ "0 0 " (MAX_BAR_WIDTH) " 8" } preserveAspectRatio="none" aria-hidden="true" {
                                        rect class={ "bar " (severity) } height="8"
                                            width=((count.all.saturating_mul(MAX_BAR_WIDTH) / max).max(MIN_BAR_WIDTH)) {}
                                    }
                                }
                                td .meaning { (rule.info().description) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn contracts(outcome: &Outcome) -> Markup {
    let count = |contract: &ContractOutcome, severity| match (
        contract.summary.count(severity),
        &contract.problem,
    ) {
        (0, Some(_)) => "–".to_owned(),
        (number, _) => grouped(number),
    };
    html! {
        section aria-labelledby="contracts" {
            h2 #contracts { "Contracts" }
            div .wide {
                table {
                    thead { tr {
                        th scope="col" { "Contract" }
                        th scope="col" { "Verdict" }
                        @for severity in Severity::ALL { th scope="col" .number { (severity) } }
                        th scope="col" .number { "Accounts" }
                    } }
                    tbody {
                        @for contract in &outcome.contracts {
                            tr {
                                th scope="row" { (code(&contract.name)) }
                                td { (verdict_word(contract.verdict)) }
                                @for severity in Severity::ALL {
                                    td .number { (count(contract, severity)) }
                                }
                                td .number { (grouped(contract.summary.accounts)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn verdict_word(verdict: Verdict) -> Markup {
    let word = match verdict {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
        Verdict::Error => "no verdict",
    };
    html! { span class={ "tag verdict-" (verdict) } { (word) } }
}

fn scenarios(rehearsed: &Rehearsed) -> Markup {
    html! {
        section aria-labelledby="scenarios" {
            h2 #scenarios { "Scenarios" }
            p { (rehearsed.sentence()) }
            @if !rehearsed.scenarios.is_empty() {
                div .wide {
                    table {
                        thead { tr {
                            th scope="col" { "Scenario" }
                            th scope="col" { "Result" }
                            th scope="col" .number { "Plays" }
                            th scope="col" .number { "Events" }
                            th scope="col" { "A correct app ends with" }
                        } }
                        tbody { @for played in &rehearsed.scenarios { (scenario(played)) } }
                    }
                }
            }
        }
    }
}

fn scenario(scenario: &PlayedScenario) -> Markup {
    let (class, word) = match scenario.result {
        PlayedResult::Held => ("verdict-pass", "held"),
        PlayedResult::Broken => ("verdict-fail", "broken"),
        PlayedResult::LeftOut => ("verdict-error", "left out"),
        PlayedResult::NotReached => ("verdict-error", "not reached"),
        PlayedResult::CouldNotTell => ("verdict-error", "could not tell"),
    };
    let prefix = match scenario.result {
        PlayedResult::NotReached | PlayedResult::CouldNotTell => "",
        PlayedResult::Held | PlayedResult::Broken | PlayedResult::LeftOut => "left out: ",
    };
    html! {
        tr {
            th scope="row" { (code(&scenario.id)) br; span .muted { (line(&scenario.title)) } }
            td { span class={ "tag " (class) } { (word) } }
            td .number { (grouped(scenario.plays)) }
            td .number { (grouped(scenario.events)) }
            td {
                (prose(&scenario.ends, &[]))
                @for reason in &scenario.left_out {
                    br; span .muted { (prefix) (prose(reason, &[])) }
                }
            }
        }
    }
}

fn advice(outcome: &Outcome) -> Markup {
    html! {
        @if outcome.advice().next().is_some() {
            section aria-labelledby="advice" {
                h2 #advice { "Advice on the contract (does not affect the verdict)" }
                @for (advice, contract) in outcome.advice() { (problem(contract, None, advice)) }
            }
        }
    }
}

fn warnings(outcome: &Outcome) -> Markup {
    html! {
        @if !outcome.warnings.is_empty() {
            section aria-labelledby="warnings" {
                h2 #warnings { "Warnings (do not affect the verdict)" }
                @for warning in &outcome.warnings { (problem(None, None, warning)) }
            }
        }
    }
}

/// Lists what was read as the basis of the verdict.
pub(super) fn footer(outcome: &Outcome) -> Markup {
    let summary = summary_line(outcome);
    html! {
        footer {
            @for text in summary.lines() { p { (line(text)) } }
        }
    }
}
