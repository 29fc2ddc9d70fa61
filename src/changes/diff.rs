//! Everything that a pull request changes, prepared for searching, within limits.

use std::collections::BTreeMap;

use super::{
    ChangedFile,
    code::is_code,
    handler::HandlerPaths,
    name::{normalized, words},
    patch::{PatchLine, Side, hunks},
    paths,
};

/// Maximum number of bytes searched. GitHub limits a whole diff to 1 MB.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Maximum number of lines searched. GitHub limits a whole diff to 20,000.
const MAX_LINES: usize = 100_000;

/// The changed files that may matter to a finding, sorted by path.
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
    /// True if it mentions the provider, so that it is code about billing.
    pub(super) mentions_provider: bool,
}

#[derive(Debug)]
pub(super) struct DiffLine<'p> {
    pub(super) line: PatchLine<'p>,
    /// [`normalized`] form of the text: a line that mentions a name contains the name's letters.
    pub(super) normalized: String,
    pub(super) is_code: bool,
    /// True if the line was removed in one place and added in another, or was indented.
    pub(super) is_moved: bool,
}

impl<'p> Diff<'p> {
    /// Selects the files to search: those that match `handler_paths`, or, if it is empty, every file whose path
    /// suggests that it affects customers. The configuration is always excluded.
    pub fn new(files: &'p [ChangedFile], handler_paths: &[String], configuration: &str) -> Self {
        let handler_files = HandlerPaths::new(handler_paths);
        let mut files: Vec<_> = files
            .iter()
            .filter(|file| file.path != configuration)
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let (mut bytes, mut lines) = (MAX_BYTES, MAX_LINES);
        let mut found = Vec::new();
        for file in files {
            let patch = file.patch.as_deref().unwrap_or_default();
            let is_wanted = match &handler_files {
                Some(handler_files) => handler_files.names(file),
                None => paths::is_searched(&file.path) && !is_marked_as_generated(patch),
            };
            if !is_wanted {
                continue;
            }
            // Skip patches over the limit; later, smaller ones may still fit.
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
                is_of_handler: handler_files.is_some(),
                hunks: parsed.into_iter().map(Hunk::new).collect(),
            });
        }
        let mut diff = Self { files: found };
        diff.mark_moved();
        diff
    }

    /// Returns the first changed line of the first file that has one. Without any, returns line 1 of the first file.
    /// Removed files do not count.
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

    /// Marks lines that are removed as often as they are added anywhere in the pull request: they were only moved.
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
    fn new(lines: Vec<PatchLine<'p>>) -> Self {
        let lines: Vec<_> = lines
            .into_iter()
            .map(|line| DiffLine {
                normalized: normalized(line.text),
                is_code: is_code(line.text),
                is_moved: false,
                line,
            })
            .collect();
        let mentions_provider = lines.iter().any(mentions_provider);
        Self {
            lines,
            mentions_provider,
        }
    }
}

/// Returns true if a line names a billing provider or one of its events.
fn mentions_provider(line: &DiffLine<'_>) -> bool {
    let text = line.line.text;
    let has_event = text.contains("customer.subscription.") || text.contains("checkout.session.");
    let providers = ["stripe", "paddle"];
    let has_word = || {
        words(text)
            .iter()
            .any(|word| providers.contains(&word.as_str()))
    };
    has_event || (providers.iter().any(|word| line.normalized.contains(word)) && has_word())
}

/// Returns true if the patch contains the mark of a code generator. A patch shows it only if it is near a change.
fn is_marked_as_generated(patch: &str) -> bool {
    let mut lines = patch.lines().take(20);
    lines.any(|line| line.contains("@generated") || line.contains("DO NOT EDIT"))
}
