//! The example app passes every scenario, and each patch of it fails the one that is about its bug.

use testing::node_app::PADDLE_APP;

use super::{PaddleApp, broken, packages};
use crate::rehearsal::example_app::each;

const SCHEMA: &str = include_str!("../../../../examples/paddle-nextjs/app/schema.sql");
const CONFIGURATION: &str = include_str!("../../../../examples/paddle-nextjs/app/prodverdict.yml");

/// Each patch, with a scenario that it must fail.
const MUTANTS: [(&str, &str); 12] = [
    ("01-flag-lost-in-helper", "cancel-now"),
    ("02-plan-renamed", "first-purchase"),
    ("03-scheduled-end-is-canceled", "cancel-at-period-end"),
    ("04-trial-is-unpaid", "trial"),
    ("05-errors-swallowed", "failing-write"),
    ("06-signature-unchecked", "forged"),
    ("07-remembered-too-soon", "failing-write"),
    ("08-event-trusted", "cancel-now"),
    ("09-paused-grants", "pause"),
    ("10-custom-data-required", "dashboard-made"),
    ("11-first-item-only", "multi-item"),
    ("12-card-grants", "one-off"),
];

fn example(patch: Option<&str>) -> Option<PaddleApp> {
    let files = PADDLE_APP.copy(patch);
    Some(PaddleApp::start(
        packages()?,
        (SCHEMA, files),
        |base, listen| {
            CONFIGURATION
                .replace("http://localhost:3000", base)
                .replace("127.0.0.1:12112", listen)
        },
    ))
}

#[test]
fn the_right_app_passes_every_scenario() {
    let Some(example) = example(None) else { return };
    let ran = example.rehearse("").run();
    let report = ran.json();
    assert_eq!(
        report["findings"],
        serde_json::json!([]),
        "{}",
        example.app.log()
    );
    assert_eq!(ran.status, Some(0), "{ran:#?}");
    let scenarios = report["rehearsal"]["scenarios"]
        .as_array()
        .expect("an array");
    let held = scenarios.iter().filter(|one| one["result"] == "held");
    assert!(held.count() >= 28, "{scenarios:#?}");
    assert_eq!(example.database.count("users"), 0);
}

#[test]
fn each_broken_app_fails_the_scenario_about_its_bug() {
    if packages().is_none() {
        return;
    }
    let names: Vec<_> = MUTANTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(PADDLE_APP.patches(), names);
    let missed = each(&MUTANTS, |(name, scenario)| {
        let example = example(Some(name)).expect("checked");
        let report = example.rehearse("").run().json();
        let broken = broken(&report);
        (!broken.contains(*scenario)).then(|| format!("{name}: {broken:?}"))
    });
    let missed: Vec<_> = missed.into_iter().flatten().collect();
    assert!(missed.is_empty(), "{missed:#?}");
}
