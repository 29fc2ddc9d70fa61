//! Renders a group of findings: heading, sentence, fix, changed lines, accounts and the evidence of the first.

use maud::html;

use crate::{
    Outcome, Reported,
    count::{counted, grouped, length},
    groups::{FindingGroup, GroupTexts},
    neutral::{NAME_CHARACTERS, markdown::code, shortened, visible},
    shown::ShownFinding,
};
use baseline::FindingStatus;
use contract::EntityKind;

use super::{
    LINE_BREAK,
    accounts::{AccountTable, AgeColumn, TableOptions, is_useful},
    finding::{changed_lines, heading, prose_lines},
};

/// Maximum number of rows before a table is folded.
const MAX_UNFOLDED_ROWS: usize = 3;

/// Number of ids in the summary of a folded table.
// A folded table always has more rows, so “and N more” is never zero.
const MAX_NAMED_IDS: usize = MAX_UNFOLDED_ROWS;

/// Maximum number of rows of one group. No rendered text fits more.
const MAX_ROWS: usize = 3_000;

/// The parts that are omitted. Each level also omits everything that the previous one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum OmissionLevel {
    Whole,
    FoldedLinks,
    Evidence,
    Subscriptions,
    Links,
}

impl OmissionLevel {
    pub(super) const ALL: [Self; 5] = [
        Self::Whole,
        Self::FoldedLinks,
        Self::Evidence,
        Self::Subscriptions,
        Self::Links,
    ];

    /// Describes the parts that are omitted at this level.
    pub(super) fn note(self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::FoldedLinks => {
                Some("Left out to fit: links of folded accounts. See the job summary.")
            }
            Self::Evidence => Some(
                "Left out to fit: links of folded accounts, and evidence. See the job summary.",
            ),
            Self::Subscriptions => Some(
                "Left out to fit: links of folded accounts, evidence, and subscriptions. See the job summary.",
            ),
            Self::Links => Some(
                "Left out to fit: links of accounts, evidence, and subscriptions. See the job summary.",
            ),
        }
    }
}

/// The part of a group to render.
#[derive(Debug, Clone, Copy)]
pub(super) struct GroupLimits {
    pub(super) level: OmissionLevel,
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
    complete: AccountTable,
    without_subscriptions: AccountTable,
    without_links: AccountTable,
    without_either: AccountTable,
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
        let first = ShownFinding::new(&group.first.finding);
        let texts = group.texts();
        let table = |has_links, has_subscriptions| {
            let options = TableOptions {
                has_links,
                has_subscriptions,
                age,
            };
            AccountTable::new(group, &texts, MAX_ROWS, options)
        };
        Self {
            top: render_top(group, &texts, &first, outcome, pull_request),
            evidence: evidence(group, &first),
            noun: entity_noun(group.first.finding.entity.kind()),
            ids: first_ids(group),
            has_table: is_useful(group, age),
            complete: table(true, true),
            without_subscriptions: table(true, false),
            without_links: table(false, true),
            without_either: table(false, false),
            findings: group.len(),
        }
    }

    /// Returns the number of findings that a text within these limits shows.
    pub(super) fn shown_findings(&self, limits: GroupLimits) -> usize {
        if self.has_table {
            self.findings.min(limits.rows).min(MAX_ROWS)
        } else {
            self.findings
        }
    }

    /// Returns the text. A long table is folded together with the evidence; the first ids are its summary.
    pub(super) fn text(&self, limits: GroupLimits) -> String {
        let mut parts = vec![self.top.clone()];
        let evidence = self
            .evidence
            .clone()
            .filter(|_| limits.level < OmissionLevel::Evidence);
        let rows = self.shown_findings(limits);
        if !self.has_table {
            parts.extend(evidence);
        } else if rows > MAX_UNFOLDED_ROWS {
            let summary = self.summary(rows);
            let table = self.table(OmissionLevel::FoldedLinks, limits.level);
            parts.push(format!("<details>\n<summary>{summary}</summary>"));
            parts.push(table.text(0..rows));
            parts.extend(evidence);
            parts.push("</details>".to_owned());
        } else {
            if rows > 0 {
                parts.push(self.table(OmissionLevel::Links, limits.level).text(0..rows));
            }
            parts.extend(evidence);
        }
        parts.join("\n\n")
    }

    /// Returns the summary of a folded table.
    fn summary(&self, rows: usize) -> String {
        let more = length(rows.saturating_sub(self.ids.len()));
        let more = counted(more, &format!("more {}", self.noun));
        format!("{} and {more}", self.ids.join(", "))
    }

    /// Returns the table at this level. Links are omitted from `links_omitted_at` on.
    fn table(&self, links_omitted_at: OmissionLevel, level: OmissionLevel) -> &AccountTable {
        match (
            level < links_omitted_at,
            level < OmissionLevel::Subscriptions,
        ) {
            (true, true) => &self.complete,
            (true, false) => &self.without_subscriptions,
            (false, true) => &self.without_links,
            (false, false) => &self.without_either,
        }
    }
}

