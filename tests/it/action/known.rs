//! Findings that are new or known since the last result of the default branch, accepted findings, and the outcome of
//! the job.

use fake_stripe::Status;
use serde_json::Value;
use testing::{
    fake_github::{CheckRun, Kind, TOKEN, Token, World},
    runner::ProgramOutput,
    shop::{drifted, in_order},
};

use super::scene::{Scene, titles};

const BASELINE: &str = "prodverdict-baseline.yml";

/// Fingerprints of the findings about `usr_alice`, `usr_bob` and `usr_carol`.
struct Prints {
    alice: String,
    bob: String,
    carol: String,
}

/// Creates a repository whose default branch has findings from a push.
async fn pushed() -> (Scene, Prints) {
    let scene = Scene::on("push", "push_default_branch", &drifted()).await;
    let mut scene = allowing(scene);
    scene.step.set("GITHUB_REF", "refs/heads/main");
    scene.run().await.expect(1);
    scene.expect_conclusion("failure");
    let report = scene.step.report();
    let print = |person: &str| {
        let findings = report["findings"].as_array().expect("findings");
        let of_them = findings
            .iter()
            .find(|finding| finding["entity"] == format!("user:{person}"));
        of_them.expect(person)["fingerprint"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    let prints = Prints {
        alice: print("usr_alice"),
        bob: print("usr_bob"),
        carol: print("usr_carol"),
    };
    (scene, prints)
}

/// Allows the failing lookups that these jobs make on purpose.
fn allowing(scene: Scene) -> Scene {
    scene
        .refusing("404 GET ", "/contents/prodverdict-baseline.yml")
        .refusing("404 GET ", "/contents/prodverdict.yml")
        .refusing("404 GET ", "/labels/prodverdict")
        .refusing("403 GET ", "/check-runs")
}

fn pull_request(scene: &mut Scene) {
    scene.turn_to("pull_request", "pull_request", 200);
    scene.step.input("fail_on_new", "true");
}

fn counts(scene: &Scene) -> [String; 4] {
    ["new_count", "known_count", "fixed_count", "accepted_count"]
        .map(|name| scene.step.output(name))
}

fn last_run(scene: &Scene) -> CheckRun {
    scene
        .github
        .world()
        .check_runs
        .last()
        .expect("a check run")
        .clone()
}

fn set_status(scene: &Scene, customer: &str, status: &Status) {
    scene.shop.stripe.world(|world| {
        let [id] = world.subscriptions_of(customer).try_into().expect("one");
        world.set_status_silently(&id, status.clone());
    });
}

pub(crate) fn accept(fingerprints: &[&str], until: &str) -> String {
    let entry = |fingerprint: &&str| {
        format!("- fingerprint: \"{fingerprint}\"\n  reason: pays by invoice\n  expires: {until}\n")
    };
    fingerprints.iter().map(entry).collect()
}

/// Returns the day that is this many days from now.
pub(crate) fn day(from_now: i64) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "the program looks at the clock too"
    )]
    let now = jiff::Timestamp::now();
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    today
        .checked_add(jiff::Span::new().days(from_now))
        .expect("a day")
        .to_string()
}

#[track_caller]
fn warns(ran: &ProgramOutput, text: &str) {
    assert!(ran.stderr.contains(text), "{text} in {}", ran.stderr);
}

