//! Finds the change that a pull request makes to the line of `prodverdict.yml` at which a finding is reported.

use std::collections::BTreeMap;

use super::{
    ChangedFile,
    mention::mention,
    name::Name,
    patch::{PatchLine, Side, hunks},
};
use crate::contract::Field;
use crate::problem::Place;
use crate::report::Change;

/// The lines of the configuration that the pull request changes.
#[derive(Debug, Default)]
pub struct ConfigurationChanges<'p> {
    path: &'p str,
    hunks: Vec<Vec<PatchLine<'p>>>,
    cached: BTreeMap<(u32, u32), Option<Change>>,
}

impl<'p> ConfigurationChanges<'p> {
    /// Ignores a file that is new as a whole, because all of its lines are additions.
    pub fn new(files: &'p [ChangedFile], configuration: &str) -> Self {
        let mut files = files.iter();
        let is_changed =
            |file: &&ChangedFile| file.path == configuration && !file.is_added && !file.is_removed;
        files
            .find(is_changed)
            .map_or_else(Self::default, |file| Self {
                path: &file.path,
                hunks: hunks(file.patch.as_deref().unwrap_or_default()),
                cached: BTreeMap::new(),
            })
    }

    /// Returns the change to the line at which a finding is reported, or `None` if the line is unchanged. `names` are
    /// those of the finding's contract. They must be the same on every call, because results are cached.
    pub fn change(&mut self, place: &Place, names: &[Name]) -> Option<Change> {
        if self.path != place.path {
            return None;
        }
        let lines = (place.line, place.end_line.max(place.line));
        if let Some(cached) = self.cached.get(&lines) {
            return cached.clone();
        }
        let change = self.find(lines, names);
        self.cached.insert(lines, change.clone());
        change
    }

    fn find(&self, (first, last): (u32, u32), names: &[Name]) -> Option<Change> {
        // The checkout is merged with the base, which may have shifted the lines, so the line must also mention a name.
        let is_match = |line: &PatchLine<'_>| {
            let is_inside = (first..=last).contains(&line.number);
            line.side == Side::Added && is_inside && mentions_any(line.text, names)
        };
        let mut hunks = self.hunks.iter();
        let (hunk, at) = hunks.find_map(|hunk| Some((hunk, hunk.iter().position(is_match)?)))?;
        let mut before = hunk.iter().take(at).rev();
        let replaced = before.find(|line| line.side != Side::Added);
        let does = match replaced.map(|line| line.side) {
            Some(Side::Removed) => "changes",
            Some(Side::Added | Side::Kept) | None => "adds",
        };
        let what = if last > first {
            "a line of the entry"
        } else {
            "the line"
        };
        Some(Change {
            path: self.path.to_owned(),
            line: hunk.get(at)?.number,
            does: format!("{does} {what} of the configuration that this finding is about"),
        })
    }
}

fn mentions_any(line: &str, names: &[Name]) -> bool {
    let contains_word = |word: &str| {
        line.split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|part| part == word)
    };
    names.iter().any(|name| mention(line, name).is_some())
        || Field::ALL.iter().any(|field| contains_word(field.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changes::NameKind;

    fn place(line: u32, end_line: u32) -> Place {
        Place {
            path: "prodverdict.yml".to_owned(),
            line,
            column: 1,
            end_line,
            end_column: 9,
        }
    }

    #[track_caller]
    fn expect(patch: &str, place: &Place, expected: Option<(u32, &str)>) {
        let file = ChangedFile {
            path: "prodverdict.yml".to_owned(),
            patch: Some(patch.to_owned()),
            ..ChangedFile::default()
        };
        let names = [Name::new(NameKind::Column, "is_entitled").unwrap()];
        let change_of = |file: &ChangedFile| {
            let files = [file.clone()];
            ConfigurationChanges::new(&files, "prodverdict.yml").change(place, &names)
        };
        let found = change_of(&file).map(|change| (change.line, change.does));
        let expected = expected.map(|(line, does)| {
            (
                line,
                format!("{does} of the configuration that this finding is about"),
            )
        });
        assert_eq!(found, expected);
        let new = ChangedFile {
            is_added: true,
            ..file
        };
        assert_eq!(change_of(&new), None, "every line of a new file is new");
    }

    const PATCH: &str = "@@ -12,3 +12,4 @@\n       columns:\n-        has_paid_access: paid\n+        has_paid_access: \
                         is_entitled\n         plan: tier\n+        seats: seats";

    #[test]
    fn a_line_that_replaces_another_is_changed() {
        expect(PATCH, &place(13, 13), Some((13, "changes the line")));
        expect(PATCH, &place(15, 15), Some((15, "adds the line")));
        expect(
            PATCH,
            &place(12, 15),
            Some((13, "changes a line of the entry")),
        );
    }

    #[test]
    fn a_line_that_stays_or_mentions_something_else_is_not_reported() {
        expect(PATCH, &place(14, 14), None);
        expect("@@ -13 +13 @@\n-a: b\n+fail_on: high", &place(13, 13), None);
        let elsewhere = Place {
            path: "other.yml".to_owned(),
            ..place(13, 13)
        };
        expect(PATCH, &elsewhere, None);
    }
}
