//! The table of a group's findings: one row for each account, with links.

use std::ops::Range;

use crate::{
    Reported,
    amount::amounts,
    groups::{FindingGroup, GroupTexts},
    links::{self, DashboardPage},
    neutral::{
        markdown::{code_cell, prose_cell},
        shortened, visible,
    },
    shown::ShownFinding,
};
use baseline::{FindingStatus, day_of};
use contract::{EntityKind, UnixSeconds};

/// Maximum length of a text in a cell.
const CELL_CHARACTERS: usize = 160;

/// Meaning of the last column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AgeColumn {
    /// New, known or accepted, for a pull request.
    Status,
    /// The day on which the finding was first seen, for an issue that stays open. The value is the time of this run, at
    /// which new findings are first seen.
    Since(UnixSeconds),
}

/// The optional contents of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct TableOptions {
    pub(super) has_links: bool,
    pub(super) has_subscriptions: bool,
    pub(super) age: AgeColumn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Entity,
    /// Lines of the message that are not the same in all rows.
    Message,
    Customer,
    PlanFound,
    PlanExpected,
    Amount,
    Age,
    /// The id of the subscription. It comes last because a narrow screen does not show it.
    Subscription,
}

impl Column {
    const ALL: [Self; 8] = [
        Self::Entity,
        Self::Message,
        Self::Customer,
        Self::PlanFound,
        Self::PlanExpected,
        Self::Amount,
        Self::Age,
        Self::Subscription,
    ];

    fn title(self, group: &FindingGroup<'_>, age: AgeColumn) -> &'static str {
        match self {
            Self::Entity => entity_title(group.first.finding.entity.kind()),
            Self::Customer => "Customer",
            Self::Subscription => "Subscription",
            Self::Message => "Finding",
            Self::PlanFound => "Plan stored",
            Self::PlanExpected => "Plan paid",
            Self::Amount => "At stake",
            Self::Age => match age {
                AgeColumn::Status => "Standing",
                AgeColumn::Since(_) => "Since",
            },
        }
    }

    fn rule(self) -> &'static str {
        if self == Self::Amount { "--:" } else { "---" }
    }
}

fn entity_title(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Account => "Account",
        EntityKind::Accounts => "Accounts",
        EntityKind::Customer => "Customer",
        EntityKind::Subscription => "Subscription",
        EntityKind::Price => "Price",
        EntityKind::Feature => "Feature",
        EntityKind::Status => "Status",
        EntityKind::Step => "Step",
    }
}

/// The rendered table of one group.
pub(super) struct AccountTable {
    /// The titles and the line below them.
    head: String,
    rows: Vec<String>,
}

impl AccountTable {
    /// Renders the first findings of the group.
    pub(super) fn new(
        group: &FindingGroup<'_>,
        texts: &GroupTexts,
        max: usize,
        options: TableOptions,
    ) -> Self {
        let cells = Cells {
            group,
            texts,
            options,
        };
        let row = |found| Column::ALL.map(|column| cells.cell(column, found));
        let rows: Vec<_> = group.findings().take(max).map(row).collect();
        let is_used = |index: usize| {
            rows.iter()
                .any(|row| row.get(index).is_some_and(Option::is_some))
        };
        let used: Vec<_> = (0..Column::ALL.len())
            .filter(|index| is_used(*index))
            .collect();
        let columns = || used.iter().filter_map(|index| Column::ALL.get(*index));
        let line = |cells: Vec<&str>| format!("| {} |", cells.join(" | "));
        let titles = columns()
            .map(|column| column.title(group, options.age))
            .collect();
        let rules = columns().map(|column| column.rule()).collect();
        let cells_of = |row: &[Option<String>; 8]| {
            let cells = used.iter().filter_map(|index| row.get(*index));
            line(
                cells
                    .map(|cell| cell.as_deref().unwrap_or_default())
                    .collect(),
            )
        };
        Self {
            head: format!("{}\n{}", line(titles), line(rules)),
            rows: rows.iter().map(cells_of).collect(),
        }
    }

    /// Returns the rows at these positions, below the titles.
    pub(super) fn text(&self, rows: Range<usize>) -> String {
        let rows = self.rows.get(rows).unwrap_or_default();
        format!("{}\n{}", self.head, rows.join("\n"))
    }
}

