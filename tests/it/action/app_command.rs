//! `app_command`: the action's container starts the application to rehearse, without the job's own variables.

use std::{
    fs,
    process::{Command, Stdio},
};

use testing::{
    database::Database,
    fake_github::{TOKEN, World},
    node_app::{self, Packages},
    ports::free_port,
    runner::RUNTIME_TOKEN,
    shop::{KEY, PASSWORD, in_order},
};

use super::{
    rehearsal::{SECRET, scratch},
    scene::{Scene, start_by},
};

/// A checkout of the example app that is not running yet.
struct Unstarted {
    scene: Scene,
    scratch: Database,
    config: String,
}

impl Unstarted {
    async fn new(patch: Option<&str>) -> Self {
        Self::on("pull_request", patch).await
    }

    async fn on(event: &str, patch: Option<&str>) -> Self {
        let mut scene = Scene::in_world(World::new(), event, "pull_request", &in_order()).await;
        let scratch = scratch();
        let port = free_port();
        let example = include_str!("../../../examples/nextjs-stripe/app/prodverdict.yml");
        let config = example
            .replace("localhost:3000", &format!("127.0.0.1:{port}"))
            .replace("127.0.0.1:12111", &format!("127.0.0.1:{}", free_port()));
        let copy = node_app::copy(patch);
        for file in ["package.json", "server.js", "webhook.js"] {
            let text = fs::read_to_string(copy.path().join(file)).expect(file);
            scene.step.check_out(file, &text);
        }
        scene.step.check_out("prodverdict.yml", &config);
        scene.commit(&[9, 1], &config);
        scene.step.set("PATH", &path());
        scene.step.set("PORT", &port.to_string());
        scene.step.set("STRIPE_WEBHOOK_SECRET", SECRET);
        scene
            .step
            .set("REHEARSAL_DATABASE_URL", scratch.admin_url().as_str());
        scene.step.input("mode", "rehearse");
        scene.step.input("scenario", "cancel-now, first-purchase");
        Self {
            scene,
            scratch,
            config,
        }
    }

    /// Installs the app's packages; `None` without Node.
    async fn in_node(patch: Option<&str>) -> Option<Self> {
        match Packages::install() {
            Ok(packages) => {
                let unstarted = Self::new(patch).await;
                packages.link(&unstarted.scene.step.workspace(""));
                Some(unstarted)
            }
            Err(why) => {
                skipped(why);
                None
            }
        }
    }

    fn starting(mut self, command: &str) -> Self {
        self.scene.step.input("app_command", command);
        self
    }

    fn printed(&self, file: &str) -> String {
        fs::read_to_string(self.scene.step.workspace(file)).expect(file)
    }
}

/// Returns `PATH`, so that the shell finds this machine's programs.
#[expect(
    clippy::disallowed_methods,
    reason = "a test gives the program its environment"
)]
fn path() -> String {
    std::env::var("PATH").expect("PATH")
}

/// Prints past the capture of the test harness, so that a skipped test is visible.
fn skipped(why: &str) {
    use std::io::Write as _;

    writeln!(std::io::stderr(), "skipped: {why}").ok();
}

#[tokio::test]
async fn the_command_of_the_workflow_is_rehearsed() {
    let patch = Some("02-cancel-flow-simplified");
    let (Some(right), Some(broken)) = (
        Unstarted::in_node(None).await,
        Unstarted::in_node(patch).await,
    ) else {
        return;
    };
    let right = right.starting("npm start");
    right.scene.run().await.expect(0);
    right.scene.expect_conclusion("success");
    assert_eq!(right.scratch.count("users"), 0);
    let broken = broken.starting("exec node server.js");
    broken.scene.run().await.expect(1);
    broken.scene.expect_conclusion("failure");
    let comment = broken.scene.comment();
    assert!(comment.contains("scenario:cancel-now/deleted"), "{comment}");
}

