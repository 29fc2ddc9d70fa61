//! Everything that a pull request changes, prepared for being searched, within bounds.

use std::collections::BTreeMap;

use super::{
    ChangedFile,
    code::is_code,
    handler::HandlerPaths,
    name::{plain, words},
    patch::{Line, Side, hunks},
    paths,
};

/// GitHub's own limit of a whole diff is 1 MB. What comes after this much is not looked at.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// So are the lines of a diff: 20,000 at GitHub.
const MOST_LINES: usize = 100_000;

/// The changed files that may matter to a finding, by their paths.
#[derive(Debug)]
pub struct Diff<'p> {
    pub(super) files: Vec<FileDiff<'p>>,
}

#[derive(Debug)]
pub(super) struct FileDiff<'p> {
    pub(super) path: &'p str,
    pub(super) is_removed: bool,
    pub(super) is_of_handler: bool,
    pub(super) hunks: Vec<Hunk<'p>>,
}

#[derive(Debug)]
pub(super) struct Hunk<'p> {
    pub(super) lines: Vec<DiffLine<'p>>,
    /// Whether it speaks of the provider, as code does that is about billing.
    pub(super) speaks_of_provider: bool,
}

#[derive(Debug)]
pub(super) struct DiffLine<'p> {
    pub(super) line: Line<'p>,
    /// [`plain`] of its text: a line that mentions a name has the name's letters in it.
    pub(super) plain: String,
    pub(super) is_code: bool,
    /// The same line was removed in one place and added in another, or indented.
    pub(super) is_moved: bool,
}

impl<'p> Diff<'p> {
    /// Where `handler_paths` names the handler's files, they alone are looked at. Else it is every file that decides
    /// something, which its path tells. The configuration is never one of them.
    pub fn of(files: &'p [ChangedFile], handler_paths: &[String], configuration: &str) -> Self {
        let of_handler = HandlerPaths::of(handler_paths);
        let mut files: Vec<_> = files
            .iter()
            .filter(|file| file.path != configuration)
            .collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let (mut bytes, mut lines) = (MOST_BYTES, MOST_LINES);
        let mut found = Vec::new();
        for file in files {
            let patch = file.patch.as_deref().unwrap_or_default();
            let is_wanted = match &of_handler {
                Some(of_handler) => of_handler.names(file),
                None => paths::is_looked_at(&file.path) && !says_that_it_is_generated(patch),
            };
            if !is_wanted {
                continue;
            }
            // A patch that does not fit is none, and smaller ones after it may.
            let fits = patch.len() <= bytes;
            let parsed = hunks(if fits { patch } else { "" });
            let length: usize = parsed.iter().map(Vec::len).sum();
            let parsed = if length <= lines { parsed } else { Vec::new() };
            if !parsed.is_empty() {
                bytes -= patch.len();
                lines -= length;
            }
            found.push(FileDiff {
                path: &file.path,
                is_removed: file.is_removed,
                is_of_handler: of_handler.is_some(),
                hunks: parsed.into_iter().map(Hunk::of).collect(),
            });
        }
        let mut diff = Self { files: found };
        diff.mark_moved();
        diff
    }

    /// The first line that changed in the first file of which that is known.
    pub fn first_change(&self) -> Option<(&'p str, u32)> {
        let mut files = self.files.iter().filter(|file| !file.is_removed).peekable();
        let unknown = files.peek().map(|file| (file.path, 1));
        let first = |file: &FileDiff<'p>| {
            let mut lines = file.hunks.iter().flat_map(|hunk| &hunk.lines);
            let changed = lines.find(|line| line.line.side != Side::Kept)?;
            Some((file.path, changed.line.number))
        };
        files.find_map(first).or(unknown)
    }

    /// A line that goes as often as it comes, anywhere in the pull request, was only moved.
    fn mark_moved(&mut self) {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        let lines = self.files.iter().flat_map(|file| &file.hunks);
        for line in lines.flat_map(|hunk| &hunk.lines) {
            let (removed, added) = counts.entry(line.line.text.trim()).or_default();
            match line.line.side {
                Side::Removed => *removed += 1,
                Side::Added => *added += 1,
                Side::Kept => {}
            }
        }
        let lines = self.files.iter_mut().flat_map(|file| &mut file.hunks);
        for line in lines.flat_map(|hunk| &mut hunk.lines) {
            let (removed, added) = counts
                .get(line.line.text.trim())
                .copied()
                .unwrap_or_default();
            line.is_moved = removed > 0 && removed == added;
        }
    }
}

impl<'p> Hunk<'p> {
    fn of(lines: Vec<Line<'p>>) -> Self {
        let lines: Vec<_> = lines
            .into_iter()
            .map(|line| DiffLine {
                plain: plain(line.text),
                is_code: is_code(line.text),
                is_moved: false,
                line,
            })
            .collect();
        let speaks_of_provider = lines.iter().any(speaks_of_provider);
        Self {
            lines,
            speaks_of_provider,
        }
    }
}

/// Whether a line names a provider, or one of the events that only it has.
fn speaks_of_provider(line: &DiffLine<'_>) -> bool {
    let text = line.line.text;
    let has_event = text.contains("customer.subscription.") || text.contains("checkout.session.");
    let may = ["stripe", "paddle"];
    let names_it = || words(text).iter().any(|word| may.contains(&word.as_str()));
    has_event || (may.iter().any(|word| line.plain.contains(word)) && names_it())
}

/// What programs write into the files that they make. A hunk shows it only where it is near the change.
fn says_that_it_is_generated(patch: &str) -> bool {
    let mut lines = patch.lines().take(20);
    lines.any(|line| line.contains("@generated") || line.contains("DO NOT EDIT"))
}
