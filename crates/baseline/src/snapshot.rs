//! An earlier result in one line that fits into a Markdown comment: fingerprints only, compressed.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read as _, Write as _},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};

use contract::UnixSeconds;

/// Start of the line with the fingerprints.
const BEGINNING: &str = "<!-- prodverdict-state v1 ";

/// Start of the preceding line, which holds the time of each fingerprint. Earlier versions ignore it.
const TIMES: &str = "<!-- prodverdict-since v1 ";

/// End of both lines. Base64 contains no `>`, so the payload cannot close the HTML comment.
const END: &str = " -->";

/// Size of a fingerprint and of a time in bytes.
const BYTES: usize = 8;

/// Fingerprints of one result, and the time when it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingsSnapshot {
    pub taken: UnixSeconds,
    /// Each fingerprint with the time of the first result that has it.
    fingerprints: BTreeMap<u64, UnixSeconds>,
}

impl FindingsSnapshot {
    /// Maximum number of fingerprints. They do not compress; 4,000 leave a third of a check run's summary for its text.
    pub const MAX_FINGERPRINTS: usize = 4_000;

    /// Builds a snapshot from the fingerprints of findings (16 hexadecimal digits). Other texts are skipped.
    pub fn new<'a>(taken: UnixSeconds, fingerprints: impl IntoIterator<Item = &'a str>) -> Self {
        Self::since(
            taken,
            fingerprints
                .into_iter()
                .map(|fingerprint| (fingerprint, taken)),
        )
    }

    /// Builds a snapshot from fingerprints and the times at which they were first seen.
    pub fn since<'a>(
        taken: UnixSeconds,
        fingerprints: impl IntoIterator<Item = (&'a str, UnixSeconds)>,
    ) -> Self {
        let numbers = fingerprints.into_iter();
        let fingerprints = numbers
            .filter_map(|(fingerprint, time)| Some((number(fingerprint)?, time)))
            .collect();
        Self {
            taken,
            fingerprints,
        }
    }

    /// Returns the time at which a finding was first seen, if it is known.
    pub fn first_seen(&self, fingerprint: &str) -> Option<UnixSeconds> {
        self.fingerprints.get(&number(fingerprint)?).copied()
    }

    pub fn contains(&self, fingerprint: &str) -> bool {
        number(fingerprint).is_some_and(|number| self.fingerprints.contains_key(&number))
    }

    /// Counts the stored fingerprints that are not among these.
    pub fn gone<'a>(&self, fingerprints: impl IntoIterator<Item = &'a str>) -> u64 {
        let now: BTreeSet<_> = fingerprints.into_iter().filter_map(number).collect();
        let stored = self.fingerprints.keys();
        let gone = stored.filter(|number| !now.contains(number)).count();
        u64::try_from(gone).unwrap_or(u64::MAX)
    }

    pub fn len(&self) -> usize {
        self.fingerprints.len()
    }

    pub fn is_empty(&self) -> bool {
        self.fingerprints.is_empty()
    }

    /// Returns the encoded lines, or `None` if there are too many fingerprints.
    pub fn line(&self) -> Option<String> {
        if self.fingerprints.len() > Self::MAX_FINGERPRINTS {
            return None;
        }
        let numbers = packed(self.fingerprints.keys().map(|number| number.to_be_bytes()))?;
        let line = format!("{BEGINNING}{} {numbers}{END}", self.taken.0);
        let mut times = self.fingerprints.values();
        if times.all(|time| *time == self.taken) {
            return Some(line);
        }
        // Few different times compress well.
        let times = packed(self.fingerprints.values().map(|time| time.0.to_be_bytes()))?;
        Some(format!("{TIMES}{times}{END}\n{line}"))
    }

    /// Finds the last snapshot in a text that this program wrote. Returns `None` if it is missing or damaged.
    pub fn find(text: &str) -> Option<Self> {
        let (before, rest) = text.rsplit_once(BEGINNING)?;
        let (inside, _) = rest.split_once(END)?;
        let (taken, packed) = inside.split_once(' ')?;
        let taken = UnixSeconds(taken.parse().ok()?);
        let numbers = unpacked(packed)?;
        // Without times, findings count as first seen when the result was taken, and never later.
        let times = times_at_end(before).filter(|times| times.len() == numbers.len());
        let times = times.unwrap_or_else(|| vec![taken; numbers.len()]);
        let times = times.into_iter().map(|time| time.min(taken));
        let numbers = numbers.into_iter().map(u64::from_be_bytes);
        Some(Self {
            taken,
            fingerprints: numbers.zip(times).collect(),
        })
    }
}

/// Reads the times from the last line of the text.
fn times_at_end(text: &str) -> Option<Vec<UnixSeconds>> {
    let line = text.trim_end_matches(['\r', '\n']).lines().next_back()?;
    let packed = line.strip_prefix(TIMES)?.strip_suffix(END)?;
    let times = unpacked(packed)?.into_iter();
    Some(
        times
            .map(|time| UnixSeconds(i64::from_be_bytes(time)))
            .collect(),
    )
}

fn packed(values: impl Iterator<Item = [u8; BYTES]>) -> Option<String> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    for value in values {
        encoder.write_all(&value).ok()?;
    }
    Some(URL_SAFE_NO_PAD.encode(encoder.finish().ok()?))
}

