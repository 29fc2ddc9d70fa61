//! The file formats of a report. The extension of the file selects one.

use std::{io, path::Path};

use super::{
    Outcome, csv, html::html, json::write_json, junit, markdown, repair, sarif, text::write_text,
};

#[derive(Debug)]
pub struct FileFormat {
    pub name: &'static str,
    /// File extensions without the dot; the first is the usual one.
    pub endings: &'static [&'static str],
    /// True if the format needs full ids and repairs.
    pub repairs: bool,
    write: fn(&Outcome, &ReportPaths<'_>, &mut dyn io::Write) -> io::Result<()>,
}

/// The paths that some formats need besides the outcome.
#[derive(Debug, Clone, Copy)]
pub struct ReportPaths<'s> {
    /// Path of the configuration as given on the command line.
    pub config: &'s str,
    /// Absolute path of the folder that paths are relative to: the root of the repository, if known.
    pub folder: &'s str,
}

/// All formats, in the order in which they are listed to users.
pub const FORMATS: &[FileFormat] = &[
    FileFormat {
        name: "JSON",
        endings: &["json"],
        repairs: false,
        write: |outcome, _, out| write_json(outcome, out),
    },
    FileFormat {
        name: "SARIF",
        endings: &["sarif", "sarif.json"],
        repairs: false,
        write: |outcome, here, out| out.write_all(sarif::sarif(outcome, here).as_bytes()),
    },
    FileFormat {
        name: "JUnit",
        endings: &["xml"],
        repairs: false,
        write: |outcome, _, out| out.write_all(junit::junit(outcome).as_bytes()),
    },
    FileFormat {
        name: "Markdown",
        endings: &["md"],
        repairs: false,
        write: |outcome, here, out| {
            out.write_all(markdown::document(outcome, here.config).as_bytes())
        },
    },
    FileFormat {
        name: "HTML",
        endings: &["html", "htm"],
        repairs: false,
        write: |outcome, _, out| out.write_all(html(outcome).as_bytes()),
    },
    FileFormat {
        name: "CSV",
        endings: &["csv"],
        repairs: false,
        write: |outcome, _, out| csv::write_csv(outcome, out),
    },
    FileFormat {
        name: "repair script",
        endings: &["sql"],
        repairs: true,
        write: |outcome, _, out| out.write_all(repair::script(outcome).as_bytes()),
    },
    FileFormat {
        name: "text",
        endings: &["txt"],
        repairs: false,
        write: |outcome, _, out| write_text(outcome, false, out),
    },
];

impl FileFormat {
    /// Returns the format for a file name, or `None` if its extension is unknown.
    pub fn for_path(path: &Path) -> Option<&'static Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let all = FORMATS
            .iter()
            .flat_map(|format| format.endings.iter().map(move |ending| (format, ending)));
        let fits = |ending: &str| {
            let stem = name.strip_suffix(ending);
            stem.and_then(|stem| stem.strip_suffix('.'))
                .is_some_and(|stem| !stem.is_empty())
        };
        // `report.sarif.json` matches two extensions; the longer one wins.
        all.filter(|(_, ending)| fits(ending))
            .max_by_key(|(_, ending)| ending.len())
            .map(|(format, _)| format)
    }

    /// Writes the report in this format.
    pub fn write(
        &self,
        outcome: &Outcome,
        paths: &ReportPaths<'_>,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        (self.write)(outcome, paths, out)
    }

    /// Lists the usual extensions (`.json`, `.sarif`, …) for messages.
    pub fn usual_endings() -> Vec<String> {
        let endings = FORMATS.iter().filter_map(|format| format.endings.first());
        endings.map(|ending| format!(".{ending}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_determines_the_format() {
        let name = |path: &str| FileFormat::for_path(Path::new(path)).map(|format| format.name);
        assert_eq!(name("report.json"), Some("JSON"));
        assert_eq!(name("a.b/REPORT.Md"), Some("Markdown"));
        assert_eq!(name("a.sarif.json"), Some("SARIF"));
        for unknown in ["report", "json", ".json", "a.pdf", "a.json/", "a.jsonx", ""] {
            let expected = (unknown == "a.json/").then_some("JSON");
            assert_eq!(name(unknown), expected, "{unknown}");
        }
    }

    #[test]
    fn no_two_formats_have_the_same_ending() {
        let mut endings: Vec<_> = FORMATS
            .iter()
            .flat_map(|format| format.endings.iter().copied())
            .collect();
        let all = endings.len();
        endings.sort_unstable();
        endings.dedup();
        assert_eq!(endings.len(), all);
        assert!(FORMATS.iter().all(|format| !format.endings.is_empty()));
    }
}
