//! Prints the summary of a recording to standard output.

use std::{fmt::Write as _, path::Path};

use jiff::Timestamp;

use super::files::RecordedFiles;
use crate::{
    contract::{Mode, UnixSeconds},
    rehearsal::Recording,
    report,
    text::counted,
};

/// Number of other event types that are listed.
const MAX_NAMED_TYPES: usize = 5;

#[derive(Debug)]
pub(super) struct RecordSummary<'s> {
    pub(super) recording: &'s Recording,
    pub(super) files: &'s RecordedFiles,
    pub(super) folder: &'s Path,
    pub(super) days: u8,
    /// Time of the oldest event read, if older ones were left out.
    pub(super) cut_at: Option<UnixSeconds>,
    pub(super) mode: Option<Mode>,
    /// True if `rehearse` reads the folder.
    pub(super) is_played: bool,
}

pub(super) fn text(summary: &RecordSummary<'_>) -> String {
    let mut lines = Vec::new();
    lines.extend(read(summary));
    lines.extend(ignored(summary));
    lines.extend(covered(summary.recording));
    lines.extend(unplayable(summary.recording));
    lines.extend(written(summary));
    lines.join("\n") + "\n"
}

fn read(summary: &RecordSummary<'_>) -> Vec<String> {
    let recording = summary.recording;
    let mode = summary
        .mode
        .map(|mode| format!(" in {} mode", mode.as_str()));
    let mut lines = vec![format!(
        "{} of the last {}{}, {}",
        counted(recording.counts.all, "event"),
        counted(summary.days, "day"),
        mode.unwrap_or_default(),
        counted(recording.customers, "customer"),
    )];
    if let Some(at) = summary.cut_at {
        let at = Timestamp::from_second(at.0).map(|at| at.to_string());
        lines.push(format!(
            "  events before {} were not read: lifecycles that began earlier are played from their state at that time",
            at.unwrap_or_default()
        ));
    }
    if summary.mode == Some(Mode::Test) {
        lines.push(
            "  the key is a test mode key: use the live one to record what happened to customers"
                .to_owned(),
        );
    }
    lines
}

fn ignored(summary: &RecordSummary<'_>) -> Vec<String> {
    let counts = &summary.recording.counts;
    let mut lines = Vec::new();
    let mut types: Vec<_> = counts.other_types.iter().collect();
    types.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
    let all = types
        .iter()
        .fold(0, |sum: u64, (_, times)| sum.saturating_add(**times));
    if all > 0 {
        let named = types.iter().take(MAX_NAMED_TYPES).map(|(name, times)| {
            let name = if name.is_empty() {
                "not in a documented form"
            } else {
                name
            };
            format!("{name} ({times})")
        });
        let named: Vec<_> = named.collect();
        let more = if types.len() > MAX_NAMED_TYPES {
            ", …"
        } else {
            ""
        };
        lines.push(format!(
            "  ignored: {all} of types that change no subscription: {}{more}",
            named.join(", ")
        ));
    }
    let others = [
        (
            counts.nothing_played,
            "about something that scenarios do not play, such as a name",
        ),
        (counts.without_customer, "without a customer"),
    ];
    for (times, what) in others {
        if times > 0 {
            lines.push(format!("  ignored: {times} {what}"));
        }
    }
    if summary.recording.unchanged > 0 {
        lines.push(format!(
            "  {} without any change that scenarios play",
            counted(summary.recording.unchanged, "customer")
        ));
    }
    lines
}

fn covered(recording: &Recording) -> Vec<String> {
    let all = recording
        .covered
        .values()
        .fold(0, |sum: u64, times| sum.saturating_add(*times));
    if all == 0 {
        return Vec::new();
    }
    let mut lines = vec![format!(
        "{} played by built-in scenarios",
        lifecycles_are(all)
    )];
    let mut covered: Vec<_> = recording.covered.iter().collect();
    covered.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
    lines.extend(
        covered
            .iter()
            .map(|(id, times)| format!("  {times:>6}  {id}")),
    );
    lines
}

fn unplayable(recording: &Recording) -> Vec<String> {
    let all = recording
        .unplayable
        .values()
        .fold(0, |sum: u64, times| sum.saturating_add(*times));
    if all == 0 {
        return Vec::new();
    }
    let mut lines = vec![format!("{} not playable", lifecycles_are(all))];
    let mut reasons: Vec<_> = recording.unplayable.iter().collect();
    reasons.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
    lines.extend(
        reasons
            .iter()
            .map(|(reason, times)| format!("  {times:>6}  {reason}")),
    );
    lines
}

fn written(summary: &RecordSummary<'_>) -> Vec<String> {
    let files = summary.files;
    let folder = report::neutral::terminal(&summary.folder.display().to_string());
    let mut lines = Vec::new();
    if files.written.is_empty() {
        lines.push(
            "no new shapes: the built-in scenarios play everything that can be played".to_owned(),
        );
    } else {
        let number = u64::try_from(files.written.len()).unwrap_or(u64::MAX);
        lines.push(format!("{} in {folder}", counted(number, "new shape")));
    }
    for (name, title, times) in &files.written {
        let mut line = String::new();
        // Writing to a string does not fail.
        let _ = write!(line, "  {times:>6}  {name}  {title}");
        lines.push(line);
    }
    if files.left_out > 0 {
        lines.push(format!("  {} rarer ones are not written", files.left_out));
    }
    if files.removed > 0 {
        let removed = u64::try_from(files.removed).unwrap_or(u64::MAX);
        lines.push(format!(
            "  {} removed",
            counted(removed, "earlier recorded file")
        ));
    }
    if !files.written.is_empty() && !summary.is_played {
        let hint = "`rehearse` plays them once `rehearsal.scenarios_dir` names this folder";
        lines.push(hint.to_owned());
    }
    lines
}

fn lifecycles_are(number: u64) -> String {
    let are = if number == 1 {
        "lifecycle is"
    } else {
        "lifecycles are"
    };
    format!("{number} {are}")
}
