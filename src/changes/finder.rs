//! Finds the changed lines that mention the names of a finding.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    diff::{Diff, FileDiff, Hunk},
    mention::{Mention, NameUse, mention},
    name::{Name, NameKind},
    patch::Side,
    paths,
    relevant_line::{LineChange, RelevantLine, RemovedMentions},
};

/// Maximum number of lines reported per finding.
const MAX_PLACES: usize = 5;

/// Maximum number of different names searched in one diff, and of lines compared with one name.
const MAX_NAMES: usize = 300;
const MAX_LINES: usize = 2_000;

/// Finds relevant lines in one diff for the findings of one contract.
#[derive(Debug)]
pub struct Finder<'d, 'p> {
    diff: &'d Diff<'p>,
    /// Every name of the contract.
    all_names: Vec<Name>,
    /// For each hunk of each file, true if it mentions a distinctive name of this contract.
    relevant_hunks: Vec<Vec<bool>>,
    searched: BTreeMap<Name, Rc<[HunkMentions]>>,
    answered: BTreeMap<Vec<Name>, Rc<[RelevantLine]>>,
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

/// The best line found in a hunk, or in a removed file.
#[derive(Default)]
struct Best {
    /// Number of names that the hunk mentions.
    mentioned: usize,
    /// Rank (true if it only moved, then the weight of its name), and the line.
    found: Option<((bool, usize), RelevantLine)>,
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
    pub fn new(diff: &'d Diff<'p>, all_names: Vec<Name>) -> Self {
        let distinctive: Vec<_> = all_names
            .iter()
            .filter(|name| name.is_distinctive())
            .collect();
        let is_relevant = |hunk: &Hunk<'_>| {
            let mut lines = hunk.lines.iter().filter(|line| line.is_code);
            lines.any(|line| {
                let mut names = distinctive.iter();
                names.any(|name| {
                    line.normalized.contains(&name.normalized)
                        && mention(line.line.text, name).is_some()
                })
            })
        };
        let relevant_hunks = diff
            .files
            .iter()
            .map(|file| file.hunks.iter().map(is_relevant).collect())
            .collect();
        Self {
            diff,
            all_names,
            relevant_hunks,
            searched: BTreeMap::new(),
            answered: BTreeMap::new(),
        }
    }

    /// Returns the changed lines that mention these names, the likeliest first. `names` begins with the most relevant
    /// name.
    pub fn relevant_lines(&mut self, names: &[Name]) -> Rc<[RelevantLine]> {
        let mut mentioned = names.to_vec();
        mentioned.retain(|name| !self.mentions(name).is_empty());
        if let Some(answered) = self.answered.get(&mentioned) {
            return Rc::clone(answered);
        }
        let lines: Rc<[RelevantLine]> = self.find(&mentioned).into();
        self.answered.insert(mentioned, Rc::clone(&lines));
        lines
    }

    /// Lists the hunks whose changed lines mention the name, each with the first such line.
    pub(super) fn places(&mut self, name: &Name) -> Vec<((usize, usize), u32)> {
        let mentions = self.mentions(name);
        let first = |one: &HunkMentions| {
            let mut hits = one.removed.iter().chain(&one.added).chain(&one.moved);
            Some(((one.file, one.hunk), hits.next()?.line))
        };
        mentions.iter().filter_map(first).collect()
    }

