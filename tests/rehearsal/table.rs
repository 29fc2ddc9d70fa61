//! Which scenario each broken app fails, and what it is told: `docs/rehearsal-mutants.md` is made of these runs.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    handlers::Mutant,
    node_app::Packages,
    stage::{Language, Stage, each},
};

/// What a rehearsal of one app came to.
#[derive(Debug)]
struct Came {
    mutant: Option<Mutant>,
    report: Value,
    log: String,
}

fn rehearsed(language: Language) -> Vec<Came> {
    let mut apps = vec![None];
    apps.extend(Mutant::ALL.map(Some));
    each(&apps, |mutant| {
        let stage = Stage::new(language, *mutant, "");
        let ran = stage
            .rehearse("--format json --now 2026-11-01T00:00:00Z")
            .run();
        let log = stage.log();
        println!("{mutant:?}: {:?}\n{}", ran.status, ran.stderr);
        for finding in ran.json()["findings"].as_array().expect("array") {
            println!("  {} {}\n    {}\n   FIX {}", finding["rule"], finding["entity"], finding["message"].as_str().unwrap().replace('\n', "\n    "), finding["fix"]);
        }
        assert_eq!(stage.rows(), 0);
        Came { mutant: *mutant, report: ran.json(), log }
    })
}

#[test]
fn in_rust() {
    rehearsed(Language::Rust);
}
