//! Pull requests from forks: a read-only token, and a checkout that cannot be trusted.

use testing::shop::{CONFIG, drifted, in_order, line_of, payer};

use super::scene::Scene;

/// A configuration as a stranger could weaken it.
fn loosened() -> String {
    format!("{CONFIG}    fail_on: never\n    exempt: [usr_alice, usr_bob, usr_carol]\n")
}

#[tokio::test]
async fn a_read_only_token_moves_the_report() {
    let scene = Scene::on("pull_request", "pull_request_fork", &drifted()).await;
    let scene = scene.only_reading();
    let ran = scene.run().await;
    ran.expect(1);
    assert_eq!(scene.step.output("verdict"), "fail");
    assert_eq!(scene.step.output("check_run_url"), "");
    assert!(scene.step.summary().contains("usr_carol"));
    let column = line_of(CONFIG, "has_paid_access: has");
    let commands = ran.commands();
    assert_eq!(commands.len(), 3, "{commands:?}");
    assert!(
        commands[0].starts_with(&format!("::error file=prodverdict.yml,line={column},")),
        "{commands:?}"
    );
    assert!(ran.stderr.contains("nothing is wrong"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_log_has_one_annotation_for_a_line_and_a_rule() {
    let people: Vec<_> = (0..30)
        .map(|number| payer(&format!("{number:03}")).without_access())
        .chain(in_order())
        .collect();
    let scene = Scene::open(&people).await.with("check_run", "off");
    let ran = scene.run().await;
    ran.expect(1);
    let mut commands = ran.commands();
    commands.retain(|line| line.starts_with("::error"));
    let [command] = commands.try_into().expect("one");
    assert!(command.contains("user%3Ausr_000 and 29 more"), "{command}");
    assert_eq!(scene.github.count("POST", "/check-runs"), 0);
    assert_eq!(scene.comments().len(), 1);
}

#[tokio::test]
async fn secrets_with_foreign_code_use_the_base_file() {
    let scene = Scene::on("pull_request_target", "pull_request", &drifted()).await;
    scene.commit(&[1], &loosened());
    scene.step.check_out("prodverdict.yml", &loosened());
    scene.run().await.expect(1);
    scene.expect_conclusion("failure");
    assert_eq!(scene.step.output("high_count"), "3");
    // The pull request's file is read too, for the comparison.
    assert_eq!(scene.github.count("GET", "/contents/prodverdict.yml"), 2);

    // In an ordinary job the same file is in force, so the difference is the trust.
    let scene = Scene::open(&drifted()).await;
    scene.step.check_out("prodverdict.yml", &loosened());
    scene.run().await.expect(0);
}

#[tokio::test]
async fn a_missing_base_file_gives_no_verdict() {
    let scene = Scene::on("pull_request_target", "pull_request", &in_order())
        .await
        .refusing("404 GET ", "/contents/prodverdict.yml");
    scene.github.world().files.clear();
    let ran = scene.run().await;
    ran.expect(2);
    scene.expect_conclusion("failure");
    assert!(ran.stdout.contains("base commit"), "{}", ran.stdout);
    assert_eq!(scene.shop.stripe.requests().len(), 0);
}

#[tokio::test]
async fn a_report_is_not_written_through_a_link_of_the_checkout() {
    let scene = Scene::open(&in_order()).await;
    let victim = scene.step.folder().join("victim");
    std::fs::write(&victim, "precious").expect("a file");
    let link = scene.step.workspace("prodverdict-report.json");
    std::os::unix::fs::symlink(&victim, link).expect("a link");
    scene.run().await.expect(0);
    assert_eq!(std::fs::read_to_string(victim).expect("text"), "precious");
    assert_eq!(scene.step.report()["verdict"], "pass");
}
