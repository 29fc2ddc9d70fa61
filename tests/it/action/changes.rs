//! Findings of a check at the changed lines of the pull request, and failures to list the changes.

use serde_json::{Value, json};
use testing::{
    fake_github::{Kind, World},
    runner::ProgramOutput,
    shop::{CONFIG, drifted, line_of, payer},
};

use super::scene::Scene;

/// A changed file, as GitHub lists it.
fn changed(path: &str, patch: &str) -> Value {
    let contents = format!(
        "https://api.github.com/repos/acme/shop/contents/{path}?ref={}",
        World::sha(1)
    );
    json!({
        "sha": "0000", "filename": path, "status": "modified", "additions": 1, "deletions": 1, "changes": 2,
        "patch": patch, "contents_url": contents,
    })
}

const LOSES_THE_FLAG: &str = "\
@@ -40,5 +40,4 @@ async function onDeleted(subscription) {
   const customer = subscription.customer;
   const user = await userOf(customer);
-  user.has_paid_access = false;
   user.plan = 'free';
   await user.save();";

const WEBHOOK: &str = "app/api/stripe/webhook/route.ts";

/// A customer with access who does not pay, in a pull request that changes these files.
async fn wrongful(files: Vec<Value>) -> Scene {
    wrongful_on("pull_request", files).await
}

async fn wrongful_on(event: &str, files: Vec<Value>) -> Scene {
    let mut world = World::new();
    world.pull(7).files = files;
    let at = (World::sha(1), WEBHOOK.to_owned());
    world.files.insert(at, b"user.plan = 'free';\n".to_vec());
    let people = [payer("dave"), payer("bob").canceled()];
    let scene = Scene::in_world(world, event, "pull_request", &people).await;
    scene.commit(&[9, 1], CONFIG);
    scene
}

