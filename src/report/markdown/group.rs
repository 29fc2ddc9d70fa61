//! Renders a group of findings: heading, sentence, fix, changed lines, accounts and the evidence of the first.

use maud::html;

use crate::{
    baseline::FindingStatus,
    contract::EntityKind,
    report::{
        Outcome, Reported,
        count::{counted, grouped, length},
        groups::FindingGroup,
        neutral::{NAME_CHARACTERS, markdown::code, shortened, visible},
        shown::Shown,
    },
};

use super::{
    LINE_BREAK,
    accounts::{AccountTable, AgeColumn, TableRoom, is_useful},
    finding::{changed_lines, heading, prose_lines},
};

/// Largest number of rows that are shown. A longer table is folded.
const OPEN_ROWS: usize = 3;

/// Number of ids in the summary of a folded table.
const MAX_NAMED_IDS: usize = OPEN_ROWS;

/// Maximum number of rows of one group. No text has room for more.
const MAX_ROWS: usize = 3_000;

/// Parts that are left out, one more with each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Whole,
    FoldedLinks,
    Evidence,
    Subscriptions,
    Links,
}

impl Step {
    pub(super) const ALL: [Self; 5] = [
        Self::Whole,
        Self::FoldedLinks,
        Self::Evidence,
        Self::Subscriptions,
        Self::Links,
    ];

    /// Describes the parts that this step and those before it leave out.
    pub(super) fn note(self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::FoldedLinks => {
                Some("Left out to fit: links of folded accounts. The job summary holds them.")
            }
            Self::Evidence => Some(
                "Left out to fit: links of folded accounts, and evidence. The job summary holds them.",
            ),
            Self::Subscriptions => Some(
                "Left out to fit: links of folded accounts, evidence, and subscriptions. The job summary holds them.",
            ),
            Self::Links => Some(
                "Left out to fit: links of accounts, evidence, and subscriptions. The job summary holds them.",
            ),
        }
    }
}

/// Extent of a group's text.
#[derive(Debug, Clone, Copy)]
pub(super) struct GroupRoom {
    pub(super) step: Step,
    /// Maximum number of rows.
    pub(super) rows: usize,
}

/// The rendered parts of a group, which are combined into texts of any length.
pub(super) struct GroupBlock {
    /// Heading, sentence, fix and changed lines.
    top: String,
    evidence: Option<String>,
    noun: &'static str,
    /// The first ids, as HTML.
    ids: Vec<String>,
    has_table: bool,
    linked: AccountTable,
    linked_without_subscriptions: AccountTable,
    plain: AccountTable,
    without_subscriptions: AccountTable,
    findings: usize,
}

impl GroupBlock {
    /// Renders a group. The changed lines are linked to the diff of `pull_request`.
    pub(super) fn new(
        group: &FindingGroup<'_>,
        outcome: &Outcome,
        pull_request: Option<&str>,
        age: AgeColumn,
    ) -> Self {
        let first = Shown::new(&group.first.finding);
        let texts = group.texts();
        let mut lines = prose_lines(&texts.sentence, &first.names);
        if !texts.fix.is_empty() {
            let fix = prose_lines(&texts.fix, &first.names).join(LINE_BREAK);
            lines.push(format!("**Fix:** {fix}"));
        }
        let changes = changed_lines(&group.first.changes, pull_request);
        let is_one_line = group.first.changes.len() == 1;
        let (line, list) = if is_one_line {
            (changes, None)
        } else {
            (None, changes)
        };
        lines.extend(line);
        let mut top = vec![title(group, outcome)];
        if !lines.is_empty() {
            top.push(lines.join(LINE_BREAK));
        }
        top.extend(list);
        let table = |has_links, has_subscriptions| {
            let room = TableRoom {
                has_links,
                has_subscriptions,
                age,
            };
            AccountTable::new(group, &texts, MAX_ROWS, room)
        };
        Self {
            top: top.join("\n\n"),
            evidence: evidence(group, &first),
            noun: noun(group.first.finding.entity.kind()),
            ids: ids(group),
            has_table: is_useful(group, age),
            linked: table(true, true),
            linked_without_subscriptions: table(true, false),
            plain: table(false, true),
            without_subscriptions: table(false, false),
            findings: group.len(),
        }
    }

