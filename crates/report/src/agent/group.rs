//! Findings with one cause in the report for agents.

use schemars::JsonSchema;
use serde::Serialize;

use contract::Finding;

use super::{AgentChange, AgentPlace, fitting::Room};
use crate::{
    count::length,
    find::{longest_first, replaced},
    groups::FindingGroup,
    json::ReportSeverity,
    json_status::ReportStatus,
    shown::{ShownFinding, displayed_name},
};

/// Findings with one cause.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Group")]
pub(super) struct AgentGroup {
    /// Name of the contract; null if there is only one.
    contract: Option<String>,
    /// `revenue-leak`, `wrongful-access`, …
    rule: &'static str,
    severity: ReportSeverity,
    /// Number of findings.
    count: u64,
    /// Null if nothing was compared.
    standing: Option<ReportStatus>,
    /// The mismatch; names that are no plain identifiers are in quotation marks.
    cause: String,
    fix: String,
    /// The changed line that most likely matters, or else the line of the configuration.
    place: Option<AgentPlace>,
    /// Changed lines that may be related, most likely first. They are not necessarily the cause.
    changes: Vec<AgentChange>,
    /// The first accounts, customers, subscriptions, or steps of scenarios (`scenario:<id>/<step>`).
    entities: Vec<String>,
    /// The first facts about the first finding.
    evidence: Vec<String>,
}

impl AgentGroup {
    pub(super) fn new(group: &FindingGroup<'_>, is_one_of_several: bool, room: Room) -> Self {
        let first = group.first;
        let finding = &first.finding;
        let texts = group.texts();
        let names = quoted_names(finding);
        let text =
            |lines: &[String]| room.text(&replaced(&lines.join("\n"), &names, |_, _, _| true));
        let shown = ShownFinding::new(finding);
        let evidence = shown.evidence.iter().take(room.examples);
        let entities = group.findings().take(room.examples);
        Self {
            contract: is_one_of_several.then(|| room.name(&group.contract.name)),
            rule: finding.rule.as_str(),
            severity: ReportSeverity::from(finding.severity),
            count: length(group.len()),
            standing: first.status.as_ref().map(ReportStatus::from),
            cause: text(&texts.sentence),
            fix: text(&texts.fix),
            place: AgentPlace::new(first.place.as_ref(), room),
            changes: first
                .changes
                .iter()
                .take(room.examples)
                .map(|change| AgentChange::new(change, room))
                .collect(),
            entities: entities
                .map(|found| room.name(&found.finding.entity))
                .collect(),
            evidence: evidence.map(|line| room.line(line)).collect(),
        }
    }
}

/// Returns true if a name cannot be read as a sentence.
pub(super) fn is_plain(name: &str) -> bool {
    let may_be_in_it = |c: char| c.is_ascii_alphanumeric() || "_-.:@/+".contains(c);
    !name.is_empty() && name.chars().all(may_be_in_it)
}

/// Lists the names in the texts of a finding that could be read as a part of the sentence, with quotation marks.
fn quoted_names(finding: &Finding) -> Vec<(String, String)> {
    let subject = &finding.subject;
    let of_subject = [
        subject.account.as_deref(),
        subject.customer.as_deref(),
        subject.subscription.as_deref(),
        subject.price.as_deref(),
        subject.status.as_deref(),
        subject.plan_found.as_deref(),
        subject.plan_expected.as_deref(),
    ];
    let of_subject = of_subject.into_iter().flatten();
    let named = subject.named.iter().map(String::as_str);
    let all = of_subject.chain(named).chain([finding.entity.id()]);
    let mut names: Vec<(String, String)> = all
        .filter(|name| !is_plain(name) && !name.is_empty())
        .map(displayed_name)
        .map(|name| {
            let quoted = format!("\"{}\"", name.replace('"', "'"));
            (name, quoted)
        })
        .collect();
    longest_first(&mut names, |(name, _)| name);
    names
}
