//! `mode: rehearse`: rehearses a pull request's handler, and publishes the result like that of a check.

use testing::{
    database::Database,
    fake_github::{CheckRun, World},
    handlers::{App, Environment, Mutant, SCHEMA},
    ports::free_port,
    shop::{in_order, line_of},
};

use super::scene::{Scene, titles};

pub(crate) const SECRET: &str = "whsec_of_a_rehearsal";

/// A step with a scratch database and the app to rehearse.
pub(crate) struct Rehearsal {
    pub(crate) scene: Scene,
    pub(crate) scratch: Database,
    app: Option<App>,
    pub(crate) config: String,
}

/// Creates a scratch database: the tables of the example app, without rows.
pub(crate) fn scratch() -> Database {
    let database = Database::create();
    database.run(SCHEMA);
    database
}

impl Rehearsal {
    pub(crate) async fn of(mutant: Option<Mutant>) -> Self {
        Self::on("pull_request", World::new(), mutant).await
    }

    async fn on(event: &str, world: World, mutant: Option<Mutant>) -> Self {
        let mut scene = Scene::in_world(world, event, "pull_request", &in_order()).await;
        let scratch = scratch();
        let stripe = format!("127.0.0.1:{}", free_port());
        let environment = Environment {
            database_url: scratch.admin_url().into(),
            stripe_url: format!("http://{stripe}"),
            stripe_key: "sk_test_example".to_owned(),
            webhook_secret: SECRET.to_owned(),
        };
        let app = App::start(environment, mutant).expect("the app starts");
        let example = include_str!("../../../examples/nextjs-stripe/app/prodverdict.yml");
        let handler = app.webhook_url();
        let address = handler.trim_end_matches("/api/stripe/webhook");
        let config = example
            .replace("http://localhost:3000", address)
            .replace("127.0.0.1:12111", &stripe);
        scene.step.check_out("prodverdict.yml", &config);
        scene.commit(&[9, 1], &config);
        scene.step.set("STRIPE_WEBHOOK_SECRET", SECRET);
        scene
            .step
            .set("REHEARSAL_DATABASE_URL", scratch.admin_url().as_str());
        scene.step.input("mode", "rehearse");
        scene.step.input("scenario", "cancel-now, first-purchase");
        Self {
            scene,
            scratch,
            app: Some(app),
            config,
        }
    }

    fn expect_clean(&self) {
        assert_eq!(self.scratch.count("users"), 0);
        assert_eq!(self.scratch.count("stripe_events"), 0);
    }
}

#[tokio::test]
async fn a_right_handler_passes_and_is_reported_as_such() {
    let rehearsal = Rehearsal::of(None).await;
    let scene = &rehearsal.scene;
    let ran = scene.run().await;
    ran.expect(0);
    scene.expect_conclusion("success");
    let run = scene.check_run();
    assert_eq!(run.name, "ProdVerdict rehearsal");
    assert_eq!(run.output["title"], "PASS: no findings");
    assert!(scene.comment().contains("✅ ProdVerdict rehearsal PASS"));
    assert_eq!(scene.step.output("verdict"), "pass");
    assert_eq!(
        scene.step.output("report_path"),
        "prodverdict-rehearsal.json"
    );
    let report = scene.step.report();
    let scenarios = report["rehearsal"]["scenarios"].as_array().expect("a list");
    let results: Vec<_> = scenarios
        .iter()
        .map(|scenario| (scenario["id"].as_str(), scenario["result"].as_str()))
        .collect();
    let held = |id| (Some(id), Some("held"));
    assert_eq!(results, [held("first-purchase"), held("cancel-now")]);
    rehearsal.expect_clean();
}

