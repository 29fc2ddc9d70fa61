//! The committed baseline: findings that the team accepts, each with a reason and a last day.

use std::collections::BTreeMap;

use jiff::{Span, civil::Date};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Deserialize;

use super::{
    diagnostics::{Diagnostic, DiagnosticDraft, Diagnostics, FileKind, Parent, quote},
    entry::{Entry, SourceSpan},
    reader::NodeReader,
    scalars::Literal,
    tree_within,
};
use baseline::BaselineEntry;
use problem::ErrorCode;

/// Maximum size of the file, enough for some thousands of entries. Nobody accepts more findings one by one.
pub const MAX_BASELINE_BYTES: usize = 1024 * 1024;

/// Maximum number of days ahead: within a year, somebody has to look again.
const MAX_DAYS_AHEAD: i32 = 366;

/// Maximum length of a reason. A longer one is a document, and belongs where it can be linked.
const MAX_REASON_LENGTH: usize = 500;

/// Accepted findings: they are reported and counted, but do not fail the run until they expire.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "prodverdict-baseline.yml")]
struct BaselineDocument(Vec<Entry<RawBaselineEntry>>);

/// Accepted finding.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `fingerprint`, `reason` and `expires`"
)]
#[schemars(rename = "Acceptance")]
struct RawBaselineEntry {
    /// Fingerprint of the finding: 16 hexadecimal digits from the JSON report. Quote it, or editors may read it as a number.
    #[schemars(regex(pattern = "^[0-9a-f]{16}$"))]
    fingerprint: Entry<Literal>,
    /// Reason for accepting it.
    #[schemars(length(min = 1, max = MAX_REASON_LENGTH))]
    reason: Entry<String>,
    /// Last day on which it is accepted (UTC), at most 366 days ahead.
    #[schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    expires: Entry<Literal>,
    /// Rule of the finding; for readers only.
    #[serde(default)]
    #[expect(dead_code, reason = "only people read it")]
    rule: Entry<Literal>,
    /// Entity of the finding; for readers only.
    #[serde(default)]
    entity: Entry<Literal>,
}

/// Reads the file. `path` is its name in diagnostics and places; days are compared with `today`. A file without entries
/// accepts nothing. An expired entry is part of the result: it is no mistake, it only has no effect.
pub fn acceptances(
    text: &str,
    path: &str,
    today: Date,
) -> Result<Vec<BaselineEntry>, Vec<Diagnostic>> {
    let diagnostics = Diagnostics::for_file(FileKind::Baseline, text, path);
    let found = read(&diagnostics, today);
    let mut problems = diagnostics.into_sorted();
    // When the last entry is removed, its comments may stay.
    problems.retain(|problem| problem.code != ErrorCode::Empty);
    if problems.is_empty() {
        Ok(found)
    } else {
        Err(problems)
    }
}

/// Returns the JSON Schema, formatted, with a line break at its end.
pub fn baseline_schema() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = generator.into_root_schema_for::<BaselineDocument>();
    format!("{:#}\n", schema.as_value())
}

fn read(diagnostics: &Diagnostics<'_>, today: Date) -> Vec<BaselineEntry> {
    let Some(tree) = tree_within(MAX_BASELINE_BYTES, diagnostics) else {
        return Vec::new();
    };
    let document = match Entry::<BaselineDocument>::deserialize(NodeReader::new(&tree, diagnostics))
    {
        Ok(Entry::Written(_, document)) => document,
        // Already reported.
        Ok(Entry::Absent | Entry::Broken(_)) => return Vec::new(),
        Err(type_error) => {
            let draft = DiagnosticDraft::new(ErrorCode::WrongType, type_error.to_string());
            diagnostics.add(draft, 0..0);
            return Vec::new();
        }
    };
    let mut first_lines = BTreeMap::new();
    let entries = document.0.iter().filter_map(Entry::written);
    entries
        .filter_map(|(span, written)| {
            acceptance(written, span, &mut first_lines, today, diagnostics)
        })
        .collect()
}

fn acceptance(
    written: &RawBaselineEntry,
    span: &SourceSpan,
    first_lines: &mut BTreeMap<String, usize>,
    today: Date,
    diagnostics: &Diagnostics<'_>,
) -> Option<BaselineEntry> {
    let parent = Parent {
        name: "the entry",
        span,
    };
    let fingerprint = fingerprint(written, parent, first_lines, diagnostics);
    let reason = reason(written, parent, diagnostics);
    let until = until(written, parent, today, diagnostics);
    let entity = written.entity.value().map(|entity| entity.0.clone());
    Some(BaselineEntry {
        fingerprint: fingerprint?,
        reason: reason?,
        until: until?,
        entity,
        place: diagnostics.entry_place(span),
    })
}

