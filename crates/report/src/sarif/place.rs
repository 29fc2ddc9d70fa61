//! SARIF locations of files: relative to the repository, percent-encoded, never absolute.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{
    log::{ArtifactLocation, Location, PhysicalLocation, Region},
    message,
};
use crate::{Change, ReportPaths};
use problem::Place;

/// Characters that are encoded in a path segment. A colon in the first segment would look like a URL scheme.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b':')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Base of all paths. GitHub resolves them from the root of the repository, whatever the name.
const BASE: &str = "%SRCROOT%";

pub(super) struct SarifPlaces<'s>(&'s ReportPaths<'s>);

impl<'s> SarifPlaces<'s> {
    pub(super) fn new(paths: &'s ReportPaths<'s>) -> Self {
        Self(paths)
    }

    /// Returns the location of the place, or of the configuration's first line.
    pub(super) fn locate(&self, place: Option<&Place>) -> Location {
        let Some(place) = place else {
            return self.location(self.0.config, line(1), None);
        };
        let start = place.line.max(1);
        let start_column = place.column.max(1);
        let end_line = place.end_line.max(start);
        let end_column = place.end_column.saturating_add(1);
        let end_column = if end_line == start {
            end_column.max(start_column)
        } else {
            end_column
        };
        let region = Region {
            start_line: start,
            start_column: Some(start_column),
            end_line: Some(end_line),
            end_column: Some(end_column),
        };
        self.location(&place.path, region, None)
    }

    pub(super) fn of_change(&self, change: &Change) -> Location {
        self.location(&change.path, line(change.line.max(1)), Some(&change.does))
    }

    fn location(&self, path: &str, region: Region, text: Option<&str>) -> Location {
        Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation {
                    uri: uri(path, self.0.folder),
                    uri_base_id: BASE,
                },
                region,
            },
            message: text.map(|text| message(&[text.to_owned()])),
        }
    }
}

fn line(number: u32) -> Region {
    Region {
        start_line: number,
        start_column: None,
        end_line: None,
        end_column: None,
    }
}

/// Returns the path relative to `folder`. Relative paths start there; of a path outside it, only the file name is kept.
fn uri(path: &str, folder: &str) -> String {
    let whole = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{folder}/{path}")
    };
    let (whole, folder) = (segments(&whole), segments(folder));
    let inside = whole.strip_prefix(folder.as_slice());
    let shown = match inside {
        Some(inside) if !inside.is_empty() => inside,
        _ => whole.last().map_or(&[][..], std::slice::from_ref),
    };
    let encoded: Vec<_> = shown
        .iter()
        .map(|segment| utf8_percent_encode(segment, ENCODED).to_string())
        .collect();
    encoded.join("/")
}

fn segments(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_at_the_folder_and_no_absolute_one_is_shown() {
        for (path, expected) in [
            ("prodverdict.yml", "prodverdict.yml"),
            ("./ci/prodverdict.yml", "ci/prodverdict.yml"),
            ("ci/../a.yml", "a.yml"),
            ("/home/me/app/ci/a.yml", "ci/a.yml"),
            ("/home/me/other/a.yml", "a.yml"),
            ("../other/a.yml", "a.yml"),
            ("../../../../../../a.yml", "a.yml"),
            ("a b/ü#?.yml", "a%20b/%C3%BC%23%3F.yml"),
            ("file:x/[y].yml", "file%3Ax/%5By%5D.yml"),
            ("100%.yml", "100%25.yml"),
            ("app/(shop)/route.ts", "app/(shop)/route.ts"),
        ] {
            assert_eq!(uri(path, "/home/me/app"), expected, "{path}");
        }
    }
}
