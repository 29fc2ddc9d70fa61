//! `mode: publish`: publishes the JSON report of an earlier step just as a run of the action would.

use std::{fs, process::Command};

use serde_json::{Value, json};
use testing::{
    fake_github::World,
    handlers::Mutant,
    runner::ProgramOutput,
    shop::{CONFIG, in_order, payer},
};

use super::{
    hostile::{EVIL, expect_harmless},
    rehearsal::Rehearsal,
    scene::Scene,
};

const REPORT: &str = "rehearsal.json";

/// Writes the report in the workspace like an earlier step, and switches to the step that publishes it.
async fn hand_over(scene: &mut Scene, arguments: &str) -> Option<i32> {
    let words = arguments.split(' ').map(str::to_owned);
    let mut command = Command::new(env!("CARGO_BIN_EXE_prodverdict"));
    command
        .args(words)
        .args(["--output", REPORT])
        .env_clear()
        .envs(&scene.step.variables)
        .current_dir(scene.step.workspace(""));
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.expect("a thread").expect("it runs");
    scene.step.input("mode", "publish");
    scene.step.input("report", REPORT);
    output.status.code()
}

/// Removes the times of the check, which differ between runs.
fn without_times(text: &str) -> String {
    let mut text = text.to_owned();
    for before in ["checked at `", "\"checked_at\": \""] {
        let mut parts = text.split(before);
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            out.push_str(
                part.trim_start_matches(|c: char| c.is_ascii_digit() || "-:TZ".contains(c)),
            );
        }
        text = out;
    }
    text
}

/// Lists everything that a run publishes, with its place.
fn published_texts(scene: &Scene, ran: &ProgramOutput) -> Vec<(&'static str, String)> {
    let run = scene.check_run();
    let report = fs::read_to_string(scene.step.workspace(&scene.step.output("report_path")));
    let shown = ran
        .stdout
        .lines()
        .filter(|line| !line.starts_with("::add-mask::"));
    let published_texts = vec![
        ("status", format!("{:?}", ran.status)),
        ("comment", scene.comment()),
        (
            "check run",
            format!("{} {} {:?}", run.name, run.sha, run.conclusion),
        ),
        ("output", format!("{:#?}", run.output)),
        ("annotations", format!("{:#?}", run.annotations)),
        ("summary", scene.step.summary()),
        ("outputs", format!("{:#?}", scene.step.outputs())),
        ("report", report.expect("the report")),
        ("log", shown.collect::<Vec<_>>().join("\n")),
    ];
    let published_texts = published_texts.into_iter();
    published_texts
        .map(|(place, text)| (place, without_times(&text)))
        .collect()
}

#[track_caller]
fn assert_same(published: &[(&str, String)], of_run: &[(&str, String)]) {
    for ((place, published), (_, of_run)) in published.iter().zip(of_run) {
        let mut lines = published.lines().zip(of_run.lines());
        let differs = lines.find(|(a, b)| a != b);
        assert_eq!(differs, None, "{place}: {published}");
        assert_eq!(published, of_run, "{place}");
    }
}

const REHEARSE: &str = "rehearse --scenario cancel-now --scenario first-purchase";

/// Creates the step of another job of the same pull request, with the same checkout.
async fn another(rehearsal: &Rehearsal) -> Scene {
    let mut scene =
        Scene::in_world(World::new(), "pull_request", "pull_request", &in_order()).await;
    scene.step.check_out("prodverdict.yml", &rehearsal.config);
    scene.commit(&[9, 1], &rehearsal.config);
    let own = &rehearsal.scene.step.variables;
    for name in ["STRIPE_WEBHOOK_SECRET", "REHEARSAL_DATABASE_URL"] {
        scene.step.set(name, &own[name]);
    }
    scene.step.input("scenario", "cancel-now, first-purchase");
    scene
}

/// Hands over a report of a rehearsal of the broken handler.
async fn broken() -> (Rehearsal, Scene) {
    let rehearsal = Rehearsal::of(Some(Mutant::CancelFlowSimplified)).await;
    let mut scene = another(&rehearsal).await;
    assert_eq!(hand_over(&mut scene, REHEARSE).await, Some(1));
    (rehearsal, scene)
}

