//! The changed lines that matter to a finding, from its names.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    diff::{Diff, FileDiff, Hunk},
    mention::{How, Mention, mention},
    name::{Kind, Name},
    patch::Side,
    paths,
    touch::{Deed, Loss, Touch},
};

/// How many places are said of a finding.
const MOST_PLACES: usize = 5;

/// How many different names are looked for in one diff, and how many lines are compared with one of them.
const MOST_NAMES: usize = 300;
const MOST_LINES: usize = 2_000;

/// Finds places in one diff for the findings of one contract.
#[derive(Debug)]
pub struct Finder<'d, 'p> {
    diff: &'d Diff<'p>,
    /// All names of the contract.
    of_contract: Vec<Name>,
    /// For each hunk of each file, whether it mentions a name that only this contract has.
    is_about_it: Vec<Vec<bool>>,
    searched: BTreeMap<Name, Rc<[Spot]>>,
    answered: BTreeMap<Vec<Name>, Rc<[Touch]>>,
}

/// Where a hunk mentions a name.
#[derive(Debug)]
struct Spot {
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
    /// What follows a column that says little by itself, as far as that may be its value.
    value: Option<String>,
}

/// The place of a hunk, or of a removed file.
#[derive(Default)]
struct Best {
    /// How often names are mentioned in it.
    mentioned: usize,
    /// Whether the line only moved, the weight of its name, and the place.
    found: Option<((bool, usize), Touch)>,
}

impl Spot {
    /// A line may change around a common column and leave that as it was: `{ slug: 'pro', seats: 5 }` and another slug.
    fn forget_what_stayed(&mut self) {
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
                    line.plain.contains(&name.plain) && mention(line.line.text, name).is_some()
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

    /// The places that matter to what has these names, the weightiest first; the likeliest place comes first.
    pub fn touches(&mut self, names: &[Name]) -> Rc<[Touch]> {
        let mut mentioned = names.to_vec();
        mentioned.retain(|name| !self.spots(name).is_empty());
        if let Some(answered) = self.answered.get(&mentioned) {
            return Rc::clone(answered);
        }
        let touches: Rc<[Touch]> = self.find(&mentioned).into();
        self.answered.insert(mentioned, Rc::clone(&touches));
        touches
    }

    /// One place a hunk at most, and one a removed file: that of the weightiest name in it.
    fn find(&mut self, names: &[Name]) -> Vec<Touch> {
        let mut of_hunks: BTreeMap<(usize, usize), Best> = BTreeMap::new();
        for (weight, name) in names.iter().enumerate() {
            for spot in self.spots(name).iter() {
                let Some(file) = self.diff.files.get(spot.file) else {
                    continue;
                };
                let hunk = if file.is_removed { 0 } else { spot.hunk };
                let best = of_hunks.entry((spot.file, hunk)).or_default();
                best.mentioned += 1;
                let Some(touch) = touch(file, spot, name) else {
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
        // What is equal stays in the order of files and hunks.
        ranked.sort_by_key(|(rank, _)| *rank);
        let touches = ranked.into_iter().map(|(_, touch)| touch);
        touches.take(MOST_PLACES).collect()
    }

    fn spots(&mut self, name: &Name) -> Rc<[Spot]> {
        if let Some(searched) = self.searched.get(name) {
            return Rc::clone(searched);
        }
        // The columns are the contract's; the others come with the findings, and there may be any number of those.
        let is_bounded = matches!(name.kind, Kind::Column | Kind::Table);
        if !is_bounded && self.searched.len() >= MOST_NAMES {
            return Rc::new([]);
        }
        let spots: Rc<[Spot]> = self.search(name).into();
        self.searched.insert(name.clone(), Rc::clone(&spots));
        spots
    }

    fn search(&self, name: &Name) -> Vec<Spot> {
        let mut left = MOST_LINES;
        let mut spots = Vec::new();
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
                let mut spot = Spot {
                    file: at,
                    hunk: number,
                    removed: Vec::new(),
                    added: Vec::new(),
                    moved: Vec::new(),
                };
                for line in hunk.lines.iter().filter(|line| line.is_code) {
                    if line.line.side == Side::Kept || !may_mention(&line.plain, name) || left == 0
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
                        sets: found.how == How::Sets,
                        spelled: found.spelled.to_owned(),
                        value: value(line.line.text, found, name),
                    };
                    match (line.line.side, line.is_moved) {
                        (Side::Removed, false) => spot.removed.push(hit),
                        (Side::Added, false) => spot.added.push(hit),
                        (Side::Added, true) => spot.moved.push(hit),
                        // Where it came from is no place of the new version.
                        (Side::Removed, true) | (Side::Kept, _) => {}
                    }
                }
                spot.forget_what_stayed();
                if !(spot.removed.is_empty() && spot.added.is_empty() && spot.moved.is_empty()) {
                    spots.push(spot);
                }
            }
        }
        spots
    }
}

/// Whether the letters of a line allow that it mentions the name.
fn may_mention(plain: &str, name: &Name) -> bool {
    plain.contains(&name.plain)
        || (name.kind == Kind::Event
            && name
                .plain
                .strip_prefix("customer")
                .is_some_and(|short| plain.contains(short)))
}

/// What stands around a name that says little by itself.
struct Company<'a> {
    of_contract: &'a [Name],
    is_of_handler: bool,
    /// The path speaks of billing, or the diff of the file of the provider, or the hunk of a name that only the
    /// contract has.
    is_about_it: bool,
}

