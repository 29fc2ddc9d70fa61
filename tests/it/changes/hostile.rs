//! Diffs written in bad faith, or larger than any person reads.

use prodverdict::changes::{ChangedFile, Diff, Finder, Name, NameKind};
use proptest::prelude::*;

fn file(path: &str, patch: String) -> ChangedFile {
    ChangedFile {
        path: path.to_owned(),
        patch: Some(patch),
        ..ChangedFile::default()
    }
}

fn name(kind: NameKind, text: &str) -> Name {
    Name::new(kind, text).expect("a name")
}

#[test]
fn a_finding_lists_a_handful_of_lines_however_many_there_are() {
    let line = "+user.has_paid_access = plan_of(price_0) // pro plan seats status users customer\n";
    let files: Vec<_> = (0..3_000)
        .map(|number| {
            file(
                &format!("src/{number:04}.ts"),
                format!("@@ -1 +1,3 @@\n{}", line.repeat(3)),
            )
        })
        .collect();
    let diff = Diff::new(&files, &[], "prodverdict.yml");
    let contract: Vec<_> = (0..300)
        .map(|number| name(NameKind::Price, &format!("price_{number}")))
        .collect();
    let mut finder = Finder::new(&diff, contract);
    for number in 0..100 {
        let names = [
            name(NameKind::Column, "has_paid_access"),
            name(NameKind::Column, "plan"),
            name(NameKind::Plan, &format!("plan{number}")),
        ];
        let lines = finder.relevant_lines(&names);
        assert!((1..=5).contains(&lines.len()), "{}", lines.len());
    }
}

#[test]
fn a_line_as_long_as_a_program_is_ignored() {
    let patch = format!(
        "@@ -1 +1 @@\n-{}has_paid_access = 1;",
        "x = 1; ".repeat(100_000)
    );
    let files = [file("src/app.js", patch)];
    let diff = Diff::new(&files, &[], "prodverdict.yml");
    let mut finder = Finder::new(&diff, Vec::new());
    assert!(
        finder
            .relevant_lines(&[name(NameKind::Column, "has_paid_access")])
            .is_empty()
    );
}

proptest! {
    #[test]
    fn every_match_is_a_line_of_the_diff(
        patch in r"(@@ -[0-9]{1,2}(,[0-9])? \+[0-9]{1,2}(,[0-9])? @@\n|[+\- ]|has_paid_access|hasPaidAccess|plan|'pro'|[:=.;{}]| |\PC|\n)*",
        path in r"(src/|billing/|[a-z.\u{1b}])*",
        is_removed in any::<bool>(),
    ) {
        let files = [ChangedFile { is_removed, ..file(&path, patch.clone()) }];
        let diff = Diff::new(&files, &[], "prodverdict.yml");
        let names = [name(NameKind::Column, "has_paid_access"), name(NameKind::Column, "plan"), name(NameKind::Plan, "pro")];
        let mut finder = Finder::new(&diff, names.to_vec());
        for line in finder.relevant_lines(&names).iter() {
            let change = line.describe(Some(&patch));
            prop_assert!(change.line >= 1);
            let (_, name) = change.does.split_once('`').expect("a name");
            let (name, _) = name.split_once('`').expect("its end");
            prop_assert!(patch.contains(name), "{}", change.does);
        }
    }
}
