//! Groups findings of one cause: the same rule, sentence, fix and changed lines. Ids and numbers may differ.

use std::collections::HashMap;

use baseline::FindingStatus;
use contract::Finding;

use super::{
    Change, ContractOutcome, Outcome, Reported,
    find::{longest_first, replaced},
    shown::ShownFinding,
};

/// Maximum number of findings that are grouped. No text that groups findings can show more.
const MAX_GROUPED: usize = 10_000;

/// Placeholder for an id or a number that differs.
const PLACEHOLDER: &str = "…";

/// Findings of one cause. New ones come first, then the most severe.
#[derive(Debug)]
pub(super) struct FindingGroup<'a> {
    pub(super) contract: &'a ContractOutcome,
    pub(super) first: &'a Reported,
    others: Vec<&'a Reported>,
}

/// Properties that the findings of a group have in common.
#[derive(PartialEq, Eq, Hash)]
struct GroupKey<'a> {
    contract: &'a str,
    rule: &'static str,
    severity: &'static str,
    is_accepted: bool,
    message: Vec<String>,
    fix: Vec<String>,
    changes: Vec<(&'a str, u32, &'a str)>,
}

/// Rank of a finding in lists: new ones first, accepted ones last.
pub(super) fn rank(found: &Reported) -> u8 {
    match found.status {
        None | Some(FindingStatus::New) => 0,
        Some(FindingStatus::Known) => 1,
        Some(FindingStatus::Accepted { .. }) => 2,
    }
}

/// Groups the findings, in the order of the first of each group.
pub(super) fn groups(outcome: &Outcome) -> Vec<FindingGroup<'_>> {
    let mut findings = outcome.findings();
    findings.sort_by_key(|(_, found)| rank(found));
    let mut groups: Vec<FindingGroup<'_>> = Vec::new();
    let mut positions: HashMap<GroupKey<'_>, usize> = HashMap::new();
    for (contract, found) in findings.into_iter().take(MAX_GROUPED) {
        let position = *positions
            .entry(GroupKey::new(contract, found))
            .or_insert(groups.len());
        match groups.get_mut(position) {
            Some(group) => group.others.push(found),
            None => groups.push(FindingGroup {
                contract,
                first: found,
                others: Vec::new(),
            }),
        }
    }
    groups
}

impl<'a> GroupKey<'a> {
    fn new(contract: &'a ContractOutcome, found: &'a Reported) -> Self {
        let finding = &found.finding;
        let shown = ShownFinding::new(finding);
        let names = numbered_ids(finding);
        let alike = |line: &String| without_numbers(&without(line, &names));
        let change = |change: &'a Change| (change.path.as_str(), change.line, change.does.as_str());
        Self {
            contract: &contract.name,
            rule: finding.rule.as_str(),
            severity: finding.severity.as_str(),
            is_accepted: rank(found) == 2,
            message: shown.message.iter().map(alike).collect(),
            fix: shown.fix.iter().map(alike).collect(),
            changes: found.changes.iter().map(change).collect(),
        }
    }
}

impl<'a> FindingGroup<'a> {
    pub(super) fn len(&self) -> usize {
        self.others.len().saturating_add(1)
    }

    pub(super) fn findings(&self) -> impl Iterator<Item = &'a Reported> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// Returns the texts of the group.
    pub(super) fn texts(&self) -> GroupTexts {
        let first = ShownFinding::new(&self.first.finding);
        let mut differs = vec![false; first.message.len()];
        let mut has_other_fix = false;
        for found in &self.others {
            let shown = ShownFinding::new(&found.finding);
            for ((differs, line), other) in
                differs.iter_mut().zip(&first.message).zip(&shown.message)
            {
                *differs |= line != other;
            }
            has_other_fix |= shown.fix != first.fix;
        }
        let mut texts = GroupTexts {
            fix: first.fix,
            ..GroupTexts::default()
        };
        for ((index, line), differs) in first.message.into_iter().enumerate().zip(differs) {
            if differs {
                texts.differing_lines.push(index);
            } else {
                texts.sentence.push(line);
            }
        }
        if has_other_fix {
            let names = numbered_ids(&self.first.finding);
            texts.fix = texts.fix.iter().map(|line| without(line, &names)).collect();
        }
        texts
    }
}

