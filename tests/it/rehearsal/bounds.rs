//! Duration and extent: what fails everywhere is reported once and early, and judged results are never lost.

use std::time::{Duration, Instant};

use testing::{node_app::Packages, program::write};

use super::{
    example_app::ExampleApp,
    skipped,
    small::{ACCOUNTS, RIGHT, Small},
};

fn example(small: &Small<'_>) -> Option<ExampleApp> {
    match Packages::install() {
        Ok(packages) => Some(ExampleApp::small(packages, small)),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

fn took<R>(work: impl FnOnce() -> R) -> (R, Duration) {
    let began = Instant::now();
    let result = work();
    (result, began.elapsed())
}

#[test]
fn a_purchase_that_always_fails_is_one_finding() {
    let right = Small {
        handler: RIGHT,
        settle: "5s",
        ..ACCOUNTS
    };
    let Some(example) = example(&right) else {
        return;
    };
    let (_, as_long) = took(|| example.rehearse("").run());
    drop(example);
    let nothing = Small {
        handler: "return;",
        ..right
    };
    let Some(example) = self::example(&nothing) else {
        return;
    };
    let (ran, broken) = took(|| example.rehearse("--format json").run().with_status(1));
    assert_eq!(
        ran.findings(),
        ["revenue-leak scenario:first-purchase/bought"]
    );
    let report = ran.json();
    let message = report["findings"][0]["message"]
        .as_str()
        .expect("a text")
        .to_owned();
    assert!(
        message.contains("Not reached for this reason: first-purchase-any-order, "),
        "{message}"
    );
    let result = |id: &str| {
        let scenarios = report["rehearsal"]["scenarios"]
            .as_array()
            .expect("an array");
        let scenario = scenarios
            .iter()
            .find(|scenario| scenario["id"] == id)
            .expect(id);
        (scenario["result"].clone(), scenario["left_out"].to_string())
    };
    let output = "[\"its purchase fails as that of `first-purchase` does\"]".to_owned();
    // The second has several plays, and one reason for all of them.
    for id in ["redelivery", "dunning"] {
        assert_eq!(result(id), ("not_reached".into(), output.clone()), "{id}");
    }
    for id in ["forged", "unknown-event", "second-secret"] {
        let (held, output) = result(id);
        assert_eq!(held, "held", "{id}: {report:#}");
        assert!(
            output.contains("the rehearsal itself set the row to the paid state"),
            "{id}: {output}"
        );
    }
    assert!(
        broken < as_long * 2,
        "{broken:?} where a right one takes {as_long:?}"
    );
}

#[test]
fn a_handler_that_hangs_is_reported_in_time() {
    let small = Small {
        handler: "await new Promise(() => {});",
        settle: "5s",
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let (ran, took) = took(|| example.rehearse("").run().with_status(1));
    ran.says(&[
        "[HIGH] scenario:first-purchase/bought",
        "no answer within",
        "the handler does not answer",
    ]);
    assert!(took < Duration::from_secs(90), "{took:?}");
}

#[test]
fn an_update_without_a_condition_is_reported_soon() {
    let small = Small {
        handler: "
    if (!event.type.startsWith('customer.subscription.')) return;
    await db.query('update accts set status = $1', [event.data.object.status]);",
        settle: "5s",
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let (ran, took) = took(|| example.rehearse("--format json").run().with_status(1));
    assert_eq!(
        ran.findings(),
        ["bystander-changed scenario:first-purchase/bought"]
    );
    assert!(took < Duration::from_mins(1), "{took:?}");
}

const UNPLAYABLE: &str = "id: nonsense
title: t
ends: e
why: w
plays:
  - steps:
      - { id: never, does: nothing, provider: [{ checkout: {} }], send: [invoice.voided] }
";

#[test]
fn a_scenario_that_makes_no_sense_voids_only_itself() {
    let small = Small {
        handler: RIGHT,
        rehearsal: "  scenarios_dir: own\n",
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    std::fs::create_dir(example.folder.path().join("own")).expect("a folder");
    write(example.folder.path(), "own/nonsense.yml", UNPLAYABLE);
    let ran = example
        .rehearse("--scenario first-purchase --scenario nonsense --scenario cancel-now")
        .run();
    let ran = ran.with_status(2);
    ran.says(&[
        "first-purchase  held",
        "cancel-now      held",
        "nonsense        COULD NOT TELL",
        "the provider sent no invoice.voided at step `never`",
        "VERDICT: ERROR",
    ]);
}

#[test]
fn an_interrupted_rehearsal_reports_its_results_so_far() {
    let small = Small {
        handler: "if (event.type === 'customer.subscription.deleted') return;
    if (event.type.startsWith('customer.subscription.'))
      await db.query('update accts set status = $1 where stripe_customer_id = $2', [event.data.object.status, event.data.object.customer]);",
        settle: "60s",
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let child = example.spawn("--scenario first-purchase --scenario cancel-now --jobs 1");
    example.database.until(
        "select exists(select from accts where id = 'pv_cancel_now_1_1' and status = 'active')",
    );
    std::process::Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .expect("kill starts");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let output = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.contains("interrupted"), "{output}");
    assert!(output.contains("first-purchase  held"), "{output}");
    assert!(
        output.contains("cancel-now      not reached: the rehearsal was stopped before it"),
        "{output}"
    );
}

#[test]
fn fail_fast_ends_with_the_first_finding_that_fails() {
    let small = Small {
        handler: "if (event.type !== 'customer.subscription.created') return;
    await db.query('update accts set status = $1 where stripe_customer_id = $2', ['active', event.data.object.customer]);",
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let few = "--format json --scenario trial --scenario cancel-now --scenario dunning";
    let rehearse = |more: &str| {
        example
            .rehearse(&format!("{few} {more}"))
            .run()
            .with_status(1)
    };
    assert!(rehearse("").findings().len() > 1);
    let alone = rehearse("--fail-fast --jobs 1");
    assert_eq!(
        alone.findings(),
        ["wrongful-access scenario:trial/canceled-without-a-card"]
    );
    assert_eq!(
        rehearse("--fail-fast --jobs 8").findings(),
        alone.findings()
    );
}

/// Once, the handler changes the row of another account; played again, it does nothing wrong.
#[test]
fn fail_fast_goes_on_after_a_finding_that_is_gone() {
    let handler = format!(
        "if (event.type === 'customer.subscription.deleted' && !globalThis.slipped) {{
      globalThis.slipped = true;
      await db.query(\"update accts set status = 'paused' where id like '%bystander%' and status is not null\");
    }}
    {RIGHT}"
    );
    let small = Small {
        handler: &handler,
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let few = "--scenario first-purchase --scenario cancel-now --scenario dashboard-made";
    let ran = example
        .rehearse(&format!("{few} --fail-fast --jobs 1"))
        .run()
        .with_status(0);
    ran.says(&[
        "cancel-now      held",
        "dashboard-made  held",
        "VERDICT: PASS",
    ]);
}

#[test]
fn a_rehearsal_that_plays_nothing_has_no_verdict() {
    let small = Small {
        handler: RIGHT,
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let ran = example.rehearse("--scenario quantity").run();
    ran.with_status(2).says(&[
        "quantity  left out: `seats` is not mapped",
        "nothing was judged: left out: `quantity` (`seats` is not mapped)",
        "VERDICT: ERROR",
    ]);
}

#[test]
fn a_handler_that_does_not_answer_is_never_a_pass() {
    let contract = format!(
        "{}    rules: {{ handler-answer: off, revenue-leak: off }}\n",
        ACCOUNTS.contract
    );
    let small = Small {
        handler: "await new Promise(() => {});",
        contract: &contract,
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let ran = example
        .rehearse("--scenario first-purchase --scenario cancel-now")
        .run();
    ran.with_status(2)
        .says(&["not everything was judged: not reached: `cancel-now`"]);
}

#[test]
fn an_unsupported_request_is_not_a_fault() {
    let handler = format!(
        "if (event.type === 'invoice.paid') await stripe.rawRequest('GET', '/v1/novelties?customer=' + event.data.object.customer);
    {RIGHT}"
    );
    let small = Small {
        handler: &handler,
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let ran = example
        .rehearse("--scenario first-purchase --scenario cancel-now --scenario unknown-event")
        .run();
    let ran = ran.with_status(2).says(&[
        "first-purchase  COULD NOT TELL",
        "the fake provider does not support this request: GET /v1/novelties",
    ]);
    assert!(!ran.stdout.contains("[HIGH]"), "{ran:#?}");
}

#[test]
fn a_query_that_fails_is_reported_before_anything_is_sent() {
    let contract = ACCOUNTS.contract.replace(
        "stripe_customer_id: stripe_customer_id",
        "stripe_customer_id: customer",
    );
    let small = Small {
        handler: "await db.query('create table was_called ()');",
        contract: &contract,
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    example.rehearse("").run().unanswered().says(&["customer"]);
    example
        .database
        .until("select to_regclass('was_called') is null");
}

#[test]
fn a_missing_application_is_reported_in_time() {
    let small = Small {
        handler: RIGHT,
        ..ACCOUNTS
    };
    let Some(mut example) = example(&small) else {
        return;
    };
    example.stop();
    let (ran, took) = took(|| example.rehearse("").run().unanswered());
    ran.says(&[
        "nothing listens at 127.0.0.1:",
        "the connection was refused",
    ]);
    assert!(took < Duration::from_secs(12), "{took:?}");
}
