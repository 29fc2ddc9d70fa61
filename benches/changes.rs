//! Looks up the changed lines of the maximum number of findings in the largest diff that GitHub lists, and measures the
//! time.
//!
//! `cargo bench --bench changes`.

use std::{
    io::{self, Write as _},
    time::{Duration, Instant},
};

use prodverdict::changes::{ChangedFile, Diff, Finder, Name, NameKind};

/// A tenth of the minute within which a person expects a report.
const MAX_SECONDS: Duration = Duration::from_secs(6);

const FINDINGS: u32 = 20_000;

fn main() -> io::Result<()> {
    let files = files();
    let start = Instant::now();
    let diff = Diff::new(&files, &[], "prodverdict.yml");
    let read = start.elapsed();
    let mut finder = Finder::new(&diff, names(NameKind::Price, "price_", 300));
    let touched = (0..FINDINGS).filter(|number| {
        let mut names = names(NameKind::Plan, &format!("plan{number}_"), 1);
        names.extend(Name::new(NameKind::Column, "has_paid_access"));
        !finder.relevant_lines(&names).is_empty()
    });
    let touched = touched.count();
    let taken = start.elapsed();
    if touched == 0 {
        return Err(io::Error::other(
            "no line was found, so nothing was measured",
        ));
    }
    let verdict = if taken <= MAX_SECONDS {
        ""
    } else {
        "  over the limit"
    };
    writeln!(
        io::stdout(),
        "{} files, {FINDINGS} findings; the limit is {} s\n\nread {:.2} s, in all {:.2} s, {touched} findings touched{verdict}",
        files.len(),
        MAX_SECONDS.as_secs(),
        read.as_secs_f64(),
        taken.as_secs_f64(),
    )
}

/// Returns as many files as GitHub lists, ten of them with the longest patch that it sends.
fn files() -> Vec<ChangedFile> {
    let line = "+user.has_paid_access = plan_of(price_0) // pro plan seats status users customer\n";
    let file = |path: String, lines: usize| ChangedFile {
        path,
        patch: Some(format!("@@ -1 +1,{lines} @@\n{}", line.repeat(lines))),
        ..ChangedFile::default()
    };
    let small = (0..2_990).map(|number| file(format!("src/{number:04}.ts"), 1));
    let large = (0..10).map(|number| file(format!("large/{number}.ts"), 9_000));
    small.chain(large).collect()
}

fn names(kind: NameKind, beginning: &str, count: u32) -> Vec<Name> {
    (0..count)
        .filter_map(|number| Name::new(kind, &format!("{beginning}{number}")))
        .collect()
}
