//! The places of the report, the inputs that change them, and failures to publish.

use std::os::unix::fs::{MetadataExt as _, chown};

use testing::shop::{drifted, in_order};

use super::scene::Scene;

#[tokio::test]
async fn a_second_run_updates_the_one_comment() {
    let mut scene = Scene::open(&drifted()).await;
    scene.run().await.expect(1);
    let first = scene.comment();
    assert!(first.contains("usr_bob"));
    scene.shop.stripe.world(|world| {
        let [id] = world.subscriptions_of("cus_bob").try_into().expect("one");
        world.set_status_silently(&id, fake_stripe::Status::Active);
    });
    scene.step.again(101);
    scene.run().await.expect(1);
    let second = scene.comment();
    assert!(
        !second.contains("usr_bob") && second.contains("usr_alice"),
        "{second}"
    );
    let world = scene.github.world();
    assert_eq!(world.check_runs.len(), 2);
}

#[tokio::test]
async fn a_comment_is_written_when_it_was_requested() {
    let clean = async {
        let scene = Scene::open(&in_order())
            .await
            .with("comment", "on_findings");
        scene.run().await.expect(0);
        assert_eq!(scene.comments(), [""; 0]);
    };
    let findings = async {
        let scene = Scene::open(&drifted()).await.with("comment", "on_findings");
        scene.run().await.expect(1);
        assert_eq!(scene.comments().len(), 1);
    };
    let off = async {
        let scene = Scene::open(&drifted()).await.with("comment", "off");
        scene.run().await.expect(1);
        assert_eq!(scene.comments(), [""; 0]);
        scene.expect_conclusion("failure");
    };
    tokio::join!(clean, findings, off);
}

#[tokio::test]
async fn a_verdict_does_not_depend_on_github() {
    let without = |people| async move {
        let mut scene = Scene::open(people).await;
        // Bound but not listening, so that connections are refused and no other test gets the port.
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        let any = "127.0.0.1:0".parse().expect("an address");
        socket.bind(any).expect("a port");
        let address = socket.local_addr().expect("an address");
        scene
            .step
            .set("GITHUB_API_URL", &format!("http://{address}"));
        let ran = scene.run().await;
        (scene, ran)
    };
    let (people, others) = (drifted(), in_order());
    let ((broken, ran), (kept, kept_ran)) = tokio::join!(without(&people), without(&others));
    ran.expect(1);
    kept_ran.expect(0);
    assert_eq!(broken.step.output("verdict"), "fail");
    assert_eq!(kept.step.output("verdict"), "pass");
    assert_eq!(broken.step.report()["verdict"], "fail");
    assert_eq!(ran.commands().len(), 3, "{:?}", ran.commands());
    assert!(broken.step.summary().contains("usr_alice"));
}

#[tokio::test]
async fn a_token_is_not_needed_for_a_verdict() {
    let scene = Scene::open(&drifted()).await.with("github_token", "");
    let ran = scene.run().await;
    ran.expect(1);
    assert_eq!(scene.github.requests().len(), 0);
    assert_eq!(ran.commands().len(), 3, "{:?}", ran.commands());
}

#[tokio::test]
async fn the_report_has_the_owner_of_the_workspace() {
    let scene = Scene::open(&in_order()).await;
    let owner = 12_345;
    let is_root = chown(scene.step.workspace(""), Some(owner), Some(owner)).is_ok();
    scene.run().await.expect(0);
    let report = scene.step.workspace("prodverdict-report.json");
    let workspace = std::fs::metadata(scene.step.workspace("")).expect("a folder");
    let report = std::fs::metadata(report).expect("a report");
    assert_eq!(
        (report.uid(), report.gid()),
        (workspace.uid(), workspace.gid())
    );
    assert_eq!(report.uid() == owner, is_root);
}
