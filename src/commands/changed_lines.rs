//! Places findings at the changed lines that most likely caused them, of a pull request or of the working tree.

use std::{collections::BTreeMap, rc::Rc};

use crate::{
    baseline::FindingStatus,
    changes::{
        ChangedFile, ConfigurationChanges, Diff, Finder, LineChange, RelevantLine,
        names_of_contract, names_of_finding,
    },
    config::Config,
    problem::Place,
    report::{Change, Outcome, Reported},
};

/// Larger source files are assumed to be generated.
pub(crate) const MAX_SOURCE_BYTES: usize = 2 * 1024 * 1024;

/// Number of files read to check whether a line was the only one of its kind. Each may cost a request.
const MAX_FILES_READ: usize = 5;

/// Number of changed lines listed with one finding.
const MAX_PLACES: usize = 5;

/// The configuration that was read, and where it is among the changed files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadConfig<'c> {
    pub(crate) config: &'c Config,
    /// Path in places.
    pub(crate) shown: &'c str,
    /// Path among the changed files.
    pub(crate) path: &'c str,
    /// False if another version of the file was read.
    pub(crate) is_changed_version: bool,
}

/// The changed lines of every finding of an outcome.
#[derive(Debug)]
pub(crate) struct ChangedLines {
    /// One entry for each finding, in the order of the contracts.
    relevant: Vec<RelevantChanges>,
    /// Place of a failed step without a changed line, if the configuration names the handler's files.
    fallback: Option<(String, u32)>,
}

impl ChangedLines {
    /// Finds the lines in these files.
    pub(crate) fn find(outcome: &Outcome, read: ReadConfig<'_>, files: &[ChangedFile]) -> Self {
        let rehearsal = read.config.rehearsal.as_ref();
        let handler_paths = rehearsal.map_or(&[][..], |rehearsal| &rehearsal.handler_paths);
        let diff = Diff::new(files, handler_paths, read.path);
        let config_candidates = if read.is_changed_version { files } else { &[] };
        // If the configuration names the handler's files, a failed step belongs there rather than at the configuration.
        let fallback = (outcome.rehearsal.is_some() && !handler_paths.is_empty())
            .then(|| diff.first_change())
            .flatten();
        Self {
            relevant: relevant_changes(outcome, read, &diff, config_candidates),
            fallback: fallback.map(|(path, line)| (path.to_owned(), line)),
        }
    }

    /// Lists the files that are needed to describe the changes in full. Without them, the descriptions are shorter.
    pub(crate) fn files_to_read(&self) -> Vec<&str> {
        let lines = self
            .relevant
            .iter()
            .flat_map(|change| change.relevant_lines.iter());
        let mut wanted: Vec<&str> = Vec::new();
        for line in lines.filter(|line| line.needs_file()) {
            if wanted.len() < MAX_FILES_READ && !wanted.contains(&line.path.as_str()) {
                wanted.push(&line.path);
            }
        }
        wanted
    }

    /// Lists the lines with each finding, and moves its place to the likeliest one. `files_after` has the texts of
    /// files after the change; `shown` rewrites their paths.
    pub(crate) fn place(
        &self,
        outcome: &mut Outcome,
        files_after: &BTreeMap<String, String>,
        shown: &dyn Fn(String) -> String,
    ) {
        let is_rehearsal = outcome.rehearsal.is_some();
        let fallback = self.fallback.as_ref();
        let fallback = fallback.map(|(path, line)| (path.as_str(), *line));
        let contracts = outcome.contracts.iter_mut();
        let findings = contracts.flat_map(|contract| &mut contract.findings);
        for (found, relevant) in findings.zip(&self.relevant) {
            if let Some(place) = relevant.place(found, is_rehearsal, fallback) {
                found.place = Some(Place {
                    path: shown(place.path),
                    ..place
                });
            }
            let changes = relevant
                .changes(files_after)
                .into_iter()
                .map(|change| Change {
                    path: shown(change.path),
                    ..change
                });
            found.changes = changes.collect();
        }
    }
}

/// The changes that are relevant to one finding.
#[derive(Debug, Default)]
struct RelevantChanges {
    configuration_change: Option<Change>,
    relevant_lines: Rc<[RelevantLine]>,
}

/// Returns one entry for each finding, in the order of the contracts. `config_candidates` holds the changed
/// files, among which the configuration is looked for.
fn relevant_changes(
    outcome: &Outcome,
    read: ReadConfig<'_>,
    diff: &Diff<'_>,
    config_candidates: &[ChangedFile],
) -> Vec<RelevantChanges> {
    let mut all = Vec::new();
    for contract_outcome in &outcome.contracts {
        let mut contracts = read.config.contracts.iter();
        let contract = contracts.find(|contract| contract.name == contract_outcome.name);
        let Some(contract) = contract else {
            all.extend(
                contract_outcome
                    .findings
                    .iter()
                    .map(|_| RelevantChanges::default()),
            );
            continue;
        };
        let names = names_of_contract(contract);
        let mut configuration_changes = ConfigurationChanges::new(config_candidates, read.path);
        let mut finder = Finder::new(diff, names.clone());
        all.extend(contract_outcome.findings.iter().map(|found| {
            let place = found
                .place
                .as_ref()
                .filter(|place| place.path == read.shown);
            let place = place.map(|place| Place {
                path: read.path.to_owned(),
                ..place.clone()
            });
            RelevantChanges {
                configuration_change: place
                    .and_then(|place| configuration_changes.change(&place, &names)),
                relevant_lines: finder.relevant_lines(&names_of_finding(&found.finding, contract)),
            }
        }));
    }
    all
}