fn fingerprint(
    written: &RawBaselineEntry,
    parent: Parent<'_>,
    first_lines: &mut BTreeMap<String, usize>,
    diagnostics: &Diagnostics<'_>,
) -> Option<String> {
    let (span, Literal(text)) = diagnostics.require(&written.fingerprint, "fingerprint", parent)?;
    let is_hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 16 || !text.bytes().all(is_hexadecimal) {
        let message = format!(
            "`fingerprint` should be 16 lowercase hexadecimal digits, found {}",
            quote(text)
        );
        let help = "copy `fingerprint` from the JSON report, or let `prodverdict baseline` write the entry";
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
        return None;
    }
    let line = diagnostics.lines().number(span.value.start);
    if let Some(first) = first_lines.get(text) {
        let message = format!("{} is already accepted", quote(text));
        let draft = DiagnosticDraft::new(ErrorCode::Conflict, message)
            .help(format!("it is on line {first}; keep one of the two"));
        diagnostics.add_at(draft, span);
        return None;
    }
    first_lines.insert(text.clone(), line);
    Some(text.clone())
}

fn reason(
    written: &RawBaselineEntry,
    parent: Parent<'_>,
    diagnostics: &Diagnostics<'_>,
) -> Option<String> {
    let (span, text) = diagnostics.require(&written.reason, "reason", parent)?;
    let text = text.trim();
    if text.is_empty() {
        let draft = DiagnosticDraft::invalid(
            "`reason` should say why the finding is accepted, found nothing",
        );
        diagnostics.add_at(draft, span);
        return None;
    }
    let length = text.chars().count();
    if length > MAX_REASON_LENGTH {
        let message =
            format!("`reason` should have at most {MAX_REASON_LENGTH} characters, found {length}");
        let help = "shorten it and refer to the details, such as by the number of a ticket";
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
        return None;
    }
    Some(text.to_owned())
}