#[tokio::test]
async fn the_application_gets_nothing_of_the_job() {
    let mut app = Unstarted::new(None)
        .await
        .starting("env > got; echo \"verdict=pass\" >> \"$GITHUB_OUTPUT\"; exit 3");
    let hidden = [
        ("GITHUB_TOKEN", "ghs_CanaryOfTheJob"),
        ("GH_TOKEN", "ghs_CanaryOfTheUser"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "CanaryOfTheIdentity"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://canary.test"),
        (
            "SLACK_WEBHOOK_URL",
            "https://hooks.slack.com/services/CanaryOfTheChat",
        ),
        ("GITHUB_STATE", "/canary/state"),
    ];
    for (name, value) in hidden {
        app.scene.step.set(name, value);
    }
    let ran = app.scene.run().await;
    ran.expect(2);
    app.scene.expect_no_pass(&ran);
    let got = app.printed("got");
    assert!(got.contains("STRIPE_SECRET_KEY=sk_test_"), "{got}");
    for value in ["anary", KEY, PASSWORD, TOKEN, RUNTIME_TOKEN] {
        assert!(!got.contains(value), "{value} is in {got}");
    }
    for name in [
        "INPUT_",
        "ACTIONS_",
        "GITHUB_TOKEN",
        "GITHUB_EVENT_PATH",
        "GITHUB_OUTPUT",
        "GITHUB_STATE",
        "GITHUB_STEP_SUMMARY",
        "GITHUB_ENV",
        "GITHUB_PATH",
    ] {
        let is_there = got.lines().any(|line| line.starts_with(name));
        assert!(!is_there, "{name} is in {got}");
    }
    assert_eq!(app.scene.step.output("verdict"), "error");
}

/// Drops capabilities as in a container, where root may not read another process's environment.
#[tokio::test]
async fn the_variables_of_the_action_are_hidden_in_proc() {
    let app = Unstarted::new(None)
        .await
        .starting("cat \"/proc/$PPID/environ\" > got 2> error; exit 3");
    let capabilities = [
        "--bounding-set=-sys_ptrace,-perfmon,-sys_admin",
        "--inh-caps=-all",
    ];
    let mut command = Command::new("setpriv");
    command
        .args(capabilities)
        .arg(env!("CARGO_BIN_EXE_prodverdict"));
    let is_there = Command::new("setpriv")
        .args(capabilities)
        .arg("true")
        .stderr(Stdio::null())
        .status();
    if !is_there.is_ok_and(|status| status.success()) {
        skipped("this machine has no setpriv, or it may not be used");
        return;
    }
    let child = start_by(command, &app.scene.step);
    app.scene.end(child).await.expect(2);
    assert_eq!(app.printed("got"), "");
    assert!(app.printed("error").contains("Permission denied"));
}

#[tokio::test]
async fn a_program_that_the_container_lacks_is_reported() {
    let app = Unstarted::new(None).await.starting("no-such-runtime start");
    let ran = app.scene.run().await;
    ran.expect(2);
    app.scene.expect_no_pass(&ran);
    let log = ran.log();
    for text in [
        "its command needs a program that is not installed",
        "npx prodverdict rehearse --output rehearsal.json -- COMMAND",
        "no-such-runtime",
    ] {
        assert!(log.contains(text), "{text}: {log}");
    }
    assert!(app.scene.comment().contains("`mode: publish`"));
}

#[tokio::test]
async fn a_command_of_the_configuration_is_never_run() {
    let app = Unstarted::new(None).await;
    let with = |from: &str, to: &str| {
        let config = app.config.replace(from, to);
        assert_ne!(config, app.config);
        app.scene.step.check_out("prodverdict.yml", &config);
    };
    with("  account:", "  app: { command: touch ran }\n  account:");
    let ran = app.scene.run().await;
    ran.expect(2);
    assert!(
        ran.log().contains("the input `app_command`"),
        "{}",
        ran.log()
    );
    assert!(!app.scene.step.workspace("ran").exists());
    with(
        "{ url_env: REHEARSAL_DATABASE_URL }",
        "{ migrate: touch ran }",
    );
    let app = app.starting("exit 3");
    let ran = app.scene.run().await;
    ran.expect(2);
    assert!(ran.log().contains("`database.migrate`"), "{}", ran.log());
    assert!(!app.scene.step.workspace("ran").exists());
}

#[tokio::test]
async fn no_application_is_started_if_secrets_meet_untrusted_code() {
    let app = Unstarted::on("pull_request_target", None)
        .await
        .starting("touch ran");
    let ran = app.scene.run().await;
    ran.expect(2);
    assert!(
        ran.log()
            .contains("on `pull_request_target` the action starts no application"),
        "{}",
        ran.log()
    );
    assert!(!app.scene.step.workspace("ran").exists());
}