impl Company<'_> {
    /// Whether the mention counts.
    fn lets(&self, found: Mention<'_>, name: &Name, line: &str) -> bool {
        if name.is_distinctive() {
            return true;
        }
        match name.kind {
            // Half of all statements are about `users`, and most of them not about this.
            Kind::Table => false,
            Kind::Column | Kind::Plan | Kind::Price | Kind::Event => {
                self.is_of_handler
                    || (found.how != How::Says
                        && (self.is_about_it || self.sets_another(found, name, line)))
            }
        }
    }

    /// Whether the line gives one common name a value and names another, as `plan: 'pro'` does.
    fn sets_another(&self, found: Mention<'_>, name: &Name, line: &str) -> bool {
        let is_column = name.kind == Kind::Column && is_given(line, found);
        self.others(name).any(|other| {
            let is_pair = is_column || other.kind == Kind::Column;
            is_pair
                && mention(line, other)
                    .is_some_and(|one| one.how != How::Says && (is_column || is_given(line, one)))
        })
    }

    fn others<'s>(&'s self, name: &'s Name) -> impl Iterator<Item = &'s Name> {
        let others = self.of_contract.iter();
        others.filter(move |other| other.plain != name.plain)
    }
}

/// Whether a value or a comparison follows what was found.
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

/// From the name to the end of what may be its value.
fn value(line: &str, found: Mention<'_>, name: &Name) -> Option<String> {
    if name.kind != Kind::Column || name.is_distinctive() {
        return None;
    }
    let (_, after) = line.split_once(found.spelled)?;
    let value = after.split([',', ';', '}', ')', ']']).next()?;
    Some(value.trim().to_owned())
}

fn touch(file: &FileDiff<'_>, spot: &Spot, name: &Name) -> Option<Touch> {
    let (deed, hit) = match (spot.removed.first(), spot.added.first(), spot.moved.first()) {
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

/// Whether a file takes lines with the name away and adds none.
fn loss(file: &FileDiff<'_>, name: &Name) -> Option<Loss> {
    let lines = file.hunks.iter().flat_map(|hunk| &hunk.lines);
    let with_name = lines
        .filter(|line| may_mention(&line.plain, name) && mention(line.line.text, name).is_some());
    let mut removed = 0_usize;
    for line in with_name.take(MOST_LINES) {
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