fn until(
    written: &RawBaselineEntry,
    parent: Parent<'_>,
    today: Date,
    diagnostics: &Diagnostics<'_>,
) -> Option<Date> {
    let (span, Literal(text)) = diagnostics.require(&written.expires, "expires", parent)?;
    let day: Option<Date> = text.parse().ok();
    // Other spellings of a date would be read differently elsewhere.
    let Some(day) = day.filter(|day| day.to_string() == *text) else {
        let message = format!(
            "`expires` should be a day such as `2026-12-31`, found {}",
            quote(text)
        );
        diagnostics.add_at(DiagnosticDraft::invalid(message), span);
        return None;
    };
    let last_allowed = today
        .checked_add(Span::new().days(MAX_DAYS_AHEAD))
        .unwrap_or(Date::MAX);
    if day > last_allowed {
        let message = format!(
            "`expires` should be at most {MAX_DAYS_AHEAD} days ahead, {last_allowed}, found {}",
            quote(text)
        );
        let help = "acceptances expire so that someone reviews them: choose an earlier day";
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
        return None;
    }
    Some(day)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = date(2026, 11, 26);

    fn problems(text: &str) -> Vec<String> {
        let shown = |diagnostic: &Diagnostic| {
            format!(
                "{}:{} {}: {} ({})",
                diagnostic.place.line,
                diagnostic.place.column,
                diagnostic.code.as_str(),
                diagnostic.message,
                diagnostic.help
            )
        };
        let diagnostics = acceptances(text, "prodverdict-baseline.yml", TODAY).unwrap_err();
        diagnostics.iter().map(shown).collect()
    }

    #[test]
    fn an_entry_is_read_with_its_place() {
        let text = "\
# Accepted by the billing team.
- fingerprint: \"69149926077885fa\"
  rule: revenue-leak
  entity: user:usr_alice
  reason: Alice pays by invoice.
  expires: 2026-12-31
- {fingerprint: 1234567890123456, reason: a number to YAML, expires: 2026-11-25}
- {fingerprint: 12345678901234e5, reason: another number, expires: 2027-11-27, entity: scenario:trial/ends}
";
        let found = acceptances(text, "./prodverdict-baseline.yml", TODAY).unwrap();
        let fingerprints: Vec<_> = found
            .iter()
            .map(|entry| entry.fingerprint.as_str())
            .collect();
        assert_eq!(
            fingerprints,
            ["69149926077885fa", "1234567890123456", "12345678901234e5"]
        );
        let lines: Vec<_> = found.iter().map(|entry| entry.place.line).collect();
        assert_eq!(lines, [2, 7, 8]);
        let holds: Vec<_> = found.iter().map(|entry| entry.holds_on(TODAY)).collect();
        assert_eq!(holds, [true, false, true]);
        let of_rehearsal: Vec<_> = found.iter().map(BaselineEntry::is_of_rehearsal).collect();
        assert_eq!(of_rehearsal, [false, false, true]);
        let first = found.first().unwrap();
        assert_eq!(first.place.path, "prodverdict-baseline.yml");
        assert_eq!(first.reason, "Alice pays by invoice.");
        assert_eq!(first.until, date(2026, 12, 31));
    }

    #[test]
    fn an_empty_baseline_is_valid() {
        for text in ["", "# nothing left\n", "[]\n", "~\n"] {
            assert_eq!(acceptances(text, "b.yml", TODAY), Ok(vec![]), "{text:?}");
        }
    }

    #[test]
    fn every_mistake_is_reported_at_once_with_its_line() {
        let text = "\
- fingerprint: 69149926077885FA
  reason: upper case
  expires: 2026-12-31
- fingerprint: 69149926077885fa
  reason: \"  \"
  expires: 31.12.2026
- fingerprint: 69149926077885fa
  reason: twice
  expires: 2027-11-28
- fingerprnt: 0123456789abcdef
  version: 1
- reason: 5
- words
";
        assert_eq!(
            problems(text),
            [
                "1:16 invalid-value: `fingerprint` should be 16 lowercase hexadecimal digits, found `69149926077885FA` \
                 (copy `fingerprint` from the JSON report, or let `prodverdict baseline` write the entry)",
                "5:11 invalid-value: `reason` should say why the finding is accepted, found nothing ()",
                "6:12 invalid-value: `expires` should be a day such as `2026-12-31`, found `31.12.2026` ()",
                "7:16 conflict: `69149926077885fa` is already accepted (it is on line 4; keep one of the two)",
                "9:12 invalid-value: `expires` should be at most 366 days ahead, 2027-11-27, found `2027-11-28` \
                 (acceptances expire so that someone reviews them: choose an earlier day)",
                "10:3 unknown-key: unknown key `fingerprnt` (did you mean `fingerprint`?)",
                "10:3 missing-key: missing key `expires` in the entry (add the last day of the acceptance (UTC), such \
                 as `expires: 2026-12-31`)",
                "10:3 missing-key: missing key `fingerprint` in the entry (copy the finding's 16 hexadecimal digits \
                 from the JSON report)",
                "10:3 missing-key: missing key `reason` in the entry (say why the finding is accepted)",
                "11:3 unknown-key: unknown key `version` (known keys here: `fingerprint`, `reason`, `expires`, `rule`, `entity`)",
                "12:3 missing-key: missing key `expires` in the entry (add the last day of the acceptance (UTC), such \
                 as `expires: 2026-12-31`)",
                "12:3 missing-key: missing key `fingerprint` in the entry (copy the finding's 16 hexadecimal digits \
                 from the JSON report)",
                "12:11 wrong-type: `reason` should be text, found the number `5` (put it in quotes if it is meant as text)",
                "13:3 wrong-type: an entry of `the file` should be a mapping with `fingerprint`, `reason` and `expires`, found `words` ()",
            ]
        );
        assert_eq!(
            problems("accepted: []\n"),
            ["1:1 wrong-type: the file should be a list, found a mapping ()"]
        );
    }

    #[test]
    fn days_are_one_spelling_and_exist() {
        for day in [
            "2026-02-30",
            "20261231",
            "2026-12-31T00:00",
            "2026-12-31Z",
            "2026",
            "~",
        ] {
            let text =
                format!("- {{fingerprint: 69149926077885fa, reason: x, expires: \"{day}\"}}\n");
            assert_eq!(problems(&text).len(), 1, "{day}");
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let text = format!("# {}\n", "x".repeat(MAX_BASELINE_BYTES));
        assert_eq!(
            problems(&text),
            ["1:1 too-large: the file is larger than 1024 KiB ()"]
        );
    }

    #[test]
    fn the_committed_schema_is_the_one_of_the_struct() {
        let committed = include_str!("../../../schema/baseline.schema.json");
        assert!(
            committed == baseline_schema(),
            "schema/baseline.schema.json is stale; it should be:\n{}",
            baseline_schema()
        );
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_a_panic(text in r"(- |fingerprint: |reason: |expires: |69149926077885fa|2026-12-31|\n|  |\PC){0,40}") {
            drop(acceptances(&text, "b.yml", TODAY));
        }
    }
}
