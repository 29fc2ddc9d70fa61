//! Finds the changed lines that matter to a finding, by its names.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    diff::{Diff, FileDiff, Hunk},
    mention::{Mention, NameUse, mention},
    name::{Name, NameKind},
    patch::Side,
    paths,
    touch::{Deed, Loss, Touch},
};

/// Maximum number of places reported per finding.
const MAX_PLACES: usize = 5;

/// Maximum number of different names searched in one diff, and of lines compared with one name.
const MAX_NAMES: usize = 300;
const MAX_LINES: usize = 2_000;

/// Finds places in one diff for the findings of one contract.
#[derive(Debug)]
pub struct Finder<'d, 'p> {
    diff: &'d Diff<'p>,
    /// Every name of the contract.
    of_contract: Vec<Name>,
    /// For each hunk of each file, true if it mentions a distinctive name of this contract.
    is_about_it: Vec<Vec<bool>>,
    searched: BTreeMap<Name, Rc<[HunkMentions]>>,
    answered: BTreeMap<Vec<Name>, Rc<[Touch]>>,
}

/// Mentions of one name in one hunk.
#[derive(Debug)]
struct HunkMentions {
    file: usize,
    hunk: usize,
    removed: Vec<Hit>,
    added: Vec<Hit>,
    moved: Vec<Hit>,
}

#[derive(Debug, Clone)]
struct Hit {
    line: u32,
    sets: bool,
    spelled: String,
    /// Text after a common column's name, up to the end of what may be its value.
    value: Option<String>,
}

/// Best place found in a hunk, or in a removed file.
#[derive(Default)]
struct Best {
    /// Number of times that names are mentioned in it.
    mentioned: usize,
    /// Rank (is only moved, weight of its name), and the place.
    found: Option<((bool, usize), Touch)>,
}

impl HunkMentions {
    /// Drops a change that left a common column's value as it was, such as a new slug in `{ slug: 'pro', seats: 5 }`.
    fn drop_unchanged_values(&mut self) {
        let values = |hits: &[Hit]| -> Vec<Option<String>> {
            let mut values: Vec<_> = hits.iter().map(|hit| hit.value.clone()).collect();
            values.sort();
            values
        };
        let removed = values(&self.removed);
        if removed.iter().all(Option::is_some) && removed == values(&self.added) {
            self.removed.clear();
            self.added.clear();
        }
    }
}