    /// Keeps one line per hunk, and one per removed file: that of the most relevant name in it.
    fn find(&mut self, names: &[Name]) -> Vec<RelevantLine> {
        let mut best_of_hunk: BTreeMap<(usize, usize), Best> = BTreeMap::new();
        for (weight, name) in names.iter().enumerate() {
            for mentions in self.mentions(name).iter() {
                let Some(file) = self.diff.files.get(mentions.file) else {
                    continue;
                };
                let hunk = if file.is_removed { 0 } else { mentions.hunk };
                let best = best_of_hunk.entry((mentions.file, hunk)).or_default();
                best.mentioned += 1;
                let Some(line) = relevant_line(file, mentions, name) else {
                    continue;
                };
                let rank = (line.change == LineChange::Moves, weight);
                if best.found.as_ref().is_none_or(|(found, _)| rank < *found) {
                    best.found = Some((rank, line));
                }
            }
        }
        let ranked = best_of_hunk.into_values().filter_map(|best| {
            let (rank, line) = best.found?;
            let unmentioned = names.len().saturating_sub(best.mentioned);
            Some(((rank, line.change, !line.sets, unmentioned), line))
        });
        let mut ranked: Vec<_> = ranked.collect();
        // The sort is stable: lines of equal rank stay in the order of files and hunks.
        ranked.sort_by_key(|(rank, _)| *rank);
        let lines = ranked.into_iter().map(|(_, line)| line);
        lines.take(MAX_PLACES).collect()
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
            let mentions_billing = paths::mentions_billing(file.path)
                || file.hunks.iter().any(|hunk| hunk.mentions_provider);
            for (number, hunk) in file.hunks.iter().enumerate() {
                let hunk_is_relevant = self
                    .relevant_hunks
                    .get(at)
                    .and_then(|hunks| hunks.get(number));
                let context = MentionContext {
                    all_names: &self.all_names,
                    is_of_handler: file.is_of_handler,
                    is_about_billing: mentions_billing || hunk_is_relevant == Some(&true),
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
                        found.filter(|found| context.counts(*found, name, line.line.text))
                    else {
                        continue;
                    };
                    let hit = Hit {
                        line: line.line.number,
                        sets: found.how == NameUse::Assigned,
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

/// Checks quickly, by comparing letters alone, that the line can mention the name.
fn may_mention(normalized: &str, name: &Name) -> bool {
    normalized.contains(&name.normalized)
        || (name.kind == NameKind::Event
            && name
                .normalized
                .strip_prefix("customer")
                .is_some_and(|short| normalized.contains(short)))
}

/// Context of a mention of a common name.
struct MentionContext<'a> {
    all_names: &'a [Name],
    is_of_handler: bool,
    /// True if the path contains a billing word, the file's diff mentions the provider, or the hunk mentions a
    /// distinctive name of the contract.
    is_about_billing: bool,
}

impl MentionContext<'_> {
    /// Returns true if the mention is significant: a common name counts only in a context about billing.
    fn counts(&self, found: Mention<'_>, name: &Name, line: &str) -> bool {
        if name.is_distinctive() {
            return true;
        }
        match name.kind {
            // Half of all SQL statements mention `users`, and most of them have nothing to do with the finding.
            NameKind::Table => false,
            NameKind::Column | NameKind::Plan | NameKind::Price | NameKind::Event => {
                self.is_of_handler
                    || (found.how != NameUse::Mentioned
                        && (self.is_about_billing || self.pairs_with_another(found, name, line)))
            }
        }
    }

    /// Returns true if the line pairs the name with another one of the contract, as `plan: 'pro'` pairs a column and a
    /// plan.
    fn pairs_with_another(&self, found: Mention<'_>, name: &Name, line: &str) -> bool {
        let is_column = name.kind == NameKind::Column && is_followed_by_value(line, found);
        self.others(name).any(|other| {
            let is_pair = is_column || other.kind == NameKind::Column;
            is_pair
                && mention(line, other).is_some_and(|found_other| {
                    found_other.how != NameUse::Mentioned
                        && (is_column || is_followed_by_value(line, found_other))
                })
        })
    }

    fn others<'s>(&'s self, name: &'s Name) -> impl Iterator<Item = &'s Name> {
        let others = self.all_names.iter();
        others.filter(move |other| other.normalized != name.normalized)
    }
}

/// Returns true if a value or a comparison follows the mention.
fn is_followed_by_value(line: &str, found: Mention<'_>) -> bool {
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

fn relevant_line(
    file: &FileDiff<'_>,
    mentions: &HunkMentions,
    name: &Name,
) -> Option<RelevantLine> {
    let (change, hit) = match (
        mentions.removed.first(),
        mentions.added.first(),
        mentions.moved.first(),
    ) {
        (Some(removed), _, _) if file.is_removed => (LineChange::RemovesFile, removed.clone()),
        (Some(removed), Some(added), _) => {
            let sets = removed.sets && added.sets;
            (
                LineChange::Changes,
                Hit {
                    sets,
                    ..added.clone()
                },
            )
        }
        (Some(removed), None, _) => (LineChange::Removes, removed.clone()),
        (None, Some(added), _) => (LineChange::Adds, added.clone()),
        (None, None, Some(moved)) => (LineChange::Moves, moved.clone()),
        (None, None, None) => return None,
    };
    Some(RelevantLine {
        path: file.path.to_owned(),
        line: if file.is_removed { 1 } else { hit.line },
        change,
        sets: hit.sets,
        spelled: hit.spelled,
        removed_mentions: (change == LineChange::Removes)
            .then(|| removed_mentions(file, name))
            .flatten(),
        name: name.clone(),
    })
}

/// Returns how many lines with the name the file's diff removes, or `None` if it removes none, or also adds or keeps one.
fn removed_mentions(file: &FileDiff<'_>, name: &Name) -> Option<RemovedMentions> {
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
        1 => Some(RemovedMentions::OnlyLine),
        _ => Some(RemovedMentions::EveryLine),
    }
}
