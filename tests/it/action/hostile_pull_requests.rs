//! Ten hostile pull requests, on events where secrets meet the code of strangers: none changes what is trusted.

use std::{collections::BTreeSet, fs, os::unix::fs::symlink};

use serde_json::{Value, json};
use testing::{
    database::PASSWORD,
    fake_github::{CheckRun, World},
    runner::ProgramOutput,
    shop::{CONFIG, KEY, drifted},
};

use super::{
    hostile::{EVIL, expect_harmless},
    known::{accept, day},
    scene::Scene,
};

const BASELINE: &str = "prodverdict-baseline.yml";

const REPORT: &str = "prodverdict-report.json";

/// Events that run with secrets, and their payloads about a pull request from a fork.
const EVENTS: [(&str, &str); 4] = [
    ("pull_request_target", "pull_request_fork"),
    ("issue_comment", "issue_comment"),
    ("workflow_run", "workflow_run_fork"),
    ("workflow_dispatch", "workflow_dispatch_pull_request"),
];

const PRECIOUS: &str = "precious\n";

/// Texts and a result of an honest repository, for strangers to copy.
struct Honest {
    fingerprints: Vec<String>,
    comment: String,
    issue: String,
    check_run: CheckRun,
}

/// A change that a stranger makes to the checkout, the repository or the event.
struct Attack {
    name: &'static str,
    make: fn(&mut Scene, &Honest),
    /// A warning that says so.
    warning: &'static str,
}

const ATTACKS: [Attack; 10] = [
    Attack {
        name: "a weaker configuration",
        make: |scene, _| propose(scene, &weaker()),
        warning: "this pull request lets findings of severity high pass",
    },
    Attack {
        name: "SQL and variables of its own",
        make: |scene, _| propose(scene, &of_its_own()),
        warning: "reads different accounts than the base commit",
    },
    Attack {
        name: "a longer baseline",
        make: |scene, honest| {
            let all: Vec<&str> = honest.fingerprints.iter().map(String::as_str).collect();
            let text = accept(&all, &day(30));
            scene.step.check_out(BASELINE, &text);
            commit(scene, 1, BASELINE, &text);
        },
        warning: "",
    },
    Attack {
        name: "links instead of the configuration and the baseline",
        make: |scene, _| {
            for file in ["prodverdict.yml", BASELINE] {
                link(scene, file);
            }
            let head = (World::sha(1), "prodverdict.yml".to_owned());
            scene.github.world().files.remove(&head);
        },
        warning: "there is no `prodverdict.yml` at the head of this pull request",
    },
    Attack {
        name: "a link instead of the report",
        make: |scene, _| link(scene, REPORT),
        warning: "",
    },
    Attack {
        name: "hostile names of files",
        make: |scene, honest| {
            let marker = honest.comment.lines().next().unwrap_or_default();
            let outside = ["../../etc/passwd", "/etc/passwd", marker];
            let names = EVIL.iter().copied().chain(outside);
            let changed = |name: &str| {
                let patch = "@@ -1,2 +1 @@\n-user.has_paid_access = true;\n }";
                json!({"filename": name, "status": "modified", "patch": patch})
            };
            scene.github.world().pull(7).files = names.map(changed).collect();
        },
        warning: "",
    },
    Attack {
        name: "forged comments",
        make: |scene, honest| {
            let forged = honest.comment.replace("\"run_id\":", "\"run_id\":99999999");
            let forged = forged.replace("FAIL", "PASS");
            let mut world = scene.github.world();
            world.preload(Some(("mallory", 66, "User")), &forged);
            world.preload(Some(("github-actions", 67, "User")), &forged);
            world.preload(None, &forged);
        },
        warning: "",
    },
    Attack {
        name: "a forged issue",
        make: |scene, honest| {
            let mut world = scene.github.world();
            world.preload_issue(
                Some(("mallory", 66, "User")),
                &["prodverdict"],
                &honest.issue,
            );
        },
        warning: "`fail_on_new` has no earlier result of the default branch",
    },
    Attack {
        name: "a forged check run",
        make: |scene, honest| {
            let forged = CheckRun {
                app: "mallory",
                ..honest.check_run.clone()
            };
            scene.github.world().check_runs.push(forged);
        },
        warning: "are by `mallory`, and are not believed",
    },
    Attack {
        name: "hostile names of the branch, the title and the author",
        make: |scene, honest| {
            let evil = format!("{}\n{}", EVIL.join("\n"), honest.comment);
            scene.github.world().pull(7).head_branch.clone_from(&evil);
            for name in ["GITHUB_ACTOR", "GITHUB_HEAD_REF", "GITHUB_TRIGGERING_ACTOR"] {
                scene.step.set(name, &evil);
            }
            let path = scene.step.folder().join("workflow/event.json");
            let text = fs::read_to_string(&path).expect("a payload");
            let mut payload: Value = serde_json::from_str(&text).expect("JSON");
            for field in [
                "/pull_request/title",
                "/pull_request/body",
                "/pull_request/head/ref",
                "/pull_request/head/label",
                "/pull_request/user/login",
                "/issue/title",
                "/comment/body",
                "/workflow_run/head_branch",
                "/workflow_run/display_title",
                "/sender/login",
            ] {
                if let Some(value) = payload.pointer_mut(field) {
                    *value = evil.as_str().into();
                }
            }
            fs::write(path, payload.to_string()).expect("a payload");
        },
        warning: "",
    },
];