/// Returns `None` for a payload that is damaged or larger than any that this program writes.
fn unpacked(packed: &str) -> Option<Vec<[u8; BYTES]>> {
    let packed = URL_SAFE_NO_PAD.decode(packed).ok()?;
    let max = FindingsSnapshot::MAX_FINGERPRINTS * BYTES;
    let mut bytes = Vec::new();
    // Read one byte more than the limit, to recognize a longer payload.
    let limit = u64::try_from(max).ok()?.saturating_add(1);
    let mut decoder = DeflateDecoder::new(packed.as_slice()).take(limit);
    decoder.read_to_end(&mut bytes).ok()?;
    if bytes.len() > max {
        return None;
    }
    let (values, rest) = bytes.as_chunks::<BYTES>();
    rest.is_empty().then(|| values.to_vec())
}

fn number(fingerprint: &str) -> Option<u64> {
    let is_fingerprint = fingerprint.len() == 2 * BYTES;
    is_fingerprint
        .then(|| u64::from_str_radix(fingerprint, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: UnixSeconds = UnixSeconds(1_790_000_000);

    fn state(numbers: impl IntoIterator<Item = u64>) -> FindingsSnapshot {
        let fingerprints: Vec<_> = numbers
            .into_iter()
            .map(|number| format!("{number:016x}"))
            .collect();
        FindingsSnapshot::new(NOW, fingerprints.iter().map(String::as_str))
    }

    #[test]
    fn known_new_and_fixed_findings_are_counted() {
        let state = state([1, 2, 3]);
        assert!(state.contains("0000000000000002"));
        assert!(!state.contains("0000000000000004"));
        assert_eq!(state.gone(["0000000000000002", "0000000000000009"]), 2);
        assert!(!state.contains("2") && !state.contains(""));
    }

    #[test]
    fn too_many_fingerprints_are_not_kept_and_damaged_texts_are_ignored() {
        assert_eq!(state(0..4_001).line(), None);
        let line = state(0..4_000).line().unwrap();
        assert!(line.len() < 43_000, "{}", line.len());
        for odd in [
            "",
            "<!-- prodverdict-state v1 ",
            "<!-- prodverdict-state v1 1 -->",
            "<!-- prodverdict-state v1 x AAAA -->",
            "<!-- prodverdict-state v1 1 ???? -->",
            "<!-- prodverdict-state v1 1 AAAA -->",
        ] {
            assert_eq!(FindingsSnapshot::find(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_decompression_bomb_stops_at_the_limit() {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; 64 * 1024 * 1024]).unwrap();
        let packed = URL_SAFE_NO_PAD.encode(encoder.finish().unwrap());
        assert_eq!(
            FindingsSnapshot::find(&format!("{BEGINNING}1 {packed}{END}")),
            None
        );
    }

    #[test]
    fn times_are_optional_and_read_back() {
        let first = UnixSeconds(NOW.0 - 86_400);
        let (old, new) = ("0000000000000001", "0000000000000002");
        let state = FindingsSnapshot::since(NOW, [(old, first), (new, NOW)]);
        let lines = state.line().unwrap();
        let found = FindingsSnapshot::find(&lines.replace('\n', "\r\n")).unwrap();
        assert_eq!(found.first_seen(old), Some(first));
        assert_eq!(found.first_seen("0000000000000003"), None);
        // Written by an earlier version, or preceded by the times of another result.
        let (times, line) = lines.split_once('\n').unwrap();
        let found = FindingsSnapshot::find(line).unwrap();
        assert_eq!(found.first_seen(old), Some(NOW));
        let others = format!("{times}\n{times}\nx\n{line}");
        assert_eq!(FindingsSnapshot::find(&others), Some(found));
    }

    #[test]
    fn a_time_after_the_result_is_ignored() {
        let later = UnixSeconds(NOW.0 + 86_400);
        let line = FindingsSnapshot::since(NOW, [("0000000000000001", later)]).line();
        let found = FindingsSnapshot::find(&line.unwrap()).unwrap();
        assert_eq!(found.first_seen("0000000000000001"), Some(NOW));
    }

    #[test]
    fn the_times_of_all_findings_leave_room_for_the_report() {
        let fingerprints: Vec<_> = (0..4_000_u64)
            .map(|number| format!("{number:016x}"))
            .collect();
        let times = (0..).map(|night: i64| UnixSeconds(NOW.0 - night % 90 * 86_400));
        let pairs = fingerprints.iter().map(String::as_str).zip(times);
        let lines = FindingsSnapshot::since(NOW, pairs).line().unwrap();
        assert!(lines.len() < 50_000, "{}", lines.len());
    }

    proptest! {
        #[test]
        fn a_snapshot_is_read_back_from_any_surrounding_text(
            numbers in prop::collection::btree_set(any::<u64>(), 0..200),
            before in "\\PC*", after in "\\PC{0,40}"
        ) {
            let state = state(numbers);
            let line = state.line().unwrap();
            let ends_early = line.trim_end_matches(END).contains(END.trim());
            prop_assert!(!ends_early);
            prop_assert_eq!(FindingsSnapshot::find(&format!("{before}\n{line}\n{after}")), Some(state));
        }
    }
}
