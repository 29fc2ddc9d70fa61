//! The example app passes every scenario, and each patch of it fails the one that is about its bug: writes
//! `docs/rehearsal-paddle-mutants.md` from these runs.

use testing::node_app::PADDLE_APP;

use super::{PaddleApp, packages};
use crate::rehearsal::{
    example_app::each,
    mutant_page::{MutantPage, MutantRun},
};

const SCHEMA: &str = include_str!("../../../../examples/paddle-nextjs/app/schema.sql");
const CONFIGURATION: &str = include_str!("../../../../examples/paddle-nextjs/app/prodverdict.yml");

const PAGE: MutantPage = MutantPage {
    path: "docs/rehearsal-paddle-mutants.md",
    app: &PADDLE_APP,
    head: "\
# What a rehearsal of Paddle catches

`examples/paddle-nextjs/app` is a small webhook handler with Paddle's official SDK that passes every scenario. The folder
`mutants/` next to it has twelve patches. Each breaks the handler in a way that a refactoring can, and that a reviewer could
overlook. The tests rehearse the app without a patch and with each one, and generate this page from the reports
(`PRODVERDICT_UPDATE_EXPECTED=1 scripts/test --test it rehearsal::`).

❌ marks a scenario that the patched app fails, and – one that was not reached, because the first purchase failed. An empty
cell is a pass. Each section shows the first finding of the report.
",
};

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

fn rehearse(patch: Option<&'static str>) -> MutantRun {
    let example = example(patch).expect("packages");
    let ran = example.rehearse("").run();
    assert_eq!(
        example.database.count("users"),
        0,
        "rows were left behind: {ran:#?}"
    );
    MutantRun {
        patch,
        report: ran.json(),
        status: ran.status,
        log: example.app.log(),
    }
}

#[test]
fn each_broken_paddle_app_fails_the_scenario_about_its_bug() {
    if packages().is_none() {
        return;
    }
    let names = MUTANTS.map(|(name, _)| name);
    assert_eq!(PADDLE_APP.patches(), names);
    let mut apps = vec![None];
    apps.extend(names.map(Some));
    let runs = each(&apps, |patch| rehearse(*patch));

    let right = &runs[0];
    assert!(right.findings().is_empty(), "{right:#?}");
    assert_eq!(right.status, Some(0), "{right:#?}");
    for ((name, scenario), run) in MUTANTS.iter().zip(&runs[1..]) {
        let broken = run.broken();
        assert!(broken.contains(scenario), "{name}: {broken:?}");
        assert_eq!(run.status, Some(1), "{name}");
    }
    PAGE.compare_or_write(&PAGE.format(&runs));
}
