//! Places findings at the lines of the pull request that most likely caused them.

use std::{collections::BTreeMap, rc::Rc};

use crate::{
    baseline::FindingStatus,
    changes::{ChangedFile, Deed, Diff, Finder, OwnLines, Touch, of_contract, of_finding},
    config::Config,
    github::{Client, ClientError, Context, ReportPolicy, Repository, Trust},
    problem::{Place, Warning},
    report::{Change, Outcome, Reported},
};

/// Larger source files are assumed to be generated.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Number of files read to check whether a line was the only one of its kind. Each costs a request.
const MAX_FILES_READ: usize = 5;

/// Number of changed lines listed with one finding.
const MAX_PLACES: usize = 5;

/// Lists the relevant changed lines with each finding, and moves its annotation to the likeliest one. `path` is the
/// path of the configuration. If GitHub does not list the changes, findings stay where they are and a warning gives the
/// reason.
pub(super) async fn place(
    outcome: &mut Outcome,
    (config, path): (&Config, &str),
    context: &Context,
    client: Option<Client>,
) {
    let has_findings = outcome.contracts.iter().any(|one| !one.findings.is_empty());
    // Without a token nothing is published on GitHub, and the publisher reports that.
    let (Some(mut client), Some(repository), Some(number), Some(sha), true, true) = (
        client,
        &context.repository,
        context.pull_request,
        &context.commits.head,
        // A merge group knows its pull request too, but reports on another commit.
        context.policies.comment != ReportPolicy::No,
        has_findings,
    ) else {
        return;
    };
    let files = match client.changed_files(repository, number, sha).await {
        Ok(files) => files,
        Err(error) => return outcome.warnings.push(unlisted(&error)),
    };
    // For untrusted code, the configuration that was read is not the file that the pull request changes.
    let is_own = context.trust == Trust::Ordinary;
    let own_files = if is_own { files.as_slice() } else { &[] };
    let rehearsal = config.rehearsal.as_ref();
    let handler_paths = rehearsal.map_or(&[][..], |one| &one.handler_paths);
    let diff = Diff::new(&files, handler_paths, path);
    let all = touched(outcome, config, &diff, (own_files, path));
    let now = read(&all, &mut client, (repository, sha)).await;
    // If the configuration names the handler's files, a failed step belongs there rather than at the configuration.
    let otherwise = (outcome.rehearsal.is_some() && !handler_paths.is_empty())
        .then(|| diff.first_change())
        .flatten();
    let is_rehearsal = outcome.rehearsal.is_some();
    let findings = outcome
        .contracts
        .iter_mut()
        .flat_map(|one| &mut one.findings);
    for (found, touched) in findings.zip(all) {
        if let Some(place) = touched.place(found, is_rehearsal, otherwise) {
            found.place = Some(place);
        }
        found.changes = touched.changes(&now);
    }
    outcome.are_changes_known = true;
}

fn unlisted(error: &ClientError) -> Warning {
    Warning::new(format!(
        "what the pull request changes cannot be read, so that findings are shown at the \
         configuration: {}",
        Warning::from(error).message
    ))
    .hint("give the job `pull-requests: read` or `write`")
}

/// Changes of the pull request that are relevant to one finding.
#[derive(Default)]
struct Touched {
    own_line: Option<Change>,
    touches: Rc<[Touch]>,
}

/// Returns one entry for each finding, in the order of the contracts. `own` holds the changed files to search for the
/// configuration, and the configuration's path.
fn touched(
    outcome: &Outcome,
    config: &Config,
    diff: &Diff<'_>,
    own: (&[ChangedFile], &str),
) -> Vec<Touched> {
    let mut all = Vec::new();
    for contract_outcome in &outcome.contracts {
        let mut contracts = config.contracts.iter();
        let contract = contracts.find(|one| one.name == contract_outcome.name);
        let Some(contract) = contract else {
            all.extend(contract_outcome.findings.iter().map(|_| Touched::default()));
            continue;
        };
        let of_contract = of_contract(contract);
        let mut own_lines = OwnLines::new(own.0, own.1);
        let mut finder = Finder::new(diff, of_contract.clone());
        all.extend(contract_outcome.findings.iter().map(|found| {
            let place = found.place.as_ref();
            Touched {
                own_line: place.and_then(|place| own_lines.change(place, &of_contract)),
                touches: finder.touches(&of_finding(&found.finding, contract)),
            }
        }));
    }
    all
}