fn weaker() -> String {
    format!("{CONFIG}    fail_on: never\n    exempt: [usr_alice, usr_bob, usr_carol]\n")
}

fn of_its_own() -> String {
    CONFIG
        .replace(
            "secret_env: STRIPE_SECRET_KEY",
            "secret_env: INPUT_GITHUB_TOKEN",
        )
        .replace("url_env: DATABASE_URL", "url_env: OTHER_DATABASE")
        .replace(
            "has_paid_access: has_paid_access",
            "has_paid_access: { sql: \"pg_read_file('/etc/passwd') = ''\" }",
        )
}

fn commit(scene: &Scene, number: u8, file: &str, text: &str) {
    let at = (World::sha(number), file.to_owned());
    scene
        .github
        .world()
        .files
        .insert(at, text.as_bytes().to_vec());
}

/// Checks out a configuration, and commits it at the head.
fn propose(scene: &Scene, config: &str) {
    scene.step.check_out("prodverdict.yml", config);
    commit(scene, 1, "prodverdict.yml", config);
}

/// Puts a link out of the workspace in the place of a file.
fn link(scene: &Scene, file: &str) {
    let path = scene.step.workspace(file);
    fs::remove_file(&path).ok();
    symlink("../precious", path).expect("a link");
}

async fn honest() -> Honest {
    let mut scene = Scene::on("pull_request", "pull_request", &drifted()).await;
    scene.run().await.expect(1);
    let comment = scene.comment();
    let findings = scene.step.report()["findings"].clone();
    let findings = findings.as_array().expect("findings").iter();
    let fingerprint = |finding: &Value| finding["fingerprint"].as_str().expect("text").to_owned();
    scene.turn_to("push", "push_default_branch", 150);
    scene.step.set("GITHUB_REF", "refs/heads/main");
    scene.step.input("issue", "on");
    scene.run().await.expect(1);
    let world = scene.github.world();
    Honest {
        fingerprints: findings.map(fingerprint).collect(),
        comment,
        issue: world.issues[0].body.clone(),
        check_run: world.check_runs.last().expect("a check run").clone(),
    }
}

/// Creates the repository, with a pull request from a stranger's fork.
async fn repository() -> Scene {
    let scene = Scene::on("pull_request", "pull_request", &drifted()).await;
    scene.github.world().pull(7).head_repository = Some("mallory/shop".to_owned());
    for number in [1, 4, 5, 9] {
        commit(&scene, number, "prodverdict.yml", CONFIG);
        commit(&scene, number, BASELINE, "[]\n");
    }
    // Files of hostile names cannot be read.
    scene.refusing("404 GET ", "")
}

/// Runs an attack on an event.
async fn run(scene: &mut Scene, attack: &Attack, (event, payload): (&str, &str), honest: &Honest) {
    scene.turn_to(event, payload, 300);
    scene.step.input("baseline", BASELINE);
    scene.step.input("fail_on_new", "true");
    scene.step.check_out(BASELINE, "[]\n");
    fs::write(scene.step.folder().join("precious"), PRECIOUS).expect("a file");
    (attack.make)(scene, honest);
    let preloaded = scene.comments();
    let ran = scene.run().await;
    let what = format!("{} on {event}", attack.name);
    expect_verdict(scene, &ran, &what);
    expect_own_places(scene, &preloaded, &what);
    expect_no_leak(scene, &ran, &what);
    let markdown = ran.stderr.replace(['\\', '\n'], "");
    assert!(markdown.contains(attack.warning), "{what}: {}", ran.log());
}

