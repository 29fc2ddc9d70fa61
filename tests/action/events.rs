//! What each event is about: which commit, which pull request, and what is said there.

use crate::{fake_github::World, scene::Scene, shop::drifted};

/// What a run said: the commit of its check run and whether it commented.
struct Said {
    commit: Option<String>,
    comments: usize,
}

async fn said(mut scene: Scene) -> Said {
    let sha = World::sha(3);
    scene.step.set("GITHUB_SHA", &sha);
    scene.step.set("GITHUB_REF", "refs/heads/main");
    scene.run().await.expect(1);
    assert_eq!(scene.step.output("verdict"), "fail");
    assert!(scene.step.summary().contains("usr_alice"));
    let runs = scene.github.world().check_runs.clone();
    assert!(runs.len() < 2);
    Said {
        commit: runs.first().map(|run| run.sha.clone()),
        comments: scene.comments().len(),
    }
}

#[tokio::test]
async fn each_event_is_reported_where_it_belongs() {
    let push = async {
        let said = said(Scene::on("push", "push", &drifted()).await).await;
        assert!(said.commit.is_some());
        assert_eq!(said.comments, 0);
    };
    let push_with_comment = async {
        let scene = Scene::on("push", "push", &drifted()).await;
        let said = said(scene.with("comment", "on")).await;
        assert_eq!(said.comments, 1);
    };
    let schedule = async {
        let said = said(Scene::on("schedule", "schedule", &drifted()).await).await;
        assert_eq!(said.commit, None, "it would land in a foreign suite");
        assert_eq!(said.comments, 0);
    };
    let schedule_with_check_run = async {
        let scene = Scene::on("schedule", "schedule", &drifted()).await;
        let said = said(scene.with("check_run", "on")).await;
        assert_eq!(said.commit, Some(World::sha(3)));
    };
    let merge_group = async {
        let said = said(Scene::on("merge_group", "merge_group", &drifted()).await).await;
        assert!(said.commit.is_some());
        assert_eq!(said.comments, 0);
    };
    let dispatch = async {
        let said = said(Scene::on("workflow_dispatch", "workflow_dispatch", &drifted()).await).await;
        assert_eq!(said.commit, Some(World::sha(3)));
        assert_eq!(said.comments, 0);
    };
    tokio::join!(
        push,
        push_with_comment,
        schedule,
        schedule_with_check_run,
        merge_group,
        dispatch
    );
}

#[tokio::test]
async fn a_deleted_branch_has_nothing_to_check() {
    let scene = Scene::on("push", "push_deleted", &drifted()).await;
    let ran = scene.run().await;
    ran.expect(0);
    assert_eq!(scene.github.requests().len(), 0);
    assert_eq!(scene.shop.stripe.requests().len(), 0);
    assert!(ran.stderr.contains("Nothing was checked"), "{}", ran.stderr);
    assert_eq!(scene.step.output("verdict"), "skipped");
}