#[tokio::test]
async fn a_published_rehearsal_equals_that_of_its_own_run() {
    for (mutant, status) in [(Some(Mutant::CancelFlowSimplified), 1), (None, 0)] {
        for redact in ["off", "ids"] {
            let mut rehearsal = Rehearsal::of(mutant).await;
            let mut scene = another(&rehearsal).await;
            rehearsal.scene.step.input("redact", redact);
            scene.step.input("redact", redact);
            let ran = rehearsal.scene.run().await;
            ran.expect(status);
            let of_run = published_texts(&rehearsal.scene, &ran);
            assert_eq!(hand_over(&mut scene, REHEARSE).await, Some(status));
            let published = scene.run().await;
            assert_same(&published_texts(&scene, &published), &of_run);
        }
    }
}

/// A shop in which two accounts are wrong.
async fn drifted() -> Scene {
    let people = [
        payer("alice").without_access(),
        payer("bob").stored_as("team"),
    ];
    let scene = Scene::open(&people).await.with("output", "report.xml");
    // Messages about events contain a request id, which differs between runs.
    let config = format!("{CONFIG}    evidence: off\n");
    scene.step.check_out("prodverdict.yml", &config);
    scene.commit(&[9, 1], &config);
    scene
}

#[tokio::test]
async fn a_published_check_equals_that_of_its_own_run() {
    let scene = drifted().await;
    let ran = scene.run().await;
    ran.expect(1);
    let junit = |scene: &Scene| fs::read_to_string(scene.step.workspace("report.xml"));
    let mut publishing = drifted().await;
    let handed = hand_over(&mut publishing, "check access").await;
    assert_eq!(handed, Some(1));
    let published = publishing.run().await;
    assert_same(
        &published_texts(&publishing, &published),
        &published_texts(&scene, &ran),
    );
    let (published, of_run) = (junit(&publishing), junit(&scene));
    assert_eq!(published.expect("a report"), of_run.expect("a report"));
}

#[tokio::test]
async fn a_report_that_cannot_be_read_is_an_error() {
    let mut scene = Scene::open(&in_order()).await;
    scene.step.input("mode", "publish");
    scene.step.input("report", REPORT);
    let path = scene.step.workspace(REPORT);
    let later = json!({ "schema_version": 2 }).to_string();
    let outside = scene.step.folder().join("secret.json");
    fs::write(&outside, "{\"of_another\": 1}").expect("a file");
    let cases: [(&str, &dyn Fn()); 7] = [
        ("cannot be read: No such file", &|| ()),
        ("it is not JSON", &|| {
            fs::write(&path, "{\"schema").expect("a file");
        }),
        ("its `schema_version` is 2", &|| {
            fs::write(&path, &later).expect("a file");
        }),
        ("it is larger than 16 MiB", &|| {
            fs::write(&path, " ".repeat(16 * 1024 * 1024 + 1)).expect("a file");
        }),
        ("is not UTF-8", &|| {
            fs::write(&path, b"\xff").expect("a file");
        }),
        ("should be a file, found a folder", &|| {
            fs::create_dir(&path).expect("a folder");
        }),
        ("lies outside the workspace", &|| {
            std::os::unix::fs::symlink("../secret.json", &path).expect("a link");
        }),
    ];
    for (message, prepare) in cases {
        drop(fs::remove_file(&path));
        drop(fs::remove_dir(&path));
        prepare();
        scene.step.again(100);
        let ran = scene.run().await;
        ran.expect(2);
        assert!(ran.stdout.contains(message), "{message}: {}", ran.log());
        scene.expect_no_pass(&ran);
        assert!(!ran.log().contains("of_another"), "{}", ran.log());
        assert_eq!(scene.step.output("verdict"), "error");
    }
    scene.step.input("report", "../secret.json");
    let ran = scene.run().await;
    ran.expect(2);
    assert!(
        ran.stdout.contains("lies outside the workspace"),
        "{}",
        ran.log()
    );
}

/// Changes the report, as the code under test could.
fn forge(scene: &Scene, forge: impl FnOnce(&mut Value)) {
    let path = scene.step.workspace(REPORT);
    let text = fs::read_to_string(&path).expect("a report");
    let mut report: Value = serde_json::from_str(&text).expect("JSON");
    forge(&mut report);
    fs::write(path, report.to_string()).expect("a file");
}

type Forge = fn(&mut Value);

/// Removes the findings and claims a pass.
fn without_findings(report: &mut Value) {
    report["verdict"] = json!("pass");
    report["findings"] = json!([]);
    report["summary"]["findings"] = json!(0);
    report["contracts"][0]["verdict"] = json!("pass");
}