impl<'d, 'p> Finder<'d, 'p> {
    pub fn new(diff: &'d Diff<'p>, of_contract: Vec<Name>) -> Self {
        let distinctive: Vec<_> = of_contract
            .iter()
            .filter(|name| name.is_distinctive())
            .collect();
        let is_about_it = |hunk: &Hunk<'_>| {
            let mut lines = hunk.lines.iter().filter(|line| line.is_code);
            lines.any(|line| {
                let mut names = distinctive.iter();
                names.any(|name| {
                    line.normalized.contains(&name.normalized)
                        && mention(line.line.text, name).is_some()
                })
            })
        };
        let is_about_it = diff
            .files
            .iter()
            .map(|file| file.hunks.iter().map(is_about_it).collect())
            .collect();
        Self {
            diff,
            of_contract,
            is_about_it,
            searched: BTreeMap::new(),
            answered: BTreeMap::new(),
        }
    }

    /// Returns the places that mention these names, the likeliest first. `names` begins with the weightiest.
    pub fn touches(&mut self, names: &[Name]) -> Rc<[Touch]> {
        let mut mentioned = names.to_vec();
        mentioned.retain(|name| !self.mentions(name).is_empty());
        if let Some(answered) = self.answered.get(&mentioned) {
            return Rc::clone(answered);
        }
        let touches: Rc<[Touch]> = self.find(&mentioned).into();
        self.answered.insert(mentioned, Rc::clone(&touches));
        touches
    }

    /// Keeps one place per hunk, and one per removed file: that of the weightiest name in it.
    fn find(&mut self, names: &[Name]) -> Vec<Touch> {
        let mut of_hunks: BTreeMap<(usize, usize), Best> = BTreeMap::new();
        for (weight, name) in names.iter().enumerate() {
            for mentions in self.mentions(name).iter() {
                let Some(file) = self.diff.files.get(mentions.file) else {
                    continue;
                };
                let hunk = if file.is_removed { 0 } else { mentions.hunk };
                let best = of_hunks.entry((mentions.file, hunk)).or_default();
                best.mentioned += 1;
                let Some(touch) = touch(file, mentions, name) else {
                    continue;
                };
                let rank = (touch.deed == Deed::Moves, weight);
                if best.found.as_ref().is_none_or(|(found, _)| rank < *found) {
                    best.found = Some((rank, touch));
                }
            }
        }
        let ranked = of_hunks.into_values().filter_map(|best| {
            let (rank, touch) = best.found?;
            let quietness = names.len().saturating_sub(best.mentioned);
            Some(((rank, touch.deed, !touch.sets, quietness), touch))
        });
        let mut ranked: Vec<_> = ranked.collect();
        // The sort is stable: equal places stay in the order of files and hunks.
        ranked.sort_by_key(|(rank, _)| *rank);
        let touches = ranked.into_iter().map(|(_, touch)| touch);
        touches.take(MAX_PLACES).collect()
    }

    fn mentions(&mut self, name: &Name) -> Rc<[HunkMentions]> {
        if let Some(searched) = self.searched.get(name) {
            return Rc::clone(searched);
        }
        // A contract has few columns and tables; the other names come from findings, which may be any number.
        let is_bounded = matches!(name.kind, NameKind::Column | NameKind::Table);
        if !is_bounded && self.searched.len() >= MAX_NAMES {
            return Rc::new([]);
        }
        let found: Rc<[HunkMentions]> = self.search(name).into();
        self.searched.insert(name.clone(), Rc::clone(&found));
        found
    }

    fn search(&self, name: &Name) -> Vec<HunkMentions> {
        let mut left = MAX_LINES;
        let mut found = Vec::new();
        for (at, file) in self.diff.files.iter().enumerate() {
            let speaks_of_billing = paths::speaks_of_billing(file.path)
                || file.hunks.iter().any(|hunk| hunk.speaks_of_provider);
            for (number, hunk) in file.hunks.iter().enumerate() {
                let about_it = self.is_about_it.get(at).and_then(|hunks| hunks.get(number));
                let company = Company {
                    of_contract: &self.of_contract,
                    is_of_handler: file.is_of_handler,
                    is_about_it: speaks_of_billing || about_it == Some(&true),
                };
                let mut mentions = HunkMentions {
                    file: at,
                    hunk: number,
                    removed: Vec::new(),
                    added: Vec::new(),
                    moved: Vec::new(),
                };
                for line in hunk.lines.iter().filter(|line| line.is_code) {
                    if line.line.side == Side::Kept
                        || !may_mention(&line.normalized, name)
                        || left == 0
                    {
                        continue;
                    }
                    left -= 1;
                    let found = mention(line.line.text, name);
                    let Some(found) =
                        found.filter(|found| company.lets(*found, name, line.line.text))
                    else {
                        continue;
                    };
                    let hit = Hit {
                        line: line.line.number,
                        sets: found.how == NameUse::Sets,
                        spelled: found.spelled.to_owned(),
                        value: value(line.line.text, found, name),
                    };
                    match (line.line.side, line.is_moved) {
                        (Side::Removed, false) => mentions.removed.push(hit),
                        (Side::Added, false) => mentions.added.push(hit),
                        (Side::Added, true) => mentions.moved.push(hit),
                        // The old position of a moved line does not exist in the new version.
                        (Side::Removed, true) | (Side::Kept, _) => {}
                    }
                }
                mentions.drop_unchanged_values();
                if !(mentions.removed.is_empty()
                    && mentions.added.is_empty()
                    && mentions.moved.is_empty())
                {
                    found.push(mentions);
                }
            }
        }
        found
    }
}

/// Checks by letters alone that the line can mention the name.
fn may_mention(normalized: &str, name: &Name) -> bool {
    normalized.contains(&name.normalized)
        || (name.kind == NameKind::Event
            && name
                .normalized
                .strip_prefix("customer")
                .is_some_and(|short| normalized.contains(short)))
}

