//! The scenarios that each broken app fails, and the messages: writes `docs/rehearsal-mutants.md` from these runs.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

use serde_json::Value;
use testing::{
    handlers::Mutant,
    node_app::{Packages, story},
};

use super::{
    example_app::{ExampleApp, Language, SETTLE, each},
    skipped,
};
use crate::prodverdict;

const DOCUMENT: &str = "docs/rehearsal-mutants.md";

/// The text above the table.
const HEAD: &str = "\
# What a rehearsal catches

`examples/nextjs-stripe/app` is a small webhook handler that passes every scenario. The folder `mutants/` next to it has
sixteen patches. Each breaks the handler in a way that a refactoring can, and that a reviewer could overlook. The tests
rehearse the app without a patch and with each one, both the Node app and a port to Rust, and generate this page from the
reports (`PRODVERDICT_UPDATE_EXPECTED=1 scripts/test --test it rehearsal::`).

❌ marks a scenario that the patched app fails.
";

/// The result of rehearsing one app.
#[derive(Debug)]
struct Came {
    mutant: Option<Mutant>,
    report: Value,
    status: Option<i32>,
    log: String,
}

impl Came {
    fn name(&self) -> &'static str {
        self.mutant.map_or("the app as it is", Mutant::as_str)
    }

    fn findings(&self) -> &[Value] {
        self.report["findings"].as_array().expect("an array")
    }

    /// Lists the scenarios that it fails.
    fn broken(&self) -> BTreeSet<&str> {
        let scenarios = self.report["rehearsal"]["scenarios"].as_array();
        let scenarios = scenarios.expect("an array").iter();
        let broken = scenarios.filter(|scenario| scenario["result"] == "broken");
        broken
            .map(|scenario| scenario["id"].as_str().expect("a text"))
            .collect()
    }
}

/// Rehearses the correct app and each broken one.
fn rehearsed(language: Language) -> Vec<Came> {
    let mut apps = vec![None];
    apps.extend(Mutant::ALL.map(Some));
    each(&apps, |mutant| {
        let example = ExampleApp::new(language, *mutant, SETTLE);
        let ran = example
            .rehearse("--format json --now 2026-11-01T00:00:00Z")
            .run();
        assert_eq!(example.rows(), 0, "rows were left behind: {ran:#?}");
        Came {
            mutant: *mutant,
            status: ran.status,
            report: ran.json(),
            log: example.log(),
        }
    })
}

#[test]
fn each_broken_app_fails_the_expected_scenarios_with_the_cause() {
    let in_rust = document(&rehearsed(Language::Rust));
    match Packages::install() {
        Ok(packages) => {
            let in_node = document(&rehearsed(Language::Node(packages)));
            assert_eq!(in_node, in_rust, "Node and Rust are told different things");
        }
        Err(why) => skipped(why),
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "set by a person who wants the file written anew"
    )]
    let updates = std::env::var_os("PRODVERDICT_UPDATE_EXPECTED").is_some();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    if updates {
        fs::write(&path, &in_rust).expect("written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        in_rust, expected,
        "{DOCUMENT} says something else: read what is different, and if it is right, write the file with \
         `PRODVERDICT_UPDATE_EXPECTED=1 scripts/test --test it rehearsal::`"
    );
}