    /// Returns the number of findings that a text with this room shows.
    pub(super) fn shown(&self, room: GroupRoom) -> usize {
        if self.has_table {
            self.findings.min(room.rows).min(MAX_ROWS)
        } else {
            self.findings
        }
    }

    /// Returns the text. A long table is folded, with the evidence, under the first ids.
    pub(super) fn text(&self, room: GroupRoom) -> String {
        let mut parts = vec![self.top.clone()];
        let evidence = self.evidence.clone().filter(|_| room.step < Step::Evidence);
        let rows = self.shown(room);
        if !self.has_table {
            parts.extend(evidence);
        } else if rows > OPEN_ROWS {
            let summary = self.summary(rows);
            let table = self.table(Step::FoldedLinks, room.step);
            parts.push(format!("<details>\n<summary>{summary}</summary>"));
            parts.push(table.text(0..rows));
            parts.extend(evidence);
            parts.push("</details>".to_owned());
        } else {
            if rows > 0 {
                parts.push(self.table(Step::Links, room.step).text(0..rows));
            }
            parts.extend(evidence);
        }
        parts.join("\n\n")
    }

    /// Returns the summary of a folded table, which has more rows than named ids.
    fn summary(&self, rows: usize) -> String {
        let more = length(rows.saturating_sub(self.ids.len()));
        let more = counted(more, &format!("more {}", self.noun));
        format!("{} and {more}", self.ids.join(", "))
    }

    /// Returns the table at this step, whose links are left out by the step `unlinked`.
    fn table(&self, unlinked: Step, step: Step) -> &AccountTable {
        match (step < unlinked, step < Step::Subscriptions) {
            (true, true) => &self.linked,
            (true, false) => &self.linked_without_subscriptions,
            (false, true) => &self.plain,
            (false, false) => &self.without_subscriptions,
        }
    }
}

fn title(group: &FindingGroup<'_>, outcome: &Outcome) -> String {
    let name = outcome.name_of(group.contract);
    let of_contract = name.map_or_else(String::new, |name| format!(" in contract {}", code(name)));
    let finding = &group.first.finding;
    if group.len() == 1 {
        let heading = heading(group.first, &Shown::new(finding));
        return format!("{heading}{of_contract}");
    }
    let number = counted(length(group.len()), noun(finding.entity.kind()));
    format!(
        "#### {}: {number} ({}{}){of_contract}",
        finding.severity.as_str().to_uppercase(),
        finding.rule,
        standings(group)
    )
}

/// Returns the first ids as HTML, because GitHub reads no Markdown in a summary.
fn ids(group: &FindingGroup<'_>) -> Vec<String> {
    let id = |found: &Reported| {
        let id = shortened(&visible(found.finding.entity.id()), NAME_CHARACTERS);
        html! { code { (id) } }.into_string()
    };
    group.findings().take(MAX_NAMED_IDS).map(id).collect()
}

fn noun(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Account => "account",
        EntityKind::Customer => "customer",
        EntityKind::Subscription => "subscription",
        EntityKind::Price => "price",
        EntityKind::Feature => "feature",
        EntityKind::Accounts | EntityKind::Status | EntityKind::Step => "finding",
    }
}

/// Counts the findings of the group that are new, known and accepted.
fn standings(group: &FindingGroup<'_>) -> String {
    let count = |word: &str| {
        let standings = group.findings().filter_map(|found| found.standing.as_ref());
        length(standings.filter(|standing| standing.word() == word).count())
    };
    let words = FindingStatus::WORDS.into_iter();
    let counted = words.filter_map(|word| {
        let number = count(word);
        (number > 0).then(|| format!(", {} {word}", grouped(number)))
    });
    counted.collect()
}

/// Lists the evidence of the first finding.
fn evidence(group: &FindingGroup<'_>, first: &Shown) -> Option<String> {
    if first.evidence.is_empty() {
        return None;
    }
    let lines = prose_lines(&first.evidence, &first.names);
    let lines: Vec<_> = lines.iter().map(|line| format!("- {line}")).collect();
    let of_first = if group.len() > 1 {
        format!(" of the first, {}", code(group.first.finding.entity.id()))
    } else {
        String::new()
    };
    Some(format!("**Evidence{of_first}:**\n\n{}", lines.join("\n")))
}