/// Context of a mention of a common name.
struct Company<'a> {
    of_contract: &'a [Name],
    is_of_handler: bool,
    /// True if the path contains a billing word, the file's diff mentions the provider, or the hunk mentions a
    /// distinctive name of the contract.
    is_about_it: bool,
}

impl Company<'_> {
    /// Checks that the mention counts.
    fn lets(&self, found: Mention<'_>, name: &Name, line: &str) -> bool {
        if name.is_distinctive() {
            return true;
        }
        match name.kind {
            // Half of all SQL statements mention `users`, and most of them have nothing to do with the finding.
            NameKind::Table => false,
            NameKind::Column | NameKind::Plan | NameKind::Price | NameKind::Event => {
                self.is_of_handler
                    || (found.how != NameUse::Says
                        && (self.is_about_it || self.sets_another(found, name, line)))
            }
        }
    }

    /// Returns true if the line gives one common name a value and names another, as `plan: 'pro'` does.
    fn sets_another(&self, found: Mention<'_>, name: &Name, line: &str) -> bool {
        let is_column = name.kind == NameKind::Column && is_given(line, found);
        self.others(name).any(|other| {
            let is_pair = is_column || other.kind == NameKind::Column;
            is_pair
                && mention(line, other).is_some_and(|one| {
                    one.how != NameUse::Says && (is_column || is_given(line, one))
                })
        })
    }

    fn others<'s>(&'s self, name: &'s Name) -> impl Iterator<Item = &'s Name> {
        let others = self.of_contract.iter();
        others.filter(move |other| other.normalized != name.normalized)
    }
}

/// Returns true if a value or a comparison follows the mention.
fn is_given(line: &str, found: Mention<'_>) -> bool {
    let Some((_, after)) = line.split_once(found.spelled) else {
        return false;
    };
    let after = after.trim_start_matches(['"', '\'', '`', ']']).trim_start();
    [":", "=", "!=", "<>", "in "]
        .iter()
        .any(|sign| after.starts_with(sign))
        && !after.starts_with("::")
}

/// Returns the text from the name to the end of what may be its value.
fn value(line: &str, found: Mention<'_>, name: &Name) -> Option<String> {
    if name.kind != NameKind::Column || name.is_distinctive() {
        return None;
    }
    let (_, after) = line.split_once(found.spelled)?;
    let value = after.split([',', ';', '}', ')', ']']).next()?;
    Some(value.trim().to_owned())
}

fn touch(file: &FileDiff<'_>, mentions: &HunkMentions, name: &Name) -> Option<Touch> {
    let (deed, hit) = match (
        mentions.removed.first(),
        mentions.added.first(),
        mentions.moved.first(),
    ) {
        (Some(removed), _, _) if file.is_removed => (Deed::RemovesFile, removed.clone()),
        (Some(removed), Some(added), _) => {
            let sets = removed.sets && added.sets;
            (
                Deed::Changes,
                Hit {
                    sets,
                    ..added.clone()
                },
            )
        }
        (Some(removed), None, _) => (Deed::Removes, removed.clone()),
        (None, Some(added), _) => (Deed::Adds, added.clone()),
        (None, None, Some(moved)) => (Deed::Moves, moved.clone()),
        (None, None, None) => return None,
    };
    Some(Touch {
        path: file.path.to_owned(),
        line: if file.is_removed { 1 } else { hit.line },
        deed,
        sets: hit.sets,
        spelled: hit.spelled,
        loss: (deed == Deed::Removes).then(|| loss(file, name)).flatten(),
        name: name.clone(),
    })
}

/// Returns the loss if the file's diff removes lines with the name, and neither adds nor keeps any.
fn loss(file: &FileDiff<'_>, name: &Name) -> Option<Loss> {
    let lines = file.hunks.iter().flat_map(|hunk| &hunk.lines);
    let with_name = lines.filter(|line| {
        may_mention(&line.normalized, name) && mention(line.line.text, name).is_some()
    });
    let mut removed = 0_usize;
    for line in with_name.take(MAX_LINES) {
        match line.line.side {
            Side::Removed => removed += 1,
            Side::Added | Side::Kept => return None,
        }
    }
    match removed {
        0 => None,
        1 => Some(Loss::OnlyLine),
        _ => Some(Loss::EveryLine),
    }
}