impl Touched {
    /// Returns the likeliest changed line, to annotate instead. `None` if the finding's own line of the configuration
    /// changes too, or if the finding existed before the pull request.
    fn place(
        &self,
        found: &Reported,
        is_rehearsal: bool,
        otherwise: Option<(&str, u32)>,
    ) -> Option<Place> {
        let was_there = match found.status {
            Some(FindingStatus::Known | FindingStatus::Accepted { .. }) => true,
            Some(FindingStatus::New) | None => false,
        };
        if was_there || self.own_line.is_some() {
            return None;
        }
        let mut touches = self.touches.iter();
        let shows = |touch: &&Touch| match touch.deed {
            Deed::Removes | Deed::Changes | Deed::Adds => true,
            // A check's finding can have any cause, and a line that only moved is the least likely one.
            Deed::Moves => is_rehearsal,
            // A removed file has no line to annotate.
            Deed::RemovesFile => false,
        };
        let likeliest = touches
            .find(shows)
            .map(|touch| (touch.path.as_str(), touch.line));
        let (path, line) = likeliest.or(otherwise)?;
        Some(Place {
            path: path.to_owned(),
            line,
            column: 1,
            end_line: line,
            end_column: 1,
        })
    }

    fn changes(&self, now: &BTreeMap<String, String>) -> Vec<Change> {
        let touches = self.touches.iter();
        let described =
            touches.map(|touch| touch.describe(now.get(&touch.path).map(String::as_str)));
        self.own_line
            .iter()
            .cloned()
            .chain(described)
            .take(MAX_PLACES)
            .collect()
    }
}

/// Fetches the files needed to describe the changes in full, as of the head commit. Files that cannot be read are left
/// out, and the description is shorter.
async fn read(
    all: &[Touched],
    client: &mut Client,
    (repository, sha): (&Repository, &str),
) -> BTreeMap<String, String> {
    let touches = all.iter().flat_map(|one| one.touches.iter());
    let mut wanted: Vec<&str> = Vec::new();
    for touch in touches.filter(|touch| touch.asks_for_file()) {
        if wanted.len() < MAX_FILES_READ && !wanted.contains(&touch.path.as_str()) {
            wanted.push(&touch.path);
        }
    }
    let mut now = BTreeMap::new();
    for path in wanted {
        if let Ok(Some(text)) = client.fetch_file(repository, path, sha, MAX_BYTES).await {
            now.insert(path.to_owned(), text);
        }
    }
    now
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

    fn touched(patch: &str, is_removed: bool) -> Touched {
        let files = [ChangedFile {
            path: "src/a.ts".to_owned(),
            is_removed,
            patch: Some(patch.to_owned()),
            ..ChangedFile::default()
        }];
        let diff = Diff::new(&files, &[], "prodverdict.yml");
        let name = Name::new(NameKind::Column, "has_paid_access").expect("a name");
        Touched {
            own_line: None,
            touches: Finder::new(&diff, Vec::new()).touches(&[name]),
        }
    }

    const REMOVED: &str = "@@ -7,2 +7 @@\n-user.has_paid_access = true;\n }";

    #[test]
    fn known_findings_keep_their_annotation() {
        let touched = touched(REMOVED, false);
        let line = |status| {
            let place = touched.place(&found(status), false, None);
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
        assert_eq!(touched.changes(&BTreeMap::new()).len(), 1);
    }

    #[test]
    fn moved_lines_are_annotated_in_rehearsals_only() {
        let moved = touched(
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
        let gone = touched(REMOVED, true);
        assert_eq!(gone.place(&found(None), true, None), None);
        let otherwise = gone.place(&found(None), true, Some(("b.ts", 3)));
        assert_eq!(otherwise.map(|place| place.path), Some("b.ts".to_owned()));
        let own = Touched {
            own_line: gone.changes(&BTreeMap::new()).pop(),
            ..touched(REMOVED, false)
        };
        assert_eq!(own.place(&found(None), false, None), None);
    }
}
