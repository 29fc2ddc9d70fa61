//! `rehearse --changed`: what the working tree changes decides what is played first.

use testing::{
    handlers::Mutant,
    program::{git, write},
};

use super::example_app::{ExampleApp, Language, SETTLE};

const HANDLER: &str = "switch (event.type) {
  case 'invoice.payment_failed':
    warn(user);
    break;
  default:
    x();
}
";

/// An own scenario, which the broken handler fails.
const OWN: &str = "id: mine
title: t
ends: e
why: w
plays:
  - steps:
      - id: begins
        does: it begins
        provider: [{ checkout: {} }]
        send: [checkout.session.completed, customer.subscription.created, invoice.paid]
      - id: is-over
        does: it is over
        provider: [{ cancel_now: {} }]
        send: [customer.subscription.deleted]
";

const CHOSEN: &str =
    "--scenario first-purchase --scenario cancel-now --scenario dunning --now 2035-11-01T00:00:00Z";

/// An application whose handler keeps access after a cancellation, in a repository of its own.
fn example() -> ExampleApp {
    let example = ExampleApp::new(Language::Rust, Some(Mutant::CancelFlowSimplified), SETTLE);
    example.add("  scenarios_dir: own\n");
    let root = example.folder.path();
    write(root, "src/stripe.js", HANDLER);
    write(root, "own/mine.yml", OWN);
    for arguments in [
        "init --quiet",
        "add --all",
        "commit --quiet --message first",
    ] {
        git(root, arguments);
    }
    example
}

fn edit(example: &ExampleApp, text: &str, other: &str) {
    let edited = HANDLER.replace(text, other);
    write(example.folder.path(), "src/stripe.js", &edited);
}

#[test]
fn scenarios_about_changed_lines_are_played_first() {
    let example = example();
    edit(&example, "warn(user)", "revoke(user)");
    let changed = format!("{CHOSEN} --changed");
    let first = example.rehearse(&changed).run().with_status(1).says(&[
        "Playing 1 of 3 scenarios first (dunning), because changed lines are about \
         invoice.payment_failed (src/stripe.js:3)\n",
        "Played first: 0 held, 1 broken (dunning); playing the others\n",
    ]);
    let usual = example.rehearse(CHOSEN).run().with_status(1);
    assert_eq!(first.stdout, usual.stdout);
}

#[test]
fn a_changed_scenario_is_the_first_to_fail() {
    let example = example();
    let own = OWN.replace("it is over", "it ends");
    write(example.folder.path(), "own/mine.yml", &own);
    let all = "--scenario first-purchase --scenario cancel-now --scenario mine --fail-fast";
    let ran = example
        .rehearse(&format!("{all} --changed --format json"))
        .run()
        .with_status(1)
        .says(&["first (mine), because changed lines are about own/mine.yml\n"]);
    assert_eq!(ran.findings(), ["wrongful-access scenario:mine/is-over"]);
    let usual = example.rehearse(&format!("{all} --format json")).run();
    assert_eq!(
        usual.findings(),
        ["wrongful-access scenario:cancel-now/deleted"]
    );
}

#[test]
fn the_usual_order_is_said_with_its_reason() {
    let example = example();
    let says = |text: &str| {
        let only = "--scenario first-purchase --scenario quantity --changed";
        let ran = example.rehearse(only).run().with_status(0);
        ran.says(&[&format!("Playing in the usual order: {text}")]);
    };
    says("no line about billing has changed since ");
    edit(&example, "x();", "y();");
    says("every scenario may depend on src/stripe.js:6, which changed\n");
    edit(&example, "x();", "on('checkout.session.completed');");
    says(
        "every scenario may depend on checkout.session.completed (src/stripe.js:6), which changed\n",
    );
    std::fs::remove_dir_all(example.folder.path().join(".git")).expect("removed");
    says("`git` finds no repository at `.`, so what is changed is not known\n");
}

#[test]
fn nothing_is_played_first_where_nothing_is_played() {
    let example = ExampleApp::new(Language::Rust, None, SETTLE);
    for other in ["--list", "--node-preload a.cjs", "--python-path a"] {
        let refused = example.rehearse(&format!("--changed {other}")).run();
        refused.with_status(2).says(&["cannot be used with"]);
    }
}