/// Renders the heading, the sentence, the fix and the changed lines: a single line inline, several as a list.
fn render_top(
    group: &FindingGroup<'_>,
    texts: &GroupTexts,
    first: &ShownFinding,
    outcome: &Outcome,
    pull_request: Option<&str>,
) -> String {
    let mut lines = prose_lines(&texts.sentence, &first.names);
    if !texts.fix.is_empty() {
        let fix = prose_lines(&texts.fix, &first.names).join(LINE_BREAK);
        lines.push(format!("**Fix:** {fix}"));
    }
    let changes = changed_lines(&group.first.changes, pull_request);
    let (inline_change, change_list) = if group.first.changes.len() == 1 {
        (changes, None)
    } else {
        (None, changes)
    };
    lines.extend(inline_change);
    let mut top = vec![render_title(group, outcome)];
    if !lines.is_empty() {
        top.push(lines.join(LINE_BREAK));
    }
    top.extend(change_list);
    top.join("\n\n")
}

fn render_title(group: &FindingGroup<'_>, outcome: &Outcome) -> String {
    let name = outcome.name_of(group.contract);
    let contract_suffix =
        name.map_or_else(String::new, |name| format!(" in contract {}", code(name)));
    let finding = &group.first.finding;
    if group.len() == 1 {
        let heading = heading(group.first, &ShownFinding::new(finding));
        return format!("{heading}{contract_suffix}");
    }
    let number = counted(length(group.len()), entity_noun(finding.entity.kind()));
    format!(
        "#### {}: {number} ({}{}){contract_suffix}",
        finding.severity.as_str().to_uppercase(),
        finding.rule,
        status_counts(group)
    )
}

/// Returns the first ids as HTML, because GitHub reads no Markdown in a summary.
fn first_ids(group: &FindingGroup<'_>) -> Vec<String> {
    let id = |found: &Reported| {
        let id = shortened(&visible(found.finding.entity.id()), NAME_CHARACTERS);
        html! { code { (id) } }.into_string()
    };
    group.findings().take(MAX_NAMED_IDS).map(id).collect()
}

fn entity_noun(kind: EntityKind) -> &'static str {
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
fn status_counts(group: &FindingGroup<'_>) -> String {
    let count = |word: &str| {
        let statuses = group.findings().filter_map(|found| found.status.as_ref());
        length(statuses.filter(|status| status.as_str() == word).count())
    };
    let counts = FindingStatus::NAMES.into_iter().filter_map(|word| {
        let number = count(word);
        (number > 0).then(|| format!(", {} {word}", grouped(number)))
    });
    counts.collect()
}

/// Lists the evidence of the first finding.
fn evidence(group: &FindingGroup<'_>, first: &ShownFinding) -> Option<String> {
    if first.evidence.is_empty() {
        return None;
    }
    let lines = prose_lines(&first.evidence, &first.names);
    let lines: Vec<_> = lines.iter().map(|line| format!("- {line}")).collect();
    let first_suffix = if group.len() > 1 {
        format!(" of the first, {}", code(group.first.finding.entity.id()))
    } else {
        String::new()
    };
    Some(format!(
        "**Evidence{first_suffix}:**\n\n{}",
        lines.join("\n")
    ))
}