#[tokio::test]
async fn known_drift_passes_a_pull_request_and_new_drift_does_not() {
    let (mut scene, _) = pushed().await;
    assert_eq!(counts(&scene), ["", "", "", "0"]);

    // Without the input, findings are counted as known but still fail.
    scene.turn_to("pull_request", "pull_request", 199);
    scene.run().await.expect(1);
    assert_eq!(counts(&scene), ["0", "3", "0", "0"]);

    pull_request(&mut scene);
    let ran = scene.run().await;
    ran.expect(0);
    assert_eq!(scene.step.output("verdict"), "warn");
    assert_eq!(counts(&scene), ["0", "3", "0", "0"]);
    let run = last_run(&scene);
    assert_eq!(run.conclusion.as_deref(), Some("neutral"));
    for (title, _) in titles(&run) {
        assert!(title.contains(" (known): user:"), "{title}");
    }
    for annotation in &run.annotations {
        assert_eq!(annotation["annotation_level"], "warning");
    }
    assert!(
        ran.stdout.contains("[HIGH] user:usr_alice (known)\n"),
        "{}",
        ran.stdout
    );
    warns(
        &ran,
        "Since the check run of `0909090` on `main`: 0 new, 3 known, 0 fixed; known findings do not fail the check.",
    );
    let since = scene.step.report()["since"].clone();
    assert_eq!(
        (&since["known"], &since["lets_known_pass"]),
        (&Value::from(3), &Value::from(true))
    );

    set_status(&scene, "cus_bob", &Status::Active);
    set_status(&scene, "cus_dave", &Status::Canceled);
    pull_request(&mut scene);
    let ran = scene.run().await;
    ran.expect(1);
    assert_eq!(counts(&scene), ["1", "2", "1", "0"]);
    assert!(
        ran.stdout.contains("[HIGH] user:usr_dave (new)\n"),
        "{}",
        ran.stdout
    );
    let levels: Vec<_> = last_run(&scene)
        .annotations
        .iter()
        .map(|annotation| {
            annotation["annotation_level"]
                .as_str()
                .expect("text")
                .to_owned()
        })
        .collect();
    assert_eq!(levels, ["warning", "failure", "warning"]);
}

#[tokio::test]
async fn known_findings_pass_only_for_changes() {
    let (mut scene, _) = pushed().await;
    for (event, payload, status, known) in [
        ("merge_group", "merge_group", 0, "3"),
        ("schedule", "schedule", 1, "3"),
        ("push", "push_default_branch", 1, "3"),
        ("push", "push", 1, ""),
    ] {
        scene.turn_to(event, payload, 300);
        scene.step.input("fail_on_new", "true");
        let branch = if known.is_empty() { "feature" } else { "main" };
        scene
            .step
            .set("GITHUB_REF", &format!("refs/heads/{branch}"));
        scene.step.set("GITHUB_SHA", &World::sha(9));
        scene.run().await.expect(status);
        assert_eq!(scene.step.output("known_count"), known, "{event} {payload}");
    }
}

#[tokio::test]
async fn strict_fails_for_new_findings_and_not_for_known_ones() {
    let (mut scene, _) = pushed().await;
    pull_request(&mut scene);
    scene.step.input("strict", "true");
    scene.run().await.expect(0);
    assert_eq!(last_run(&scene).conclusion.as_deref(), Some("neutral"));
    scene.turn_to("pull_request", "pull_request", 201);
    scene.step.input("fail_on", "never");
    scene.step.input("strict", "true");
    scene.run().await.expect(1);
    assert_eq!(last_run(&scene).conclusion.as_deref(), Some("failure"));
}

#[tokio::test]
async fn without_a_trusted_result_every_finding_counts() {
    // No result, someone else's, a damaged one, an unreadable one, and a GitHub that is down.
    let never = Scene::open(&drifted()).await.with("fail_on_new", "true");
    let ran = never.run().await;
    ran.expect(1);
    warns(
        &ran,
        "`fail_on_new` has no earlier result of the default branch to compare with",
    );
    assert_eq!(counts(&never), ["", "", "", "0"]);
    assert!(never.comment().contains("fail_on_new"));

    let (mut scene, _) = pushed().await;
    let kept = last_run(&scene);
    let restore = |scene: &Scene| scene.github.world().check_runs = vec![kept.clone()];

    scene.github.world().check_runs[0].app = "mallory";
    pull_request(&mut scene);
    let ran = scene.run().await;
    ran.expect(1);
    warns(&ran, "are by `mallory`, and are not believed");

    restore(&scene);
    {
        let mut world = scene.github.world();
        let output = &mut world.check_runs[0].output;
        let summary = output["summary"]
            .as_str()
            .expect("text")
            .replace("-state v1 ", "-state v1 x");
        output["summary"] = summary.into();
    }
    pull_request(&mut scene);
    let ran = scene.run().await;
    ran.expect(1);
    warns(&ran, "is damaged and is not used");

    restore(&scene);
    let no_checks = Token {
        reads_checks: false,
        ..Token::writing()
    };
    scene
        .github
        .world()
        .tokens
        .insert(TOKEN.to_owned(), no_checks);
    pull_request(&mut scene);
    let ran = scene.run().await;
    ran.expect(1);
    warns(&ran, "the last result of the default branch cannot be read");
    warns(&ran, "so every finding counts");

    restore(&scene);
    scene
        .github
        .world()
        .tokens
        .insert(TOKEN.to_owned(), Token::writing());
    for _ in 0..4 {
        let kind = Kind::Error {
            status: 503,
            body: "<html>",
        };
        scene.github.world().fail("GET", "/shop/commits", kind);
    }
    pull_request(&mut scene);
    let ran = scene.run().await;
    ran.expect(1);
    warns(&ran, "GitHub answered 503");
    assert_eq!(counts(&scene), ["", "", "", "0"]);
}

