//! The scenarios that each broken app fails, and the messages: writes `docs/rehearsal-mutants.md` from these runs.

use testing::{
    handlers::Mutant,
    node_app::{Packages, STRIPE_APP},
};

use super::{
    example_app::{ExampleApp, Language, SETTLE, each},
    mutant_page::{MutantPage, MutantRun},
    skipped,
};

const PAGE: MutantPage = MutantPage {
    path: "docs/rehearsal-mutants.md",
    app: &STRIPE_APP,
    head: "\
# What a rehearsal catches

`examples/nextjs-stripe/app` is a small webhook handler that passes every scenario. The folder `mutants/` next to it has
sixteen patches. Each breaks the handler in a way that a refactoring can, and that a reviewer could overlook. The tests
rehearse the app without a patch and with each one, and generate this page from the reports
(`PRODVERDICT_UPDATE_EXPECTED=1 scripts/test --test it rehearsal::`). For half of the patches, they rehearse a copy of the app in
Rust that has the same bug.

❌ marks a scenario that the patched app fails, and – one that was not reached, because the first purchase failed. An empty
cell is a pass. Each section shows the first finding of the report.
",
};

/// Rehearses the right app in each language, and each broken one in one of them by turns: in both they are told the same.
fn rehearse_all(languages: &[Language]) -> Vec<MutantRun> {
    let mut apps: Vec<_> = languages.iter().map(|language| (None, *language)).collect();
    let by_turns = languages.iter().cycle();
    apps.extend(Mutant::ALL.map(Some).into_iter().zip(by_turns.copied()));
    each(&apps, |(mutant, language)| rehearse(*mutant, *language))
}

fn rehearse(mutant: Option<Mutant>, language: Language) -> MutantRun {
    let example = ExampleApp::new(language, mutant, SETTLE);
    let ran = example
        .rehearse("--format json --now 2035-11-01T00:00:00Z")
        .run();
    assert_eq!(example.rows(), 0, "rows were left behind: {ran:#?}");
    let run = MutantRun {
        patch: mutant.map(Mutant::as_str),
        status: ran.status,
        report: ran.json(),
        log: example.log(),
    };
    check(mutant, &run);
    run
}

#[test]
fn each_broken_app_fails_the_expected_scenarios_with_the_cause() {
    let mut languages = vec![Language::Rust];
    match Packages::install() {
        Ok(packages) => languages.push(Language::Node(packages)),
        Err(why) => skipped(why),
    }
    PAGE.compare_or_write(&PAGE.format(&rehearse_all(&languages)));
}

/// Checks that the correct app passes, and that a broken one fails with a first message that names the cause.
#[track_caller]
fn check(mutant: Option<Mutant>, run: &MutantRun) {
    let Some(mutant) = mutant else {
        assert!(
            run.findings().is_empty(),
            "{:?} {}",
            run.findings(),
            run.log
        );
        assert_eq!(run.status, Some(0), "{run:#?}");
        return;
    };
    let name = mutant.as_str();
    assert_eq!(run.status, Some(1), "{name}: {run:#?}");
    let first = &run.findings()[0];
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
