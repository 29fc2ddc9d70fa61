//! What the committed baseline accepts on the day of a run.

use std::path::Path;

use jiff::civil::Date;

use super::configuration::{Unusable, load_baseline};
use crate::{
    baseline::{Acceptance, day_of},
    contract::UnixSeconds,
    report::Comparison,
};

/// The entries of a baseline, and the day that they are judged by.
#[derive(Debug)]
pub(crate) struct Accepted {
    entries: Vec<Acceptance>,
    today: Date,
}

/// What the file of that name accepts; nothing where none is named.
pub(crate) fn accepted(path: Option<&Path>, now: UnixSeconds) -> Result<Accepted, Unusable> {
    let today = day_of(now);
    let entries = match path {
        Some(path) => load_baseline(path, &path.display().to_string(), today)?,
        None => Vec::new(),
    };
    Ok(Accepted { entries, today })
}

impl Accepted {
    /// With nothing earlier: a command line has no memory.
    pub(crate) fn comparison(&self) -> Comparison<'_> {
        Comparison {
            earlier: None,
            accepted: &self.entries,
            today: self.today,
            lets_known_pass: false,
            is_whole: true,
        }
    }
}
