//! The scenarios of a rehearsal, as text and as a Markdown table with one line for each.

use super::{
    count::{counted, grouped, length},
    neutral::{
        LINE_CHARACTERS,
        markdown::{code_cell, prose},
        shortened, terminal, visible,
    },
};
use problem::{ErrorCode, Problem};

/// Maximum size of the table. The number of custom scenarios is unlimited, and the findings must fit too.
const TABLE_BYTES: usize = 12_000;

/// Maximum length of a cell that is not shortened.
const CELL_CHARACTERS: usize = 200;

/// The scenarios of a rehearsal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rehearsed {
    /// Scenarios in the order of the list; empty if the rehearsal did not start.
    pub scenarios: Vec<PlayedScenario>,
}

/// Result of one scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayedScenario {
    pub id: String,
    pub title: String,
    /// The expected final state of a correct application.
    pub ends: String,
    pub result: PlayedResult,
    /// Reasons why the scenario was skipped, completely or in part.
    pub left_out: Vec<String>,
    /// Number of runs, each with a separate account.
    pub plays: u64,
    pub steps: u64,
    /// Number of deliveries, including repeats.
    pub events: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayedResult {
    Held,
    Broken,
    /// Skipped completely.
    LeftOut,
    /// Not completed because of another scenario's result.
    NotReached,
    /// Undecided: the handler made a request that the fake does not support, or the scenario makes no sense.
    CouldNotTell,
}

impl PlayedResult {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Broken => "BROKEN",
            Self::LeftOut => "left out",
            Self::NotReached => "not reached",
            Self::CouldNotTell => "COULD NOT TELL",
        }
    }
}

impl Rehearsed {
    fn count(&self, result: PlayedResult) -> u64 {
        let scenarios = self.scenarios.iter();
        length(
            scenarios
                .filter(|scenario| scenario.result == result)
                .count(),
        )
    }

    /// Returns true if every scenario that could run was completed.
    pub fn is_complete(&self) -> bool {
        self.count(PlayedResult::NotReached) == 0 && self.count(PlayedResult::CouldNotTell) == 0
    }

    /// Returns true if at least one scenario was judged.
    pub fn is_any_judged(&self) -> bool {
        self.count(PlayedResult::Held) + self.count(PlayedResult::Broken) > 0
    }

    /// Returns the problem of the first undecided scenario.
    pub(super) fn undecided(&self) -> Option<Problem> {
        let mut scenarios = self.scenarios.iter();
        let scenario = scenarios.find(|scenario| scenario.result == PlayedResult::CouldNotTell)?;
        Some(
            Problem::new(
                ErrorCode::ScenarioUnplayable,
                format!(
                    "the scenario `{}` could not be judged: {}",
                    scenario.id,
                    scenario.left_out.join("; ")
                ),
            )
            .hint("skip it in `rehearsal.scenarios` if the application can do without it"),
        )
    }

    /// Lists the ids of the broken scenarios, in order.
    pub fn broken(&self) -> impl Iterator<Item = &str> {
        let broken = |scenario: &&PlayedScenario| scenario.result == PlayedResult::Broken;
        let scenarios = self.scenarios.iter().filter(broken);
        scenarios.map(|scenario| scenario.id.as_str())
    }

    fn events(&self) -> u64 {
        self.scenarios.iter().map(|scenario| scenario.events).sum()
    }

    /// Summarizes the rehearsal in numbers.
    pub(super) fn sentence(&self) -> String {
        if self.scenarios.is_empty() {
            return "Nothing was played.".to_owned();
        }
        let broken = match self.count(PlayedResult::Broken) {
            0 => String::new(),
            broken => format!(", {} broken", grouped(broken)),
        };
        let left_out = match self.count(PlayedResult::LeftOut) {
            0 => String::new(),
            left_out => format!(", {} left out", grouped(left_out)),
        };
        let not_reached = match self.count(PlayedResult::NotReached) {
            0 => String::new(),
            not_reached => format!(", {} not reached", grouped(not_reached)),
        };
        let undecided = match self.count(PlayedResult::CouldNotTell) {
            0 => String::new(),
            undecided => format!(", {} could not be judged", grouped(undecided)),
        };
        let played = self.count(PlayedResult::Held) + self.count(PlayedResult::Broken);
        format!(
            "Played {} with {}: {} held{broken}{undecided}{not_reached}{left_out}.",
            counted(played, "scenario"),
            counted(self.events(), "event"),
            grouped(self.count(PlayedResult::Held)),
        )
    }

    /// Lists the scenarios for a terminal, one on each line.
    pub(super) fn text(&self) -> String {
        let width = self
            .scenarios
            .iter()
            .map(|scenario| scenario.id.len())
            .max();
        let width = width.unwrap_or_default().min(60);
        let mut lines = vec!["scenarios".to_owned()];
        for scenario in &self.scenarios {
            let mut line = format!("  {:width$}  {}", scenario.id, scenario.result.as_str());
            if !scenario.left_out.is_empty() {
                let reasons = scenario.left_out.join("; ");
                line = match scenario.result {
                    PlayedResult::LeftOut
                    | PlayedResult::NotReached
                    | PlayedResult::CouldNotTell => format!("{line}: {reasons}"),
                    PlayedResult::Held | PlayedResult::Broken => {
                        format!("{line} (left out: {reasons})")
                    }
                };
            }
            lines.push(terminal(&shortened(&visible(&line), LINE_CHARACTERS)));
        }
        lines.join("\n")
    }

    /// Renders a folded table.
    pub(super) fn markdown(&self) -> String {
        if self.scenarios.is_empty() {
            return self.sentence();
        }
        let mut lines = vec![
            format!("<details>\n<summary>{}</summary>\n", self.sentence()),
            "| Scenario | Result | Plays | Events | A correct app ends with |".to_owned(),
            "|---|---|--:|--:|---|".to_owned(),
        ];
        let mut bytes = 0;
        for (index, scenario) in self.scenarios.iter().enumerate() {
            if bytes > TABLE_BYTES {
                let more = length(self.scenarios.len() - index);
                lines.push(format!("\n… and {}", counted(more, "more scenario")));
                break;
            }
            let mark = match scenario.result {
                PlayedResult::Held => "held",
                PlayedResult::Broken => "**broken**",
                PlayedResult::LeftOut => "left out",
                PlayedResult::NotReached => "not reached",
                PlayedResult::CouldNotTell => "**could not tell**",
            };
            let mut ends = cell(&scenario.ends);
            if !scenario.left_out.is_empty() {
                let reasons = cell(&scenario.left_out.join("; "));
                ends = match scenario.result {
                    PlayedResult::NotReached | PlayedResult::CouldNotTell => {
                        format!("{ends} ({reasons})")
                    }
                    PlayedResult::Held | PlayedResult::Broken | PlayedResult::LeftOut => {
                        format!("{ends} (left out: {reasons})")
                    }
                };
            }
            let line = format!(
                "| {} | {mark} | {} | {} | {ends} |",
                code_cell(&scenario.id),
                grouped(scenario.plays),
                grouped(scenario.events),
            );
            bytes += line.len();
            lines.push(line);
        }
        lines.push("\n</details>".to_owned());
        lines.join("\n")
    }
}

/// Formats prose for a table cell. A pipe would end the cell, even inside code.
fn cell(text: &str) -> String {
    let text = shortened(&visible(text), CELL_CHARACTERS);
    prose(&text.replace('|', "/"), &[])
}