#[tokio::test]
async fn a_broken_handler_fails_the_job_and_is_reported_in_every_place() {
    let rehearsal = Rehearsal::of(Some(Mutant::CancelFlowSimplified)).await;
    let scene = &rehearsal.scene;
    let ran = scene.run().await;
    ran.expect(1);
    let run = scene.check_run();
    scene.expect_conclusion("failure");
    assert_eq!(run.sha, World::sha(1));
    assert_eq!(run.output["title"], "FAIL: 1 finding (1 high)");
    let column = line_of(&rehearsal.config, "has_paid_access: has");
    let title = "[HIGH] wrongful-access: scenario:cancel-now/deleted".to_owned();
    assert_eq!(titles(&run), [(title, column)]);
    let annotation = &run.annotations[0];
    let message = annotation["message"].as_str().expect("text");
    assert!(message.contains("has_paid_access"), "{message}");
    let details = annotation["raw_details"].as_str().expect("text");
    assert!(details.contains("sent      customer.subscription.deleted"));
    let comment = scene.comment();
    for (place, text) in [
        ("comment", comment.as_str()),
        ("summary", &scene.step.summary()),
        ("check run", run.output["text"].as_str().unwrap_or_default()),
        ("log", &ran.stdout),
    ] {
        assert!(
            text.contains("scenario:cancel-now/deleted"),
            "{place}: {text}"
        );
        assert!(
            text.contains("sent      customer.subscription.deleted evt_"),
            "{place}: {text}"
        );
        assert!(text.contains("row       id pv_"), "{place}: {text}");
    }
    assert!(comment.contains("--scenario cancel-now\n"), "{comment}");
    assert_eq!(scene.step.output("findings_count"), "1");
    assert_eq!(scene.step.report()["verdict"], "fail");
    rehearsal.expect_clean();
}

/// Returns the output shown below that command in docs/rehearsal.md. `…` omits a part of a line, or lines.
fn shown_in_docs(command: &str) -> Vec<&'static str> {
    let page = include_str!("../../../docs/rehearsal.md");
    let (_, behind) = page.split_once(command).expect("the command");
    let (shown, _) = behind.split_once("```").expect("the end of the block");
    shown.lines().filter(|line| !line.is_empty()).collect()
}

/// Compares a line with a shown one, which may omit parts.
fn is_shown_as(line: &str, shown: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else {
            return false;
        };
        rest = behind;
    }
    rest.is_empty() || shown.ends_with('…')
}

#[tokio::test]
async fn the_page_shows_the_actual_output() {
    let mut rehearsal = Rehearsal::of(Some(Mutant::CancelFlowSimplified)).await;
    rehearsal.scene.step.input("scenario", "cancel-now");
    let ran = rehearsal.scene.run().await;
    ran.expect(1);
    let mut printed = ran.stdout.lines().filter(|line| !line.is_empty());
    let shown = shown_in_docs("rehearse --scenario cancel-now -- npm start\n");
    assert!(shown.len() > 10, "{shown:?}");
    // Workflow commands come first, and are skipped.
    let mut skips = true;
    for line in shown {
        if line.trim() == "…" {
            skips = true;
            continue;
        }
        let is_there = if skips {
            printed.any(|printed| is_shown_as(printed, line))
        } else {
            printed
                .next()
                .is_some_and(|printed| is_shown_as(printed, line))
        };
        assert!(
            is_there,
            "{line} is not printed in its place: {}",
            ran.stdout
        );
        skips = false;
    }
}

#[tokio::test]
async fn ids_are_shortened_on_request() {
    let mut rehearsal = Rehearsal::of(Some(Mutant::CancelFlowSimplified)).await;
    rehearsal.scene.step.input("redact", "ids");
    let ran = rehearsal.scene.run().await;
    ran.expect(1);
    for (place, text) in rehearsal.scene.everything_that_left(&ran) {
        for prefix in ["evt_", "sub_", "cus_", "pv_cancel"] {
            let mut found = text
                .match_indices(prefix)
                .filter_map(|(at, _)| text.get(at + prefix.len()..));
            let leak = found.find(|rest| {
                let word = rest.chars().take_while(char::is_ascii_alphanumeric);
                word.count() > 4
            });
            assert_eq!(leak, None, "{place}: {text}");
        }
        assert!(!text.contains("scenario:canc…"), "{place}: {text}");
    }
}

