//! The findings of the last run, and the difference between them and those of this run.

use super::FindingsSnapshot;

/// The findings of the last run, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviousRun {
    /// There was no earlier run, so every finding is new.
    None,
    Found(FindingsSnapshot),
    /// Findings existed, but cannot be read: there were too many to store, or somebody edited the text.
    Unreadable,
    /// The last result could not be looked up, so nothing can be compared.
    Unknown,
}

/// Difference between the current findings and those of the last run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Indexes of the findings that the last run did not have.
    pub new: Vec<usize>,
    /// Number of the last run's findings that are gone.
    pub fixed: u64,
}

impl PreviousRun {
    /// Compares by fingerprint. Returns `None` if the last run's findings are not known.
    pub fn change(&self, fingerprints: &[&str]) -> Option<Change> {
        let all_new = || (0..fingerprints.len()).collect();
        match self {
            Self::None => Some(Change {
                new: all_new(),
                fixed: 0,
            }),
            Self::Found(state) => Some(Change {
                new: fingerprints
                    .iter()
                    .enumerate()
                    .filter(|(_, fingerprint)| !state.contains(fingerprint))
                    .map(|(index, _)| index)
                    .collect(),
                fixed: state.gone(fingerprints.iter().copied()),
            }),
            Self::Unreadable | Self::Unknown => None,
        }
    }
}

impl Change {
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.fixed == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use contract::UnixSeconds;

    fn fingerprints(numbers: &[u64]) -> Vec<String> {
        numbers
            .iter()
            .map(|number| format!("{number:016x}"))
            .collect()
    }

    fn change(before: &[u64], now: &[u64]) -> Change {
        let (before, now) = (fingerprints(before), fingerprints(now));
        let state = FindingsSnapshot::new(UnixSeconds(1), before.iter().map(String::as_str));
        let now: Vec<_> = now.iter().map(String::as_str).collect();
        PreviousRun::Found(state).change(&now).unwrap()
    }

    #[test]
    fn new_and_fixed_findings_are_reported() {
        let now = change(&[1, 2, 3], &[3, 4, 1, 5]);
        assert_eq!((now.new, now.fixed), (vec![1, 3], 1));
        assert!(change(&[1, 2], &[2, 1]).is_empty());
        assert!(!change(&[1, 2], &[2]).is_empty());
        let first = PreviousRun::None.change(&["0000000000000001"]).unwrap();
        assert_eq!((first.new, first.fixed), (vec![0], 0));
        for unknown in [PreviousRun::Unreadable, PreviousRun::Unknown] {
            assert_eq!(unknown.change(&[]), None);
        }
    }

    proptest! {
        #[test]
        fn every_finding_is_new_or_was_there_and_every_other_is_fixed(
            before in prop::collection::btree_set(0_u64..40, 0..30),
            now in prop::collection::btree_set(0_u64..40, 0..30),
        ) {
            let kept = before.intersection(&now).count();
            let (before, now): (Vec<_>, Vec<_>) = (before.into_iter().collect(), now.into_iter().collect());
            let change = change(&before, &now);
            prop_assert_eq!(change.new.len() + kept, now.len());
            prop_assert_eq!(usize::try_from(change.fixed).unwrap() + kept, before.len());
        }
    }
}
