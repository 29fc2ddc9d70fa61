//! Recorded files that replace one or both live sides.

use std::path::Path;

use crate::{cli::FixtureArgs, sources::FixtureFiles};

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