#[tokio::test]
async fn a_check_and_a_rehearsal_of_one_job_have_separate_reports() {
    let mut rehearsal = Rehearsal::of(None).await;
    for name in ["", "Billing"] {
        rehearsal.scene.step.input("check_name", name);
        for mode in ["check", "rehearse", "rehearse"] {
            rehearsal.scene.step.input("mode", mode);
            rehearsal.scene.run().await;
        }
    }
    let world = rehearsal.scene.github.world();
    let runs: Vec<_> = world
        .check_runs
        .iter()
        .map(|run| run.name.as_str())
        .collect();
    let (check, own) = ("ProdVerdict access contract", "ProdVerdict rehearsal");
    assert_eq!(runs, [check, own, own, "Billing", "Billing", "Billing"]);
    assert_eq!(world.comments.len(), 4);
}

#[tokio::test]
async fn a_handler_that_does_not_listen_is_an_error() {
    let mut rehearsal = Rehearsal::of(None).await;
    drop(rehearsal.app.take());
    let ran = rehearsal.scene.run().await;
    ran.expect(2);
    let scene = &rehearsal.scene;
    scene.expect_conclusion("failure");
    scene.expect_no_pass(&ran);
    assert!(scene.comment().contains("nothing listens at 127.0.0.1:"));
    assert!(scene.comment().contains("ProdVerdict rehearsal ERROR"));
    assert_eq!(scene.step.output("verdict"), "error");
}

#[tokio::test]
async fn a_missing_secret_is_an_error_or_a_reason_to_skip() {
    let mut rehearsal = Rehearsal::of(None).await;
    rehearsal.scene.step.set("STRIPE_WEBHOOK_SECRET", "");
    let ran = rehearsal.scene.run().await;
    ran.expect(2);
    rehearsal.scene.expect_no_pass(&ran);
    assert!(ran.stdout.contains("`STRIPE_WEBHOOK_SECRET` is not set"));
    let scene = &mut rehearsal.scene;
    scene.step.set("REHEARSAL_DATABASE_URL", "");
    scene.step.input("on_missing_credentials", "skip");
    scene.step.again(101);
    let ran = scene.run().await;
    ran.expect(0);
    assert_eq!(scene.step.output("verdict"), "skipped");
    let names = "`STRIPE_WEBHOOK_SECRET` and `REHEARSAL_DATABASE_URL` are missing";
    assert!(scene.step.summary().contains(names), "{}", ran.log());
    let last = scene.github.world().check_runs.last().cloned();
    let conclusion = |run: CheckRun| run.conclusion;
    assert_eq!(last.and_then(conclusion).as_deref(), Some("skipped"));
}

#[tokio::test]
async fn a_configuration_without_a_rehearsal_is_an_error() {
    let rehearsal = Rehearsal::of(None).await;
    let (contracts, _) = rehearsal
        .config
        .split_once("rehearsal:")
        .expect("a section");
    rehearsal.scene.step.check_out("prodverdict.yml", contracts);
    let ran = rehearsal.scene.run().await;
    ran.expect(2);
    for part in [
        "has no `rehearsal:`",
        "missing-key",
        "prodverdict.yml",
        "add it beside `contracts`",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.stdout);
    }
}

#[tokio::test]
async fn foreign_scenarios_are_not_read_with_secrets() {
    let rehearsal = Rehearsal::on("pull_request_target", World::new(), None).await;
    let own = rehearsal.config.replace(
        "  settle:",
        "  scenarios_dir: mine\n  scenarios: { skip: [of-mine] }\n  settle:",
    );
    let own = if own == rehearsal.config {
        format!("{own}  scenarios_dir: mine\n  scenarios: {{ skip: [of-mine] }}\n")
    } else {
        own
    };
    rehearsal.scene.commit(&[9, 1], &own);
    let mine = rehearsal.scene.step.workspace("mine");
    std::fs::create_dir(&mine).expect("a folder");
    std::fs::write(mine.join("x.yml"), "nonsense").expect("a file");
    let ran = rehearsal.scene.run().await;
    ran.expect(0);
    assert!(
        rehearsal
            .scene
            .comment()
            .contains("`scenarios_dir` is left out")
    );
}

