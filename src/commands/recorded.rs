//! Recorded files in the place of live systems: which side they stand for, and what is not applied to them.

use std::path::Path;

use crate::{cli::FixtureArgs, config::AccountsQuery, fixtures::Recording, problem::Problem};

/// Which side is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recorded {
    Nothing,
    Provider(Recording),
    Both(Recording),
}

impl Recorded {
    /// As the command line says, with the files of this configuration.
    pub(crate) fn of(arguments: &FixtureArgs, config: &Path) -> Self {
        let recording = || Recording::find(arguments.fixtures_dir.as_deref(), config);
        if arguments.fixtures {
            Self::Both(recording())
        } else if arguments.fixtures_stripe {
            Self::Provider(recording())
        } else {
            Self::Nothing
        }
    }
}

/// What the contract says about rows, and recorded ones are not given: they are what the accounts query returned.
pub(crate) fn not_applied(query: &AccountsQuery) -> Option<Problem> {
    let AccountsQuery::Table { join, filter, .. } = query else {
        return None;
    };
    let (are, keys) = match (join, filter) {
        (None, None) => return None,
        (Some(_), None) => ("`join` is", "`join` gives"),
        (None, Some(_)) => ("`where` is", "`where` keeps"),
        (Some(_), Some(_)) => ("`join` and `where` are", "they give"),
    };
    Some(Problem {
        message: format!("{are} not applied to recorded rows"),
        hint: format!("record only the rows that {keys}: what the accounts query returns"),
        place: None,
    })
}