/// Texts that the findings of a group share.
#[derive(Debug, Default)]
pub(super) struct GroupTexts {
    /// Lines of the message.
    pub(super) sentence: Vec<String>,
    /// Positions of the message's lines that differ between the findings.
    pub(super) differing_lines: Vec<usize>,
    /// The fix. If it names different ids, they are left out.
    pub(super) fix: Vec<String>,
}

/// Lists every id that the texts of a finding may name, as it appears there.
fn numbered_ids(finding: &Finding) -> Vec<(String, String)> {
    let subject = &finding.subject;
    let subject_ids = [
        subject.account.as_deref(),
        subject.customer.as_deref(),
        subject.subscription.as_deref(),
        Some(finding.entity.id()),
    ];
    let named = subject.named.iter().map(String::as_str);
    let all = subject_ids.into_iter().flatten().chain(named);
    let mut ids: Vec<_> = all
        .filter(|id| !id.is_empty())
        .map(|id| (super::shown::displayed_name(id), PLACEHOLDER.to_owned()))
        .collect();
    longest_first(&mut ids, |(id, _)| id);
    ids
}

fn without(line: &str, names: &[(String, String)]) -> String {
    let joins = |next: Option<char>| next.is_some_and(|next| next.is_alphanumeric() || next == '_');
    replaced(line, names, |_, before, after| {
        !joins(before) && !joins(after)
    })
}

fn without_numbers(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for character in line.chars() {
        if !character.is_ascii_digit() {
            out.push(character);
        } else if !out.ends_with(PLACEHOLDER) {
            out.push_str(PLACEHOLDER);
        }
    }
    out
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use crate::sample;
    use contract::Source;

    use super::*;

    #[test]
    fn ids_and_numbers_may_differ_within_a_group() {
        let finding = |id: &str, seats: u32| {
            let mut finding = sample::about(id);
            finding.message = format!("Team {id} has {seats} seats.\nSeat drift.").into();
            finding.fix = format!("Store seats on {id}.").into();
            finding
        };
        let findings = vec![finding("a", 3), finding("b", 14)];
        let outcome = sample::outcome(vec![sample::contract("teams", Source::Stripe, findings)]);
        let groups = groups(&outcome);
        assert_eq!(groups.len(), 1);
        let texts = groups[0].texts();
        assert_eq!(texts.sentence, ["Seat drift."]);
        assert_eq!(texts.differing_lines, [0]);
        assert_eq!(texts.fix, ["Store seats on …."]);
    }

    #[test]
    fn another_sentence_or_another_line_is_another_group() {
        let mut outcome = sample::outcome(vec![sample::contract(
            "users",
            Source::Stripe,
            vec![sample::alice(), sample::alice(), sample::alice()],
        )]);
        let findings = &mut outcome.contracts[0].findings;
        findings[1].finding.message = "User is elsewhere.".into();
        findings[2].changes = vec![sample::change("a.ts", 1, "adds a line")];
        assert_eq!(groups(&outcome).len(), 3);
    }

    #[test]
    fn the_group_of_a_new_finding_comes_first() {
        let mut outcome = sample::many(4);
        let findings = &mut outcome.contracts[0].findings;
        for found in findings.iter_mut() {
            found.status = Some(FindingStatus::Known);
        }
        findings[2].status = Some(FindingStatus::New);
        findings[3].finding.message = "Something else.".into();
        let groups = groups(&outcome);
        let ids: Vec<_> = groups[0]
            .findings()
            .map(|found| found.finding.entity.id().to_owned())
            .collect();
        assert_eq!(ids, ["usr_000002", "usr_000000", "usr_000001"]);
        assert_eq!(groups[1].len(), 1);
    }
}