#[tokio::test]
async fn a_cancelled_rehearsal_ends_its_check_run_and_leaves_no_row() {
    let mut rehearsal = Rehearsal::of(Some(Mutant::CancelFlowSimplified)).await;
    // Long enough that every failing step waits until the job is cancelled.
    let patient = rehearsal
        .config
        .replace("rehearsal:\n", "rehearsal:\n  settle: 60s\n");
    rehearsal.scene.step.check_out("prodverdict.yml", &patient);
    rehearsal.scene.step.input("scenario", "");
    let scene = &rehearsal.scene;
    let began = std::time::Instant::now();
    let child = scene.start();
    while rehearsal.scratch.count("users") < 4 {
        assert!(began.elapsed().as_secs() < 60, "no account was made");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    super::cancelled::send("-INT", &child);
    let began = std::time::Instant::now();
    let ran = scene.end(child).await;
    assert!(
        began.elapsed() < super::cancelled::IN_TIME,
        "{:?}",
        began.elapsed()
    );
    ran.expect(2);
    scene.expect_conclusion("cancelled");
    scene.expect_no_pass(&ran);
    assert_eq!(scene.comments(), [""; 0]);
    rehearsal.expect_clean();
}

#[tokio::test]
async fn unlinked_scenarios_are_left_out() {
    let mut rehearsal = Rehearsal::of(None).await;
    let metadata = "  subscription_metadata: { userId: \"{account_id}\" }\n";
    assert!(rehearsal.config.contains(metadata), "{}", rehearsal.config);
    let config = rehearsal.config.replace(metadata, "");
    rehearsal.scene.step.check_out("prodverdict.yml", &config);
    rehearsal.scene.step.input("scenario", "not-paid-yet");
    rehearsal.scene.run().await.expect(0);
    let report = rehearsal.scene.step.report();
    let left_out = report["rehearsal"]["scenarios"][0]["left_out"].clone();
    let left_out = left_out.as_array().expect("a list");
    let begins = |name: &str| {
        left_out
            .iter()
            .any(|reason| reason.as_str().is_some_and(|text| text.starts_with(name)))
    };
    assert_eq!(left_out.len(), 2, "{left_out:?}");
    assert!(
        begins("incomplete: no Checkout comes first"),
        "{left_out:?}"
    );
    assert!(
        begins("paid-at-last: no Checkout comes first"),
        "{left_out:?}"
    );
}

/// A changed file, as GitHub lists it.
fn changed(path: &str, patch: &str) -> serde_json::Value {
    let contents = format!(
        "https://api.github.com/repos/acme/shop/contents/{path}?ref={}",
        World::sha(1)
    );
    serde_json::json!({
        "filename": path, "status": "modified", "additions": 1, "deletions": 1, "changes": 2, "patch": patch,
        "contents_url": contents,
    })
}

const CANCEL: &str = "\
@@ -119,7 +119,7 @@ function follow() {
     cancel_at_period_end: false,
   };
   if (entitling.length === 0) {
-    return { ...followed, has_paid_access: false, plan: 'free', seats: 0 };
+    return { ...account, ...followed, plan: 'free', seats: 0 };
   }
   const plan = 1;";

impl Rehearsal {
    /// Creates a pull request that changes a hundred other files too.
    async fn of_change(head: &str) -> Self {
        let mut world = World::new();
        let others =
            (0..100).map(|number| changed(&format!("docs/{number:03}.md"), "@@ -1 +1 @@\n+x"));
        let files = &mut world.pull(7).files;
        files.extend(others);
        files.push(changed("app/webhook.js", CANCEL));
        let at = (World::sha(1), "app/webhook.js".to_owned());
        world.files.insert(at, head.as_bytes().to_vec());
        let rehearsal = Self::on("pull_request", world, Some(Mutant::CancelFlowSimplified)).await;
        let paths = "rehearsal:\n  handler_paths: [\"app/**/*.js\"]\n";
        let config = rehearsal.config.replace("rehearsal:\n", paths);
        rehearsal.scene.step.check_out("prodverdict.yml", &config);
        Self {
            config,
            ..rehearsal
        }
    }

