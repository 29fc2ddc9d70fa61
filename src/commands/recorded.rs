//! Recorded files that replace one or both live sides.

use std::path::Path;

use crate::{cli::FixtureArgs, config::AccountsQuery, fixtures::FixtureFiles, problem::Problem};

/// The sides that are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RecordedSides {
    Nothing,
    Provider(FixtureFiles),
    Both(FixtureFiles),
}

impl RecordedSides {
    /// Reads the choice from the command line. By default the files lie next to this configuration.
    pub(crate) fn from_arguments(arguments: &FixtureArgs, config: &Path) -> Self {
        let recording = || FixtureFiles::find(arguments.fixtures_dir.as_deref(), config);
        if arguments.fixtures {
            Self::Both(recording())
        } else if arguments.fixtures_stripe {
            Self::Provider(recording())
        } else {
            Self::Nothing
        }
    }
}

/// Warns that `join` and `where` are not applied to recorded rows, which are results of the accounts query.
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
    Some(
        Problem::new(format!("{are} not applied to recorded rows")).hint(format!(
            "record only the rows that {keys}: what the accounts query returns"
        )),
    )
}
