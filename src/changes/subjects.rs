//! The events and columns of a contract that changed lines are about.

use std::collections::BTreeMap;

use super::{
    diff::{Diff, FileDiff, Hunk},
    finder::Finder,
    mention::mention,
    name::{Name, NameKind},
    names::{names_of_contract, names_of_field},
    patch::Side,
    paths,
};
use crate::{config::AccessContract, contract::Field};

/// Events and columns that changed lines are about, each with the first such line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangedSubjects {
    pub events: BTreeMap<String, ChangedLine>,
    pub fields: BTreeMap<Field, ChangedLine>,
    /// The first line of billing code that is about none of them.
    pub other: Option<ChangedLine>,
}

/// A line of a changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedLine {
    pub path: String,
    /// Line number in the new version of the file, counted from one.
    pub line: u32,
}

impl ChangedSubjects {
    /// Finds the subjects of each hunk: the events and columns that its changed lines mention or, if those mention no
    /// event, the event of the nearest line above them.
    pub fn find<'e>(
        diff: &Diff<'_>,
        contract: &AccessContract,
        events: impl Iterator<Item = &'e str>,
    ) -> Self {
        let events: Vec<_> = events
            .filter_map(|event| Some((event, Name::new(NameKind::Event, event)?)))
            .collect();
        let mut finder = Finder::new(diff, names_of_contract(contract));
        // The lines of each hunk, by its place in the diff.
        let mut of_events: BTreeMap<(usize, usize), Vec<(&str, u32)>> = BTreeMap::new();
        for (event, name) in &events {
            for (place, line) in finder.places(name) {
                of_events.entry(place).or_default().push((event, line));
            }
        }
        let mut of_fields: BTreeMap<(usize, usize), Vec<(Field, u32)>> = BTreeMap::new();
        for field in contract.contract.columns.keys() {
            for name in names_of_field(*field, contract) {
                for (place, line) in finder.places(&name) {
                    of_fields.entry(place).or_default().push((*field, line));
                }
            }
        }
        let mut found = Self::default();
        for (at, file) in diff.files.iter().enumerate() {
            let spot = |line| ChangedLine {
                path: file.path.to_owned(),
                line,
            };
            for (number, hunk) in file.hunks.iter().enumerate() {
                let place = (at, number);
                let fields = of_fields.get(&place).map_or(&[][..], Vec::as_slice);
                for (field, line) in fields {
                    found.fields.entry(*field).or_insert_with(|| spot(*line));
                }
                let own = of_events.remove(&place).unwrap_or_default();
                let about = if own.is_empty() {
                    event_above(hunk, &events).into_iter().collect()
                } else {
                    own
                };
                for (event, line) in &about {
                    let entry = found.events.entry((*event).to_owned());
                    entry.or_insert_with(|| spot(*line));
                }
                let is_other = fields.is_empty() && about.is_empty() && is_billing(file, hunk);
                if is_other && found.other.is_none() {
                    found.other = first_change(hunk).map(spot);
                }
            }
            // A file that is too large has no hunks.
            if file.hunks.is_empty() && file.is_of_handler && found.other.is_none() {
                found.other = Some(spot(1));
            }
        }
        found
    }
}

/// Returns the event of the nearest line above the first change of a hunk, with the line that changes.
fn event_above<'e>(hunk: &Hunk<'_>, events: &[(&'e str, Name)]) -> Option<(&'e str, u32)> {
    let lines = hunk.lines.iter();
    let above = lines.take_while(|line| line.line.side == Side::Kept);
    let changed = first_change(hunk)?;
    let above: Vec<_> = above.filter(|line| line.is_code).collect();
    above.into_iter().rev().find_map(|line| {
        let mut events = events.iter();
        let (event, _) = events.find(|(_, name)| mention(line.line.text, name).is_some())?;
        Some((*event, changed))
    })
}

fn first_change(hunk: &Hunk<'_>) -> Option<u32> {
    let mut lines = hunk.lines.iter();
    let changed = lines.find(|line| line.line.side != Side::Kept)?;
    Some(changed.line.number)
}

fn is_billing(file: &FileDiff<'_>, hunk: &Hunk<'_>) -> bool {
    file.is_of_handler || paths::mentions_billing(file.path) || hunk.mentions_provider
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{changes::ChangedFile, config};

    const CONTRACT: &str = "version: 1\ncontracts:\n  - type: access\n    source_of_truth: stripe\n    database:\n      \
        users_table: users\n      columns: { id: id, stripe_customer_id: stripe_customer_id, has_paid_access: has_paid_access, seats: seats }\n    \
        plans: { price_1Pro: pro }\n";

    const EVENTS: [&str; 3] = [
        "customer.subscription.deleted",
        "customer.subscription.updated",
        "invoice.paid",
    ];

    fn find(path: &str, patch: &str, handler_paths: &[&str]) -> ChangedSubjects {
        let files = [ChangedFile {
            path: path.to_owned(),
            patch: Some(patch.to_owned()),
            ..ChangedFile::default()
        }];
        let handler_paths: Vec<_> = handler_paths.iter().map(|one| (*one).to_owned()).collect();
        let diff = Diff::new(&files, &handler_paths, "prodverdict.yml");
        let contract = config::load(CONTRACT, "a.yml")
            .expect("a configuration")
            .contracts
            .remove(0);
        ChangedSubjects::find(&diff, &contract, EVENTS.into_iter())
    }

    fn names(found: &ChangedSubjects) -> Vec<(String, u32)> {
        let events = found.events.iter();
        let events = events.map(|(event, at)| (event.clone(), at.line));
        let fields = found.fields.iter();
        let fields = fields.map(|(field, at)| (field.as_str().to_owned(), at.line));
        events.chain(fields).collect()
    }

    #[test]
    fn changed_lines_are_about_what_they_mention() {
        let found = find(
            "src/stripe.js",
            "@@ -4,2 +4,2 @@\n   case 'invoice.paid':\n-  case 'customer.subscription.deleted':\n+  user.seats = 0;\n",
            &[],
        );
        let deleted = "customer.subscription.deleted".to_owned();
        assert_eq!(names(&found), [(deleted, 5), ("seats".to_owned(), 5)]);
        assert_eq!(found.other, None);
    }

    #[test]
    fn a_changed_line_is_about_the_event_above_it() {
        let found = find(
            "src/stripe.js",
            "@@ -4,5 +4,4 @@\n   case 'invoice.paid':\n     break;\n   case 'customer.subscription.updated':\n     x();\n-    revoke(user);\n   case \
             'customer.subscription.deleted':\n",
            &[],
        );
        assert_eq!(names(&found), [(EVENTS[1].to_owned(), 8)]);
    }

    #[test]
    fn other_lines_count_in_billing_code_only() {
        let patch = "@@ -4,2 +4,1 @@\n a\n-b();\n";
        let found = find("src/stripe.js", patch, &[]);
        assert_eq!(found.other.as_ref().map(|at| at.line), Some(4));
        assert_eq!(names(&found), []);
        assert_eq!(find("src/page.js", patch, &[]), ChangedSubjects::default());
        let handler = find("src/page.js", patch, &["src/*.js"]);
        assert!(handler.other.is_some());
        let elsewhere = find("src/stripe.js", patch, &["app/**"]);
        assert_eq!(elsewhere, ChangedSubjects::default());
    }
}