    #[track_caller]
    fn expect_place(&self, path: &str, line: u64) {
        let run = self.scene.check_run();
        let [annotation] = run.annotations.as_slice() else {
            panic!("{:?}", run.annotations);
        };
        assert_eq!(annotation["path"], path);
        assert_eq!(annotation["start_line"], line);
    }
}

const ONLY_LINE: &str = "This pull request removes the only line of the file that mentions `has_paid_access` (app/webhook.js:122)";

#[tokio::test]
async fn a_finding_is_shown_at_the_changed_line_of_the_handler() {
    let last = async {
        let rehearsal = Rehearsal::of_change("return { ...account, ...followed };").await;
        let ran = rehearsal.scene.run().await;
        ran.expect(1);
        rehearsal.expect_place("app/webhook.js", 122);
        assert!(ran.stdout.contains(ONLY_LINE), "{}", ran.stdout);
        let report = rehearsal.scene.step.report();
        assert_eq!(report["findings"][0]["place"]["path"], "app/webhook.js");
        assert_eq!(
            report["findings"][0]["changes"],
            serde_json::json!([{
                "path": "app/webhook.js",
                "line": 122,
                "does": "removes the only line of the file that mentions `has_paid_access`",
            }])
        );
    };
    let one_of_several = async {
        let head = "return { ...account };\nreturn { has_paid_access: true };";
        let rehearsal = Rehearsal::of_change(head).await;
        let ran = rehearsal.scene.run().await;
        ran.expect(1);
        rehearsal.expect_place("app/webhook.js", 122);
        assert!(!ran.stdout.contains("only line"), "{}", ran.stdout);
    };
    tokio::join!(last, one_of_several);
}

#[tokio::test]
async fn without_a_diff_the_configuration_is_annotated() {
    let moved_on = async {
        let rehearsal = Rehearsal::of_change("").await;
        for file in &mut rehearsal.scene.github.world().pull(7).files {
            file["contents_url"] = "https://api.github.com/x?ref=other".into();
        }
        rehearsal.scene.run().await.expect(1);
        let line = line_of(&rehearsal.config, "has_paid_access: has");
        rehearsal.expect_place("prodverdict.yml", line);
    };
    let elsewhere = async {
        let rehearsal = Rehearsal::of_change("").await;
        rehearsal.scene.github.world().pull(7).files.pop();
        rehearsal.scene.run().await.expect(1);
        let line = line_of(&rehearsal.config, "has_paid_access: has");
        rehearsal.expect_place("prodverdict.yml", line);
    };
    let refused = async {
        let rehearsal = Rehearsal::of_change("").await;
        let kind = testing::fake_github::Kind::Error {
            status: 403,
            body: "{\"message\": \"Resource not accessible by integration\"}",
        };
        rehearsal
            .scene
            .github
            .world()
            .fail("GET", "/pulls/7/files", kind);
        rehearsal.scene.run().await.expect(1);
        let line = line_of(&rehearsal.config, "has_paid_access: has");
        rehearsal.expect_place("prodverdict.yml", line);
        assert!(rehearsal.scene.comment().contains("cannot be read"));
    };
    tokio::join!(moved_on, elsewhere, refused);
}

#[tokio::test]
async fn a_partial_rehearsal_stores_no_result() {
    let mut rehearsal = Rehearsal::on("push", World::new(), None).await;
    let scene = &mut rehearsal.scene;
    scene.step.set("GITHUB_REF", "refs/heads/main");
    scene.run().await.expect(0);
    let summary = scene.check_run().output["summary"].clone();
    let summary = summary.as_str().expect("text");
    assert!(!summary.contains("prodverdict-state"), "{summary}");
}