/// Formats the results as a page of the documentation.
fn document(all: &[Came]) -> String {
    for came in all {
        check(came);
    }
    let broken: Vec<_> = all.iter().filter(|came| came.mutant.is_some()).collect();
    let number = |came: &Came| {
        let number = came.name().split('-').next().unwrap_or_default();
        number.trim_start_matches('0').to_owned()
    };
    let mut text = HEAD.to_owned();
    let numbers: Vec<_> = broken.iter().map(|came| number(came)).collect();
    let rule = "|:-:".repeat(numbers.len());
    write!(
        text,
        "\n| scenario | {} |\n|---{rule}|\n",
        numbers.join(" | ")
    )
    .expect("a string");
    for scenario in scenarios() {
        let marks: Vec<_> = broken
            .iter()
            .map(|came| {
                if came.broken().contains(scenario.as_str()) {
                    "❌"
                } else {
                    ""
                }
            })
            .collect();
        writeln!(text, "| `{scenario}` | {} |", marks.join(" | ")).expect("a string");
    }
    for came in broken {
        let (title, story) = story(came.name());
        let first = &came.findings()[0];
        let message = first["message"].as_str().expect("a text");
        write!(
            text,
            "\n## {}. {title}\n\n{story} Patch: [`{name}`](../examples/nextjs-stripe/app/mutants/{name}.patch).\n\n\
             The rehearsal reports at `{}`:\n\n```\n{message}\nFix: {}\n```\n",
            number(came),
            first["entity"].as_str().expect("a text"),
            first["fix"].as_str().expect("a text"),
            name = came.name(),
        )
        .expect("a string");
    }
    text
}

/// Lists every built-in scenario in order.
fn scenarios() -> Vec<String> {
    let listed = prodverdict("rehearse --list").run().with_status(0);
    let lines = listed.stdout.lines();
    lines
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}

/// Checks that the correct app passes, and that a broken one fails with a first message that names the cause.
#[track_caller]
fn check(came: &Came) {
    let Some(mutant) = came.mutant else {
        assert!(
            came.findings().is_empty(),
            "{:?} {}",
            came.findings(),
            came.log
        );
        assert_eq!(came.status, Some(0), "{came:#?}");
        return;
    };
    let name = came.name();
    assert_eq!(came.status, Some(1), "{name}: {came:#?}");
    let first = &came.findings()[0];
    let message = format!("{}\n{}", first["message"], first["fix"]);
    for words in cause(mutant) {
        assert!(
            message.contains(words),
            "{name}: no `{words}` in: {message}"
        );
    }
}

/// Lists words without which a message does not name the cause.
fn cause(mutant: Mutant) -> &'static [&'static str] {
    match mutant {
        Mutant::FlagLostInHelper => &["changed", "plan", "but not `has_paid_access`: set it"],
        Mutant::CancelFlowSimplified => &[
            "changed plan",
            "but left `has_paid_access` as it was: take it away",
        ],
        Mutant::SecretRenamed => &[
            "answered 400",
            "verifies with a different secret from `STRIPE_WEBHOOK_SECRET`",
            "a variable that is not set",
        ],
        Mutant::DuplicateByObject => &[
            "the row did not change",
            "taken for a duplicate of evt_",
            "the same type, another event",
        ],
        Mutant::RememberedTooSoon => &[
            "the row did not change",
            "id remembered before the write that failed",
        ],
        Mutant::PlanRenamed => &[
            "stored plan professional",
            "`price_1ProMonthly` to pro",
            "renamed in one place only",
        ],
        Mutant::CreatedTrusted => &[
            "customer.subscription.created came after",
            "fetch the subscription from the API",
        ],
        Mutant::StaleUpdateTrusted => &[
            "an old event overwrote the current state",
            "fetch the subscription from the API",
        ],
        Mutant::LateDeletionWipes => &[
            "customer.subscription.deleted took `has_paid_access` away although sub_",
            "check all of the customer's subscriptions",
        ],
        Mutant::NullCustomerUpdated => &[
            "An unrelated row changed",
            "without a customer",
            "an empty or missing id must match no row",
        ],
        Mutant::PeriodEndOldPlace => &["`items.data[].current_period_end`", "since basil"],
        Mutant::IncompleteGrants => &[
            "set `has_paid_access` although the subscription is incomplete",
            "active and trialing only",
        ],
        Mutant::ScheduledEndIsCanceled => &["is only scheduled to end", "keep the access until"],
        Mutant::TrialIsUnpaid => &["set `has_paid_access` for trialing too"],
        Mutant::ErrorsSwallowed => &["failed while", "answered 200", "let the error through"],
        Mutant::SignatureUnchecked => &[
            "answered 200",
            "without a signature",
            "verify the signature",
        ],
    }
}
