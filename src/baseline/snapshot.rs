//! An earlier result in one line that fits into a Markdown comment: fingerprints only, compressed.

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};

use crate::contract::UnixSeconds;

/// Start and end of the line. Base64 contains no `>`, so the payload cannot close the HTML comment.
const BEGINNING: &str = "<!-- prodverdict-state v1 ";
const END: &str = " -->";

/// Size of a fingerprint in bytes.
const BYTES: usize = 8;

/// Fingerprints of one result, and the time when it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingsSnapshot {
    pub taken: UnixSeconds,
    fingerprints: BTreeSet<u64>,
}

impl FindingsSnapshot {
    /// Maximum number of fingerprints kept. They do not compress; this many leaves a third of a check run's summary to
    /// its readers.
    pub const MOST: usize = 4_000;

    /// Builds a state from the fingerprints of findings (16 hexadecimal digits). Anything else is skipped.
    pub fn new<'a>(taken: UnixSeconds, fingerprints: impl IntoIterator<Item = &'a str>) -> Self {
        let fingerprints = fingerprints.into_iter().filter_map(number).collect();
        Self {
            taken,
            fingerprints,
        }
    }

    pub fn contains(&self, fingerprint: &str) -> bool {
        number(fingerprint).is_some_and(|number| self.fingerprints.contains(&number))
    }

    /// Counts the stored fingerprints that are not among these.
    pub fn gone<'a>(&self, fingerprints: impl IntoIterator<Item = &'a str>) -> u64 {
        let now: BTreeSet<_> = fingerprints.into_iter().filter_map(number).collect();
        let gone = self.fingerprints.difference(&now).count();
        u64::try_from(gone).unwrap_or(u64::MAX)
    }

    pub fn len(&self) -> usize {
        self.fingerprints.len()
    }

    pub fn is_empty(&self) -> bool {
        self.fingerprints.is_empty()
    }

    /// Returns the encoded line, or `None` if there are too many fingerprints.
    pub fn line(&self) -> Option<String> {
        if self.fingerprints.len() > Self::MOST {
            return None;
        }
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        for number in &self.fingerprints {
            encoder.write_all(&number.to_be_bytes()).ok()?;
        }
        let packed = URL_SAFE_NO_PAD.encode(encoder.finish().ok()?);
        Some(format!("{BEGINNING}{} {packed}{END}", self.taken.0))
    }

    /// Finds the last state in a text that we wrote. Returns `None` if it is missing or damaged.
    pub fn find(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(BEGINNING)?;
        let (inside, _) = rest.split_once(END)?;
        let (taken, packed) = inside.split_once(' ')?;
        let taken = UnixSeconds(taken.parse().ok()?);
        let packed = URL_SAFE_NO_PAD.decode(packed).ok()?;
        let mut bytes = Vec::new();
        let limit = u64::try_from(Self::MOST * BYTES).ok()?;
        // Read one byte more than the limit: a longer payload is not ours.
        let mut decoder = DeflateDecoder::new(packed.as_slice()).take(limit + 1);
        decoder.read_to_end(&mut bytes).ok()?;
        if bytes.len() > Self::MOST * BYTES {
            return None;
        }
        let (numbers, rest) = bytes.as_chunks::<BYTES>();
        rest.is_empty().then(|| Self {
            taken,
            fingerprints: numbers
                .iter()
                .map(|bytes| u64::from_be_bytes(*bytes))
                .collect(),
        })
    }
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
            .map(|one| format!("{one:016x}"))
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

    proptest! {
        #[test]
        fn it_comes_back_from_any_surroundings(
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