/// Returns true if the table shows more than the heading of a single finding.
pub(super) fn is_useful(group: &FindingGroup<'_>, age: AgeColumn) -> bool {
    let finding = &group.first.finding;
    let subject = &finding.subject;
    let (kind, id) = (finding.entity.kind(), finding.entity.id());
    let is_accepted = matches!(group.first.status, Some(FindingStatus::Accepted { .. }));
    let is_linked = match kind {
        EntityKind::Account => links::account(group.contract, id).is_some(),
        EntityKind::Customer | EntityKind::Subscription => group.contract.mode.is_some(),
        EntityKind::Accounts
        | EntityKind::Price
        | EntityKind::Feature
        | EntityKind::Status
        | EntityKind::Step => false,
    };
    let has_parties = (kind != EntityKind::Customer && subject.customer.is_some())
        || (kind != EntityKind::Subscription && subject.subscription.is_some());
    let has_plans = subject.plan_found.is_some() || subject.plan_expected.is_some();
    group.len() > 1
        || is_accepted
        || is_linked
        || has_parties
        || has_plans
        || !finding.amount.is_empty()
        || matches!(age, AgeColumn::Since(_))
}

/// Renders the cells of a table.
struct Cells<'t> {
    group: &'t FindingGroup<'t>,
    texts: &'t GroupTexts,
    options: TableOptions,
}

impl Cells<'_> {
    /// Returns the content of a cell, if the finding has any.
    fn cell(&self, column: Column, found: &Reported) -> Option<String> {
        let finding = &found.finding;
        let subject = &finding.subject;
        let kind = finding.entity.kind();
        match column {
            Column::Entity => {
                let id = finding.entity.id();
                Some(match kind {
                    EntityKind::Account => self.linked(id, links::account(self.group.contract, id)),
                    EntityKind::Customer => self.object(DashboardPage::Customer, id),
                    EntityKind::Subscription => self.object(DashboardPage::Subscription, id),
                    EntityKind::Accounts
                    | EntityKind::Price
                    | EntityKind::Feature
                    | EntityKind::Status
                    | EntityKind::Step => code_cell(id),
                })
            }
            Column::Customer => {
                let id = subject.customer.as_deref();
                let id = id.filter(|_| kind != EntityKind::Customer)?;
                Some(self.object(DashboardPage::Customer, id))
            }
            Column::Subscription => {
                let id = subject.subscription.as_deref();
                let is_shown = kind != EntityKind::Subscription && self.options.has_subscriptions;
                Some(self.object(DashboardPage::Subscription, id.filter(|_| is_shown)?))
            }
            Column::Message => self.message(found),
            Column::PlanFound => subject.plan_found.as_deref().map(code_cell),
            Column::PlanExpected => subject.plan_expected.as_deref().map(code_cell),
            Column::Amount => {
                (!finding.amount.is_empty()).then(|| prose_cell(&amounts(&finding.amount), &[]))
            }
            Column::Age => self.age(found),
        }
    }

    fn object(&self, page: DashboardPage, id: &str) -> String {
        self.linked(id, links::dashboard(self.group.contract, page, id))
    }

    fn linked(&self, id: &str, url: Option<String>) -> String {
        let id = code_cell(id);
        match url.filter(|_| self.options.has_links) {
            // `&lt;` would be read as a character.
            Some(url) => format!("[{id}]({})", url.replace('&', "&amp;")),
            None => id,
        }
    }

    fn message(&self, found: &Reported) -> Option<String> {
        let shown = ShownFinding::new(&found.finding);
        let lines = self.texts.differing_lines.iter();
        let lines: Vec<_> = lines
            .filter_map(|index| shown.message.get(*index))
            .map(|line| prose_cell(&shortened(line, CELL_CHARACTERS), &shown.names))
            .collect();
        (!lines.is_empty()).then(|| lines.join(" "))
    }

    fn age(&self, found: &Reported) -> Option<String> {
        if let Some(FindingStatus::Accepted { reason, until }) = &found.status {
            let until = until.as_deref().map(code_cell);
            let until = until.map_or_else(String::new, |day| format!(" until {day}"));
            let reason = shortened(&visible(reason.trim()), CELL_CHARACTERS);
            let reason = prose_cell(&reason, &[]);
            return Some(match reason.as_str() {
                "" => format!("accepted{until}"),
                reason => format!("accepted{until}: {reason}"),
            });
        }
        let day = |time: UnixSeconds| format!("`{}`", day_of(time));
        match (self.options.age, &found.status) {
            (AgeColumn::Since(now), _) => Some(day(found.first_seen.unwrap_or(now))),
            (AgeColumn::Status, None) => None,
            (AgeColumn::Status, Some(FindingStatus::New)) => Some("**new**".to_owned()),
            (AgeColumn::Status, Some(_)) => Some(match found.first_seen {
                Some(time) => format!("known since {}", day(time)),
                None => "known".to_owned(),
            }),
        }
    }
}