impl RelevantChanges {
    /// Returns the likeliest changed line, which is annotated instead of the configuration. `None` if the pull request
    /// changes the finding's line of the configuration too, or if the finding existed before it.
    fn place(
        &self,
        found: &Reported,
        is_rehearsal: bool,
        fallback: Option<(&str, u32)>,
    ) -> Option<Place> {
        let existed_before = match found.status {
            Some(FindingStatus::Known | FindingStatus::Accepted { .. }) => true,
            Some(FindingStatus::New) | None => false,
        };
        if existed_before || self.configuration_change.is_some() {
            return None;
        }
        let mut lines = self.relevant_lines.iter();
        let is_annotated = |line: &&RelevantLine| match line.change {
            LineChange::Removes | LineChange::Changes | LineChange::Adds => true,
            // A finding of a check can have causes outside the pull request, and a line that only moved is the least
            // likely cause.
            LineChange::Moves => is_rehearsal,
            // A removed file has no line to annotate.
            LineChange::RemovesFile => false,
        };
        let likeliest = lines
            .find(is_annotated)
            .map(|line| (line.path.as_str(), line.line));
        let (path, line) = likeliest.or(fallback)?;
        Some(Place {
            path: path.to_owned(),
            line,
            column: 1,
            end_line: line,
            end_column: 1,
        })
    }

    fn changes(&self, files_after: &BTreeMap<String, String>) -> Vec<Change> {
        let lines = self.relevant_lines.iter();
        let described =
            lines.map(|line| line.describe(files_after.get(&line.path).map(String::as_str)));
        self.configuration_change
            .iter()
            .cloned()
            .chain(described)
            .take(MAX_PLACES)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        changes::{Name, NameKind},
        contract::{Finding, Money, Rule, Severity, Subject},
    };

    fn found(status: Option<FindingStatus>) -> Reported {
        let finding = Finding {
            rule: Rule::RevenueLeak,
            severity: Severity::High,
            entity: contract::testing::entity("user:1"),
            message: "".into(),
            fix: "".into(),
            subject: Subject::default(),
            evidence: Vec::new().into(),
            amount: Money::default(),
            items_without_amount: 0,
            shares: Box::default(),
            mentions: None,
            fingerprint: String::new().into(),
        };
        Reported {
            status,
            ..Reported::new(finding, None)
        }
    }

    fn relevant_changes(patch: &str, is_removed: bool) -> RelevantChanges {
        let files = [ChangedFile {
            path: "src/a.ts".to_owned(),
            is_removed,
            patch: Some(patch.to_owned()),
            ..ChangedFile::default()
        }];
        let diff = Diff::new(&files, &[], "prodverdict.yml");
        let name = Name::new(NameKind::Column, "has_paid_access").expect("a name");
        RelevantChanges {
            configuration_change: None,
            relevant_lines: Finder::new(&diff, Vec::new()).relevant_lines(&[name]),
        }
    }

    const REMOVED: &str = "@@ -7,2 +7 @@\n-user.has_paid_access = true;\n }";

    #[test]
    fn known_findings_keep_their_annotation() {
        let removed = relevant_changes(REMOVED, false);
        let line = |status| {
            let place = removed.place(&found(status), false, None);
            place.map(|place| place.line)
        };
        assert_eq!(line(None), Some(7));
        assert_eq!(line(Some(FindingStatus::New)), Some(7));
        assert_eq!(line(Some(FindingStatus::Known)), None);
        let accepted = FindingStatus::Accepted {
            reason: String::new(),
            until: None,
        };
        assert_eq!(line(Some(accepted)), None);
        assert_eq!(removed.changes(&BTreeMap::new()).len(), 1);
    }

    #[test]
    fn moved_lines_are_annotated_in_rehearsals_only() {
        let moved = relevant_changes(
            "@@ -7,2 +7,3 @@\n-user.has_paid_access = true;\n+if (paid)\n+  user.has_paid_access = true;\n }",
            false,
        );
        let line = |is_rehearsal| {
            let place = moved.place(&found(None), is_rehearsal, None);
            place.map(|place| place.line)
        };
        assert_eq!((line(false), line(true)), (None, Some(8)));
    }

    #[test]
    fn deleted_files_are_not_annotated() {
        let gone = relevant_changes(REMOVED, true);
        assert_eq!(gone.place(&found(None), true, None), None);
        let fallback = gone.place(&found(None), true, Some(("b.ts", 3)));
        assert_eq!(fallback.map(|place| place.path), Some("b.ts".to_owned()));
        let own = RelevantChanges {
            configuration_change: gone.changes(&BTreeMap::new()).pop(),
            ..relevant_changes(REMOVED, false)
        };
        assert_eq!(own.place(&found(None), false, None), None);
    }
}