#[tokio::test]
async fn a_run_without_a_verdict_stores_nothing() {
    let (mut scene, _) = pushed().await;
    let before = scene.github.world().check_runs[0].output["summary"].clone();
    assert!(
        before
            .as_str()
            .is_some_and(|text| text.contains("prodverdict-state v1"))
    );
    scene.turn_to("push", "push_default_branch", 150);
    scene.step.set("GITHUB_REF", "refs/heads/main");
    scene
        .step
        .set("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    scene.run().await.expect(2);
    let summary = last_run(&scene).output["summary"].clone();
    assert!(
        summary
            .as_str()
            .is_some_and(|text| !text.contains("prodverdict-state"))
    );
    pull_request(&mut scene);
    scene
        .step
        .set("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    scene.run().await.expect(2);
    assert_eq!(last_run(&scene).conclusion.as_deref(), Some("failure"));

    // A pull request's own result is not stored for later comparisons.
    pull_request(&mut scene);
    scene.run().await.expect(0);
    let summary = last_run(&scene).output["summary"].clone();
    assert!(
        summary
            .as_str()
            .is_some_and(|text| !text.contains("prodverdict-state"))
    );
}

#[tokio::test]
async fn accepted_findings_fail_nothing_until_they_expire() {
    let (mut scene, prints) = pushed().await;
    let all = [prints.alice.as_str(), &prints.bob, &prints.carol];
    let on_push = |scene: &mut Scene| {
        scene.turn_to("push", "push_default_branch", 300);
        scene.step.set("GITHUB_REF", "refs/heads/main");
        scene.step.input("baseline", BASELINE);
    };
    on_push(&mut scene);
    scene.step.check_out(BASELINE, &accept(&all, &day(0)));
    let ran = scene.run().await;
    ran.expect(0);
    assert_eq!(counts(&scene), ["0", "0", "0", "3"]);
    assert_eq!(scene.step.output("verdict"), "warn");
    assert!(
        ran.stdout.contains(&format!(
            "[HIGH] user:usr_bob (accepted until {}: pays by invoice)\n",
            day(0)
        )),
        "{}",
        ran.stdout
    );
    warns(&ran, "3 accepted");

    on_push(&mut scene);
    let text = accept(&all[..2], &day(7))
        + &accept(&all[2..], &day(-1))
        + &accept(&["00000000000000ff"], &day(7));
    scene.step.check_out(BASELINE, &text);
    let ran = scene.run().await;
    ran.expect(1);
    assert_eq!(counts(&scene), ["0", "1", "0", "2"]);
    warns(
        &ran,
        &format!(
            "{BASELINE}:7:3: the acceptance of `{}` ended on {}",
            prints.carol,
            day(-1)
        ),
    );
    warns(
        &ran,
        &format!("{BASELINE}:10:3: an entry of the baseline can be removed"),
    );

    on_push(&mut scene);
    scene.step.check_out(
        BASELINE,
        "- fingerprint: nothing\n  reason: x\n  expires: 2999-01-01\n- why: not\n",
    );
    let ran = scene.run().await;
    ran.expect(2);
    for place in ["1:16", "3:12", "4:3"] {
        assert!(
            ran.stdout.contains(&format!("{BASELINE}:{place}: ")),
            "{place} in {}",
            ran.stdout
        );
    }
    assert_eq!(last_run(&scene).conclusion.as_deref(), Some("failure"));

    scene.turn_to("push", "push_default_branch", 301);
    scene.step.set("GITHUB_REF", "refs/heads/main");
    scene.step.input("baseline", "missing.yml");
    let ran = scene.run().await;
    ran.expect(2);
    assert!(
        ran.stdout
            .contains("the baseline `missing.yml` cannot be read"),
        "{}",
        ran.stdout
    );
}

#[tokio::test]
async fn a_pull_request_that_accepts_findings_itself_gets_a_warning() {
    let (mut scene, prints) = pushed().await;
    let base = accept(&[&prints.alice], &day(30));
    let at = (World::sha(9), BASELINE.to_owned());
    scene
        .github
        .world()
        .files
        .insert(at.clone(), base.clone().into_bytes());
    let all = [prints.alice.as_str(), &prints.bob, &prints.carol];
    let proposed = accept(&all, &day(30));
    let warning = "this pull request accepts 2 findings that the base commit does not";

    scene.turn_to("pull_request", "pull_request", 300);
    scene.step.check_out(BASELINE, &proposed);
    scene.step.input("baseline", BASELINE);
    let ran = scene.run().await;
    ran.expect(0);
    warns(&ran, warning);
    warns(&ran, "(lines 4, 7)");
    assert!(scene.comment().contains("accepts 2 findings"));

    // The pull request does not change the file: the base branch has moved on.
    let other = serde_json::json!({"filename": "README.md", "status": "modified"});
    scene.github.world().pull(7).files = vec![other];
    scene.turn_to("pull_request", "pull_request", 301);
    scene.step.check_out(BASELINE, &proposed);
    scene.step.input("baseline", BASELINE);
    let ran = scene.run().await;
    ran.expect(0);
    assert!(
        !ran.stderr.contains("this pull request accepts"),
        "{}",
        ran.stderr
    );

    // If untrusted code runs with secrets, only the base commit's baseline is in force.
    let config = testing::shop::CONFIG.as_bytes().to_vec();
    let config_at = (World::sha(9), "prodverdict.yml".to_owned());
    scene.github.world().files.insert(config_at, config);
    scene.turn_to("pull_request_target", "pull_request", 302);
    scene.step.check_out(BASELINE, &proposed);
    scene.step.input("baseline", BASELINE);
    scene.run().await.expect(1);
    assert_eq!(scene.step.output("accepted_count"), "1");

    scene.github.world().files.remove(&at);
    scene.turn_to("pull_request_target", "pull_request", 303);
    scene.step.check_out(BASELINE, &proposed);
    scene.step.input("baseline", BASELINE);
    let ran = scene.run().await;
    ran.expect(1);
    warns(&ran, "the base commit has no baseline");
    assert_eq!(scene.step.output("accepted_count"), "0");
}

#[tokio::test]
async fn reasons_are_redacted_and_a_clean_shop_needs_no_entry() {
    let (mut scene, prints) = pushed().await;
    scene.turn_to("push", "push_default_branch", 300);
    scene.step.set("GITHUB_REF", "refs/heads/main");
    scene.step.input("baseline", BASELINE);
    scene.step.input("redact", "ids");
    let text = accept(&[&prints.alice], &day(1)).replace("pays by", "usr_alice pays by");
    scene.step.check_out(BASELINE, &text);
    let ran = scene.run().await;
    ran.expect(1);
    let run = last_run(&scene);
    for text in [
        ran.shown(),
        scene.step.summary(),
        scene.step.report().to_string(),
        run.output.to_string(),
        format!("{:?}", run.annotations),
    ] {
        assert!(text.contains("usr"), "{text}");
        assert!(!text.contains("usr_alice"), "{text}");
    }
    let clean = allowing(Scene::open(&in_order()).await).with("baseline", BASELINE);
    clean
        .step
        .check_out(BASELINE, &accept(&[&prints.alice], &day(1)));
    let ran = clean.run().await;
    ran.expect(0);
    assert_eq!(clean.step.output("verdict"), "pass");
    warns(&ran, "can be removed");
}