#[tokio::test]
async fn a_forged_pass_is_refused() {
    let (_rehearsal, mut scene) = broken().await;
    let text = fs::read_to_string(scene.step.workspace(REPORT)).expect("a report");
    let cases: [(&str, Forge); 5] = [
        ("its verdict does not match its contracts", |report| {
            report["verdict"] = json!("pass");
        }),
        ("on whether anything is broken", without_findings),
        ("lacks the scenarios `cancel-now`", |report| {
            without_findings(report);
            let scenarios = report["rehearsal"]["scenarios"].as_array_mut();
            scenarios
                .expect("a list")
                .retain(|scenario| scenario["id"] != "cancel-now");
        }),
        ("the configuration asks for `users`", |report| {
            report["contracts"][0]["name"] = json!("others");
            report["findings"][0]["contract"] = json!("others");
        }),
        ("which is in no baseline of this step", |report| {
            report["findings"][0]["standing"] = json!("accepted");
            report["findings"][0]["acceptance"] =
                json!({ "reason": "mine", "until": "2999-12-31" });
            report["contracts"][0]["verdict"] = json!("warn");
            report["verdict"] = json!("warn");
        }),
    ];
    for (message, forged) in cases {
        fs::write(scene.step.workspace(REPORT), &text).expect("a file");
        forge(&scene, forged);
        scene.step.again(100);
        let ran = scene.run().await;
        ran.expect(2);
        assert!(ran.stdout.contains(message), "{message}: {}", ran.log());
        scene.expect_no_pass(&ran);
    }
}

#[tokio::test]
async fn the_report_does_not_decide_which_findings_fail() {
    let (_rehearsal, scene) = broken().await;
    forge(&scene, |report| {
        report["contracts"][0]["fail_on"] = json!(null);
        report["contracts"][0]["verdict"] = json!("warn");
        report["verdict"] = json!("warn");
    });
    scene.run().await.expect(1);
    scene.expect_conclusion("failure");
    assert_eq!(scene.step.output("verdict"), "fail");
}

#[tokio::test]
async fn hostile_text_of_a_report_has_no_effect() {
    let (_rehearsal, scene) = broken().await;
    let evil = EVIL.join(" ");
    forge(&scene, |report| {
        let finding = &mut report["findings"][0];
        for key in ["entity", "entity_id", "message", "fix"] {
            finding[key] = json!(evil);
        }
        finding["evidence"] = json!(EVIL);
        finding["place"] = json!({
            "path": ".github/workflows/x.yml", "line": 1, "column": 1, "end_line": 1, "end_column": 1,
        });
        for key in [
            "account",
            "customer",
            "subscription",
            "status",
            "price",
            "plan_found",
        ] {
            finding["subject"][key] = json!(evil);
        }
        let warning = json!({
            "message": evil, "hint": evil,
            "place": { "path": "src/x.rs", "line": 0, "column": 0, "end_line": 0, "end_column": 0 },
        });
        report["warnings"] = json!([warning]);
        for scenario in report["rehearsal"]["scenarios"]
            .as_array_mut()
            .expect("a list")
        {
            scenario["title"] = json!(evil);
            scenario["ends"] = json!(evil);
            scenario["left_out"] = json!(EVIL);
        }
    });
    let ran = scene.run().await;
    ran.expect(1);
    assert_eq!(ran.commands(), [""; 0]);
    expect_harmless("the comment", &scene.comment());
    expect_harmless("the summary", &scene.step.summary());
    let run = scene.check_run();
    for part in ["summary", "text"] {
        expect_harmless(part, run.output[part].as_str().expect(part));
    }
    let paths: Vec<_> = run
        .annotations
        .iter()
        .map(|annotation| annotation["path"].clone())
        .collect();
    assert_eq!(paths, ["prodverdict.yml"]);
    assert_eq!(scene.step.output("verdict"), "fail");
    assert_eq!(scene.step.outputs().len(), 9);
}

#[tokio::test]
async fn a_report_without_a_verdict_is_an_error() {
    let rehearsal = Rehearsal::of(None).await;
    let mut scene = another(&rehearsal).await;
    drop(rehearsal);
    assert_eq!(hand_over(&mut scene, REHEARSE).await, Some(2));
    let ran = scene.run().await;
    ran.expect(2);
    scene.expect_no_pass(&ran);
    scene.expect_conclusion("failure");
    assert_eq!(scene.check_run().name, "ProdVerdict rehearsal");
}

#[tokio::test]
async fn a_report_holds_no_repairs() {
    let mut scene = Scene::open(&[payer("alice").without_access()]).await;
    assert_eq!(hand_over(&mut scene, "check access").await, Some(1));
    let scene = scene.with("output", "repair.sql");
    let ran = scene.run().await;
    ran.expect(2);
    assert!(
        ran.stdout.contains("does not contain the repairs"),
        "{}",
        ran.log()
    );
}