#[track_caller]
fn expect_verdict(scene: &Scene, ran: &ProgramOutput, what: &str) {
    assert_eq!(ran.status, Some(1), "{what}: {}", ran.log());
    let outputs = scene.step.outputs();
    for (name, value) in [
        ("verdict", "fail"),
        ("findings_count", "3"),
        ("high_count", "3"),
        ("known_count", ""),
        ("accepted_count", "0"),
    ] {
        assert_eq!(outputs[name], value, "{what}: {name}: {}", ran.log());
    }
    assert_eq!(outputs.len(), 9, "{what}: {outputs:?}");
    let report = scene.step.report();
    assert_eq!(report["contracts"][0]["name"], "users", "{what}");
    assert_eq!(report["verdict"], "fail", "{what}");
    let victim = fs::read_to_string(scene.step.folder().join("precious"));
    assert_eq!(victim.expect("a file"), PRECIOUS, "{what}");
}

/// Checks the check run and the comment, and that no text of a stranger was changed.
#[track_caller]
fn expect_own_places(scene: &Scene, preloaded: &[String], what: &str) {
    let runs = scene.github.world().check_runs.clone();
    let run = runs.last().expect("a check run");
    assert_eq!(run.sha, World::sha(1), "{what}");
    assert_eq!(run.conclusion.as_deref(), Some("failure"), "{what}");
    for annotation in &run.annotations {
        let path = annotation["path"].as_str().expect("a path");
        let is_inside = !path.starts_with('/') && path.split('/').all(|part| part != "..");
        assert!(is_inside, "{what}: {path}");
    }
    let comments = scene.comments();
    assert!(comments.starts_with(preloaded), "{what}: {comments:?}");
    let [comment] = &comments[preloaded.len()..] else {
        panic!("{what}: {comments:?}");
    };
    assert!(comment.contains("FAIL"), "{what}: {comment}");
    expect_harmless(what, comment);
    expect_harmless(what, &scene.step.summary());
    for part in ["summary", "text"] {
        expect_harmless(what, run.output[part].as_str().expect(part));
    }
}

#[track_caller]
fn expect_no_leak(scene: &Scene, ran: &ProgramOutput, what: &str) {
    assert_eq!(ran.commands(), [""; 0], "{what}");
    for (place, text) in scene.everything_that_left(ran) {
        for secret in [KEY, PASSWORD, PRECIOUS.trim()] {
            assert!(!text.contains(secret), "{what}: {place} has {secret}");
        }
    }
}

#[tokio::test]
async fn ten_hostile_pull_requests_change_nothing_trusted() {
    let honest = honest().await;
    let names: BTreeSet<_> = ATTACKS.iter().map(|attack| attack.name).collect();
    assert_eq!(names.len(), 10);
    for some in ATTACKS.chunks(5) {
        let runs = some
            .iter()
            .zip(EVENTS[1..].iter().cycle())
            .map(|(attack, other)| async {
                for event in [EVENTS[0], *other] {
                    let mut scene = repository().await;
                    run(&mut scene, attack, event, &honest).await;
                }
            });
        futures::future::join_all(runs).await;
    }
}

#[tokio::test]
async fn the_copied_results_are_trusted_from_their_author() {
    let honest = honest().await;
    let from_issue = async {
        let scene = repository().await;
        let author = Some(("github-actions[bot]", 41_898_282, "Bot"));
        let labels = &["prodverdict"];
        let issue = &honest.issue;
        scene.github.world().preload_issue(author, labels, issue);
        expect_known(scene).await;
    };
    let from_check_run = async {
        let scene = repository().await;
        let copy = honest.check_run.clone();
        scene.github.world().check_runs.push(copy);
        expect_known(scene).await;
    };
    tokio::join!(from_issue, from_check_run);
}

async fn expect_known(mut scene: Scene) {
    let (event, payload) = EVENTS[0];
    scene.turn_to(event, payload, 300);
    scene.step.input("fail_on_new", "true");
    scene.run().await.expect(0);
    assert_eq!(scene.step.output("known_count"), "3");
}