/// Lists path, line and description of the changes at the only finding.
fn changes(scene: &Scene) -> Vec<(String, u64, String)> {
    let report = scene.step.report();
    let changes = report["findings"][0]["changes"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    changes
        .iter()
        .map(|change| {
            (
                text(&change["path"]),
                change["line"].as_u64().expect("a line"),
                text(&change["does"]),
            )
        })
        .collect()
}

#[track_caller]
fn expect_place(scene: &Scene, path: &str, line: u64) {
    let run = scene.check_run();
    let [annotation] = run.annotations.as_slice() else {
        panic!("{:?}", run.annotations);
    };
    assert_eq!(
        (&annotation["path"], &annotation["start_line"]),
        (&json!(path), &json!(line))
    );
}

#[track_caller]
fn expect_at_the_configuration(scene: &Scene, ran: &ProgramOutput) {
    ran.expect(1);
    expect_place(
        scene,
        "prodverdict.yml",
        line_of(CONFIG, "has_paid_access: has"),
    );
    assert_eq!(changes(scene), []);
}

#[tokio::test]
async fn a_finding_is_annotated_at_the_removed_line() {
    let scene = wrongful(vec![
        changed(
            "README.md",
            "@@ -1 +1 @@\n-has_paid_access\n+`has_paid_access`",
        ),
        changed(WEBHOOK, LOSES_THE_FLAG),
    ])
    .await;
    let ran = scene.run().await;
    ran.expect(1);
    expect_place(&scene, WEBHOOK, 42);
    let does = "removes the only line of the file that sets `has_paid_access`";
    assert_eq!(changes(&scene), [(WEBHOOK.to_owned(), 42, does.to_owned())]);
    let line = format!("This pull request {does} ({WEBHOOK}:42)");
    assert!(ran.stdout.contains(&line), "{}", ran.stdout);
    let message = scene.check_run().annotations[0]["message"].clone();
    assert!(message.as_str().expect("text").contains(&line), "{message}");
    // The finding itself stays the same: its identity and its words do not depend on the pull request.
    let report = scene.step.report();
    let message = report["findings"][0]["message"].as_str().expect("text");
    assert!(!message.contains("pull request"), "{message}");
}

#[tokio::test]
async fn a_line_is_the_only_one_if_the_file_was_read_and_has_no_other() {
    let another = async {
        let scene = wrongful(vec![changed(WEBHOOK, LOSES_THE_FLAG)]).await;
        let at = (World::sha(1), WEBHOOK.to_owned());
        let text = b"// has_paid_access is taken away elsewhere\n".to_vec();
        scene.github.world().files.insert(at, text);
        scene.run().await.expect(1);
        assert_eq!(
            changes(&scene)[0].2,
            "removes a line that sets `has_paid_access`"
        );
    };
    let unread = async {
        let scene = wrongful(vec![changed(WEBHOOK, LOSES_THE_FLAG)]).await;
        let kind = Kind::Error {
            status: 403,
            body: "{\"message\": \"Resource not accessible by integration\"}",
        };
        scene.github.world().fail("GET", "/contents/app", kind);
        scene.run().await.expect(1);
        assert_eq!(
            changes(&scene)[0].2,
            "removes a line that sets `has_paid_access`"
        );
        expect_place(&scene, WEBHOOK, 42);
    };
    tokio::join!(another, unread);
}

#[tokio::test]
async fn without_a_matching_line_the_configuration_is_annotated() {
    let nothing = async {
        let scene = wrongful(vec![]).await;
        let ran = scene.run().await;
        expect_at_the_configuration(&scene, &ran);
    };
    let others = async {
        let scene = wrongful(vec![
            changed("docs/access.md", "@@ -1 +1 @@\n-has_paid_access\n+x"),
            changed(
                "src/planner.ts",
                "@@ -1 +1 @@\n-plan.status = 'open';\n+plan.status = 'draft';",
            ),
        ])
        .await;
        let ran = scene.run().await;
        expect_at_the_configuration(&scene, &ran);
    };
    let without_patches = async {
        let mut large = changed(WEBHOOK, "");
        let mut renamed = changed("src/a.ts", "");
        for file in [&mut large, &mut renamed] {
            file.as_object_mut().expect("an object").remove("patch");
        }
        renamed["status"] = "renamed".into();
        renamed["previous_filename"] = "src/b.ts".into();
        let scene = wrongful(vec![large, renamed]).await;
        let ran = scene.run().await;
        expect_at_the_configuration(&scene, &ran);
    };
    let moved_on = async {
        let mut file = changed(WEBHOOK, LOSES_THE_FLAG);
        file["contents_url"] = "https://api.github.com/x?ref=other".into();
        let scene = wrongful(vec![file]).await;
        let ran = scene.run().await;
        expect_at_the_configuration(&scene, &ran);
    };
    tokio::join!(nothing, others, without_patches, moved_on);
}

#[tokio::test]
async fn a_refusal_by_github_is_a_warning() {
    let scene = wrongful(vec![changed(WEBHOOK, LOSES_THE_FLAG)]).await;
    let kind = Kind::Error {
        status: 403,
        body: "{\"message\": \"Resource not accessible by integration\"}",
    };
    scene.github.world().fail("GET", "/pulls/7/files", kind);
    let ran = scene.run().await;
    expect_at_the_configuration(&scene, &ran);
    let report = scene.step.report();
    let mut warnings = report["warnings"].as_array().expect("a list").iter();
    let of_permission = |warning: &Value| {
        warning["hint"]
            .to_string()
            .contains("`pull-requests: read`")
    };
    assert!(warnings.any(of_permission), "{report}");
}

#[tokio::test]
async fn changed_files_are_read_only_for_findings() {
    let clean = async {
        let mut world = World::new();
        world.pull(7).files = vec![changed(WEBHOOK, LOSES_THE_FLAG)];
        let scene = Scene::in_world(world, "pull_request", "pull_request", &[payer("dave")]).await;
        scene.run().await.expect(0);
        assert_eq!(scene.github.count("GET", "/pulls/7/files"), 0);
    };
    let pushed = async {
        let scene = Scene::on("push", "push", &drifted()).await;
        scene.run().await.expect(1);
        assert_eq!(scene.github.count("GET", "/files"), 0);
    };
    let queued = async {
        let scene = Scene::on("merge_group", "merge_group", &drifted()).await;
        scene.run().await.expect(1);
        assert_eq!(scene.github.count("GET", "/files"), 0);
    };
    tokio::join!(clean, pushed, queued);
}

#[tokio::test]
async fn changed_configuration_lines_are_annotated() {
    let line = line_of(CONFIG, "has_paid_access: has");
    let patch = format!(
        "@@ -{line} +{line} @@\n-        has_paid_access: {{column: status, in: [active]}}\n+        has_paid_access: \
         has_paid_access"
    );
    let files = || {
        vec![
            changed("prodverdict.yml", &patch),
            changed(WEBHOOK, LOSES_THE_FLAG),
        ]
    };
    let own = async {
        let scene = wrongful(files()).await;
        scene.run().await.expect(1);
        expect_place(&scene, "prodverdict.yml", line);
        let shown = changes(&scene);
        assert_eq!(
            shown[0],
            (
                "prodverdict.yml".to_owned(),
                line,
                "changes the line of the configuration that this finding is about".to_owned()
            )
        );
        assert_eq!((shown[1].0.as_str(), shown[1].1), (WEBHOOK, 42));
    };
    let of_the_base = async {
        // There the base commit's configuration is in force, so the finding is not placed in the pull request's one.
        let scene = wrongful_on("pull_request_target", files()).await;
        scene.run().await.expect(1);
        expect_place(&scene, WEBHOOK, 42);
        assert_eq!(changes(&scene).len(), 1);
    };
    tokio::join!(own, of_the_base);
}

#[tokio::test]
async fn texts_of_a_pull_request_are_harmless() {
    let hostile = "app/billing/\u{1b}[31m::error::x##[error]`a`\n @octocat.ts";
    let patch =
        "@@ -1 +1 @@\n-has_paid_access = 1; ##[error]`@octocat`\n+x\n@@ nonsense\n+has_paid_access";
    let mut file = changed(hostile, patch);
    // GitHub encodes the path in it.
    let fields = file.as_object_mut().expect("an object");
    fields.remove("contents_url");
    let scene = wrongful(vec![file, json!({"filename": "odd.ts"})]).await;
    let ran = scene.run().await;
    ran.expect(1);
    let [(path, line, does)] = changes(&scene).try_into().expect("one place");
    assert_eq!((path.as_str(), line), (hostile, 3));
    assert_eq!(does, "changes a line that mentions `has_paid_access`");
    assert!(!ran.stdout.contains("##["), "{}", ran.stdout);
    let message = scene.check_run().annotations[0]["message"].to_string();
    assert!(!message.contains(" @octocat"), "{message}");
}

#[tokio::test]
async fn three_thousand_files_are_examined_over_all_pages() {
    let mut files: Vec<_> = (0..2_999)
        .map(|number| changed(&format!("src/{number:04}.ts"), "@@ -1 +1 @@\n+x"))
        .collect();
    files.push(changed(WEBHOOK, LOSES_THE_FLAG));
    let scene = wrongful(files).await;
    scene.run().await.expect(1);
    expect_place(&scene, WEBHOOK, 42);
    assert_eq!(scene.github.count("GET", "/pulls/7/files"), 30);
}
