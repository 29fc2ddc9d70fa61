//! The findings accepted by the committed baseline on the day of a run.

use std::path::Path;

use super::configuration::{Unusable, load_baseline};
use crate::{
    baseline::{BaselineEntry, day_of},
    contract::UnixSeconds,
    report::Comparison,
};

/// The entries of a baseline, and the time for which they are evaluated.
#[derive(Debug)]
pub(crate) struct Accepted {
    entries: Vec<BaselineEntry>,
    now: UnixSeconds,
}

/// Reads the baseline file, if there is one.
pub(crate) fn accepted(path: Option<&Path>, now: UnixSeconds) -> Result<Accepted, Unusable> {
    let today = day_of(now);
    let entries = match path {
        Some(path) => load_baseline(path, &path.display().to_string(), today)?,
        None => Vec::new(),
    };
    Ok(Accepted { entries, now })
}

impl Accepted {
    /// Returns the comparison without a previous result, which the command line does not store.
    pub(crate) fn comparison(&self) -> Comparison<'_> {
        Comparison {
            earlier: None,
            accepted: &self.entries,
            now: self.now,
            lets_known_pass: false,
            is_complete: true,
        }
    }
}
