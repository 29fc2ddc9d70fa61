//! Diffs that nobody wrote in good faith, or that are larger than any person reads.

use std::time::Instant;

use prodverdict::changes::{ChangedFile, Diff, Finder, Kind, Name};

fn file(path: &str, patch: String) -> ChangedFile {
    ChangedFile {
        path: path.to_owned(),
        patch: Some(patch),
        ..ChangedFile::default()
    }
}

fn name(kind: Kind, text: &str) -> Name {
    Name::new(kind, text).expect("a name")
}

/// How long the most names may take in the largest diff, here without optimisation on a machine that does other things.
const MOST_SECONDS: u64 = 60;

#[test]
fn a_diff_of_the_largest_kind_is_searched_for_the_most_names_in_bounded_time() {
    let line = "+user.has_paid_access = plan_of(price_0) // pro plan seats status users customer\n";
    let patch = format!("@@ -1 +1,9000 @@\n{}", line.repeat(9_000));
    let files: Vec<_> = (0..3_000)
        .map(|number| file(&format!("src/{number:04}.ts"), patch.clone()))
        .collect();
    let began = Instant::now();
    let diff = Diff::of(&files, None, "prodverdict.yml");
    let contract: Vec<_> = (0..300)
        .map(|number| name(Kind::Price, &format!("price_{number}")))
        .collect();
    let mut finder = Finder::new(&diff, contract);
    for number in 0..20_000 {
        let names = [
            name(Kind::Column, "has_paid_access"),
            name(Kind::Column, "plan"),
            name(Kind::Plan, &format!("plan{number}")),
        ];
        let touches = finder.touches(&names);
        assert!(!touches.is_empty());
    }
    let seconds = began.elapsed().as_secs();
    assert!(seconds < MOST_SECONDS, "{seconds} s");
}
