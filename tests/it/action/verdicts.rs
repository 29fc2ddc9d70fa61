//! The report of each verdict in each place, and the inputs that change the verdict.

use serde_json::Value;
use testing::{
    fake_github::Kind,
    shop::{CONFIG, drifted, in_order, line_of, orphaned, payer},
};

use super::scene::{Scene, titles};

#[tokio::test]
async fn a_broken_contract_fails_the_job_and_is_reported_in_every_place() {
    let scene = Scene::open(&drifted()).await;
    let ran = scene.run().await;
    ran.expect(1);

    let run = scene.check_run();
    scene.expect_conclusion("failure");
    assert_eq!(run.sha, testing::fake_github::World::sha(1));
    assert_eq!(run.output["title"], "FAIL: 3 findings (3 high)");
    let column = line_of(CONFIG, "has_paid_access: has");
    let plan = line_of(CONFIG, "price_1TeamMonthly: team");
    assert_eq!(
        titles(&run),
        [
            ("[HIGH] revenue-leak: user:usr_alice".to_owned(), column),
            ("[HIGH] wrongful-access: user:usr_bob".to_owned(), column),
            ("[HIGH] plan-drift: user:usr_carol".to_owned(), plan),
        ]
    );
    for annotation in &run.annotations {
        assert_eq!(annotation["path"], "prodverdict.yml");
        assert_eq!(annotation["annotation_level"], "failure");
    }

    let url = format!("https://github.test/acme/shop/runs/{}", run.id);
    let outputs = scene.step.outputs();
    for (name, value) in [
        ("verdict", "fail"),
        ("findings_count", "3"),
        ("high_count", "3"),
        ("report_path", "prodverdict-report.json"),
        ("check_run_url", &url),
    ] {
        assert_eq!(outputs[name], value, "{name}");
    }
    assert_eq!(outputs.len(), 9);

    for (place, text) in [
        ("comment", scene.comment()),
        ("summary", scene.step.summary()),
        (
            "check run",
            run.output["text"].as_str().unwrap_or_default().to_owned(),
        ),
        ("log", ran.stdout.clone()),
    ] {
        for person in ["usr_alice", "usr_bob", "usr_carol"] {
            assert!(text.contains(person), "{place} without {person}: {text}");
        }
        for person in ["usr_dave", "usr_erin"] {
            assert!(!text.contains(person), "{place} with {person}: {text}");
        }
    }
    assert!(scene.comment().contains(&url));
    let known = "\n[HIGH] user:usr_alice\n\
        User has an active/trialing Stripe subscription but has_paid_access is false.\n\
        Revenue leak — user cannot access paid features.\n\
        fix: Set has_paid_access=true in your webhook handler on subscription activation.\n\
        customer cus_alice, subscription ";
    assert!(ran.stdout.contains(known), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("VERDICT: FAIL\n"), "{}", ran.stdout);
    let report = scene.step.report();
    assert_eq!(report["verdict"], "fail");
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn a_contract_that_holds_passes_and_is_reported_as_such() {
    let scene = Scene::open(&in_order()).await;
    let ran = scene.run().await;
    ran.expect(0);
    scene.expect_conclusion("success");
    let run = scene.check_run();
    assert_eq!(run.output["title"], "PASS: no findings");
    assert_eq!(run.annotations, [Value::Null; 0]);
    assert!(scene.comment().contains("✅ ProdVerdict PASS"));
    assert!(scene.step.summary().contains("✅ ProdVerdict PASS"));
    assert_eq!(scene.step.output("verdict"), "pass");
    assert_eq!(scene.step.output("findings_count"), "0");
    assert!(ran.stdout.ends_with("VERDICT: PASS\n"), "{}", ran.stdout);
    assert_eq!(ran.commands(), [""; 0]);
}

#[tokio::test]
async fn a_warning_is_neutral_unless_strict() {
    let neutral = async {
        let scene = Scene::open(&orphaned()).await;
        scene.run().await.expect(0);
        scene.expect_conclusion("neutral");
        assert_eq!(scene.step.output("verdict"), "warn");
        let [annotation] = scene.check_run().annotations.try_into().expect("one");
        assert_eq!(annotation["annotation_level"], "warning");
        assert_eq!(
            annotation["start_line"],
            line_of(CONFIG, "stripe_customer_id: s")
        );
    };
    let strict = async {
        let scene = Scene::open(&orphaned()).await.with("strict", "true");
        scene.run().await.expect(1);
        scene.expect_conclusion("failure");
        assert_eq!(scene.step.output("verdict"), "warn");
    };
    let lower = async {
        let scene = Scene::open(&orphaned()).await.with("fail_on", "medium");
        scene.run().await.expect(1);
        scene.expect_conclusion("failure");
        assert_eq!(scene.step.output("verdict"), "fail");
    };
    let never = async {
        let scene = Scene::open(&drifted()).await.with("fail_on", "never");
        scene.run().await.expect(0);
        scene.expect_conclusion("neutral");
        assert_eq!(scene.step.output("verdict"), "warn");
        assert_eq!(scene.step.output("high_count"), "3");
    };
    tokio::join!(neutral, strict, lower, never);
}

#[tokio::test]
async fn every_contract_of_the_file_is_judged() {
    let scene = Scene::open(&drifted()).await;
    let second = CONFIG
        .split_once("  - type: access\n")
        .expect("a contract")
        .1
        .replace("name: users", "name: seats")
        .replace(
            "has_paid_access: has_paid_access",
            "has_paid_access: {sql: \"has_paid_access or id = 'usr_alice'\"}",
        );
    let config = format!("{CONFIG}  - type: access\n{second}");
    scene.step.check_out("prodverdict.yml", &config);
    scene.run().await.expect(1);
    let titles = titles(&scene.check_run());
    let column = line_of(&config, "has_paid_access: {sql");
    assert_eq!(titles.len(), 5, "{titles:?}");
    assert!(
        titles.contains(&(
            "[HIGH] revenue-leak (contract users): user:usr_alice".to_owned(),
            line_of(&config, "has_paid_access: has")
        )),
        "{titles:?}"
    );
    assert!(
        titles.contains(&(
            "[HIGH] wrongful-access (contract seats): user:usr_bob".to_owned(),
            column
        )),
        "{titles:?}"
    );
    assert_eq!(scene.step.output("findings_count"), "5");
    let report = scene.step.report();
    assert_eq!(report["contracts"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn findings_of_one_cause_are_one_annotation() {
    let people: Vec<_> = (0..120)
        .map(|number| payer(&format!("{number:03}")).without_access())
        .chain(in_order())
        .collect();
    let scene = Scene::open(&people).await;
    let ran = scene.run().await;
    ran.expect(1);
    let run = scene.check_run();
    let [(advice, _), (title, _)] = titles(&run).try_into().expect("two");
    assert_eq!(advice, "Advice");
    assert_eq!(title, "[HIGH] revenue-leak: user:usr_000 and 119 more");
    assert_eq!(scene.step.output("findings_count"), "120");
    // Everything is on the check run, so the log repeats nothing.
    assert_eq!(ran.commands(), [""; 0]);
}

#[tokio::test]
async fn ids_are_shortened_in_everything_that_is_published() {
    let people: Vec<_> = (0..3)
        .map(|number| payer(&format!("longIdentifier{number}")).without_access())
        .chain(in_order())
        .collect();
    let scene = Scene::open(&people).await.with("redact", "ids");
    let scene = scene.with(
        "output",
        "report.sarif, report.xml, report.md, report.csv, report.txt",
    );
    let ran = scene.run().await;
    ran.expect(1);
    let subscriptions: Vec<_> = scene.shop.stripe.world(|world| {
        let ids = world
            .subscriptions()
            .map(|subscription| subscription.id.to_string());
        ids.collect()
    });
    assert!(scene.step.workspace("report.csv").is_file());
    for (place, text) in scene.everything_that_left(&ran) {
        for number in 0..3 {
            for kind in ["usr_", "cus_"] {
                let id = format!("{kind}longIdentifier{number}");
                assert!(!text.contains(&id), "{place} has {id}: {text}");
            }
        }
        for id in &subscriptions {
            assert!(!text.contains(id), "{place} has {id}: {text}");
        }
    }
    assert_eq!(scene.check_run().annotations.len(), 1);
}

#[tokio::test]
async fn annotations_that_github_refuses_are_in_the_log() {
    let scene = Scene::open(&drifted()).await;
    let refused = Kind::Error {
        status: 422,
        body: "{\"message\":\"Invalid request\"}",
    };
    scene.github.world().fail("PATCH", "/check-runs/", refused);
    let ran = scene.run().await;
    ran.expect(1);
    scene.expect_conclusion("failure");
    assert_eq!(scene.check_run().annotations.len(), 0);
    let commands = ran.commands();
    assert!(!commands.is_empty());
    assert!(
        commands
            .iter()
            .all(|line| line.starts_with("::error file=prodverdict.yml,line=")),
        "{commands:?}"
    );
    let warning = format!(
        "{} annotations are not on the check run but in the log",
        commands.len()
    );
    assert!(ran.stderr.contains(&warning), "{}", ran.stderr);
}
